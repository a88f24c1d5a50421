"""Marks at the ends of the edges: rules R0 to R4 and R8 to R10 of FCI.

A rule looks at the marks as they were before it, for all nodes at once, and asks for marks;
then every circle that was asked to become one thing becomes it. Where finite data make a rule
ask for an arrowhead and for a tail at the same place, the circle stays: the evidence is in
conflict. So neither the order of the columns nor that of the nodes has a say, and no edge ends
with two tails or with a circle beside a tail, which only selection could bring about (R5 to R7,
which produce them, are left out).

References
----------
J. Zhang, "On the completeness of orientation rules for causal discovery in the presence of
latent confounders and selection bias", Artificial Intelligence 172, 2008.
"""

import numpy as np

from causalex_core.graphs.compiled import compiled, lowest
from causalex_core.graphs.pag import ARROWHEAD, CIRCLE, NONE, TAIL

WANT_ARROWHEAD, WANT_TAIL = 1, 2


@compiled
def colliders(adjacent: np.ndarray, separators: np.ndarray) -> np.ndarray:
    """R0: circles everywhere, arrowheads where two parted nodes meet outside their separators.

    Parameters
    ----------
    adjacent
        (n,) neighbours of each node, as bits.
    separators
        (n, n) nodes that separate each parted pair, as bits.

    Returns
    -------
    ndarray
        (n, n) uint8 marks.
    """
    n = len(adjacent)
    marks = np.zeros((n, n), np.uint8)
    for i in range(n):
        for j in range(n):
            if adjacent[i] >> j & 1:
                marks[i, j] = CIRCLE
    for i in range(n):
        for k in range(i + 1, n):
            if adjacent[i] >> k & 1:
                continue
            middle = adjacent[i] & adjacent[k] & ~separators[i, k]
            while middle:
                j = lowest(middle)
                middle ^= np.int64(1) << j
                marks[i, j] = ARROWHEAD
                marks[k, j] = ARROWHEAD
    return marks


@compiled
def orient(adjacent: np.ndarray, separators: np.ndarray, marks: np.ndarray) -> None:
    """Apply R1 to R4 until nothing changes, then R8 to R10 likewise; `marks` in place.

    Parameters
    ----------
    adjacent, separators
        As in `colliders`.
    marks
        Result of `colliders`.
    """
    wanted = np.zeros_like(marks)
    changed = True
    while changed:
        changed = False
        _away_from_collider(marks, wanted)
        changed |= _settle(marks, wanted)
        _along_directed(marks, wanted)
        changed |= _settle(marks, wanted)
        _double_triangle(marks, wanted)
        changed |= _settle(marks, wanted)
        _discriminating_paths(adjacent, separators, marks, wanted)
        changed |= _settle(marks, wanted)
    changed = True
    while changed:
        changed = False
        _shortcut(marks, wanted)
        changed |= _settle(marks, wanted)
        _uncovered_paths(adjacent, marks, wanted)
        changed |= _settle(marks, wanted)


@compiled
def _settle(marks: np.ndarray, wanted: np.ndarray) -> bool:
    """Turn the circles on which all requests agree; forget the requests."""
    changed = False
    n = len(marks)
    for i in range(n):
        for j in range(n):
            if marks[i, j] == CIRCLE and wanted[i, j] == WANT_ARROWHEAD:
                marks[i, j] = ARROWHEAD
                changed = True
            elif marks[i, j] == CIRCLE and wanted[i, j] == WANT_TAIL:
                marks[i, j] = TAIL
                changed = True
            wanted[i, j] = 0
    return changed


@compiled
def _away_from_collider(marks: np.ndarray, wanted: np.ndarray) -> None:
    """R1: i *-> j o-* k with i, k parted gives j --> k."""
    n = len(marks)
    for j in range(n):
        for k in range(n):
            if marks[k, j] != CIRCLE:
                continue
            for i in range(n):
                if marks[i, j] == ARROWHEAD and i != k and marks[i, k] == NONE:
                    wanted[k, j] |= WANT_TAIL
                    wanted[j, k] |= WANT_ARROWHEAD


@compiled
def _along_directed(marks: np.ndarray, wanted: np.ndarray) -> None:
    """R2: i --> j *-> k or i *-> j --> k, with i *-o k, gives i *-> k."""
    n = len(marks)
    for i in range(n):
        for k in range(n):
            if marks[i, k] != CIRCLE:
                continue
            for j in range(n):
                chain = marks[i, j] == ARROWHEAD and marks[j, k] == ARROWHEAD
                if chain and (marks[j, i] == TAIL or marks[k, j] == TAIL):
                    wanted[i, k] |= WANT_ARROWHEAD


@compiled
def _double_triangle(marks: np.ndarray, wanted: np.ndarray) -> None:
    """R3: i *-> j <-* k, i *-o m o-* k, m *-o j, with i, k parted, gives m *-> j."""
    n = len(marks)
    for m in range(n):
        for j in range(n):
            if marks[m, j] != CIRCLE:
                continue
            for i in range(n):
                if marks[i, j] != ARROWHEAD or marks[i, m] != CIRCLE:
                    continue
                for k in range(i + 1, n):
                    apart = marks[i, k] == NONE
                    if apart and marks[k, j] == ARROWHEAD and marks[k, m] == CIRCLE:
                        wanted[m, j] |= WANT_ARROWHEAD


