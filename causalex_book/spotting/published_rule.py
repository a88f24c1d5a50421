"""AUW-GCN's way of reporting: fixed thresholds, and for each test subject the epoch that is best.

Detections are read out once per epoch; rules of selection differ only in the epoch of each subject.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalex_book.spotting.dataset import SpottingDataset
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
_EVERYTHING = dict.fromkeys(KINDS, np.array([-np.inf]))


@dataclass(frozen=True)
class Counting:
    """How hits are counted: names of a protocol and of a policy for missing offsets."""

    protocol: str
    missing_offset: str


def scores_by_epoch(results: FoldResults, data: SpottingDataset, seed: int) -> Iterator[np.ndarray]:
    """Held-out scores (W, 2, 3, 256) of one kept epoch after the other, float32."""
    of_seed = [index for index, run in enumerate(results.runs) if run.seed == seed]
    runs = [results.runs[index] for index in of_seed]
    for epoch in range(len(results.epochs)):
        scores = [results.predictions[index][epoch] for index in of_seed]
        yield by_sample(runs, scores, len(data.windows.video)).astype(np.float32)


def detections_by_epoch(
    results: FoldResults, data: SpottingDataset, seed: int, rules: ProposalConfig
) -> list[pd.DataFrame]:
    """Detections of every kept epoch, as the rules read them out."""
    return [
        proposals.detect(scores, data.windows, rules)
        for scores in scores_by_epoch(results, data, seed)
    ]


def counts(
    detections: Sequence[pd.DataFrame], data: SpottingDataset, counting: Counting
) -> np.ndarray:
    """Counts (S, 2, E, 3) of every subject, kind (macro, micro) and epoch."""
    return candidates.counts(
        detections,
        data.truth,
        data.subjects,
        _EVERYTHING,
        PROTOCOLS[counting.protocol],
        MissingOffset(counting.missing_offset),
    )[:, :, :, 0]


def epochs_by_rule(counts: np.ndarray) -> Mapping[str, np.ndarray]:
    """Epoch (S,) that each rule takes for each subject, by overall F1 of counts (S, 2, E, 3).

    ``best epoch per subject``: best on the subject itself, which is the published rule.
    ``cross_fold``: best on the other subjects together. ``last epoch``: the last.
    """
    overall = counts.sum(axis=1)
    return {
        EPOCH: selection.oracle_per_subject(overall),
        CROSS: selection.cross_fold(overall),
        LAST: np.full(len(overall), overall.shape[1] - 1),
    }


def counts_at(counts: np.ndarray, choice: np.ndarray) -> np.ndarray:
    """Counts (2, S, 3) of macro and micro at the epoch of each subject."""
    return np.moveaxis(counts[np.arange(len(counts)), :, choice], 1, 0)


def counts_by_rule(counts: np.ndarray) -> dict[str, np.ndarray]:
    """Counts (seeds, 2, S, 3) under each rule, from counts (seeds, S, 2, E, 3)."""
    choices = [epochs_by_rule(of_seed) for of_seed in counts]
    return {
        rule: np.stack(
            [
                counts_at(of_seed, choice[rule])
                for of_seed, choice in zip(counts, choices, strict=True)
            ]
        )
        for rule in RULES
    }


def detections_at(
    detections: Sequence[pd.DataFrame], subjects: Sequence[str], choice: np.ndarray
) -> pd.DataFrame:
    """Detections of each subject in the epoch that was chosen for it."""
    parts = [
        detections[epoch][detections[epoch]["subject"] == subject]
        for subject, epoch in zip(subjects, choice, strict=True)
    ]
    return pd.concat(parts, ignore_index=True)


def best_of(counts: np.ndarray, n_epochs: int, n_draws: int, seed: int) -> float:
    """Mean overall F1 where each subject takes the best of `n_epochs` randomly drawn epochs.

    Counts are (S, 2, E, 3); epochs are drawn without replacement, `n_draws` times.
    """
    overall = counts.sum(axis=1)  # (S, E, 3)
    generator = np.random.default_rng([seed, n_epochs])
    rows = np.arange(len(overall))[:, None]
    values = []
    for _ in range(n_draws):
        drawn = generator.random(overall.shape[:2]).argsort(axis=1)[:, :n_epochs]
        few = overall[rows, drawn]
        values.append(f1(selection.chosen(few, selection.oracle_per_subject(few)).sum(axis=0)))
    return float(np.mean(values))
