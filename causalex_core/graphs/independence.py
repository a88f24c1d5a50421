"""Conditional independence of regions: partial correlations and effective sample sizes.

Fisher's z test takes a partial correlation for zero if it is under a threshold that depends on the
number of independent samples. Frames of a smooth signal are not independent; Bartlett's formula
gives, for each pair of series, the number of independent samples that would estimate their
correlation as well.

References
----------
M. S. Bartlett, "Some aspects of the time-correlation problem in regard to tests of
significance", Journal of the Royal Statistical Society 98, 1935.
R. A. Fisher, "The distribution of the partial correlation coefficient", Metron 3, 1924.
"""

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft
from scipy.special import ndtri

from causalex_core.compilation import compiled
from causalex_core.errors import CausalexError

EffectiveSampleSize = Literal["bartlett", "frames"]

LARGEST_GRAPH = 62  # nodes: sets of nodes are bits of a signed 64-bit integer
# A region whose variance given the others is below this share is their copy up to rounding.
SMALLEST_UNEXPLAINED = 1e-8
# Fisher's z needs a positive n - 3; below this the test of a pair could never find anything.
FEWEST_SAMPLES = 4.0


class ColumnsError(CausalexError):
    """A problem of some columns, which can be told by number or by name."""

    def __init__(self, problem: str, columns: Sequence[int]) -> None:
        super().__init__(f"columns {list(columns)} {problem}")
        self.problem = problem
        self.columns = tuple(columns)

    def named(self, what: str, names: Sequence[str]) -> CausalexError:
        """The same error with names; `what` the columns are."""
        return CausalexError(f"{what} {[names[column] for column in self.columns]} {self.problem}")


