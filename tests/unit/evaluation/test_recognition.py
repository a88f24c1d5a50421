"""Recognition scores, their intervals, and those of CausalNet's public scripts."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import accuracy_score, f1_score, recall_score

from causalex_core.errors import CausalexError
from causalex_core.evaluation import recognition
from causalex_core.evaluation.uncertainty import subject_weights

LABELS = arrays(np.int64, (2, 12), elements=st.integers(0, 2))
SUBJECTS = np.repeat(list("abcd"), [1, 2, 4, 5])


def drawn(seed, n=60, runs=()):
    generator = np.random.default_rng(seed)
    truth = generator.integers(0, 3, n)
    right = generator.random((*runs, n)) < 0.7
    predicted = np.where(right, truth, generator.integers(0, 3, (*runs, n)))
    return recognition.per_subject(predicted, truth, np.arange(n) // 4, 3)


def test_counts_by_hand():
    predicted = np.array([[0, 1, 1, 2], [2, 2, 2, 2]])
    counts = recognition.per_subject(predicted, [0, 0, 1, 2], ["b", "a", "b", "b"], 3)
    assert counts.shape == (2, 2, 3, 3)
    assert counts[0, 0].tolist() == [[0, 1, 0], [0, 0, 0], [0, 0, 0]]
    assert counts[0, 1].tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    assert counts[1].sum(axis=0).tolist() == [[0, 0, 2], [0, 0, 1], [0, 0, 1]]


@given(LABELS)
@settings(max_examples=60, deadline=None)
def test_scores_are_those_of_the_labels(labels):
    truth, predicted = labels
    pooled = recognition.per_subject(predicted, truth, SUBJECTS, 3).sum(axis=0)
    how = {"labels": [0, 1, 2], "average": "macro", "zero_division": 0}
    assert recognition.scores(pooled).tolist() == pytest.approx(
        [
            f1_score(truth, predicted, **how),
            recall_score(truth, predicted, **how),
            accuracy_score(truth, predicted),
        ]
    )


def test_a_perfect_predictor_has_no_doubt():
    truth = np.arange(60) % 3
    counts = recognition.per_subject(truth, truth, np.arange(60) // 6, 3)
    for interval in recognition.intervals(counts, 200, seed=1).values():
        assert (interval.estimate, interval.low, interval.high) == (1, 1, 1)


def test_intervals_are_those_of_resampled_subjects():
    counts = drawn(1)
    found = recognition.intervals(counts, 400, seed=3)
    again = np.random.default_rng(5).integers(0, len(counts), (4000, len(counts)))
    by_hand = recognition.scores(counts[again].sum(axis=1))
    for place, interval in enumerate(found.values()):
        expected = np.quantile(by_hand[:, place], [0.025, 0.975])
        assert (interval.low, interval.high) == pytest.approx(expected, abs=0.02)
        assert interval.low < interval.estimate < interval.high
    assert found == recognition.intervals(counts, 400, seed=3)


def test_runs_are_averaged_and_differences_are_paired():
    counts = drawn(2, runs=(3,))
    together = recognition.intervals(counts, 300, seed=1)["uf1"]
    alone = [recognition.intervals(one, 300, seed=1)["uf1"].estimate for one in counts]
    assert together.estimate == pytest.approx(np.mean(alone))
    for interval in recognition.differences(counts, counts, 300, seed=1).values():
        assert (interval.estimate, interval.low, interval.high) == (0, 0, 0)
    weights = subject_weights(15, 300, seed=1).astype(float)
    drawn_f1 = [
        recognition.scores(np.tensordot(weights, one, axes=1))[:, 0]
        for one in (counts[0], counts[1])
    ]
    paired = recognition.differences(counts[0], counts[1], 300, seed=1)["uf1"]
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
        recognition.per_subject(np.array(predicted), truth, list("abc"), 3)


def _check(truth, predicted, expected):
    # the published path averages over the classes that occur, here among truths or predictions
    classes, labels = np.unique([truth, predicted], return_inverse=True)
    true, named = labels.reshape(2, -1)
    counts = recognition.per_subject(named, true, np.zeros(len(true)), len(classes))
    measured = dict(zip(("uf1", "uar", "acc"), recognition.scores(counts[0]), strict=True))
    assert measured == pytest.approx({name: expected[name] for name in measured}, abs=1e-12)


def test_scores_are_those_of_the_public_code(oracles):
    cases = json.loads((oracles / "causalnet" / "metric_cases.json").read_text())
    assert cases
    for case in cases:
        truth, predicted = np.array(case["y_true"]), np.array(case["y_pred"])
        _check(truth, predicted, case["composite"])
        database = np.array(case["database"])
        for name, expected in case["per_db"].items():
            assert (database == name).sum() == expected["n"]
            _check(truth[database == name], predicted[database == name], expected)
