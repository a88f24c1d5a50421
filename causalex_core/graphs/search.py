"""Fast causal inference (FCI): from samples, or from an oracle, to a partial ancestral graph.

FCI allows for latent common causes, and takes selection to be absent. A limit on the size of
conditioning sets (`depth`) makes it Anytime FCI: fewer tests, and an answer that is less
informative but still right if the tests are.

References
----------
P. Spirtes, "An anytime algorithm for causal inference", AISTATS 2001.
J. Zhang, "On the completeness of orientation rules for causal discovery in the presence of
latent confounders and selection bias", Artificial Intelligence 172, 2008.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np

from causalex_core.errors import CausalexError
from causalex_core.graphs import independence, orientation, skeleton
from causalex_core.graphs.independence import LARGEST_GRAPH, EffectiveSampleSize
from causalex_core.graphs.pag import Pag

Samples = np.ndarray | Sequence[np.ndarray]
Independent = Callable[[int, int, frozenset[int]], bool]
BATCH_FRAMES = 50_000  # searched together: calls then cost little, and arrays stay in the cache


def fci(
    samples: Samples,
    alpha: float = 0.01,
    effective_sample_size: EffectiveSampleSize = "bartlett",
    depth: int | None = None,
    possible_d_sep: bool = True,
) -> Pag:
    """Estimate the graph of linearly related columns with Fisher's z test.

    Parameters
    ----------
    samples
        (frames, columns), or several such arrays: series that do not continue one another, such
        as clips. Each series is centred on its own means, and all are pooled.
    alpha
        Level of the tests.
    effective_sample_size
        ``bartlett`` corrects, pair by pair, for frames that depend on earlier ones; ``frames``
        takes every frame for independent.
    depth
        Largest conditioning set; None for no limit.
    possible_d_sep
        Whether to run the second search, over possible-d-separating sets. It is part of FCI and
        only it can remove some edges; in finite data its many tests also cost true edges.

    Returns
    -------
    Pag
        With `n_eff` per pair. It does not depend on the order of the columns.

    Raises
    ------
    CausalexError
        If samples are not finite, constant, collinear or too few, or an option is out of range.
    """
    alpha, depth = options(alpha, depth)
    series = one_window(samples)
    return _graphs(alpha, effective_sample_size, depth, possible_d_sep, series)[0]


def fci_windows(
    windows: Samples,
    alpha: float = 0.01,
    effective_sample_size: EffectiveSampleSize = "bartlett",
    depth: int | None = None,
    possible_d_sep: bool = True,
    threads: int = 1,
) -> list[Pag]:
    """Estimate the graph of each of many windows of the same length; the graphs are those of `fci`.

    Parameters
    ----------
    windows
        (windows, frames, columns), or several such arrays: in each, a series of every window.
    alpha, effective_sample_size, depth, possible_d_sep
        As in `fci`.
    threads
        Number of threads that the windows are divided among.

    Raises
    ------
    CausalexError
        As `fci`, with the number of the window.
    """
    alpha, depth = options(alpha, depth)
    if threads < 1:
        raise CausalexError(f"{threads} threads: expected 1 or more")
    series = _series(windows)
    shapes = [part.shape for part in series]
    if not shapes or any(len(shape) != 3 or shape[0] != shapes[0][0] for shape in shapes):
        raise CausalexError(
            f"windows of shape {shapes}: expected (windows, frames, columns), with the same number"
            " of windows in each series"
        )
    graphs = partial(_graphs, alpha, effective_sample_size, depth, possible_d_sep)
    batch_size = max(1, BATCH_FRAMES // max(1, sum(frames for _, frames, _ in shapes)))

    def graphs_from(start: int) -> list[Pag]:
        batch = [part[start : start + batch_size] for part in series]
        try:
            return graphs(batch)
        except CausalexError:
            for window in range(len(batch[0])):  # which of them is it?
                try:
                    graphs([part[window : window + 1] for part in batch])
                except CausalexError as error:
                    raise CausalexError(f"window {start + window}: {error}") from error
            raise

    with ThreadPoolExecutor(threads) as pool:
        batches = pool.map(graphs_from, range(0, shapes[0][0], batch_size))
        return [graph for batch in batches for graph in batch]


def one_window(samples: Samples) -> list[np.ndarray]:
    """Series of a single window, (1, frames, columns) each."""
    return [part[None] for part in _series(samples)]


def _series(samples: Samples) -> list[np.ndarray]:
    if isinstance(samples, np.ndarray) or hasattr(samples, "to_numpy"):  # a DataFrame, too
        return [np.asarray(samples)]
    return [np.asarray(part) for part in samples]


def _graphs(
    alpha: float,
    effective_sample_size: EffectiveSampleSize,
    depth: int | None,
    possible_d_sep: bool,
    samples: Sequence[np.ndarray],
) -> list[Pag]:
    """Graph of each window of series (windows, frames, columns)."""
    series = independence.centre(samples)
    correlation = independence.correlations(series)
    n_eff = independence.effective_samples(series, effective_sample_size)
    remove = skeleton.by_correlation(correlation, independence.thresholds(n_eff, alpha))
    windows, columns, _ = correlation.shape
    marks = search(windows, columns, remove, depth, possible_d_sep)
    settings = {
        "backend": "causalex",
        "effective_sample_size": effective_sample_size,
        "depth": depth,
        "possible_d_sep": possible_d_sep,
        "frames": sum(part.shape[1] for part in series),
        "series": len(series),
    }
    return [Pag(marks[window], alpha, n_eff[window], settings) for window in range(windows)]


def fci_from_independence(
    n: int, independent: Independent, depth: int | None = None, possible_d_sep: bool = True
) -> Pag:
    """Find the graph of `n` nodes from answers about independence.

    Parameters
    ----------
    independent
        ``independent(i, j, given)`` says whether i and j, i < j, are independent given a set of
        others. It is asked at most twice about the same three.
    depth, possible_d_sep
        As in `fci`.

    Returns
    -------
    Pag
        If the answers are those of d-separation in a graph with latents and there is no limit
        of depth: the partial ancestral graph of that graph.

    Raises
    ------
    CausalexError
        If `n` or `depth` is out of range.
    """
    _, depth = options(depth=depth)
    if not 1 <= n <= LARGEST_GRAPH:
        raise CausalexError(f"{n} nodes: expected 1 to {LARGEST_GRAPH}")

    def decide(tests: np.ndarray, level: int) -> np.ndarray:
        answers = (
            independent(i, j, frozenset(node for node in range(n) if given >> node & 1))
            for given, i, j in tests.tolist()
        )
        return np.fromiter(answers, np.bool_, len(tests))

    (marks,) = search(1, n, skeleton.by_answers(decide), depth, possible_d_sep)
    return Pag(marks, settings={"depth": depth, "possible_d_sep": possible_d_sep})


def options(alpha: float = 0.5, depth: int | None = None) -> tuple[float, int | None]:
    """Level and depth as numbers of Python, from those of NumPy too; out of range, an error."""
    if not 0 < alpha < 1:
        raise CausalexError(f"alpha {alpha}: expected a level between 0 and 1, such as 0.01")
    if depth is not None and (not depth >= 0 or depth % 1):  # not a number, too
        raise CausalexError(f"depth {depth}: expected 0 or more, or none for no limit")
    return float(alpha), None if depth is None else int(depth)


def search(
    windows: int,
    n: int,
    remove: skeleton.Remove,
    depth: int | None = None,
    possible_d_sep: bool = True,
) -> np.ndarray:
    """Run both searches and the orientation; marks (windows, n, n) uint8.

    `remove` takes away the edges that conditioning sets separate, see
    `causalex_core.graphs.skeleton`.
    """
    deepest = max(n - 2, 0) if depth is None else min(depth, max(n - 2, 0))
    adjacent, sepset = skeleton.adjacent_search(windows, n, remove, deepest)
    marks = orientation.colliders(adjacent, sepset)
    if possible_d_sep:
        skeleton.possible_d_sep_search(adjacent, sepset, marks, remove, deepest)
        marks = orientation.colliders(adjacent, sepset)
    orientation.orient(adjacent, sepset, marks)
    return marks
