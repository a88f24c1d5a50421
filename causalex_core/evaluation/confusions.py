"""Recognition scores from counts of each subject, with intervals over subjects.

Counts are (S, K, K): samples of a subject by true class, then by predicted class.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causalex_core.errors import CausalexError
from causalex_core.evaluation.uncertainty import Interval, percentile_interval, subject_weights

MEASURES = ("uf1", "uar", "accuracy")


def known_labels(labels: ArrayLike, n_classes: int) -> NDArray[np.int64]:
    """Labels as whole numbers, if all are among the classes.

    Raises
    ------
    CausalexError
        If a label is below 0, which would pass for the last class, or too large.
    """
    given = np.asarray(labels, dtype=np.int64)
    unknown = given[(given < 0) | (given >= n_classes)]
    if unknown.size:
        raise CausalexError(f"label {unknown[0]} given; expected 0 to {n_classes - 1}")
    return given


def per_subject(
    predicted: NDArray[np.integer], truth: ArrayLike, subject: ArrayLike, n_classes: int
) -> NDArray[np.int64]:
    """Count what was predicted for each subject.

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

    Returns
    -------
    ndarray
        (..., S, K, K) counts; subjects in alphabetical order.

    Raises
    ------
    CausalexError
        If the lengths differ, or a label is not one of the classes.
    """
    truth, predicted = known_labels(truth, n_classes), known_labels(predicted, n_classes)
    names, place = np.unique(np.asarray(subject, dtype=str), return_inverse=True)
    if not predicted.shape[-1] == len(truth) == len(place):
        raise CausalexError(
            f"{predicted.shape[-1]} predicted and {len(truth)} true labels of {len(place)} samples"
            " given; expected one of each for every sample"
        )
    runs = np.arange(predicted[..., 0].size).reshape(*predicted.shape[:-1], 1)
    cell = ((runs * len(names) + place) * n_classes + truth) * n_classes + predicted
    shape = (*predicted.shape[:-1], len(names), n_classes, n_classes)
    return np.bincount(cell.ravel(), minlength=int(np.prod(shape))).reshape(shape)


def scores(confusion: NDArray[np.integer] | NDArray[np.floating]) -> NDArray[np.float64]:
    """:data:`MEASURES` (..., 3) of confusions (..., K, K).

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
    n_bootstrap
        Resamples of subjects.
    seed
        Seed of the resampling.
    """
    weights = subject_weights(counts.shape[-3], n_bootstrap, seed)
    return _by_measure(_pooled(counts), _resampled(weights, counts))


def differences(
    counts: NDArray[np.integer], others: NDArray[np.integer], n_bootstrap: int, seed: int
) -> dict[str, Interval]:
    """Difference of pooled scores (`counts` minus `others`), paired by subject, by measure.

    Parameters
    ----------
    counts, others
        (S, K, K) or (runs, S, K, K) of the same subjects in the same order.
    n_bootstrap, seed
        As for :func:`intervals`.
    """
    weights = subject_weights(counts.shape[-3], n_bootstrap, seed)
    drawn = _resampled(weights, counts) - _resampled(weights, others)
    return _by_measure(_pooled(counts) - _pooled(others), drawn)


def _by_measure(estimate: NDArray[np.float64], drawn: NDArray[np.float64]) -> dict[str, Interval]:
    return {
        name: percentile_interval(float(value), values)
        for name, value, values in zip(MEASURES, estimate, drawn.T, strict=True)
    }


def _pooled(counts: NDArray[np.integer]) -> NDArray[np.float64]:
    """Scores (3,) of all subjects together, averaged over runs."""
    return scores(counts.sum(axis=-3)).reshape(-1, len(MEASURES)).mean(axis=0)


def _resampled(weights: NDArray[np.integer], counts: NDArray[np.integer]) -> NDArray[np.float64]:
    """The same of each resample, (n_bootstrap, 3)."""
    n_subjects, n_classes = counts.shape[-3:-1]
    # as floats, which BLAS multiplies; counts stay whole
    times = weights.astype(float)
    runs = counts.reshape(-1, n_subjects, n_classes * n_classes).astype(float)
    drawn = np.zeros((len(weights), len(MEASURES)))
    for run in runs:
        drawn += scores((times @ run).reshape(-1, n_classes, n_classes))
    return drawn / len(runs)


def _ratio(part: NDArray, whole: NDArray) -> NDArray[np.float64]:
    """Quotient, 0 where it is undefined."""
    return np.divide(part, whole, out=np.zeros(np.shape(whole)), where=whole > 0)
