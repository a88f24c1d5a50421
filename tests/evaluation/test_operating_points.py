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
