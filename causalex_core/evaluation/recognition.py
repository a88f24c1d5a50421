"""Recognition scores as the micro-expression challenges define them, with intervals over subjects.

Counts are (S, K, K): samples of a subject by true class, then by predicted class.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causalex_core.errors import CausalexError
from causalex_core.evaluation.uncertainty import Interval, bootstrap_runs, named_intervals

MEASURES = ("uf1", "uar", "accuracy")


def known_labels(labels: ArrayLike, n_classes: int) -> NDArray[np.int64]:
    """Labels as integers.

    Raises
    ------
    CausalexError
        If a label is not from 0 to `n_classes` - 1.
    """
    given = np.asarray(labels, dtype=np.int64)
    unknown = given[(given < 0) | (given >= n_classes)]
    if unknown.size:
        raise CausalexError(f"label {unknown[0]} given; expected 0 to {n_classes - 1}")
    return given


def per_subject(
    predicted: NDArray[np.integer], truth: ArrayLike, subject: ArrayLike, n_classes: int
) -> NDArray[np.int64]:
    """Confusion matrices (..., S, K, K) of the subjects, in alphabetical order.

    Parameters
    ----------
    predicted
        (..., N) labels from 0, such as those of every epoch.
    truth
        (N,) labels from 0.
    subject
        (N,) names.
    n_classes
        Number of classes K.

    Raises
    ------
    CausalexError
        If the lengths differ, or a label is not one of the classes.
    """
    truth, predicted = known_labels(truth, n_classes), known_labels(predicted, n_classes)
    names, owner = np.unique(np.asarray(subject, dtype=str), return_inverse=True)
    if not predicted.shape[-1] == len(truth) == len(owner):
        raise CausalexError(
            f"{predicted.shape[-1]} predicted and {len(truth)} true labels of {len(owner)} samples"
            " given; expected one of each for every sample"
        )
    runs = np.arange(predicted[..., 0].size).reshape(*predicted.shape[:-1], 1)
    cell = ((runs * len(names) + owner) * n_classes + truth) * n_classes + predicted
    shape = (*predicted.shape[:-1], len(names), n_classes, n_classes)
    return np.bincount(cell.ravel(), minlength=int(np.prod(shape))).reshape(shape)


def scores(confusion: NDArray[np.integer] | NDArray[np.floating]) -> NDArray[np.float64]:
    """:data:`MEASURES` (..., 3) of confusion matrices (..., K, K).

    Every class has the same weight. One without truths has recall 0, one without truths and
    predictions has F1 0.
    """
    right = np.diagonal(confusion, axis1=-2, axis2=-1).astype(float)
    truths, predictions = confusion.sum(axis=-1), confusion.sum(axis=-2)
    f1 = _ratio(2 * right, truths + predictions)
    recall = _ratio(right, truths)
    accuracy = _ratio(right.sum(axis=-1), truths.sum(axis=-1))
    return np.stack([f1.mean(axis=-1), recall.mean(axis=-1), accuracy], axis=-1)


def intervals(counts: NDArray[np.integer], n_bootstrap: int, seed: int) -> dict[str, Interval]:
    """Pooled scores with bootstrap intervals over subjects, by measure.

    Parameters
    ----------
    counts
        (S, K, K), or (runs, S, K, K), whose scores are averaged, as those of models that differ
        in their seed.
    n_bootstrap, seed
        Number of resamples of subjects, and their seed.
    """
    return named_intervals(MEASURES, *_bootstrap(counts, n_bootstrap, seed))


def differences(
    counts: NDArray[np.integer], others: NDArray[np.integer], n_bootstrap: int, seed: int
) -> dict[str, Interval]:
    """Differences of pooled scores (`counts` minus `others`, of the same subjects), paired."""
    (estimate, drawn), (other, other_drawn) = (
        _bootstrap(table, n_bootstrap, seed) for table in (counts, others)
    )
    return named_intervals(MEASURES, estimate - other, drawn - other_drawn)


def _bootstrap(
    counts: NDArray[np.integer], n_bootstrap: int, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return bootstrap_runs(scores, counts.reshape(-1, *counts.shape[-3:]), n_bootstrap, seed)


def _ratio(part: NDArray, whole: NDArray) -> NDArray[np.float64]:
    """Quotient, 0 where it is undefined."""
    return np.divide(part, whole, out=np.zeros(np.shape(whole)), where=whole > 0)
