"""Bootstrap intervals over subjects: frames of one person are not independent."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEVEL = 0.95

Score = Callable[..., NDArray[np.float64]]


@dataclass(frozen=True)
class Interval:
    """An estimate with its bootstrap interval.

    Attributes
    ----------
    estimate
        Value on all subjects.
    low, high
        Percentiles that hold 95 % of the resampled values.
    left_out
        Number of resamples without a value, which the percentiles leave out.
    """

    estimate: float
    low: float
    high: float
    left_out: int = 0


def subject_weights(n_subjects: int, n_bootstrap: int, seed: int) -> np.ndarray:
    """How often each subject is drawn in each resample, integers (n_bootstrap, n_subjects).

    The same seed gives the same draws, which pairs the difference of two methods.
    """
    generator = np.random.default_rng(seed)
    return generator.multinomial(n_subjects, np.full(n_subjects, 1 / n_subjects), size=n_bootstrap)


def bootstrap(
    score: Score, weights: NDArray[np.integer], *counts: NDArray
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Score of all subjects together, and (n_bootstrap, ...) of each resample.

    Parameters
    ----------
    score
        Function of one sum over subjects (..., cells) for each of `counts`.
    weights
        As :func:`subject_weights` draws them.
    counts
        (S, cells) each; the cells of a count may have several axes.
    """
    times = weights.astype(float)  # which BLAS multiplies; counts stay whole
    drawn = (
        (times @ table.reshape(len(table), -1).astype(float)).reshape(-1, *table.shape[1:])
        for table in counts
    )
    return score(*(table.sum(axis=0) for table in counts)), score(*drawn)


def bootstrap_runs(
    score: Score, runs: NDArray[np.integer], n_bootstrap: int, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """:func:`bootstrap` of counts (runs, S, cells), averaged over runs."""
    weights = subject_weights(runs.shape[1], n_bootstrap, seed)
    estimates, drawn = zip(*(bootstrap(score, weights, run) for run in runs), strict=True)
    return np.mean(estimates, axis=0), np.mean(drawn, axis=0)


def percentile_interval(estimate: np.ndarray | float, drawn: np.ndarray) -> Interval:
    """Interval that holds the middle 95 % of resampled values (n_bootstrap,).

    NaN among them is left out and counted; the limits are NaN where nothing is left.
    """
    known = drawn[~np.isnan(drawn)]
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(known, [tail, 1 - tail]) if len(known) else (np.nan, np.nan)
    return Interval(float(estimate), float(low), float(high), len(drawn) - len(known))


def named_intervals(
    names: Sequence[str], estimates: NDArray[np.float64], drawn: NDArray[np.float64]
) -> dict[str, Interval]:
    """Intervals of several scores, from estimates (K,) and resampled values (n_bootstrap, K)."""
    columns = zip(names, estimates, drawn.T, strict=True)
    return {name: percentile_interval(estimate, values) for name, estimate, values in columns}


def f1(counts: np.ndarray) -> np.ndarray:
    """F1 of counts (..., 3) in the order tp, detections, truths; 0 where it is undefined."""
    both = np.asarray(counts[..., 1] + counts[..., 2], dtype=float)
    return np.divide(2.0 * counts[..., 0], both, out=np.zeros_like(both), where=both > 0)


def f1_interval(counts: np.ndarray, n_bootstrap: int, seed: int) -> Interval:
    """Pooled F1 with a bootstrap interval over subjects.

    Parameters
    ----------
    counts
        (S, 3) integers per subject: tp, detections, truths; or (runs, S, 3), whose F1 are
        averaged, as those of models that differ in their seed.
    n_bootstrap, seed
        Number of resamples, and their seed.
    """
    return percentile_interval(*_bootstrap_f1(counts, n_bootstrap, seed))


def f1_difference(counts: np.ndarray, others: np.ndarray, n_bootstrap: int, seed: int) -> Interval:
    """Difference of pooled F1 (`counts` minus `others`, of the same subjects), paired."""
    (estimate, drawn), (other, other_drawn) = (
        _bootstrap_f1(table, n_bootstrap, seed) for table in (counts, others)
    )
    return percentile_interval(estimate - other, drawn - other_drawn)


def mean_interval(values: np.ndarray, n_bootstrap: int, seed: int) -> Interval:
    """Mean of values (n,), n > 0, such as one of each subject, with its bootstrap interval."""
    picks = np.random.default_rng(seed).integers(0, len(values), (n_bootstrap, len(values)))
    return percentile_interval(values.mean(), values[picks].mean(axis=1))


def _bootstrap_f1(counts: np.ndarray, n_bootstrap: int, seed: int) -> tuple[NDArray, NDArray]:
    return bootstrap_runs(f1, counts.reshape(-1, *counts.shape[-2:]), n_bootstrap, seed)
