"""Orientation rules R0 to R4 and R8 to R10 of FCI (Zhang 2008).

A rule reads the marks as they were before it, for all nodes at once, and requests marks; then each
circle for which all requests agree is oriented. Where finite data make a rule request an arrowhead
and a tail at the same end, the circle stays: the evidence is in conflict. So the order of nodes
has no effect. R5 to R7 are left out: they orient what only selection could bring about, edges with
two tails or with a circle beside a tail.

References
----------
J. Zhang, "On the completeness of orientation rules for causal discovery in the presence of
latent confounders and selection bias", Artificial Intelligence 172, 2008.
"""

import numpy as np

from causalex_core.compilation import compiled
from causalex_core.graphs.pag import ARROWHEAD, CIRCLE, NONE, TAIL
from causalex_core.graphs.sets import BIT, lowest

WANT_ARROWHEAD, WANT_TAIL = 1, 2


@compiled
def colliders(adjacent: np.ndarray, sepset: np.ndarray) -> np.ndarray:
    """R0: orient each unshielded triple i, j, k as i *-> j <-* k if j is not in sepset(i, k).

    Parameters
    ----------
    adjacent
        (windows, n) neighbours of each node, as bits.
    sepset
        (windows, n, n) nodes that separate each non-adjacent pair, as bits.

    Returns
    -------
    ndarray
        (windows, n, n) uint8 marks: arrowheads at colliders, circles elsewhere.
    """
    windows, n = adjacent.shape
    marks = np.zeros((windows, n, n), np.uint8)
    for window in range(windows):
        neighbours = adjacent[window]
        for i in range(n):
            for j in range(n):
                if neighbours[i] >> j & 1:
                    marks[window, i, j] = CIRCLE
        for i in range(n):
            for k in range(i + 1, n):
                if neighbours[i] >> k & 1:
                    continue
                middle = neighbours[i] & neighbours[k] & ~sepset[window, i, k]
                while middle:
                    j = lowest(middle)
                    middle ^= BIT << j
                    marks[window, i, j] = ARROWHEAD
                    marks[window, k, j] = ARROWHEAD
    return marks


@compiled
def orient(adjacent: np.ndarray, sepset: np.ndarray, marks: np.ndarray) -> None:
    """In each window, apply R1 to R4 until nothing changes, then R8 to R10 likewise.

    `marks` change in place. Arguments are those and the result of `colliders`.
    """
    windows, n = adjacent.shape
    requests = np.zeros((n, n), np.uint8)
    for window in range(windows):
        neighbours, known = adjacent[window], marks[window]
        changed = True
        while changed:
            _rule_1(known, requests)
            changed = _settle(known, requests)
            _rule_2(known, requests)
            changed |= _settle(known, requests)
            _rule_3(known, requests)
            changed |= _settle(known, requests)
            _rule_4(neighbours, sepset[window], known, requests)
            changed |= _settle(known, requests)
        changed = True
        while changed:
            _rule_8(known, requests)
            changed = _settle(known, requests)
            _rules_9_and_10(neighbours, known, requests)
            changed |= _settle(known, requests)


@compiled
def _settle(marks: np.ndarray, requests: np.ndarray) -> bool:
    """Orient the circles for which all requests agree; clear the requests."""
    changed = False
    n = len(marks)
    for i in range(n):
        for j in range(n):
            if marks[i, j] == CIRCLE and requests[i, j] == WANT_ARROWHEAD:
                marks[i, j] = ARROWHEAD
                changed = True
            elif marks[i, j] == CIRCLE and requests[i, j] == WANT_TAIL:
                marks[i, j] = TAIL
                changed = True
            requests[i, j] = 0
    return changed


@compiled
def _rule_1(marks: np.ndarray, requests: np.ndarray) -> None:
    """R1: in an unshielded triple i *-> j o-* k, orient j --> k."""
    n = len(marks)
    for j in range(n):
        for k in range(n):
            if marks[k, j] != CIRCLE:
                continue
            for i in range(n):
                if marks[i, j] == ARROWHEAD and i != k and marks[i, k] == NONE:
                    requests[k, j] |= WANT_TAIL
                    requests[j, k] |= WANT_ARROWHEAD


@compiled
def _rule_2(marks: np.ndarray, requests: np.ndarray) -> None:
    """R2: if i --> j *-> k or i *-> j --> k, and i *-o k, orient i *-> k."""
    n = len(marks)
    for i in range(n):
        for k in range(n):
            if marks[i, k] != CIRCLE:
                continue
            for j in range(n):
                chain = marks[i, j] == ARROWHEAD and marks[j, k] == ARROWHEAD
                if chain and (marks[j, i] == TAIL or marks[k, j] == TAIL):
                    requests[i, k] |= WANT_ARROWHEAD


@compiled
def _rule_3(marks: np.ndarray, requests: np.ndarray) -> None:
    """R3: if i *-> j <-* k, i *-o m o-* k and m *-o j, with i, k not adjacent: m *-> j."""
    n = len(marks)
    for m in range(n):
        for j in range(n):
            if marks[m, j] != CIRCLE:
                continue
            for i in range(n):
                if marks[i, j] != ARROWHEAD or marks[i, m] != CIRCLE:
                    continue
                for k in range(i + 1, n):
                    unshielded = marks[i, k] == NONE
                    if unshielded and marks[k, j] == ARROWHEAD and marks[k, m] == CIRCLE:
                        requests[m, j] |= WANT_ARROWHEAD


