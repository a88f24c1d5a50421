"""Counts that each rule of selection reports, from hits at every epoch and threshold.

Hits are (S, E, T, 3): subjects, epochs, thresholds; tp, detections and truths.
"""

from collections.abc import Mapping

import numpy as np

from causalex_core.evaluation import selection
from causalex_core.evaluation.uncertainty import f1, f1_difference, f1_interval

LAST, CROSS = "last epoch", "cross_fold"
EPOCH, BOTH = "best epoch per subject", "best pair per subject"


def flat(hits: np.ndarray) -> np.ndarray:
    """Candidates in one dimension, (S, C, 3)."""
    return hits.reshape(len(hits), -1, 3)


def best_on_others(hits: np.ndarray) -> np.ndarray:
    """Counts (S, 3) of each subject at the candidate that is best on the other subjects."""
    candidates = flat(hits)
    return selection.chosen(candidates, selection.cross_fold(candidates))


def best_in_sample(hits: np.ndarray) -> np.ndarray:
    """Counts (S, 3) at the one candidate that is best on the same subjects, pooled."""
    candidates = flat(hits)
    return selection.chosen(candidates, selection.oracle_pooled(candidates))


def candidates(hits: np.ndarray) -> Mapping[str, np.ndarray]:
    """Candidate (S,) of each subject under each rule, an index of :func:`flat`.

    ``last epoch``: the threshold is best on the other subjects. ``cross_fold``: epoch and
    threshold are. ``best epoch per subject``: the last epoch's threshold, and the epoch that is
    best on the subject itself. ``best pair per subject``: both are best on the subject itself.
    """
    epochs, steps = hits.shape[1:3]
    step = selection.cross_fold(hits[:, -1])
    at_step = hits[np.arange(len(hits)), :, step]
    return {
        LAST: (epochs - 1) * steps + step,
        CROSS: selection.cross_fold(flat(hits)),
        EPOCH: selection.oracle_per_subject(at_step) * steps + step,
        BOTH: selection.oracle_per_subject(flat(hits)),
    }


def by_rule(hits: np.ndarray) -> Mapping[str, np.ndarray]:
    """Counts (S, 3) under each rule, see :func:`candidates`."""
    return {rule: selection.chosen(flat(hits), index) for rule, index in candidates(hits).items()}


def summary(counts: np.ndarray, n_bootstrap: int) -> dict[str, float]:
    """Summarise counts (seeds, S, 3) under a rule.

    Mean counts over seeds, mean F1 with its interval over subjects, and its range over seeds.
    """
    interval = f1_interval(counts, n_bootstrap, seed=1)
    by_seed = f1(counts.sum(axis=1)).tolist()
    tp, n_pred, n_truth = counts.sum(axis=1).mean(axis=0).tolist()
    return {
        "seeds": len(counts),
        "tp": tp,
        "n_pred": n_pred,
        "n_truth": int(n_truth),
        "f1": interval.estimate,
        "low": interval.low,
        "high": interval.high,
        "least_seed": min(by_seed),
        "greatest_seed": max(by_seed),
    }


def gain(counts: np.ndarray, others: np.ndarray, n_bootstrap: int) -> dict[str, float]:
    """Difference of mean F1, `counts` minus `others` (seeds, S, 3), paired by subject."""
    interval = f1_difference(counts, others, n_bootstrap, seed=1)
    return {"gain": interval.estimate, "gain_low": interval.low, "gain_high": interval.high}
