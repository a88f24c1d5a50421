from itertools import combinations

import networkx as nx
import numpy as np
import pytest

from causalex_book.graphs.simulation import random_model
from causalex_core.errors import CausalexError
from causalex_core.graphs.pag import ARROWHEAD, TAIL, Pag
from causalex_core.graphs.search import fci_from_independence
from causalex_core.graphs.separation import (
    ancestors,
    contradictions,
    maximal_ancestral_graph,
    oracle,
    partial_ancestral_graph,
)


def subsets(nodes):
    return (set(some) for size in range(len(nodes) + 1) for some in combinations(nodes, size))


def test_d_separation_is_that_of_networkx():
    for seed in range(6):
        dag = random_model(np.random.default_rng(seed), 0.3, 6, 2).dag
        graph = nx.from_numpy_array(dag, create_using=nx.DiGraph)
        separated = oracle(dag)
        for i, j in combinations(range(8), 2):
            for given in subsets(set(range(8)) - {i, j}):
                assert separated(i, j, frozenset(given)) == nx.is_d_separator(
                    graph, {i}, {j}, given
                )


def test_the_margin_by_definition():
    """Joined where no set of observed nodes separates; a tail at every ancestor."""
    for seed in range(10):
        dag = random_model(np.random.default_rng(seed), 0.25, 6, 3).dag
        separated = oracle(dag)
        graph = nx.from_numpy_array(dag, create_using=nx.DiGraph)
        marks = maximal_ancestral_graph(dag, 6).marks
        for i, j in combinations(range(6), 2):
            others = set(range(6)) - {i, j}
            parted = any(separated(i, j, frozenset(given)) for given in subsets(others))
            assert (marks[i, j] == 0) == parted
            for start, end in ((i, j), (j, i)):
                cause = nx.has_path(graph, end, start)
                assert parted or marks[start, end] == (TAIL if cause else ARROWHEAD)


def test_contradictions_are_counted():
    truth = Pag(np.array([[0, 2, 2], [3, 0, 0], [2, 0, 0]]))
    assert contradictions(truth, truth) == 0
    assert contradictions(Pag(np.array([[0, 1, 2], [1, 0, 0], [1, 0, 0]])), truth) == 0
    assert contradictions(Pag(np.array([[0, 2, 2], [2, 0, 0], [3, 0, 0]])), truth) == 2
    assert contradictions(Pag(np.array([[0, 0, 2], [0, 0, 2], [2, 2, 0]])), truth) == 2


def test_cycles_and_odd_shapes_are_refused():
    with pytest.raises(CausalexError, match=r"cycle among the nodes \[0, 1\]"):
        ancestors(np.array([[0, 1, 0], [1, 0, 0], [0, 0, 0]]))
    with pytest.raises(CausalexError, match="expected a square matrix"):
        oracle(np.zeros((2, 3)))


def test_whole_levels_of_tests_give_what_single_answers_give():
    generator = np.random.default_rng(8)
    for _ in range(5):
        dag = random_model(generator, 0.2, latent=5).dag
        by_one = fci_from_independence(12, oracle(dag))
        np.testing.assert_array_equal(partial_ancestral_graph(dag, 12).marks, by_one.marks)