@compiled
def _discriminating_paths(
    adjacent: np.ndarray, separators: np.ndarray, marks: np.ndarray, wanted: np.ndarray
) -> None:
    """R4: on every path start ... i j k that discriminates for j, with j o-* k.

    From i back to the node after the start, every node is a collider on the path and a parent
    of k; the start is parted from k. If j separated them, j --> k; if not, i <-> j <-> k.
    """
    n = len(marks)
    one = np.int64(1)
    waiting = np.empty(n, np.int64)
    for k in range(n):
        parents = np.int64(0)
        for i in range(n):
            if marks[i, k] == ARROWHEAD and marks[k, i] == TAIL:
                parents |= one << i
        for j in range(n):
            if marks[k, j] != CIRCLE:
                continue
            for i in range(n):
                if not parents >> i & 1 or marks[j, i] != ARROWHEAD:
                    continue
                seen = one << i | one << j | one << k
                waiting[0] = i
                count = 1
                position = 0
                while position < count:
                    node = waiting[position]
                    position += 1
                    for before in range(n):
                        if seen >> before & 1 or marks[before, node] != ARROWHEAD:
                            continue
                        seen |= one << before
                        if not adjacent[before] >> k & 1:
                            if separators[before, k] >> j & 1:
                                wanted[k, j] |= WANT_TAIL
                            else:
                                wanted[i, j] |= WANT_ARROWHEAD
                                wanted[k, j] |= WANT_ARROWHEAD
                            wanted[j, k] |= WANT_ARROWHEAD
                        elif parents >> before & 1 and marks[node, before] == ARROWHEAD:
                            waiting[count] = before
                            count += 1


@compiled
def _shortcut(marks: np.ndarray, wanted: np.ndarray) -> None:
    """R8: i --> j --> k with i o-> k gives i --> k."""
    n = len(marks)
    for i in range(n):
        for k in range(n):
            if marks[i, k] != ARROWHEAD or marks[k, i] != CIRCLE:
                continue
            for j in range(n):
                first = marks[i, j] == ARROWHEAD and marks[j, i] == TAIL
                if first and marks[j, k] == ARROWHEAD and marks[k, j] == TAIL:
                    wanted[k, i] |= WANT_TAIL


@compiled
def _uncovered_paths(adjacent: np.ndarray, marks: np.ndarray, wanted: np.ndarray) -> None:
    """R9 and R10: a tail at i on i o-> k, from uncovered potentially directed paths out of i.

    R9: one to k itself whose first node is parted from k. R10: two, to different parents of k,
    whose first nodes differ and are parted from each other.
    """
    n = len(marks)
    one = np.int64(1)
    for i in range(n):
        targets = np.int64(0)
        for k in range(n):
            if marks[i, k] == ARROWHEAD and marks[k, i] == CIRCLE:
                targets |= one << k
        if not targets:
            continue
        firsts = _first_nodes(adjacent, marks, i)
        while targets:
            k = lowest(targets)
            targets ^= one << k
            tail = firsts[k] & ~adjacent[k] & ~(one << k) != 0
            for parent in range(n):
                if marks[parent, k] != ARROWHEAD or marks[k, parent] != TAIL:
                    continue
                for other in range(parent):
                    if marks[other, k] != ARROWHEAD or marks[k, other] != TAIL:
                        continue
                    for first in range(n):
                        if firsts[parent] >> first & 1:
                            parted = firsts[other] & ~adjacent[first] & ~(one << first)
                            tail = tail or parted != 0
            if tail:
                wanted[k, i] |= WANT_TAIL


@compiled
def _first_nodes(adjacent: np.ndarray, marks: np.ndarray, start: int) -> np.ndarray:
    """For each node, the first nodes of the uncovered potentially directed paths to it.

    On such a path no edge has an arrowhead at its beginning or a tail at its end, and no two
    neighbours of a node on the path are joined.
    """
    n = len(marks)
    one = np.int64(1)
    ahead = np.zeros(n, np.int64)
    for i in range(n):
        for j in range(n):
            if marks[i, j] != NONE and marks[i, j] != TAIL and marks[j, i] != ARROWHEAD:
                ahead[i] |= one << j
    firsts = np.zeros(n, np.int64)
    path = np.empty(n + 1, np.int64)
    untried = np.empty(n + 1, np.int64)
    path[0] = start
    untried[0] = ahead[start]
    visited = one << start
    length = 0
    while True:
        if untried[length]:
            node = lowest(untried[length])
            untried[length] ^= one << node
            before = path[length]
            length += 1
            path[length] = node
            visited |= one << node
            firsts[node] |= one << path[1]
            untried[length] = ahead[node] & ~adjacent[before] & ~visited
        elif length:
            visited ^= one << path[length]
            length -= 1
        else:
            return firsts
