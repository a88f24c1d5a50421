from functools import partial

import numpy as np
import pytest

from causalex_book.graphs.resampling import bootstrap
from causalex_book.graphs.simulation import series
from causalex_core.errors import CausalexError
from causalex_core.graphs.compound import adjacency, compound, most_causal, out_degree
from causalex_core.graphs.samples import motion_series
from causalex_core.graphs.search import fci

# 0 --> 1, 0 o-> 2, 1 <-> 3, 2 o-o 3
MARKS = np.array([[0, 2, 2, 0], [3, 0, 0, 2], [1, 0, 0, 1], [0, 2, 1, 0]], np.uint8)


def test_components_become_samples():
    motion = np.arange(24.0).reshape(4, 3, 2)
    u, v = motion_series(motion, None, "stacked")
    np.testing.assert_array_equal(u, motion[..., 0])
    np.testing.assert_array_equal(v, motion[..., 1])
    np.testing.assert_array_equal(motion_series(motion, None, "horizontal"), [u])
    np.testing.assert_array_equal(motion_series(motion, None, "vertical"), [v])
    np.testing.assert_allclose(motion_series(motion), [np.sqrt(u**2 + v**2)])


def test_rows_that_were_not_measured_part_the_series():
    motion = np.arange(14.0).reshape(7, 1, 2)
    measured = np.array([False, True, True, False, False, True, False])
    first, last = motion_series(motion, measured, "horizontal")
    assert first.ravel().tolist() == [2, 4]
    assert last.ravel().tolist() == [10]
    assert motion_series(motion, np.zeros(7, bool)) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((np.zeros((4, 3)),), "expected \\(frames, regions, 2\\)"),
        ((np.zeros((4, 3, 2)), np.ones(3, bool)), "for 4 frames"),
        ((np.zeros((4, 3, 2)), None, "u"), "'u': expected one of"),
    ],
)
def test_other_motion_is_refused(arguments, said):
    with pytest.raises(CausalexError, match=said):
        motion_series(*arguments)


@pytest.mark.parametrize(
    ("policy", "edges"),
    [
        ("any_edge", [(0, 1), (0, 2), (1, 0), (1, 3), (2, 0), (2, 3), (3, 1), (3, 2)]),
        ("directed", [(0, 1)]),
        ("possibly_directed", [(0, 1), (0, 2)]),
    ],
)
def test_policies_choose_edges(policy, edges):
    matrix = adjacency(MARKS, policy)
    assert matrix.dtype == np.float32
    assert list(zip(*np.nonzero(matrix), strict=True)) == edges
    with pytest.raises(CausalexError, match="policy 'all'"):
        adjacency(MARKS, "all")


def test_the_most_causal_nodes_tie_and_may_be_none():
    assert out_degree(MARKS).tolist() == [2, 0, 0, 0]
    assert most_causal(MARKS).tolist() == [True, False, False, False]
    tied = np.array([[0, 2, 0], [3, 0, 2], [0, 1, 0]], np.uint8)
    assert most_causal(tied).tolist() == [True, True, False]
    assert not most_causal(np.zeros((3, 3), np.uint8)).any()


def test_the_compound_is_normalised_by_rows():
    prior = np.array([[2.0, 0], [1, 0]])
    causal = np.array([[0.0, 1], [0, 0]])
    both = compound(causal, prior)
    assert both.dtype == np.float32
    np.testing.assert_allclose(both, [[2 / 3, 1 / 3], [1, 0]], rtol=1e-5)
    np.testing.assert_allclose(
        compound(causal, prior, self_loops=False), [[0, 1], [1, 0]], rtol=1e-5
    )
    batch = compound(np.stack([causal, 0 * causal]), prior)
    np.testing.assert_array_equal(batch[0], both)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_entries_that_are_not_finite_are_refused(value):
    hole = np.zeros((3, 12, 12))
    hole[1, 2, 5] = value
    with pytest.raises(CausalexError, match=rf"causal matrix A: entry \(2, 5\) is {value}"):
        compound(hole, np.eye(12))
    with pytest.raises(CausalexError, match=rf"prior matrix B: entry \(2, 5\) is {value}"):
        compound(np.eye(12), hole[1])


def test_clips_are_drawn_whole():
    clips = [[np.full((2, 2), float(number)), np.zeros((1, 2))] for number in range(3)]
    drawn = []

    def estimate(clips):
        drawn.append([one[0, 0] for one in clips])
        return fci(np.random.default_rng(1).standard_normal((50, 2)))

    bootstrap(clips, estimate, repetitions=20, seed=1)
    assert len(drawn) == 20
    assert all(len(one) == 6 and set(one[1::2]) == {0.0} for one in drawn)
    assert {tuple(one) for one in drawn} != {tuple(drawn[0])}


def test_a_strong_edge_is_found_in_every_draw():
    generator = np.random.default_rng(4)
    clips = []
    for _ in range(6):
        clip = series("smooth", generator, 300, 4)
        clip[:, 1] += 2 * clip[:, 0]
        clips.append([clip])
    shares = bootstrap(clips, partial(fci, alpha=0.05), repetitions=30)
    assert shares[0, 1] == 1
    assert shares[2, 3] < 0.7
    np.testing.assert_array_equal(shares, shares.T)
    again = bootstrap(clips, partial(fci, alpha=0.05), repetitions=30)
    np.testing.assert_array_equal(shares, again)


def test_draws_that_cannot_be_made_are_refused():
    with pytest.raises(CausalexError, match="200 draws of 1 clips"):
        bootstrap([[np.zeros((5, 2))]], fci)
    with pytest.raises(CausalexError, match=r"draw 0: columns .* do not vary"):
        bootstrap([[np.zeros((9, 2))]] * 2, fci)
