"""AUW-GCN's way of reporting: fixed thresholds, and for each test subject the epoch that is best.

Every epoch is read out once; rules of selection differ only in which epoch they take for whom.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalex_book.spotting.material import SpottingDataset
from causalex_core.evaluation import selection
from causalex_core.evaluation.operating_points import CROSS, EPOCH, LAST
from causalex_core.evaluation.spotting import PROTOCOLS
from causalex_core.evaluation.uncertainty import f1
from causalex_core.expressions import KINDS, MissingOffset
from causalex_core.spotting import candidates, proposals
from causalex_core.spotting.proposals import ProposalConfig
from causalex_core.spotting.training import FoldResults
from causalex_core.training import by_sample

RULES = (EPOCH, CROSS, LAST)


@dataclass(frozen=True)
class Counting:
    """How hits are counted: names of a protocol and of a policy for missing offsets."""

    protocol: str
    missing_offset: str


_EVERYTHING = dict.fromkeys(KINDS, np.array([-np.inf]))


def scores_by_epoch(outcome: FoldResults, part: SpottingDataset, seed: int) -> Iterator[np.ndarray]:
    """Held-out scores (W, 2, 3, 256) of one kept epoch after the other, float32."""
    own = [
        (run, scores)
        for run, scores in zip(outcome.runs, outcome.predictions, strict=True)
        if run.seed == seed
    ]
    runs = [run for run, _ in own]
    for epoch in range(len(outcome.epochs)):
        of_epoch = [scores[epoch] for _, scores in own]
        yield by_sample(runs, of_epoch, len(part.windows.video)).astype(np.float32)


def detections_by_epoch(
    outcome: FoldResults, part: SpottingDataset, seed: int, rules: ProposalConfig
) -> list[pd.DataFrame]:
    """Detections of every kept epoch, as the rules read them out."""
    return [
        proposals.detect(scores, part.windows, rules)
        for scores in scores_by_epoch(outcome, part, seed)
    ]


def hits(
    detections: Sequence[pd.DataFrame], part: SpottingDataset, counting: Counting
) -> np.ndarray:
    """Counts (S, 2, E, 3) of every subject, kind (macro, micro) and epoch."""
    counted = candidates.counts(
        detections,
        part.truth,
        part.subjects,
        _EVERYTHING,
        PROTOCOLS[counting.protocol],
        MissingOffset(counting.missing_offset),
    )
    return counted[:, :, :, 0]


def choices(counted: np.ndarray) -> Mapping[str, np.ndarray]:
    """Epoch (S,) that each rule takes for each subject: one for both kinds, by overall F1.

    Parameters
    ----------
    counted
        (S, 2, E, 3) as `hits` gives them.

    Returns
    -------
    mapping
        ``best epoch per subject``: best on the subject itself, which is the published rule.
        ``cross_fold``: best on the other subjects together. ``last epoch``: the last.
    """
    overall = counted.sum(axis=1)
    return {
        EPOCH: selection.oracle_per_subject(overall),
        CROSS: selection.cross_fold(overall),
        LAST: np.full(len(overall), overall.shape[1] - 1),
    }


def at_choice(counted: np.ndarray, choice: np.ndarray) -> np.ndarray:
    """Counts (2, S, 3) of macro and micro at the epoch of each subject."""
    return np.moveaxis(counted[np.arange(len(counted)), :, choice], 1, 0)


def detections_at_choice(
    detections: Sequence[pd.DataFrame], subjects: Sequence[str], choice: np.ndarray
) -> pd.DataFrame:
    """Detections of each subject in the epoch that was chosen for it."""
    parts = [
        detections[epoch][detections[epoch]["subject"] == subject]
        for subject, epoch in zip(subjects, choice, strict=True)
    ]
    return pd.concat(parts, ignore_index=True)


def best_of(counted: np.ndarray, count: int, draws: int, seed: int) -> float:
    """Overall F1 where each subject takes the best of some epochs, drawn by chance; a mean.

    Parameters
    ----------
    counted
        (S, 2, E, 3).
    count
        Epochs drawn for each subject, without replacement.
    draws
        How often that is done.
    """
    overall = counted.sum(axis=1)  # (S, E, 3)
    generator = np.random.default_rng([seed, count])
    rows = np.arange(len(overall))[:, None]
    found = []
    for _ in range(draws):
        drawn = generator.random(overall.shape[:2]).argsort(axis=1)[:, :count]
        few = overall[rows, drawn]
        found.append(f1(selection.chosen(few, selection.oracle_per_subject(few)).sum(axis=0)))
    return float(np.mean(found))