def centre(samples: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Centre each uninterrupted series on its own means, as float64; empty series are dropped.

    Parameters
    ----------
    samples
        (windows, frames, columns) each, of the same windows.

    Raises
    ------
    CausalexError
        If shapes differ, a value is not finite, a column is constant in every series of a window,
        or the frames hardly exceed the columns.
    """
    series = [np.ascontiguousarray(part, np.float64) for part in samples]
    shapes = [part.shape[1:] for part in series]
    columns = shapes[0][-1] if series and series[0].ndim == 3 else 0
    alike = all(part.shape[::2] == series[0].shape[::2] for part in series)
    if not 2 <= columns <= LARGEST_GRAPH or not alike:
        raise CausalexError(
            f"samples of shape {shapes}: expected (frames, columns), with 2 to {LARGEST_GRAPH}"
            " columns, the same in each series"
        )
    series = [part for part in series if part.shape[1]]
    frames = sum(part.shape[1] for part in series)
    fewest = columns + len(series) + 3
    if frames < fewest:
        raise CausalexError(
            f"{frames} frames in {len(series)} series are too few for {columns} columns:"
            f" at least {fewest} are needed"
        )
    for number, part in enumerate(series):
        finite = np.isfinite(part)
        if not finite.all():
            window = np.argmin(finite.all(axis=(1, 2)))
            broken = np.argwhere(~finite[window])
            frame, column = broken[0]
            raise CausalexError(
                f"series {number} has {len(broken)} values that are not"
                f" finite, the first at frame {frame}, column {column}: leave those frames out"
            )
    constant = np.logical_and.reduce([_constant(part) for part in series])
    if constant.any():
        window = np.argmax(constant.any(axis=1))
        raise ColumnsError(
            "do not vary: no correlation is defined for them; leave them out or use another"
            " stretch of the video",
            np.flatnonzero(constant[window]).tolist(),
        )
    return [_centred(part) for part in series]


def _constant(series: np.ndarray) -> np.ndarray:
    """(windows, columns) bool: whether a column has one value only."""
    constant = series[:, 0] == series[:, -1]  # a glance that spares most columns
    for window, column in np.argwhere(constant):
        constant[window, column] = np.ptp(series[window, :, column]) == 0
    return constant


@compiled
def _centred(series: np.ndarray) -> np.ndarray:
    """Series (windows, frames, columns) less their means."""
    windows, frames, columns = series.shape
    centred = np.empty_like(series)
    for window in range(windows):
        mean = np.zeros(columns)
        for frame in range(frames):
            for column in range(columns):
                mean[column] += series[window, frame, column]
        mean /= frames
        for frame in range(frames):
            for column in range(columns):
                centred[window, frame, column] = series[window, frame, column] - mean[column]
    return centred


def correlations(centred: Sequence[np.ndarray]) -> np.ndarray:
    """Correlation matrices (windows, columns, columns) of centred series.

    They are the same for any number of threads.

    Raises
    ------
    CausalexError
        If a column is a combination of others.
    """
    sums = np.sum([products(series) for series in centred], axis=0)
    size = np.sqrt(np.diagonal(sums, axis1=1, axis2=2))
    matrices = sums / (size[:, :, None] * size[:, None, :])
    try:
        # Quick, and where it succeeds, no eigenvalue is as small as half of what is taken off.
        np.linalg.cholesky(matrices - 2 * SMALLEST_UNEXPLAINED * np.eye(matrices.shape[1]))
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(matrices)
        collinear = values[:, 0] < SMALLEST_UNEXPLAINED
        if collinear.any():
            window = np.argmax(collinear)
            raise ColumnsError(
                "are collinear: what one of them adds to the others cannot be tested; leave one of"
                " them out",
                np.flatnonzero(np.abs(vectors[window, :, 0]) > 0.1).tolist(),
            ) from None
    return matrices


@compiled
def products(series: np.ndarray) -> np.ndarray:
    """Sums over frames of the products of columns, four frames at a time."""
    windows, frames, columns = series.shape
    sums = np.zeros((windows, columns, columns))
    whole = frames - frames % 4
    for window in range(windows):
        for frame in range(0, whole, 4):
            for row in range(columns):
                first, second = series[window, frame, row], series[window, frame + 1, row]
                third, fourth = series[window, frame + 2, row], series[window, frame + 3, row]
                for column in range(columns):
                    sums[window, row, column] += (
                        first * series[window, frame, column]
                        + second * series[window, frame + 1, column]
                    ) + (
                        third * series[window, frame + 2, column]
                        + fourth * series[window, frame + 3, column]
                    )
        for frame in range(whole, frames):
            for row in range(columns):
                for column in range(columns):
                    sums[window, row, column] += (
                        series[window, frame, row] * series[window, frame, column]
                    )
    return sums


def effective_samples(centred: Sequence[np.ndarray], method: EffectiveSampleSize) -> np.ndarray:
    """Number (windows, columns, columns) of independent samples that each pair is worth.

    Parameters
    ----------
    centred
        Result of `centre`.
    method
        ``frames`` counts every frame, less one for each series after the first, whose means
        were also estimated. ``bartlett`` divides that by ``1 + 2 * sum_k r_x(k) r_y(k)`` over
        the lags before either autocorrelation is first zero or negative; autocorrelations are
        pooled over the series and never reach from one into another.

    Raises
    ------
    CausalexError
        If the method is unknown, or a pair is worth fewer than 4 samples.
    """
    if method not in get_args(EffectiveSampleSize):
        raise CausalexError(
            f"effective sample size {method!r}: expected one of {get_args(EffectiveSampleSize)}"
        )
    windows, _, columns = centred[0].shape
    degrees = sum(part.shape[1] for part in centred) - (len(centred) - 1)
    samples = np.full((windows, columns, columns), float(degrees))
    if method == "bartlett":
        samples /= 1 + 2 * products(_positive_autocorrelation(centred))
    pairs = samples + np.diag(np.full(columns, np.inf))
    window, row, column = map(int, np.unravel_index(pairs.argmin(), pairs.shape))
    fewest = samples[window, row, column]
    if fewest < FEWEST_SAMPLES:
        raise ColumnsError(
            f"are worth only {fewest:.1f} independent samples in {degrees} frames, at least"
            f" {FEWEST_SAMPLES:.0f} are needed: use more frames",
            (row, column),
        )
    return samples


def _positive_autocorrelation(centred: Sequence[np.ndarray]) -> np.ndarray:
    """(windows, lags, columns): autocorrelations, zero from the first one that is not > 0.

    From lag 1.
    """
    longest = max(part.shape[1] for part in centred)
    windows, _, columns = centred[0].shape
    sums = np.zeros((windows, longest, columns))
    for series in centred:
        # Zeros as long as the series keep its end from being correlated with its beginning.
        frames = series.shape[1]
        length = next_fast_len(2 * frames, real=True)
        power = np.abs(rfft(series, length, axis=1)) ** 2
        sums[:, :frames] += irfft(power, length, axis=1)[:, :frames]
    later = sums[:, 1:] / sums[:, :1]
    return np.where(np.logical_and.accumulate(later > 0, axis=1), later, 0.0)


def thresholds(samples: np.ndarray, alpha: float) -> np.ndarray:
    """Squared partial correlations up to which Fisher's z test finds independence.

    From effective sample sizes (windows, columns, columns) and the two-sided level: (windows,
    columns - 1, columns, columns), by the size of the conditioning set; -1, which no square
    reaches, where less than one degree of freedom is left: a test that cannot be made removes no
    edge. A single window stands for all if their sizes are equal.
    """
    if (samples == samples[:1]).all():
        samples = samples[:1]
    sizes = np.arange(samples.shape[1] - 1)
    degrees = samples[:, None] - sizes[:, None, None] - 3
    limit = np.tanh(-ndtri(alpha / 2) / np.sqrt(np.maximum(degrees, 1.0))) ** 2
    return np.where(degrees >= 1, limit, -1.0)
