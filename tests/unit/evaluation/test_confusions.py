"""Scores from counts of each subject, and their intervals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from causalex_core.errors import CausalexError
from causalex_core.evaluation import confusions
from causalex_core.evaluation.recognition import recognition_scores
from causalex_core.evaluation.uncertainty import subject_weights

LABELS = arrays(np.int64, (2, 12), elements=st.integers(0, 2))
SUBJECTS = np.repeat(list("abcd"), [1, 2, 4, 5])


def drawn(seed, n=60, runs=()):
    generator = np.random.default_rng(seed)
    truth = generator.integers(0, 3, n)
    right = generator.random((*runs, n)) < 0.7
    predicted = np.where(right, truth, generator.integers(0, 3, (*runs, n)))
    return confusions.per_subject(predicted, truth, np.arange(n) // 4, 3)


def test_counts_by_hand():
    predicted = np.array([[0, 1, 1, 2], [2, 2, 2, 2]])
    counts = confusions.per_subject(predicted, [0, 0, 1, 2], ["b", "a", "b", "b"], 3)
    assert counts.shape == (2, 2, 3, 3)
    assert counts[0, 0].tolist() == [[0, 1, 0], [0, 0, 0], [0, 0, 0]]
    assert counts[0, 1].tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    assert counts[1].sum(axis=0).tolist() == [[0, 0, 2], [0, 0, 1], [0, 0, 1]]


@given(LABELS)
@settings(max_examples=60, deadline=None)
def test_scores_are_those_of_the_labels(labels):
    truth, predicted = labels
    pooled = confusions.per_subject(predicted, truth, SUBJECTS, 3).sum(axis=0)
    expected = recognition_scores(truth, predicted, classes=(0, 1, 2))
    found = dict(zip(confusions.MEASURES, confusions.scores(pooled), strict=True))
    assert found == pytest.approx(vars(expected))


def test_a_perfect_predictor_has_no_doubt():
    truth = np.arange(60) % 3
    counts = confusions.per_subject(truth, truth, np.arange(60) // 6, 3)
    for interval in confusions.intervals(counts, 200, seed=1).values():
        assert (interval.estimate, interval.low, interval.high) == (1, 1, 1)


def test_intervals_are_those_of_resampled_subjects():
    counts = drawn(1)
    found = confusions.intervals(counts, 400, seed=3)
    again = np.random.default_rng(5).integers(0, len(counts), (4000, len(counts)))
    by_hand = confusions.scores(counts[again].sum(axis=1))
    for place, interval in enumerate(found.values()):
        expected = np.quantile(by_hand[:, place], [0.025, 0.975])
        assert (interval.low, interval.high) == pytest.approx(expected, abs=0.02)
        assert interval.low < interval.estimate < interval.high
    assert found == confusions.intervals(counts, 400, seed=3)


def test_runs_are_averaged_and_differences_are_paired():
    counts = drawn(2, runs=(3,))
    together = confusions.intervals(counts, 300, seed=1)["uf1"]
    alone = [confusions.intervals(one, 300, seed=1)["uf1"].estimate for one in counts]
    assert together.estimate == pytest.approx(np.mean(alone))
    for interval in confusions.differences(counts, counts, 300, seed=1).values():
        assert (interval.estimate, interval.low, interval.high) == (0, 0, 0)
    weights = subject_weights(15, 300, seed=1).astype(float)
    drawn_f1 = [
        confusions.scores(np.tensordot(weights, one, axes=1))[:, 0]
        for one in (counts[0], counts[1])
    ]
    paired = confusions.differences(counts[0], counts[1], 300, seed=1)["uf1"]
    expected = np.quantile(drawn_f1[0] - drawn_f1[1], [0.025, 0.975])
    assert (paired.low, paired.high) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("predicted", "truth", "message"),
    [
        ([0, 1], [0, 1, 2], "2 predicted and 3 true labels"),
        ([0, 1, 3], [0, 1, 2], "label 3 given; expected 0 to 2"),
        ([0, 1, 2], [0, -1, 2], "label -1 given"),
    ],
)
def test_labels_that_do_not_fit_are_refused(predicted, truth, message):
    with pytest.raises(CausalexError, match=message):
        confusions.per_subject(np.array(predicted), truth, list("abc"), 3)
