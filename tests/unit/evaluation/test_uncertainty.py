"""Bootstrap over subjects, and rules of selection."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from causalex_core.evaluation import selection
from causalex_core.evaluation.uncertainty import f1, f1_difference, f1_interval, subject_weights


def _counts(*shape):
    """Counts (..., 3) with tp at most detections and truths."""
    return arrays(np.int64, (*shape, 3), elements=st.integers(0, 9)).map(
        lambda drawn: np.stack(
            [drawn[..., 0], drawn[..., 0] + drawn[..., 1], drawn[..., 0] + drawn[..., 2]], axis=-1
        )
    )


def test_f1_of_counts():
    assert f1(np.array([[2, 4, 4], [0, 0, 0], [3, 3, 3]])).tolist() == [0.5, 0, 1]


def test_interval_covers_the_truth_about_as_often_as_it_says():
    generator = np.random.default_rng(0)
    covered = []
    for run in range(150):
        truth = generator.integers(5, 25, 40)
        tp = generator.binomial(truth, 0.4)
        counts = np.stack([tp, tp + generator.poisson(0.6 * truth), truth], axis=1)
        interval = f1_interval(counts, 400, seed=run)
        covered.append(interval.low <= 0.4 <= interval.high)
    assert 0.88 <= np.mean(covered) <= 0.99


@given(_counts(6))
@settings(max_examples=40, deadline=None)
def test_interval_holds_for_identical_methods_and_repeats(counts):
    same = f1_difference(counts, counts, 50, seed=2)
    assert (same.estimate, same.low, same.high) == (0, 0, 0)
    assert f1_interval(counts, 50, seed=2) == f1_interval(counts, 50, seed=2)


def test_paired_difference_is_tighter_than_the_intervals_of_its_parts():
    generator = np.random.default_rng(1)
    truth = generator.integers(2, 60, 25)
    tp = generator.binomial(truth, np.linspace(0.1, 0.8, 25))
    counts = np.stack([tp, truth, truth], axis=1)
    worse = counts - np.array([1, 0, 0]) * (counts[:, :1] > 0)
    difference = f1_difference(counts, worse, 1000, seed=1)
    alone = f1_interval(counts, 1000, seed=1)
    assert difference.low > 0
    assert difference.high - difference.low < (alone.high - alone.low) / 2


@given(_counts(5, 4))
@settings(max_examples=60, deadline=None)
def test_choosing_on_the_tested_subject_is_at_least_as_good_for_that_subject(counts):
    best = f1(selection.chosen(counts, selection.oracle_per_subject(counts)))
    for rule in (selection.oracle_pooled, selection.cross_fold):
        assert (best >= f1(selection.chosen(counts, rule(counts))) - 1e-12).all()


@given(_counts(5, 4), st.integers(0, 4))
@settings(max_examples=60, deadline=None)
def test_cross_fold_does_not_look_at_the_subject_itself(counts, subject):
    changed = counts.copy()
    changed[subject] = changed[subject][::-1]
    assert selection.cross_fold(counts)[subject] == selection.cross_fold(changed)[subject]


def test_pooled_oracle_is_the_best_single_candidate():
    counts = np.array([[[1, 4, 4], [3, 4, 4]], [[4, 4, 4], [3, 4, 4]]])
    assert selection.oracle_pooled(counts).tolist() == [1, 1]
    assert selection.oracle_per_subject(counts).tolist() == [1, 0]
    assert selection.cross_fold(counts).tolist() == [0, 1]


def test_equal_scores_prefer_fewer_detections():
    counts = np.array([[[0, 50, 3], [0, 2, 3], [0, 2, 3]]])
    assert selection.oracle_per_subject(counts).tolist() == [1]


def test_runs_are_averaged_resample_by_resample():
    generator = np.random.default_rng(3)
    truths = generator.integers(1, 9, (6, 1))
    runs = np.stack(
        [
            np.concatenate([generator.integers(0, truths + 1), truths + 2, truths], axis=1)
            for _ in range(3)
        ]
    )
    together = f1_interval(runs, 500, seed=1)
    alone = [f1_interval(run, 500, seed=1).estimate for run in runs]
    assert together.estimate == pytest.approx(np.mean(alone))
    weights = subject_weights(6, 500, seed=1)
    drawn = np.mean([f1(weights @ run) for run in runs], axis=0)
    assert (together.low, together.high) == pytest.approx(np.quantile(drawn, [0.025, 0.975]))
    same = f1_difference(runs, np.repeat(runs[:1], 3, axis=0), 500, seed=1)
    assert same.estimate == pytest.approx(np.mean(alone) - alone[0])
