"""Which regions are joined: the search for sets that separate them.

Level by level, every pair still joined is tested given every candidate set of that size. Edges
are removed only when a level is done, and every separating set of that level is remembered, so
the order of the columns has no say.

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

    Parameters
    ----------
    nodes
        Number of nodes.
    decide
        Answers the tests of one level.
    depth
        Largest conditioning set.

    Returns
    -------
    adjacent : ndarray
        (nodes,) int64, neighbours of each node as bits.
    separators : ndarray
        (nodes, nodes) int64: the union of the separating sets of a removed pair, as bits.
    """
    every = (np.int64(1) << np.int64(nodes)) - np.int64(1)
    adjacent = every ^ (np.int64(1) << np.arange(nodes))
    separators = np.zeros((nodes, nodes), np.int64)
    for level in range(depth + 1):
        tests = tests_of_level(adjacent, adjacent, level)
        if not len(tests):
            break
        remove(adjacent, separators, tests, decide(tests, level))
    return adjacent, separators


def possible_d_sep_search(
    adjacent: np.ndarray, separators: np.ndarray, marks: np.ndarray, decide: Decide, depth: int
) -> None:
    """Remove, in place, edges whose ends are separated by their possible-d-separating sets.

    Parameters
    ----------
    adjacent, separators
        Result of `adjacent_search`; changed in place.
    marks
        (nodes, nodes) with the colliders that those imply.
    decide, depth
        As in `adjacent_search`.
    """
    candidates = possible_d_sep(adjacent, marks)
    for level in range(1, depth + 1):
        tests = tests_of_level(adjacent, candidates, level)
        if not len(tests):
            break
        remove(adjacent, separators, tests, decide(tests, level))


@compiled
def tests_of_level(adjacent: np.ndarray, candidates: np.ndarray, level: int) -> np.ndarray:
    """List the tests of one level.

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
        (tests, 3) int64: conditioning set as bits, smaller and larger node of a joined pair; the
        set lies among the candidates of at least one of the two. Sets in lexicographic order.
    """
    nodes = len(adjacent)
    one = np.int64(1)
    # For each node, those of which it is a candidate.
    holders = np.zeros(nodes, np.int64)
    joined = np.int64(0)
    for node in range(nodes):
        if adjacent[node]:
            joined |= one << node
            for candidate in range(nodes):
                holders[candidate] |= (candidates[node] >> candidate & one) << node
    tests = np.empty((16 * nodes * nodes, 3), np.int64)
    count = 0
    place = np.full(level + 1, -1)
    # Nodes that have all of the set chosen so far among their candidates, by its size.
    holding = np.zeros(level + 1, np.int64)
    holding[0] = joined
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
        node = place[size]
        if node >= 0:
            chosen ^= one << node
        elif size > 0:
            node = place[size - 1]
        node += 1
        while node < nodes and not holding[size] & holders[node]:
            node += 1
        if node == nodes:
            place[size] = -1
            size -= 1
            continue
        place[size] = node
        chosen |= one << node
        holding[size + 1] = holding[size] & holders[node]
        size += 1
    return tests[:count]


@compiled
def remove(
    adjacent: np.ndarray, separators: np.ndarray, tests: np.ndarray, separated: np.ndarray
) -> None:
    """Part, in place, the separated pairs and remember by what."""
    one = np.int64(1)
    for test in range(len(tests)):
        if separated[test]:
            given, first, second = tests[test]
            adjacent[first] &= ~(one << second)
            adjacent[second] &= ~(one << first)
            separators[first, second] |= given
            separators[second, first] |= given


@compiled
def possible_d_sep(adjacent: np.ndarray, marks: np.ndarray) -> np.ndarray:
    """Nodes that may d-separate each node from others.

    Those at the end of a walk on which each inner node is a collider, or its neighbours on the
    walk are joined to one another.

    Returns
    -------
    ndarray
        (nodes,) int64, as bits.
    """
    nodes = len(adjacent)
    one = np.int64(1)
    into = np.zeros(nodes, np.int64)  # nodes with an arrowhead at this one
    for node in range(nodes):
        for other in range(nodes):
            if marks[other, node] == ARROWHEAD:
                into[node] |= one << other
    found = np.zeros(nodes, np.int64)
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
                found[start] |= one << node
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
    return found
