"""What a DAG with latent nodes implies: d-separation, and the graph of its observed nodes.

References
----------
J. Pearl, Causality, 2009, section 1.2.3.
T. Richardson and P. Spirtes, "Ancestral graph Markov models", Annals of Statistics 30, 2002.
"""

from collections.abc import Callable

import numpy as np

from causalex_core.compilation import compiled
from causalex_core.errors import CausalexError
from causalex_core.graphs.independence import LARGEST_GRAPH
from causalex_core.graphs.pag import ARROWHEAD, NONE, TAIL, Pag
from causalex_core.graphs.search import search
from causalex_core.graphs.sets import BIT, lowest
from causalex_core.graphs.skeleton import by_answers


def ancestors(dag: np.ndarray) -> np.ndarray:
    """Ancestors of each node, itself included: (nodes,) int64, as bits.

    Parameters
    ----------
    dag
        (nodes, nodes), true at [i, j] where i --> j. A matrix that is not square, is too large or
        has a cycle raises a CausalexError.
    """
    arrows = np.asarray(dag).astype(bool)
    nodes = len(arrows)
    if arrows.shape != (nodes, nodes) or nodes > LARGEST_GRAPH:
        raise CausalexError(
            f"graph of shape {arrows.shape}: expected a square matrix of up to {LARGEST_GRAPH}"
            " nodes"
        )
    above = BIT << np.arange(nodes)
    left = set(range(nodes))
    while left:
        ready = [node for node in sorted(left) if not left & set(np.flatnonzero(arrows[:, node]))]
        if not ready:
            raise CausalexError(f"the graph has a cycle among the nodes {sorted(left)}")
        for node in ready:
            above[node] |= np.bitwise_or.reduce(above[arrows[:, node]])
        left -= set(ready)
    return above


def oracle(dag: np.ndarray) -> Callable[[int, int, frozenset[int]], bool]:
    """Function ``separated(i, j, given)``: whether a set d-separates two nodes of a DAG.

    It fits `fci_from_independence` when the observed nodes come first.
    """
    parents, children, above = _families(dag)

    def separated(i: int, j: int, given: frozenset[int]) -> bool:
        condition = sum(1 << node for node in given)
        return bool(_separated(parents, children, above, i, j, condition))

    return separated


def _families(dag: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Parents, children and ancestors of each node, as bits."""
    above = ancestors(dag)
    arrows = np.asarray(dag).astype(bool)
    bits = BIT << np.arange(len(arrows))
    parents = np.array([bits[column].sum() for column in arrows.T], np.int64)
    children = np.array([bits[row].sum() for row in arrows], np.int64)
    return parents, children, above


@compiled
def _separated(
    parents: np.ndarray, children: np.ndarray, above: np.ndarray, i: int, j: int, given: int
) -> bool:
    """Follow every open trail from i; those that come up from a child and down from a parent."""
    opened = np.int64(0)  # nodes with a descendant in `given`: colliders there are open
    rest = np.int64(given)
    while rest:
        node = lowest(rest)
        rest ^= BIT << node
        opened |= above[node]
    rising = BIT << np.int64(i)
    falling = np.int64(0)
    risen = np.int64(0)
    fallen = np.int64(0)
    while rising or falling:
        if rising:
            node = lowest(rising)
            risen |= BIT << node
            if not given >> node & 1:
                rising |= parents[node]
                falling |= children[node]
        else:
            node = lowest(falling)
            fallen |= BIT << node
            if not given >> node & 1:
                falling |= children[node]
            if opened >> node & 1:
                rising |= parents[node]
        rising &= ~risen
        falling &= ~fallen
    return not (risen | fallen) >> j & 1


def maximal_ancestral_graph(dag: np.ndarray, observed: int) -> Pag:
    """Maximal ancestral graph of the first `observed` nodes of a DAG, the rest being latent.

    Two nodes are adjacent if no set of observed nodes separates them (their observed ancestors
    would), with a tail at the one that is an ancestor of the other.
    """
    above = ancestors(dag).tolist()
    separated = oracle(dag)
    marks = np.full((observed, observed), NONE, np.uint8)
    for j in range(observed):
        for i in range(j):
            both = above[i] | above[j]
            given = {node for node in range(observed) if both >> node & 1} - {i, j}
            if not separated(i, j, frozenset(given)):
                marks[i, j] = TAIL if above[i] >> j & 1 else ARROWHEAD
                marks[j, i] = TAIL if above[j] >> i & 1 else ARROWHEAD
    return Pag(marks)


def partial_ancestral_graph(dag: np.ndarray, observed: int) -> Pag:
    """What independence among the first nodes of a DAG tells of it, the rest being latent."""
    parents, children, above = _families(dag)

    def decide(tests: np.ndarray, _: int) -> np.ndarray:
        return _all_separated(parents, children, above, tests)

    return Pag(search(1, observed, by_answers(decide))[0])


@compiled
def _all_separated(
    parents: np.ndarray, children: np.ndarray, above: np.ndarray, tests: np.ndarray
) -> np.ndarray:
    """Answer all tests of one level of the search."""
    answers = np.empty(len(tests), np.bool_)
    for test in range(len(tests)):
        given, i, j = tests[test]
        answers[test] = _separated(parents, children, above, i, j, given)
    return answers


def contradictions(pag: Pag, truth: Pag) -> int:
    """Count the errors of a PAG: edges missing or too many, tails for arrowheads or back."""
    edges = np.triu(pag.adjacency != truth.adjacency).sum()
    known = np.isin(pag.marks, (ARROWHEAD, TAIL)) & truth.adjacency
    return int(edges + (pag.marks != truth.marks)[known].sum())
