import numpy as np
import pytest
from scipy import stats

from causalex_book.graphs.simulation import random_model, series
from causalex_core.errors import CausalexError
from causalex_core.graphs import independence, skeleton
from causalex_core.graphs.search import fci, one_window


def slow_effective_samples(clips, x, y):
    """Bartlett's formula as written, lag by lag and frame by frame."""
    clips = [one - one.mean(axis=0) for one in clips]

    def autocorrelation(column, lag):
        products = sum((one[lag:, column] * one[: len(one) - lag, column]).sum() for one in clips)
        return products / sum((one[:, column] ** 2).sum() for one in clips)

    total, lag = 0.0, 1
    while lag < max(map(len, clips)):
        first, second = autocorrelation(x, lag), autocorrelation(y, lag)
        if min(first, second) <= 0:
            break
        total += first * second
        lag += 1
    return (sum(map(len, clips)) - len(clips) + 1) / (1 + 2 * total)


@pytest.mark.parametrize("lengths", [(300,), (150, 80, 2, 120)])
def test_bartlett_is_the_formula(lengths):
    generator = np.random.default_rng(2)
    clips = [series("smooth", generator, length, 4) for length in lengths]
    clips[0][:, 0] = generator.standard_normal(lengths[0])
    centred = independence.centre(one_window(clips))
    (found,) = independence.effective_samples(centred, "bartlett")
    for x in range(4):
        for y in range(4):
            assert found[x, y] == pytest.approx(slow_effective_samples(clips, x, y))


def test_every_frame_counts_but_for_the_means():
    generator = np.random.default_rng(1)
    clips = [generator.standard_normal((50, 3)) for _ in range(3)]
    centred = independence.centre(one_window(clips))
    assert set(independence.effective_samples(centred, "frames").ravel()) == {148.0}


def test_correlations_are_pooled_within_series():
    generator = np.random.default_rng(1)
    noise = generator.standard_normal((2, 60, 3))
    apart = correlations(list(noise))
    shifted = correlations([noise[0] + 100, noise[1]])
    np.testing.assert_allclose(apart, shifted, atol=1e-12)
    np.testing.assert_allclose(correlations(noise[0]), np.corrcoef(noise[0].T), atol=1e-14)


def correlations(samples):
    (matrix,) = independence.correlations(independence.centre(one_window(samples)))
    return matrix


def test_collinear_by_the_smallest_eigenvalue():
    """Just above the limit and below it, in the second of three windows."""
    windows = np.random.default_rng(1).standard_normal((3, 500, 3))
    for noise, refused in ((2e-4, False), (1e-4, True)):
        windows[1, :, 2] = windows[1, :, 0] + noise * np.random.default_rng(2).standard_normal(500)
        smallest = np.linalg.eigvalsh(np.corrcoef(windows[1].T))[0]
        assert (smallest < independence.SMALLEST_UNEXPLAINED) == refused
        assert smallest < 3 * independence.SMALLEST_UNEXPLAINED
        centred = independence.centre([windows])
        if refused:
            with pytest.raises(CausalexError, match=r"columns \[0, 2\] are collinear"):
                independence.correlations(centred)
        else:
            assert independence.correlations(centred).shape == (3, 3, 3)


COLUMNS = 6
EVERYONE = np.array([[sum(1 << j for j in range(6) if j != i) for i in range(6)]], np.int64)


def textbook(samples, alpha):
    """Fisher's z by its formula: an answer to each test of a level."""

    def decide(tests, level):
        answers = []
        for given, i, j in tests.tolist():
            involved = [i, j, *(node for node in range(COLUMNS) if given >> node & 1)]
            precision = np.linalg.inv(np.corrcoef(samples[:, involved].T))
            partial = -precision[0, 1] / np.sqrt(precision[0, 0] * precision[1, 1])
            z = np.sqrt(len(samples) - level - 3) * np.arctanh(partial)
            answers.append(2 * stats.norm.sf(abs(z)) > alpha)
        return np.array(answers)

    return decide


