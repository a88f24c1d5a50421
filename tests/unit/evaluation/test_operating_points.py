"""What each rule of selection reports."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalex_core.evaluation import operating_points as points
from causalex_core.evaluation.uncertainty import f1


def hits(seed, subjects=4, epochs=3, thresholds=5):
    generator = np.random.default_rng(seed)
    truths = np.broadcast_to(generator.integers(1, 9, (subjects, 1, 1)), (subjects, epochs, 5))
    tp = generator.integers(0, truths + 1)
    return np.stack([tp, tp + generator.integers(0, 9, tp.shape), truths], axis=-1)


@given(st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_the_rules_differ_in_who_chooses(seed):
    counted = hits(seed)
    rules = points.by_rule(counted)
    assert {tuple(found[:, 2]) for found in rules.values()} == {tuple(counted[:, 0, 0, 2])}
    last = f1(rules[points.LAST])
    assert (f1(rules[points.EPOCH]) >= last).all()
    assert (f1(rules[points.BOTH]) >= f1(rules[points.EPOCH])).all()
    pooled = [f1(found.sum(axis=0)) for found in (points.best_here(counted), rules[points.CROSS])]
    every = f1(points.flat(counted).sum(axis=0))
    assert pooled[0] == every.max()


def test_nobody_chooses_for_himself_elsewhere():
    counted = hits(1)
    counted[0, ..., 1] = 100 + np.arange(15).reshape(3, 5)  # tells which candidate was chosen
    without = counted.copy()
    without[0, ..., 0] = 0
    assert points.best_elsewhere(counted)[0, 1] == points.best_elsewhere(without)[0, 1]


def test_summary_averages_over_seeds_and_gains_are_paired():
    found = np.array([[[2, 4, 4], [1, 1, 2]], [[0, 4, 4], [1, 1, 2]]])
    row = points.summary(found, 100)
    assert (row["seeds"], row["tp"], row["n_pred"], row["n_truth"]) == (2, 2.0, 5.0, 6)
    assert row["f1"] == pytest.approx((6 / 11 + 2 / 11) / 2)
    assert (row["least_seed"], row["greatest_seed"]) == pytest.approx((2 / 11, 6 / 11))
    assert row["low"] <= row["f1"] <= row["high"]
    assert set(points.gain(found, found, 100).values()) == {0.0}


@given(st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_candidates_are_chosen_by_whom_each_rule_says(seed):
    """In loops: who chooses is on whose hits F1 is highest, fewest detections on a tie."""
    counted = hits(seed)
    subjects, epochs, thresholds = counted.shape[:3]

    def best(options):
        ranked = [(-f1(one), one[1], place) for place, one in enumerate(options)]
        return min(ranked)[2]

    for subject in range(subjects):
        others = counted.sum(axis=0) - counted[subject]
        step = best(others[-1])
        expected = {
            points.LAST: (epochs - 1) * thresholds + step,
            points.CROSS: best(others.reshape(-1, 3)),
            points.EPOCH: best(counted[subject, :, step]) * thresholds + step,
            points.BOTH: best(counted[subject].reshape(-1, 3)),
        }
        found = {rule: own[subject] for rule, own in points.candidates(counted).items()}
        assert found == expected
        for rule, place in expected.items():
            of_rule = points.by_rule(counted)[rule][subject]
            assert of_rule.tolist() == points.flat(counted)[subject, place].tolist()
