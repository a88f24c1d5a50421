"""Counts of trained models at every threshold, and what each rule of selection reports of them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from causalex_book.spotting import nested
from causalex_book.spotting.dataset import SpottingDataset
from causalex_core.evaluation import operating_points, selection
from causalex_core.evaluation.operating_points import BOTH, CROSS, EPOCH, LAST
from causalex_core.evaluation.spotting import COUNTS, MEGC
from causalex_core.evaluation.uncertainty import f1_interval
from causalex_core.expressions import KINDS
from causalex_core.spotting import candidates as core_candidates
from causalex_core.spotting import proposals
from causalex_core.spotting.proposals import ProposalConfig
from causalex_core.spotting.training import FoldResults

OVERALL = "overall"
NESTED, TOGETHER = "nested", "last epoch, kinds together"
_ORDER = (LAST, CROSS, TOGETHER, NESTED, EPOCH, BOTH)  # the last two select on the test subject
EVERY = 4  # epochs from one that inner models are scored at to the next
_KEEPS = (5, 20)  # detections of a kind per video
# Multiples of the shortest and longest interval that is proposed.
_LIMITS = {"macro": ((1.0, 1.0), (1.5, 1.0)), "micro": ((1.0, 1.0), (1.0, 0.5))}


def counts(
    data: SpottingDataset,
    scores: Sequence[np.ndarray],
    n_thresholds: int,
    positions: np.ndarray | None = None,
) -> tuple[np.ndarray, list[pd.DataFrame]]:
    """Counts (S, 2, scores, T, 3) of each array of scores at T thresholds, and the detections.

    Each array (W, 2, 3, 256) is of the windows at `positions`, or of all.
    """
    detections = _detected(data, scores, positions)
    return _counted(data, detections, n_thresholds, positions), detections


def candidates(
    data: SpottingDataset,
    scores: Sequence[np.ndarray],
    n_thresholds: int,
    positions: np.ndarray | None = None,
) -> tuple[np.ndarray, list[pd.DataFrame]]:
    """As `counts`, where detections per video and their lengths are chosen as well."""
    detections = _detected(data, scores, positions)
    tables = [table for every in detections for table in _options(every, data.rules)]
    return _counted(data, tables, n_thresholds, positions), tables


def inner_epochs(epochs: int) -> list[int]:
    """Epochs, from 0, that inner models are scored at; the last is among them."""
    return list(range((epochs - 1) % EVERY, epochs, EVERY))


def inner_choice(
    data: SpottingDataset,
    inner: FoldResults,
    scores: np.ndarray,
    n_thresholds: int,
    seed: int,
) -> tuple[np.ndarray, pd.DataFrame]:
    """Counts (2, S, 3) and detections at the epoch, threshold, number and lengths of inner models.

    `inner` are models of the folds of `nested.folds`; `scores` (epochs, W, 2, 3, 256) those of the
    outer models of one seed.
    """
    of_pairs = [
        candidates(data, list(held_out), n_thresholds, run.fold.held_out)[0]
        for run, held_out in zip(inner.runs, inner.predictions, strict=True)
        if run.seed == seed
    ]
    outer, tables = candidates(data, list(scores[list(inner.epochs)]), n_thresholds)
    choice = nested.each_kind(of_pairs, nested.groups(data.subjects))
    return counts_at(outer, choice), detections_at(data, tables, choice, n_thresholds)


def detections_at(
    data: SpottingDataset, detections: Sequence[pd.DataFrame], choice: np.ndarray, n_thresholds: int
) -> pd.DataFrame:
    """Detections of each subject at its candidate (2, S) of macro and of micro.

    A candidate is a table and a threshold, as `flat` counts them.
    """
    thresholds, kept = core_candidates.thresholds(n_thresholds), []
    for kind, of_kind in zip(KINDS, choice, strict=True):
        tables, steps = np.divmod(of_kind, n_thresholds)
        for subject, table, step in zip(data.subjects, tables, steps, strict=True):
            rows = detections[table]
            of_subject = (rows["subject"] == subject) & (rows["kind"] == kind)
            kept.append(rows[of_subject & (rows["score"] >= thresholds[kind][step])])
    return pd.concat(kept, ignore_index=True)


def cross_fold(counts: np.ndarray) -> np.ndarray:
    """Candidate (2, S) of each kind, best on the other subjects, from counts (S, 2, ..., 3)."""
    return np.stack([selection.cross_fold(operating_points.flat(of)) for of in _kinds(counts)])


def counts_at(counts: np.ndarray, choice: np.ndarray) -> np.ndarray:
    """Counts (2, S, 3) at candidates (2, S), from counts (S, 2, ..., 3)."""
    return np.stack(
        [
            selection.chosen(operating_points.flat(of_kind), candidate)
            for of_kind, candidate in zip(_kinds(counts), choice, strict=True)
        ]
    )


def cross_fold_counts(counts: np.ndarray) -> np.ndarray:
    """Counts (2, S, 3) of each kind at the candidate that is best on the other subjects."""
    return counts_at(counts, cross_fold(counts))


def transferred(
    data: SpottingDataset,
    scores: np.ndarray,
    n_thresholds: int,
    positions: np.ndarray,
    in_domain: np.ndarray,
) -> np.ndarray:
    """Counts (2, S', 3) of another database's subjects, at the best thresholds of the training one.

    `scores` (W', 2, 3, 256) are of the windows at `positions`; `in_domain` are counts (S, 2, T, 3)
    of the held-out subjects of the database that was trained on.
    """
    swept = counts(data, [scores], n_thresholds, positions)[0]
    tested = np.isin(data.subjects, data.windows.subject[positions])
    steps = [int(selection.oracle_pooled(of_kind)[0]) for of_kind in _kinds(in_domain)]
    return np.stack([swept[tested, kind, 0, step] for kind, step in enumerate(steps)])


def by_kind(counts: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Counts (seeds, S, 3) of macro, micro and both, from (seeds, 2, S, 3)."""
    both = [counts[:, 0], counts[:, 1], counts.sum(axis=1)]
    yield from zip((*KINDS, OVERALL), both, strict=True)


def score_rows(
    counts: np.ndarray, n_bootstrap: int, over: Mapping[str, np.ndarray] | None = None
) -> Iterator[dict[str, Any]]:
    """A row per kind of counts (seeds, 2, S, 3): means, F1 with its interval, and gains.

    Gains are over the counts in `over`, each in columns of its name.
    """
    for kind, of_kind in by_kind(counts):
        row: dict[str, Any] = {"kind": kind, **operating_points.summary(of_kind, n_bootstrap)}
        for column, others in (over or {}).items():
            gains = operating_points.gain(of_kind, dict(by_kind(others))[kind], n_bootstrap)
            row |= {name.replace("gain", column): value for name, value in gains.items()}
        yield row


def gain_rows(
    counts: np.ndarray, baseline: np.ndarray, n_bootstrap: int
) -> Iterator[dict[str, Any]]:
    """A row per kind: the gain in F1 over a baseline, of counts (seeds, 2, S, 3) of both."""
    for (kind, of_kind), (_, others) in zip(by_kind(counts), by_kind(baseline), strict=True):
        yield {"kind": kind, **operating_points.gain(of_kind, others, n_bootstrap)}


def pooled_row(counts: np.ndarray, n_bootstrap: int, seed: int = 1) -> dict[str, Any]:
    """Pooled counts of (S, 3), and F1 with its interval over subjects."""
    interval = f1_interval(counts, n_bootstrap, seed)
    return dict(zip(COUNTS, counts.sum(axis=0).tolist(), strict=True)) | {
        "f1": interval.estimate,
        "low": interval.low,
        "high": interval.high,
    }


def candidates_by_rule(counts: np.ndarray) -> dict[str, np.ndarray]:
    """Candidate (2, S) that each rule takes for each subject, from counts (S, 2, E, T, 3).

    Each kind is selected separately, except under ``last epoch, kinds together``.
    """
    of_kinds = [operating_points.candidates(of_kind) for of_kind in _kinds(counts)]
    rules = {rule: np.stack([of_kind[rule] for of_kind in of_kinds]) for rule in of_kinds[0]}
    last = (counts.shape[2] - 1) * counts.shape[3]
    return rules | {TOGETHER: last + jointly(counts[:, :, -1])}


def counts_by_rule(
    counts: np.ndarray, nested: np.ndarray | None = None
) -> Mapping[str, np.ndarray]:
    """Counts (seeds, 2, S, 3) under each rule of selection, see `candidates_by_rule`.

    `counts` (seeds, S, 2, E, T, 3) are of every epoch and threshold; `nested` (seeds, 2, S, 3) at
    the choice of inner models, if they were trained.
    """
    choices = [candidates_by_rule(of_seed) for of_seed in counts]
    rules = {
        rule: np.stack(
            [
                counts_at(of_seed, choice[rule])
                for of_seed, choice in zip(counts, choices, strict=True)
            ]
        )
        for rule in choices[0]
    }
    if nested is not None:
        rules[NESTED] = nested
    return {rule: rules[rule] for rule in _ORDER if rule in rules}


def jointly(counts: np.ndarray) -> np.ndarray:
    """Candidates (2, S) whose overall F1 is best on the other subjects, from counts (S, 2, ..., 3).

    The weaker kind may then report nothing.
    """
    macro, micro = np.moveaxis(counts.reshape(*counts.shape[:2], -1, 3), 1, 0)  # (S, C, 3)
    both = operating_points.flat(macro[:, :, None] + micro[:, None])
    return np.stack(np.divmod(selection.cross_fold(both), macro.shape[1]))


def by_epoch(counts: np.ndarray) -> Iterator[dict[str, object]]:
    """F1 after every epoch, its threshold chosen on the other subjects, and its range over seeds.

    Counts are (seeds, S, 2, E, T, 3) of every epoch and threshold.
    """
    for epoch in range(counts.shape[3]):
        at_epoch = np.stack([cross_fold_counts(of_seed[:, :, epoch]) for of_seed in counts])
        yield from epoch_rows(at_epoch, epoch + 1, "low", "high")


def epoch_rows(
    counts: np.ndarray, epoch: int, low: str = "least_seed", high: str = "greatest_seed"
) -> Iterator[dict[str, object]]:
    """A row per kind: F1 after an epoch and its range over seeds, of counts (seeds, 2, S, 3)."""
    for kind, of_kind in by_kind(counts):
        row = operating_points.summary(of_kind, 1)
        values = {"f1": row["f1"], low: row["least_seed"], high: row["greatest_seed"]}
        yield {"kind": kind, "epoch": epoch, **values}


def _kinds(counts: np.ndarray) -> np.ndarray:
    """(2, S, ..., 3) from (S, 2, ..., 3)."""
    return np.moveaxis(counts, 1, 0)


def _detected(
    data: SpottingDataset, scores: Sequence[np.ndarray], positions: np.ndarray | None
) -> list[pd.DataFrame]:
    return [
        proposals.detect(array.astype(np.float32), data.windows, data.rules, positions)
        for array in scores
    ]


def _counted(
    data: SpottingDataset,
    detections: Sequence[pd.DataFrame],
    n_thresholds: int,
    positions: np.ndarray | None,
) -> np.ndarray:
    truth = data.truth
    if positions is not None:
        truth = truth[truth["subject"].isin(data.windows.subject[positions])]
    thresholds = core_candidates.thresholds(n_thresholds)
    return core_candidates.counts(detections, truth, data.subjects, thresholds, MEGC)


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
