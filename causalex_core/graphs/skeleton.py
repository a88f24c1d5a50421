"""Skeleton search of FCI: which nodes are adjacent, and what separates the others.

Level by level, every adjacent pair is tested given every candidate set of that size. Edges are
removed only when a level is done, and all separating sets of that level are kept, so that the
order of the columns has no effect.

References
----------
D. Colombo and M. H. Maathuis, "Order-independent constraint-based causal structure learning",
Journal of Machine Learning Research 15, 2014.
P. Spirtes, C. Glymour and R. Scheines, Causation, Prediction, and Search, 2000, section 6.7.
"""

from collections.abc import Callable

import numpy as np

from causalex_core.graphs.compiled import compiled, lowest
from causalex_core.graphs.pag import ARROWHEAD

# (tests, level) -> (tests,) bool; see `tests_of_level`.
Decide = Callable[[np.ndarray, int], np.ndarray]


def adjacent_search(nodes: int, decide: Decide, depth: int) -> tuple[np.ndarray, np.ndarray]:
    """Remove every edge whose ends are separated by neighbours of one of them.

    Returns
    -------
    adjacent : ndarray
        (nodes,) int64, neighbours of each node as bits.
    sepset : ndarray
        (nodes, nodes) int64: the union of the separating sets of a removed pair, as bits.
    """
    every = (np.int64(1) << np.int64(nodes)) - np.int64(1)
    adjacent = every ^ (np.int64(1) << np.arange(nodes))
    sepset = np.zeros((nodes, nodes), np.int64)
    _search(adjacent, sepset, adjacent, decide, range(depth + 1))
    return adjacent, sepset


def possible_d_sep_search(
    adjacent: np.ndarray, sepset: np.ndarray, marks: np.ndarray, decide: Decide, depth: int
) -> None:
    """Remove, in place, edges whose ends are separated by their possible-d-separating sets.

    `adjacent` and `sepset` come from `adjacent_search`, `marks` hold the colliders they imply.
    """
    _search(adjacent, sepset, possible_d_sep(adjacent, marks), decide, range(1, depth + 1))


def _search(
    adjacent: np.ndarray,
    sepset: np.ndarray,
    candidates: np.ndarray,
    decide: Decide,
    levels: range,
) -> None:
    """Test level by level; `candidates` may be `adjacent` itself, which changes in between."""
    for level in levels:
        tests = tests_of_level(adjacent, candidates, level)
        if not len(tests):
            break
        remove(adjacent, sepset, tests, decide(tests, level))


@compiled
def tests_of_level(adjacent: np.ndarray, candidates: np.ndarray, level: int) -> np.ndarray:
    """List the tests of one level, by conditioning set in lexicographic order.

    Parameters
    ----------
    adjacent
        (nodes,) neighbours of each node, as bits.
    candidates
        (nodes,) nodes that may separate each node from a neighbour, as bits.
    level
        Size of the conditioning sets.

    Returns
    -------
    ndarray
        (tests, 3) int64: conditioning set as bits, smaller and larger node of an adjacent pair;
        the set lies among the candidates of at least one of the two.
    """
    nodes = len(adjacent)
    one = np.int64(1)
    # For each node, those of which it is a candidate.
    holders = np.zeros(nodes, np.int64)
    connected = np.int64(0)
    for node in range(nodes):
        if adjacent[node]:
            connected |= one << node
            for candidate in range(nodes):
                holders[candidate] |= (candidates[node] >> candidate & one) << node
    tests = np.empty((16 * nodes * nodes, 3), np.int64)
    count = 0
    last = np.full(level + 1, -1)  # node chosen at each position of the set
    # Nodes that have all of the set chosen so far among their candidates, by its size.
    holding = np.zeros(level + 1, np.int64)
    holding[0] = connected
    chosen = np.int64(0)
    size = 0
    while size >= 0:
        if size == level:
            if count + nodes * nodes > len(tests):
                longer = np.empty((2 * len(tests), 3), np.int64)
                longer[:count] = tests[:count]
                tests = longer
            firsts = holding[size]
            earlier = np.int64(0)
            while firsts:
                first = lowest(firsts)
                firsts ^= one << first
                seconds = adjacent[first] & ~chosen & ~earlier
                earlier |= one << first
                while seconds:
                    second = lowest(seconds)
                    seconds ^= one << second
                    tests[count, 0] = chosen
                    tests[count, 1] = min(first, second)
                    tests[count, 2] = max(first, second)
                    count += 1
            size -= 1
            continue
        node = last[size]
        if node >= 0:
            chosen ^= one << node
        elif size > 0:
            node = last[size - 1]
        node += 1
        while node < nodes and not holding[size] & holders[node]:
            node += 1
        if node == nodes:
            last[size] = -1
            size -= 1
            continue
        last[size] = node
        chosen |= one << node
        holding[size + 1] = holding[size] & holders[node]
        size += 1
    return tests[:count]


@compiled
def remove(
    adjacent: np.ndarray, sepset: np.ndarray, tests: np.ndarray, separated: np.ndarray
) -> None:
    """Remove, in place, the edges of separated pairs; add to their sepsets."""
    one = np.int64(1)
    for test in range(len(tests)):
        if separated[test]:
            given, first, second = tests[test]
            adjacent[first] &= ~(one << second)
            adjacent[second] &= ~(one << first)
            sepset[first, second] |= given
            sepset[second, first] |= given


@compiled
def possible_d_sep(adjacent: np.ndarray, marks: np.ndarray) -> np.ndarray:
    """Possible-d-separating set of each node, (nodes,) int64 as bits.

    Its nodes end a walk on which each inner node is a collider, or its neighbours on the walk are
    adjacent.
    """
    nodes = len(adjacent)
    one = np.int64(1)
    into = np.zeros(nodes, np.int64)  # nodes with an arrowhead at this one
    for node in range(nodes):
        for other in range(nodes):
            if marks[other, node] == ARROWHEAD:
                into[node] |= one << other
    reached = np.zeros(nodes, np.int64)
    steps = np.empty((nodes * nodes, 2), np.int64)
    for start in range(nodes):
        # Steps taken, by the node they leave: a walk is continued from each step once.
        taken = np.zeros(nodes, np.int64)
        count = 0
        before, ahead = start, adjacent[start]
        position = 0
        while True:
            ahead &= ~taken[before] & ~(one << start)
            taken[before] |= ahead
            while ahead:
                node = lowest(ahead)
                ahead ^= one << node
                reached[start] |= one << node
                steps[count, 0] = before
                steps[count, 1] = node
                count += 1
            if position == count:
                break
            earlier, before = steps[position]
            position += 1
            ahead = adjacent[before] & adjacent[earlier]
            if into[before] >> earlier & one:
                ahead |= into[before] & ~(one << earlier)
    return reached
