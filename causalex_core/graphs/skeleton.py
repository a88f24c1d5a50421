"""Skeleton search of FCI: which nodes are adjacent, and what separates the others.

Of the sets that separate a pair the smallest count, and of these all, so that the order of the
columns has no effect. In the first search, whose candidates are the neighbours, edges are removed
after all sets of one size. In the second the candidates stay as they are: sets of several sizes
(1; 2, 3; 4 to 7; ...) are tried in one walk, where a set shares the elimination of its beginning.
Arrays hold many graphs at once, one for each window of samples.

References
----------
D. Colombo and M. H. Maathuis, "Order-independent constraint-based causal structure learning",
Journal of Machine Learning Research 15, 2014.
P. Spirtes, C. Glymour and R. Scheines, Causation, Prediction, and Search, 2000, section 6.7.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from causalex_core.compilation import compiled
from causalex_core.graphs.pag import ARROWHEAD
from causalex_core.graphs.sets import BIT, lowest

# (adjacent, candidates, sepset, smallest, largest): remove, in place, the edges that sets of
# these sizes separate; false if there was no test to make.
Remove = Callable[[np.ndarray, np.ndarray, np.ndarray, int, int], bool]
# (tests, level) -> (tests,) bool; see `tests_of_level`.
Decide = Callable[[np.ndarray, int], np.ndarray]


def adjacent_search(
    windows: int, nodes: int, remove: Remove, depth: int
) -> tuple[np.ndarray, np.ndarray]:
    """Remove every edge whose ends are separated by neighbours of one of them.

    Returns
    -------
    adjacent : ndarray
        (windows, nodes) int64, neighbours of each node as bits.
    sepset : ndarray
        (windows, nodes, nodes) int64: the union of the separating sets of a removed pair, as bits.
    """
    every = (BIT << np.int64(nodes)) - np.int64(1)
    adjacent = np.tile(every ^ (BIT << np.arange(nodes)), (windows, 1))
    sepset = np.zeros((windows, nodes, nodes), np.int64)
    for level in range(depth + 1):
        if not remove(adjacent, adjacent, sepset, level, level):
            break
    return adjacent, sepset


def possible_d_sep_search(
    adjacent: np.ndarray, sepset: np.ndarray, marks: np.ndarray, remove: Remove, depth: int
) -> None:
    """Remove, in place, edges whose ends are separated by their possible-d-separating sets.

    `adjacent` and `sepset` come from `adjacent_search`, `marks` hold the colliders they imply.
    """
    candidates = possible_d_sep(adjacent, marks)
    smallest = 1
    while smallest <= depth:
        if not remove(adjacent, candidates, sepset, smallest, min(2 * smallest - 1, depth)):
            break
        smallest *= 2


def by_answers(decide: Decide) -> Remove:
    """Removal of what `decide` says of all tests of a level; for a single window."""

    def remove(
        adjacent: np.ndarray,
        candidates: np.ndarray,
        sepset: np.ndarray,
        smallest: int,
        largest: int,
    ) -> bool:
        neighbours = np.tile(adjacent[0], (largest + 2, 1))
        tried = False
        for level in range(smallest, largest + 1):
            tests = tests_of_level(neighbours, candidates[0], level)
            if not len(tests):
                break
            tried = True
            for given, first, second in tests[decide(tests, level)]:
                _separate(neighbours, sepset[0], level, given, first, second)
        adjacent[0] = neighbours[-1]
        return tried

    return remove


def by_correlation(correlation: np.ndarray, limits: np.ndarray) -> Remove:
    """Removal by Fisher's z test.

    Parameters
    ----------
    correlation
        (windows, columns, columns).
    limits
        (windows, sizes, columns, columns) squared partial correlations up to which a pair is
        independent, by the size of the conditioning set; or (1, ...), the same for all windows.
    """
    return partial(_remove_by_correlation, correlation, limits)


@compiled
def _remove_by_correlation(
    correlation: np.ndarray,
    limits: np.ndarray,
    adjacent: np.ndarray,
    candidates: np.ndarray,
    sepset: np.ndarray,
    smallest: int,
    largest: int,
) -> bool:
    """Try, in each window, each set for the pairs of which one has it among its candidates."""
    windows, columns = adjacent.shape
    neighbours = np.empty((largest + 2, columns), np.int64)
    # Covariances given the first nodes of the set, by how many. The last node is eliminated for
    # the tested pairs alone.
    partial = np.empty((max(largest, 1), columns, columns))
    tried = False
    for window in range(windows):
        for node in range(columns):
            neighbours[:, node] = adjacent[window, node]
            for other in range(columns):
                partial[0, node, other] = correlation[window, node, other]
        limit = limits[window % len(limits)]
        holders, nodes, given, left, holding = empty_set(neighbours, candidates[window], largest)
        last = 0
        inverse = 0.0  # of the last node's variance; 0 eliminates nothing, given the empty set
        size = ready = 0
        while size >= 0:
            before = max(size - 1, 0)
            ready = min(ready, before)
            firsts = holding[size] if size >= smallest else 0
            while firsts:
                first = lowest(firsts)
                seconds = neighbours[size, first] & ~given[size] & ~(holding[size] ^ firsts)
                firsts ^= BIT << first
                if not seconds:
                    continue
                tried = True
                while ready < before:
                    _eliminate(partial, ready, nodes[ready])
                    ready += 1
                if size:
                    last = nodes[before]
                    inverse = 1 / partial[before, last, last]
                share = partial[before, last, first] * inverse
                variance = partial[before, first, first] - share * partial[before, last, first]
                while seconds:
                    second = lowest(seconds)
                    seconds ^= BIT << second
                    remainder = partial[before, last, second]
                    covariance = partial[before, first, second] - share * remainder
                    allowed = limit[size, first, second] * variance
                    allowed *= partial[before, second, second] - remainder * inverse * remainder
                    if covariance * covariance <= allowed:
                        _separate(neighbours, sepset[window], size, given[size], first, second)
            size = next_set(holders, nodes, given, left, holding, size, smallest)
        for node in range(columns):
            adjacent[window, node] = neighbours[largest + 1, node]
    return tried


@compiled
def _eliminate(partial: np.ndarray, done: int, node: int) -> None:
    """From the covariances given the first `done` nodes to those given `node`, too."""
    columns = partial.shape[1]
    inverse = 1 / partial[done, node, node]
    for row in range(columns):
        share = partial[done, row, node] * inverse
        for column in range(columns):
            partial[done + 1, row, column] = (
                partial[done, row, column] - share * partial[done, node, column]
            )


@compiled
def _separate(
    neighbours: np.ndarray, sepset: np.ndarray, size: int, given: int, first: int, second: int
) -> None:
    """Take it, in place, that `given` separates a pair.

    Only the smallest separating sets count: the pair is no longer adjacent for larger ones.
    """
    if neighbours[size + 1, first] >> second & 1:  # no set of this size or smaller was known
        sepset[first, second] = 0
        sepset[second, first] = 0
        for larger in range(size + 1, len(neighbours)):
            neighbours[larger, first] &= ~(BIT << second)
            neighbours[larger, second] &= ~(BIT << first)
    sepset[first, second] |= given
    sepset[second, first] |= given


@compiled
def tests_of_level(neighbours: np.ndarray, candidates: np.ndarray, level: int) -> np.ndarray:
    """List the tests of one level, by conditioning set in lexicographic order.

    Parameters
    ----------
    neighbours
        (at least level + 1, nodes) neighbours of each node, as bits, for each size of the set.
    candidates
        (nodes,) nodes that may separate each node from a neighbour, as bits.
    level
        Size of the conditioning sets.

    Returns
    -------
    ndarray
        (tests, 3) int64: conditioning set as bits, and the nodes of an adjacent pair, the smaller
        first; the set lies among the candidates of at least one of the two.
    """
    nodes_squared = neighbours.shape[1] ** 2
    tests = np.empty((16 * nodes_squared, 3), np.int64)
    count = 0
    holders, nodes, given, left, holding = empty_set(neighbours, candidates, level)
    size = 0
    while size >= 0:
        if count + nodes_squared > len(tests):
            longer = np.empty((2 * len(tests), 3), np.int64)
            for test in range(count):
                for part in range(3):
                    longer[test, part] = tests[test, part]
            tests = longer
        firsts = holding[size] if size == level else 0
        while firsts:
            first = lowest(firsts)
            seconds = neighbours[size, first] & ~given[size] & ~(holding[size] ^ firsts)
            firsts ^= BIT << first
            while seconds:
                second = lowest(seconds)
                seconds ^= BIT << second
                tests[count, 0] = given[size]
                tests[count, 1] = min(first, second)
                tests[count, 2] = max(first, second)
                count += 1
        size = next_set(holders, nodes, given, left, holding, size, level)
    return tests[:count]


@compiled
def empty_set(
    neighbours: np.ndarray, candidates: np.ndarray, largest: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Arguments of `next_set` at the empty set, from which it goes on to those up to `largest`."""
    n = len(candidates)
    holders = np.zeros(n, np.int64)
    holding = np.zeros(largest + 1, np.int64)
    left = np.zeros(largest + 1, np.int64)
    for node in range(n):
        if neighbours[0, node]:
            holding[0] |= BIT << node
            left[0] |= candidates[node]
            for candidate in range(n):
                holders[candidate] |= (candidates[node] >> candidate & BIT) << node
    return holders, np.empty(largest, np.int64), np.zeros(largest + 1, np.int64), left, holding


