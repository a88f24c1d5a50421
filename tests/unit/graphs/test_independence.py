import numpy as np
import pytest
from scipy import stats

from causalex_book.graphs.simulation import random_model, series
from causalex_core.graphs import independence
from causalex_core.graphs.search import fci
from causalex_core.graphs.skeleton import tests_of_level as list_tests


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
    centred = independence.centre(clips)
    found = independence.effective_samples(centred, "bartlett")
    for x in range(4):
        for y in range(4):
            assert found[x, y] == pytest.approx(slow_effective_samples(clips, x, y))


def test_every_frame_counts_but_for_the_means():
    generator = np.random.default_rng(1)
    centred = independence.centre([generator.standard_normal((50, 3)) for _ in range(3)])
    assert set(independence.effective_samples(centred, "frames").ravel()) == {148.0}


def test_correlations_are_pooled_within_series():
    generator = np.random.default_rng(1)
    noise = generator.standard_normal((2, 60, 3))
    apart = independence.correlations(independence.centre(list(noise)))
    shifted = independence.correlations(independence.centre([noise[0] + 100, noise[1]]))
    np.testing.assert_allclose(apart, shifted, atol=1e-12)
    whole = independence.correlations(independence.centre(noise[0]))
    np.testing.assert_allclose(whole, np.corrcoef(noise[0].T), atol=1e-14)


@pytest.mark.parametrize("level", [0, 1, 2, 4])
def test_tests_agree_with_the_inverse_of_the_covariance(level):
    """Fisher's z by its textbook formula, for every pair and set."""
    generator = np.random.default_rng(level)
    frames, columns = 80, 6
    model = random_model(generator, 0.5, columns, latent=0)
    samples = model.respond(series("white", generator, frames, columns))
    correlation = independence.correlations(independence.centre(samples))
    everyone = np.array([sum(1 << j for j in range(6) if j != i) for i in range(6)], np.int64)
    tests = list_tests(everyone, everyone, level)
    assert len(tests) == {0: 15, 1: 60, 2: 90, 4: 15}[level]
    limits = independence.thresholds(np.full((6, 6), float(frames)), 0.05)[level]
    found = independence.separated_by_correlation(correlation, limits, tests, level)
    for (given, i, j), answer in zip(tests.tolist(), found, strict=True):
        involved = [i, j, *(node for node in range(6) if given >> node & 1)]
        precision = np.linalg.inv(np.corrcoef(samples[:, involved].T))
        partial = -precision[0, 1] / np.sqrt(precision[0, 0] * precision[1, 1])
        z = np.sqrt(frames - level - 3) * np.arctanh(partial)
        assert answer == (2 * stats.norm.sf(abs(z)) > 0.05)


def test_a_test_without_degrees_of_freedom_removes_nothing():
    limits = independence.thresholds(np.full((4, 4), 5.5), 0.05)
    assert limits.shape == (3, 4, 4)
    assert (limits[:2] > 0).all()
    assert (limits[2] == -1).all()


def test_candidates_decide_which_sets_are_tried():
    # 0 - 1 - 2 and 0 - 2: given one node, each pair has only the third.
    triangle = np.array([0b110, 0b101, 0b011], np.int64)
    assert list_tests(triangle, triangle, 1).tolist() == [[1, 1, 2], [2, 0, 2], [4, 0, 1]]
    assert list_tests(triangle, triangle, 2).tolist() == []
    # A candidate that is no neighbour.
    pair = np.array([0b10, 0b01, 0, 0], np.int64)
    wider = np.array([0b1110, 0b01, 0, 0], np.int64)
    assert list_tests(pair, wider, 2).tolist() == [[0b1100, 0, 1]]


def test_smooth_series_that_know_nothing_of_each_other():
    """12 independent series as smooth as motion: frames draw a third of all edges."""
    edges = {"frames": [], "bartlett": []}
    for seed in range(30):
        samples = series("smooth", np.random.default_rng(seed), 1000, 12)
        for method, counts in edges.items():
            counts.append(fci(samples, 0.05, method).adjacency.sum() / 2)
    assert np.mean(edges["frames"]) > 15
    assert np.mean(edges["bartlett"]) <= 3.5
