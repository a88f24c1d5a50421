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

from causalex_core.errors import CausalexError
from causalex_core.graphs.compiled import BIT, compiled, lowest

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


def centre(samples: np.ndarray | Sequence[np.ndarray]) -> list[np.ndarray]:
    """Centre each uninterrupted series on its own means, as float64; empty series are dropped.

    Raises
    ------
    CausalexError
        If shapes differ, a value is not finite, a column is constant in every series, or the
        frames hardly exceed the columns.
    """
    single = isinstance(samples, np.ndarray) or hasattr(samples, "to_numpy")  # a DataFrame, too
    parts = [samples] if single else samples
    series = [np.ascontiguousarray(part, np.float64) for part in parts]
    shapes = [part.shape for part in series]
    columns = series[0].shape[-1] if series and series[0].ndim == 2 else 0
    if not 2 <= columns <= LARGEST_GRAPH or any(shape[1:] != (columns,) for shape in shapes):
        raise CausalexError(
            f"samples of shape {shapes}: expected (frames, columns), with 2 to {LARGEST_GRAPH}"
            " columns, the same in each series"
        )
    series = [part for part in series if len(part)]
    frames = sum(map(len, series))
    fewest = columns + len(series) + 3
    if frames < fewest:
        raise CausalexError(
            f"{frames} frames in {len(series)} series are too few for {columns} columns:"
            f" at least {fewest} are needed"
        )
    for number, part in enumerate(series):
        broken = np.argwhere(~np.isfinite(part))
        if len(broken):
            frame, column = broken[0]
            raise CausalexError(
                f"series {number} has {len(broken)} values that are not finite, the first at"
                f" frame {frame}, column {column}: leave those frames out"
            )
    constant = np.logical_and.reduce([_constant(part) for part in series])
    if constant.any():
        raise ColumnsError(
            "do not vary: no correlation is defined for them; leave them out or use another"
            " stretch of the video",
            np.flatnonzero(constant).tolist(),
        )
    return [part - part.mean(axis=0) for part in series]


def _constant(series: np.ndarray) -> np.ndarray:
    """(columns,) bool: whether a column has one value only."""
    constant = series[0] == series[-1]  # a glance that spares most columns
    suspects = np.flatnonzero(constant)
    constant[suspects] = (series[:, suspects] == series[0, suspects]).all(axis=0)
    return constant


def correlations(centred: Sequence[np.ndarray]) -> np.ndarray:
    """Correlation matrix (columns, columns) of centred series, the same for any number of threads.

    Raises
    ------
    CausalexError
        If a column is a combination of others.
    """
    products = np.sum([_products(series) for series in centred], axis=0)
    size = np.sqrt(products.diagonal())
    matrix = products / np.outer(size, size)
    values, vectors = np.linalg.eigh(matrix)
    if values[0] < SMALLEST_UNEXPLAINED:
        involved = np.flatnonzero(np.abs(vectors[:, 0]) > 0.1).tolist()
        raise ColumnsError(
            "are collinear: what one of them adds to the others cannot be tested; leave one of"
            " them out",
            involved,
        )
    return matrix


@compiled
def _products(series: np.ndarray) -> np.ndarray:
    """Sums over frames of the products of columns, four frames at a time."""
    frames, columns = series.shape
    sums = np.zeros((columns, columns))
    whole = frames - frames % 4
    for frame in range(0, whole, 4):
        for row in range(columns):
            first, second = series[frame, row], series[frame + 1, row]
            third, fourth = series[frame + 2, row], series[frame + 3, row]
            for column in range(columns):
                sums[row, column] += (
                    first * series[frame, column] + second * series[frame + 1, column]
                ) + (third * series[frame + 2, column] + fourth * series[frame + 3, column])
    for frame in range(whole, frames):
        for row in range(columns):
            for column in range(columns):
                sums[row, column] += series[frame, row] * series[frame, column]
    return sums