@compiled
def next_set(
    holders: np.ndarray,
    nodes: np.ndarray,
    given: np.ndarray,
    left: np.ndarray,
    holding: np.ndarray,
    size: int,
    smallest: int,
) -> int:
    """Go on, in place, to the next conditioning set in lexicographic order, the shorter first.

    Parameters
    ----------
    holders
        (n,) nodes that have each node among their candidates, as bits.
    nodes
        (largest,) nodes of the set, ascending.
    given, left, holding
        (largest + 1,) each, by how many nodes of the set: these, as bits; those that may still
        follow them; those that have them among their candidates.
    size
        Size of the set.
    smallest
        Sets that cannot grow to this size are passed over.

    Returns
    -------
    int
        Size of the next set, which has all but its last node in common with the one before; -1 if
        there is none.
    """
    position = min(size, len(nodes) - 1)
    while position >= 0:
        if not left[position]:
            position -= 1
            continue
        node = lowest(left[position])
        left[position] ^= BIT << node
        having = holding[position] & holders[node]
        if having and node + smallest - position <= len(holders):
            nodes[position] = node
            given[position + 1] = given[position] | BIT << node
            left[position + 1] = left[position]
            holding[position + 1] = having
            return position + 1
    return -1


@compiled
def possible_d_sep(adjacent: np.ndarray, marks: np.ndarray) -> np.ndarray:
    """Possible-d-separating set of each node, (windows, nodes) int64 as bits.

    Its nodes end a walk on which each inner node is a collider, or its neighbours on the walk are
    adjacent.
    """
    windows, nodes = adjacent.shape
    reached = np.zeros((windows, nodes), np.int64)
    steps = np.empty((nodes * nodes, 2), np.int64)
    into = np.empty(nodes, np.int64)  # nodes with an arrowhead at this one
    taken = np.empty(nodes, np.int64)  # steps, by the node they leave: each is continued once
    for window in range(windows):
        joined = np.int64(0)
        for node in range(nodes):
            joined |= adjacent[window, node]
            into[node] = 0
            for other in range(nodes):
                if marks[window, other, node] == ARROWHEAD:
                    into[node] |= BIT << other
        for start in range(nodes):
            taken[:] = 0
            ends = np.int64(0)
            count = position = 0
            before, ahead = start, adjacent[window, start]
            while True:
                ahead &= ~taken[before] & ~(BIT << start)
                taken[before] |= ahead
                ends |= ahead
                while ahead:
                    node = lowest(ahead)
                    ahead ^= BIT << node
                    steps[count, 0] = before
                    steps[count, 1] = node
                    count += 1
                if position == count or ends | BIT << start == joined:
                    break
                earlier, before = steps[position, 0], steps[position, 1]
                position += 1
                ahead = adjacent[window, before] & adjacent[window, earlier]
                if into[before] >> earlier & BIT:
                    ahead |= into[before] & ~(BIT << earlier)
            reached[window, start] = ends
    return reached
