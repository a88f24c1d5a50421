"""Rules that select one of many candidates (epochs, thresholds), given counts of each.

All work on held-out counts (S, C, 3): tp, detections and truths of a subject at a candidate. They
differ in whose counts select, and return an index (S,). Among candidates of equal F1 the one with
fewest detections is selected, then the first: a subject on whom every candidate fails would
otherwise be reported with the false alarms of the first.
"""

import numpy as np

from causalex_core.evaluation.uncertainty import f1


def oracle_per_subject(counts: np.ndarray) -> np.ndarray:
    """Best candidate of each subject on that subject itself: the published rule of this family."""
    return _best(counts)


def oracle_pooled(counts: np.ndarray) -> np.ndarray:
    """One candidate for all, best on the pooled test subjects."""
    return np.full(len(counts), _best(counts.sum(axis=0)))


def cross_fold(counts: np.ndarray) -> np.ndarray:
    """For each subject the candidate that is best on the other subjects' pooled counts.

    Cheap and slightly leaky: the models behind the other subjects' counts were trained with this
    subject's data, though never scored on it.
    """
    return _best(counts.sum(axis=0, keepdims=True) - counts)


def chosen(counts: np.ndarray, choice: np.ndarray) -> np.ndarray:
    """Counts (S, 3) of every subject under its chosen candidate."""
    return counts[np.arange(len(counts)), choice]


def _best(counts: np.ndarray) -> np.ndarray:
    """Index of the best candidate along the last but one axis of (..., C, 3)."""
    value = f1(counts)
    highest = value == value.max(axis=-1, keepdims=True)
    return np.where(highest, counts[..., 1], np.inf).argmin(axis=-1)