@pytest.mark.parametrize("sizes", [(0, 0), (1, 1), (2, 2), (4, 4), (1, 2), (1, 4), (0, 4)])
def test_separating_sets_are_those_of_the_inverse_of_the_covariance(sizes):
    """Edges that are left and the separating sets of the others, from sets of these sizes."""
    removed = 0
    for seed in range(4):
        generator = np.random.default_rng(seed)
        model = random_model(generator, 0.5, COLUMNS, latent=0)
        samples = model.respond(series("white", generator, 80, COLUMNS))
        limits = independence.thresholds(np.full((1, 6, 6), 80.0), 0.05)
        ways = (
            skeleton.by_answers(textbook(samples, 0.05)),
            skeleton.by_correlation(correlations(samples)[None], limits),
        )
        results = []
        for remove in ways:
            adjacent, sepset = EVERYONE.copy(), np.zeros((1, 6, 6), np.int64)
            assert remove(adjacent, EVERYONE, sepset, *sizes)
            results.append((adjacent, sepset))
        np.testing.assert_array_equal(*(adjacent for adjacent, _ in results))
        np.testing.assert_array_equal(*(sepset for _, sepset in results))
        removed += (results[0][0] != EVERYONE).sum()
    assert removed


def test_a_test_without_degrees_of_freedom_removes_nothing():
    (limits,) = independence.thresholds(np.full((1, 4, 4), 5.5), 0.05)
    assert limits.shape == (3, 4, 4)
    assert (limits[:2] > 0).all()
    assert (limits[2] == -1).all()


def list_tests(adjacent, candidates, level):
    neighbours = np.tile(np.array(adjacent, np.int64), (level + 1, 1))
    return skeleton.tests_of_level(neighbours, np.array(candidates, np.int64), level).tolist()


@pytest.mark.parametrize(("level", "count"), [(0, 15), (1, 60), (2, 90), (3, 60), (4, 15)])
def test_every_set_is_tried_once(level, count):
    tests = list_tests(EVERYONE[0], EVERYONE[0], level)
    assert len(tests) == len(set(map(tuple, tests))) == count


@pytest.mark.parametrize("depth", [0, 1, 2, 3, 10])
def test_the_second_search_goes_through_all_sizes_in_turn(depth):
    sizes = []

    def remove(*arguments):
        *_, smallest, largest = arguments
        sizes.extend(range(smallest, largest + 1))
        return True

    marks = np.ones((1, 6, 6), np.uint8)
    sepset = np.zeros((1, 6, 6), np.int64)
    skeleton.possible_d_sep_search(EVERYONE.copy(), sepset, marks, remove, depth)
    assert sizes == list(range(1, depth + 1))


def test_candidates_decide_which_sets_are_tried():
    # 0 - 1 - 2 and 0 - 2: given one node, each pair has only the third.
    triangle = [0b110, 0b101, 0b011]
    assert list_tests(triangle, triangle, 1) == [[1, 1, 2], [2, 0, 2], [4, 0, 1]]
    assert list_tests(triangle, triangle, 2) == []
    # A candidate that is no neighbour.
    assert list_tests([0b10, 0b01, 0, 0], [0b1110, 0b01, 0, 0], 2) == [[0b1100, 0, 1]]


def test_smooth_series_that_know_nothing_of_each_other():
    """12 independent series as smooth as motion: frames draw a third of all edges."""
    edges = {"frames": [], "bartlett": []}
    for seed in range(30):
        samples = series("smooth", np.random.default_rng(seed), 1000, 12)
        for method, counts in edges.items():
            counts.append(fci(samples, 0.05, method).adjacency.sum() / 2)
    assert np.mean(edges["frames"]) > 15
    assert np.mean(edges["bartlett"]) <= 3.5
