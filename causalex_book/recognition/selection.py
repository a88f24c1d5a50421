"""Rules that select the epoch of a recogniser, given its held-out predictions of every epoch.

Counts are (E, S, K, K): for each epoch, samples of a held-out subject by true and by predicted
class. The rules differ in whose labels select the epoch of a subject.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from causalex_core.evaluation import recognition

LAST, CROSS, TEST = "last_epoch", "cross_fold", "test_selected"

Counts = NDArray[np.int64]


def last_epoch(counts: Counts) -> NDArray[np.intp]:
    """The last epoch for everybody, (S,)."""
    return np.full(counts.shape[1], len(counts) - 1)


def cross_fold(counts: Counts) -> NDArray[np.intp]:
    """For each subject the epoch with the best UF1 on the other subjects, (S,).

    Cheap and slightly leaky: the models behind the other subjects' predictions were trained with
    this subject's samples, though never scored on them. Of equal epochs it is the first.
    """
    other_subjects = counts.sum(axis=1, keepdims=True) - counts
    return recognition.scores(other_subjects)[..., 0].argmax(axis=0)


def oracle_per_subject(counts: Counts) -> NDArray[np.intp]:
    """For each subject the epoch with most hits on that subject itself, (S,): the published rule.

    Of equal epochs it is the first, as in CausalNet's code, which stops where nothing is wrong.
    """
    return _right(counts).argmax(axis=0)


def chosen(counts: Counts, epochs: NDArray[np.intp]) -> Counts:
    """Counts (S, K, K) of every subject at its epoch."""
    return counts[epochs, np.arange(counts.shape[1])]


def by_rule(counts: Counts) -> Mapping[str, Counts]:
    """Counts (S, K, K) under each rule."""
    rules = {LAST: last_epoch, CROSS: cross_fold, TEST: oracle_per_subject}
    return {name: chosen(counts, rule(counts)) for name, rule in rules.items()}


def ever_right(counts: Counts) -> NDArray[np.bool_]:
    """Whether a subject (..., S) of counts (..., S, K, K) has any hit.

    CausalNet's scripts drop subjects without hits from their score. Here they stay in.
    """
    return _right(counts) > 0


def _right(counts: Counts) -> NDArray[np.int64]:
    return np.trace(counts, axis1=-2, axis2=-1)
