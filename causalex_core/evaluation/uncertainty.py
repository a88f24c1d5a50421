"""Intervals of confidence by resampling subjects: frames of one person are not independent."""

from dataclasses import dataclass

import numpy as np

LEVEL = 0.95


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
        How many resamples have no value: `low` and `high` are of the others.
    """

    estimate: float
    low: float
    high: float
    left_out: int = 0


def subject_weights(n_subjects: int, n_bootstrap: int, seed: int) -> np.ndarray:
    """How often each subject is drawn in each resample.

    Returns
    -------
    ndarray
        Integers (n_bootstrap, n_subjects); each row sums to `n_subjects`. The same seed gives
        the same draws, which is what makes a difference of two methods paired.
    """
    generator = np.random.default_rng(seed)
    return generator.multinomial(n_subjects, np.full(n_subjects, 1 / n_subjects), size=n_bootstrap)


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
    n_bootstrap
        Number of resamples.
    seed
        Seed of the resampling.
    """
    weights = subject_weights(counts.shape[-2], n_bootstrap, seed)
    return percentile_interval(_pooled(counts), _resampled(weights, counts))


def f1_difference(counts: np.ndarray, others: np.ndarray, n_bootstrap: int, seed: int) -> Interval:
    """Difference of pooled F1 (`counts` minus `others`), paired by subject.

    Parameters
    ----------
    counts, others
        (S, 3) or (runs, S, 3) integers of the same subjects in the same order.
    """
    weights = subject_weights(counts.shape[-2], n_bootstrap, seed)
    drawn = _resampled(weights, counts) - _resampled(weights, others)
    return percentile_interval(_pooled(counts) - _pooled(others), drawn)


def percentile_interval(estimate: np.ndarray | float, drawn: np.ndarray) -> Interval:
    """Interval that holds the middle 95 % of resampled values (n_bootstrap,).

    NaN among them is left out and counted; the limits are NaN where nothing is left.
    """
    known = drawn[~np.isnan(drawn)]
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(known, [tail, 1 - tail]) if len(known) else (np.nan, np.nan)
    return Interval(float(estimate), float(low), float(high), len(drawn) - len(known))


def mean_interval(values: np.ndarray, n_bootstrap: int, seed: int) -> Interval:
    """Mean with a bootstrap interval over its values, such as one of each subject.

    Parameters
    ----------
    values
        (n,), at least one.
    n_bootstrap
        Number of resamples.
    seed
        Seed of the resampling.
    """
    picks = np.random.default_rng(seed).integers(0, len(values), (n_bootstrap, len(values)))
    return percentile_interval(values.mean(), values[picks].mean(axis=1))


def _pooled(counts: np.ndarray) -> float:
    """F1 of all subjects together, averaged over runs."""
    return float(f1(counts.sum(axis=-2)).mean())


def _resampled(weights: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The same of each resample, (n_bootstrap,)."""
    drawn = f1(weights @ counts)  # (..., n_bootstrap)
    return drawn.reshape(-1, len(weights)).mean(axis=0)