def effective_samples(centred: Sequence[np.ndarray], method: EffectiveSampleSize) -> np.ndarray:
    """Number (columns, columns) of independent samples that each pair of columns is worth.

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
    columns = centred[0].shape[1]
    degrees = sum(map(len, centred)) - (len(centred) - 1)
    samples = np.full((columns, columns), float(degrees))
    if method == "bartlett":
        samples /= 1 + 2 * _products(_positive_autocorrelation(centred))
    pairs = samples + np.diag(np.full(columns, np.inf))
    row, column = map(int, np.unravel_index(pairs.argmin(), pairs.shape))
    if samples[row, column] < FEWEST_SAMPLES:
        raise ColumnsError(
            f"are worth only {samples[row, column]:.1f} independent samples in {degrees} frames,"
            f" at least {FEWEST_SAMPLES:.0f} are needed: use more frames",
            (row, column),
        )
    return samples


def _positive_autocorrelation(centred: Sequence[np.ndarray]) -> np.ndarray:
    """(lags, columns): autocorrelations from lag 1, zero from the first one that is not > 0."""
    longest = max(map(len, centred))
    sums = np.zeros((longest, centred[0].shape[1]))
    for series in centred:
        # Zeros as long as the series keep its end from being correlated with its beginning.
        length = next_fast_len(2 * len(series), real=True)
        power = np.abs(rfft(series, length, axis=0)) ** 2
        sums[: len(series)] += irfft(power, length, axis=0)[: len(series)]
    later = sums[1:] / sums[0]
    return np.where(np.logical_and.accumulate(later > 0, axis=0), later, 0.0)


def thresholds(samples: np.ndarray, alpha: float) -> np.ndarray:
    """Squared partial correlations up to which Fisher's z test finds independence.

    From effective sample sizes (columns, columns) and the two-sided level: (columns - 1, columns,
    columns), by the size of the conditioning set; -1, which no square reaches, where less than one
    degree of freedom is left: a test that cannot be made removes no edge.
    """
    sizes = np.arange(len(samples) - 1)
    degrees = samples - sizes[:, None, None] - 3
    limit = np.tanh(-ndtri(alpha / 2) / np.sqrt(np.maximum(degrees, 1.0))) ** 2
    return np.where(degrees >= 1, limit, -1.0)


@compiled
def separated_by_correlation(
    correlation: np.ndarray, limits: np.ndarray, tests: np.ndarray, level: int
) -> np.ndarray:
    """Decide tests of conditional independence, (tests,) bool, from one correlation matrix.

    Parameters
    ----------
    correlation
        (columns, columns).
    limits
        (columns, columns) from `thresholds`, for sets of size `level`.
    tests
        (tests, 3) int64: conditioning set as bits, and the two nodes. Fastest when sets come in
        lexicographic order, because sets with a common beginning share its elimination.
    level
        Size of every conditioning set.
    """
    columns = len(correlation)
    # Covariances given the first nodes of the set, by how many. The last node is eliminated for
    # the tested pairs alone.
    given = np.empty((max(level, 1), columns, columns))
    given[0] = correlation
    nodes = np.full(max(level, 1), -1)
    current = np.int64(0)
    last_inverse = 0.0
    separated = np.empty(len(tests), np.bool_)
    for test in range(len(tests)):
        if tests[test, 0] != current:
            current = tests[test, 0]
            rest = current
            same = True
            for depth in range(level - 1):
                node = lowest(rest)
                rest ^= BIT << node
                if same and nodes[depth] == node:
                    continue
                same = False
                nodes[depth] = node
                inverse = 1 / given[depth, node, node]
                for row in range(columns):
                    share = given[depth, row, node] * inverse
                    for column in range(columns):
                        given[depth + 1, row, column] = (
                            given[depth, row, column] - share * given[depth, node, column]
                        )
            nodes[level - 1] = lowest(rest)
            last_inverse = 1 / given[level - 1, nodes[level - 1], nodes[level - 1]]
        first, second = tests[test, 1], tests[test, 2]
        matrix = given[max(level - 1, 0)]
        covariance = matrix[first, second]
        first_variance, second_variance = matrix[first, first], matrix[second, second]
        if level:
            last = nodes[level - 1]
            share = matrix[first, last] * last_inverse
            covariance -= share * matrix[second, last]
            first_variance -= share * matrix[first, last]
            second_variance -= matrix[second, last] * matrix[second, last] * last_inverse
        allowed = limits[first, second] * first_variance * second_variance
        separated[test] = covariance * covariance <= allowed
    return separated