@compiled
def _rule_4(
    adjacent: np.ndarray, sepset: np.ndarray, marks: np.ndarray, requests: np.ndarray
) -> None:
    """R4: for a discriminating path (start, ..., i, j, k) for j, with j o-* k.

    From i back to the node after the start, every node is a collider on the path and a parent of
    k; start and k are not adjacent. If j is in sepset(start, k), orient j --> k, otherwise
    i <-> j <-> k.
    """
    n = len(marks)
    queue = np.empty(n, np.int64)
    for k in range(n):
        parents = np.int64(0)
        for i in range(n):
            if marks[i, k] == ARROWHEAD and marks[k, i] == TAIL:
                parents |= BIT << i
        for j in range(n):
            if marks[k, j] != CIRCLE:
                continue
            for i in range(n):
                if not parents >> i & 1 or marks[j, i] != ARROWHEAD:
                    continue
                seen = BIT << i | BIT << j | BIT << k
                queue[0] = i
                count = 1
                position = 0
                while position < count:
                    node = queue[position]
                    position += 1
                    for before in range(n):
                        if seen >> before & 1 or marks[before, node] != ARROWHEAD:
                            continue
                        seen |= BIT << before
                        if not adjacent[before] >> k & 1:
                            if sepset[before, k] >> j & 1:
                                requests[k, j] |= WANT_TAIL
                            else:
                                requests[i, j] |= WANT_ARROWHEAD
                                requests[k, j] |= WANT_ARROWHEAD
                            requests[j, k] |= WANT_ARROWHEAD
                        elif parents >> before & 1 and marks[node, before] == ARROWHEAD:
                            queue[count] = before
                            count += 1


@compiled
def _rule_8(marks: np.ndarray, requests: np.ndarray) -> None:
    """R8: if i --> j --> k and i o-> k, orient i --> k."""
    n = len(marks)
    for i in range(n):
        for k in range(n):
            if marks[i, k] != ARROWHEAD or marks[k, i] != CIRCLE:
                continue
            for j in range(n):
                first = marks[i, j] == ARROWHEAD and marks[j, i] == TAIL
                if first and marks[j, k] == ARROWHEAD and marks[k, j] == TAIL:
                    requests[k, i] |= WANT_TAIL


@compiled
def _rules_9_and_10(adjacent: np.ndarray, marks: np.ndarray, requests: np.ndarray) -> None:
    """R9 and R10: orient i o-> k as i --> k by uncovered potentially directed paths out of i.

    R9: one to k whose first node is not adjacent to k. R10: two, to different parents of k, whose
    first nodes differ and are not adjacent.
    """
    n = len(marks)
    for i in range(n):
        targets = np.int64(0)
        for k in range(n):
            if marks[i, k] == ARROWHEAD and marks[k, i] == CIRCLE:
                targets |= BIT << k
        if not targets:
            continue
        firsts = _first_nodes(adjacent, marks, i)
        while targets:
            k = lowest(targets)
            targets ^= BIT << k
            tail = firsts[k] & ~adjacent[k] & ~(BIT << k) != 0
            for parent in range(n):
                if marks[parent, k] != ARROWHEAD or marks[k, parent] != TAIL:
                    continue
                for other in range(parent):
                    if marks[other, k] != ARROWHEAD or marks[k, other] != TAIL:
                        continue
                    for first in range(n):
                        if firsts[parent] >> first & 1:
                            second = firsts[other] & ~adjacent[first] & ~(BIT << first)
                            tail = tail or second != 0
            if tail:
                requests[k, i] |= WANT_TAIL


@compiled
def _first_nodes(adjacent: np.ndarray, marks: np.ndarray, start: int) -> np.ndarray:
    """For each node, the first nodes of the uncovered potentially directed paths to it.

    On such a path no edge has an arrowhead at its beginning or a tail at its end (potentially
    directed), and no two neighbours of a node on it are adjacent (uncovered).
    """
    n = len(marks)
    ahead = np.zeros(n, np.int64)
    for i in range(n):
        for j in range(n):
            if marks[i, j] != NONE and marks[i, j] != TAIL and marks[j, i] != ARROWHEAD:
                ahead[i] |= BIT << j
    firsts = np.zeros(n, np.int64)
    path = np.empty(n + 1, np.int64)
    untried = np.empty(n + 1, np.int64)
    path[0] = start
    untried[0] = ahead[start]
    visited = BIT << start
    length = 0
    while True:
        if untried[length]:
            node = lowest(untried[length])
            untried[length] ^= BIT << node
            before = path[length]
            length += 1
            path[length] = node
            visited |= BIT << node
            firsts[node] |= BIT << path[1]
            untried[length] = ahead[node] & ~adjacent[before] & ~visited
        elif length:
            visited ^= BIT << path[length]
            length -= 1
        else:
            return firsts
