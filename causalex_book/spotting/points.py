"""Operating points of trained models: hits per subject for every choice that may be made."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from causalex_book.spotting.material import SpottingDataset
from causalex_core.evaluation import operating_points, selection
from causalex_core.evaluation.operating_points import BOTH, CROSS, EPOCH, LAST
from causalex_core.evaluation.spotting import MEGC
from causalex_core.expressions import KINDS
from causalex_core.spotting import candidates, proposals
from causalex_core.spotting.proposals import ProposalConfig

OVERALL = "overall"
NESTED, TOGETHER = "nested", "last epoch, kinds together"
_ORDER = (LAST, CROSS, TOGETHER, NESTED, EPOCH, BOTH)  # those that look at the tested person last
EVERY = 4  # epochs from one that inner models are asked about to the next
_KEEPS = (5, 20)  # detections of a kind per video
# Multiples of the shortest and longest interval that is proposed.
_LIMITS = {"macro": ((1.0, 1.0), (1.5, 1.0)), "micro": ((1.0, 1.0), (1.0, 0.5))}


def hits(
    part: SpottingDataset,
    scores: Sequence[np.ndarray],
    n_thresholds: int,
    positions: np.ndarray | None = None,
) -> tuple[np.ndarray, list[pd.DataFrame]]:
    """Hits (S, 2, scores, T, 3) of each array of scores, and the detections behind them.

    Parameters
    ----------
    scores
        (W, 2, 3, 256) each, of the windows at `positions`.
    n_thresholds
        Thresholds T that are tried on the score of a detection.
    positions
        None: all windows.
    """
    found = _detected(part, scores, positions)
    return _counted(part, found, n_thresholds, positions), found


def choices(
    part: SpottingDataset,
    scores: Sequence[np.ndarray],
    n_thresholds: int,
    positions: np.ndarray | None = None,
) -> tuple[np.ndarray, list[pd.DataFrame]]:
    """As `hits`, where detections per video and their lengths are chosen as well."""
    found = _detected(part, scores, positions)
    every = [table for one in found for table in _options(one, part.rules)]
    return _counted(part, every, n_thresholds, positions), every


def asked(epochs: int) -> list[int]:
    """Epochs, from 0, that inner models are asked about; the last is among them."""
    return list(range((epochs - 1) % EVERY, epochs, EVERY))


def at_choice(
    part: SpottingDataset, detections: Sequence[pd.DataFrame], choice: np.ndarray, n_thresholds: int
) -> pd.DataFrame:
    """Detections of each subject at its candidate.

    Parameters
    ----------
    detections
        A table per array of scores.
    choice
        (2, S) candidate of macro and of micro: table and threshold, as `flat` counts them.
    """
    thresholds, kept = candidates.thresholds(n_thresholds), []
    for kind, of_kind in zip(KINDS, choice, strict=True):
        tables, steps = np.divmod(of_kind, n_thresholds)
        for subject, table, step in zip(part.subjects, tables, steps, strict=True):
            rows = detections[table]
            own = (rows["subject"] == subject) & (rows["kind"] == kind)
            kept.append(rows[own & (rows["score"] >= thresholds[kind][step])])
    return pd.concat(kept, ignore_index=True)


def cross_fold(counted: np.ndarray) -> np.ndarray:
    """Candidate (2, S) of each kind that is best on the other subjects, of hits (S, 2, ..., 3)."""
    return np.stack(
        [selection.cross_fold(operating_points.flat(counted[:, k])) for k in range(len(KINDS))]
    )


def at_candidates(counted: np.ndarray, choice: np.ndarray) -> np.ndarray:
    """Counts (2, S, 3) of hits (S, 2, ..., 3) at candidates (2, S)."""
    return np.stack(
        [
            selection.chosen(operating_points.flat(counted[:, k]), choice[k])
            for k in range(len(KINDS))
        ]
    )


def best_elsewhere(counted: np.ndarray) -> np.ndarray:
    """Counts (2, S, 3) of each kind at the candidate that is best on the other subjects."""
    return np.stack([operating_points.best_on_others(counted[:, k]) for k in range(len(KINDS))])


def elsewhere(
    part: SpottingDataset,
    scores: np.ndarray,
    n_thresholds: int,
    positions: np.ndarray,
    at_home: np.ndarray,
) -> np.ndarray:
    """Counts (2, S', 3) of those at `positions`, with the thresholds that are best at home.

    Parameters
    ----------
    scores
        (W', 2, 3, 256) of the windows at `positions`.
    at_home
        Hits (S, 2, T, 3) of the held-out subjects of the database that was trained on.
    """
    counted = hits(part, [scores], n_thresholds, positions)[0]
    tested = np.isin(part.subjects, part.windows.subject[positions])
    step = [int(selection.oracle_pooled(at_home[:, k])[0]) for k in range(len(KINDS))]
    return np.stack([counted[tested, k, 0, step[k]] for k in range(len(KINDS))])


def named(found: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Counts (seeds, S, 3) of macro, micro and both, from (seeds, 2, S, 3)."""
    yield from zip((*KINDS, OVERALL), [found[:, 0], found[:, 1], found.sum(axis=1)], strict=True)


def chosen(counted: np.ndarray) -> dict[str, np.ndarray]:
    """Candidate (2, S) of macro and micro that each rule takes for each subject.

    Every kind chooses for itself, but under ``last epoch, kinds together``.

    Parameters
    ----------
    counted
        (S, 2, E, T, 3) hits of every epoch and threshold.
    """
    of_kinds = [operating_points.candidates(counted[:, k]) for k in range(len(KINDS))]
    rules = {rule: np.stack([own[rule] for own in of_kinds]) for rule in of_kinds[0]}
    last = (counted.shape[2] - 1) * counted.shape[3]
    return rules | {TOGETHER: last + together(counted[:, :, -1])}


def by_rule(counted: np.ndarray, nested: np.ndarray | None = None) -> Mapping[str, np.ndarray]:
    """Counts (seeds, 2, S, 3) under each rule of selection, see `chosen`.

    Parameters
    ----------
    counted
        (seeds, S, 2, E, T, 3) hits of every epoch and threshold.
    nested
        (seeds, 2, S, 3) counts at what inner models choose, if they were trained.
    """
    choices = [chosen(hits) for hits in counted]
    rules = {
        rule: np.stack(
            [at_candidates(hits, own[rule]) for hits, own in zip(counted, choices, strict=True)]
        )
        for rule in choices[0]
    }
    if nested is not None:
        rules[NESTED] = nested
    return {rule: rules[rule] for rule in _ORDER if rule in rules}


def together(counted: np.ndarray) -> np.ndarray:
    """Candidate (2, S) where both kinds choose together what is best overall on the others.

    A kind that finds little then keeps its false alarms to itself.

    Parameters
    ----------
    counted
        Hits (S, 2, ..., 3) of every candidate.
    """
    macro, micro = np.moveaxis(counted.reshape(*counted.shape[:2], -1, 3), 1, 0)  # (S, C, 3)
    both = operating_points.flat(macro[:, :, None] + micro[:, None])
    return np.stack(np.divmod(selection.cross_fold(both), macro.shape[1]))


def by_epoch(counted: np.ndarray) -> Iterator[dict[str, object]]:
    """F1 after every epoch, its threshold chosen on the other subjects, and its range over seeds.

    Parameters
    ----------
    counted
        (seeds, S, 2, E, T, 3) hits of every epoch and threshold.
    """
    for epoch in range(counted.shape[3]):
        found = np.stack([best_elsewhere(hits[:, :, epoch]) for hits in counted])
        for kind, own in named(found):
            row = operating_points.summary(own, 1)
            yield {
                "kind": kind,
                "epoch": epoch + 1,
                "f1": row["f1"],
                "low": row["least_seed"],
                "high": row["greatest_seed"],
            }


def _detected(
    part: SpottingDataset, scores: Sequence[np.ndarray], positions: np.ndarray | None
) -> list[pd.DataFrame]:
    return [
        proposals.detect(one.astype(np.float32), part.windows, part.rules, positions)
        for one in scores
    ]


def _counted(
    part: SpottingDataset,
    found: Sequence[pd.DataFrame],
    n_thresholds: int,
    positions: np.ndarray | None,
) -> np.ndarray:
    truth = part.truth
    if positions is not None:
        truth = truth[truth["subject"].isin(part.windows.subject[positions])]
    thresholds = candidates.thresholds(n_thresholds)
    return candidates.counts(found, truth, part.subjects, thresholds, MEGC)


def _options(table: pd.DataFrame, rules: ProposalConfig) -> Iterator[pd.DataFrame]:
    """The best few detections of each video, within the usual and within closer lengths."""
    rank = table.groupby(["video", "kind"], sort=False).cumcount()  # they come best first
    length = table["offset"] - table["onset"]
    for keep in _KEEPS:
        for limit in range(len(_LIMITS[KINDS[0]])):
            fits = pd.Series(False, index=table.index)
            for kind, rule in (("macro", rules.macro), ("micro", rules.micro)):
                shortest, longest = np.multiply(rule.length, _LIMITS[kind][limit])
                fits |= (table["kind"] == kind) & length.between(shortest, longest)
            yield table[fits & (rank < keep)]
