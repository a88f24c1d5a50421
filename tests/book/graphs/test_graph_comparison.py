"""What two graphs have in common."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from causalex_book.graphs.comparison import (
    associate,
    compare,
    jaccard_matrix,
    spearman,
    within_and_between,
)
from causalex_core.graphs.pag import ARROWHEAD, CIRCLE, TAIL


def graph(*edges):
    marks = np.zeros((4, 4), np.uint8)
    for i, j, at_i, at_j in edges:
        marks[j, i], marks[i, j] = at_i, at_j
    return marks


FIRST = graph((0, 1, TAIL, ARROWHEAD), (1, 2, CIRCLE, CIRCLE), (2, 3, TAIL, ARROWHEAD))


def test_edges_marks_and_directions_are_counted():
    second = graph((0, 1, TAIL, ARROWHEAD), (1, 2, CIRCLE, ARROWHEAD), (0, 3, CIRCLE, CIRCLE))
    found = compare(FIRST, second)
    assert found == (2, 4, 1, 1, 0)
    assert found.jaccard == 0.5


def test_an_edge_turned_round_is_the_opposite_way():
    assert compare(FIRST, FIRST) == (3, 3, 3, 2, 0)
    assert compare(FIRST, graph((1, 0, TAIL, ARROWHEAD))) == (1, 3, 0, 0, 1)
    assert np.isnan(compare(graph(), graph()).jaccard)


def test_the_matrix_has_the_index_of_every_two_graphs():
    graphs = np.array([FIRST, graph((0, 1, CIRCLE, CIRCLE)), graph()]) > 0
    found = jaccard_matrix(graphs)
    assert found[0, 1] == found[1, 0] == pytest.approx(1 / 3)
    assert found[0, 2] == 0 and found[0, 0] == 1 and np.isnan(found[2, 2])


def test_persons_that_are_alike_are_seen_and_others_are_not():
    generator = np.random.default_rng(1)
    subjects = np.repeat(list("abcdef"), 4)
    noise = generator.uniform(0, 0.3, (24, 24))
    alike = noise + noise.T + 0.3 * (subjects[:, None] == subjects)
    found = within_and_between(alike, subjects, 99, 1)
    assert found.within - found.between == pytest.approx(0.3, abs=0.05)
    assert found.p == 0.01
    assert within_and_between(noise + noise.T, subjects, 99, 1).p > 0.05


def test_rank_correlation_is_scipys_and_partial_as_by_formula():
    generator = np.random.default_rng(2)
    x, y, z = generator.integers(0, 9, (3, 50))
    xy, xz, yz = (spearmanr(a, b).statistic for a, b in ((x, y), (x, z), (y, z)))
    assert spearman(x, y) == pytest.approx(xy)
    expected = (xy - xz * yz) / np.sqrt((1 - xz**2) * (1 - yz**2))
    assert spearman(x, y, z) == pytest.approx(expected)


def test_a_matrix_that_follows_another_only_through_a_third():
    generator = np.random.default_rng(3)
    third = generator.normal(size=(12, 12))
    third += third.T
    first, second = (
        third + 0.3 * (noise + noise.T) for noise in generator.normal(size=(2, 12, 12))
    )
    plain, partial = associate(first, second, 99, 1), associate(first, second, 99, 1, third)
    assert plain.rho > 0.8 and plain.p == 0.01
    assert abs(partial.rho) < 0.3 and partial.p > 0.05
