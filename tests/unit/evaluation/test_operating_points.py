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


def test_summary_averages_over_seeds_and_gains_are_paired():
    chosen = np.array([[[2, 4, 4], [1, 1, 2]], [[0, 4, 4], [1, 1, 2]]])
    row = points.summary(chosen, 100)
    assert (row["seeds"], row["tp"], row["n_pred"], row["n_truth"]) == (2, 2.0, 5.0, 6)
    assert row["f1"] == pytest.approx((6 / 11 + 2 / 11) / 2)
    assert (row["least_seed"], row["greatest_seed"]) == pytest.approx((2 / 11, 6 / 11))
    assert row["low"] <= row["f1"] <= row["high"]
    assert set(points.gain(chosen, chosen, 100).values()) == {0.0}


@given(st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_candidates_are_chosen_by_whom_each_rule_says(seed):
    """In loops: who chooses is on whose hits F1 is highest, fewest detections on a tie."""
    counted = hits(seed)
    subjects, epochs, thresholds = counted.shape[:3]

    def best(options):
        ranked = [(-f1(one), one[1], index) for index, one in enumerate(options)]
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
        chosen = {
            rule: candidate[subject] for rule, candidate in points.candidates(counted).items()
        }
        assert chosen == expected
        for rule, index in expected.items():
            of_rule = points.by_rule(counted)[rule][subject]
            assert of_rule.tolist() == points.flat(counted)[subject, index].tolist()
        assert points.best_on_others(counted)[subject].tolist() == (
            points.flat(counted)[subject, expected[points.CROSS]].tolist()
        )
    pooled = best(counted.sum(axis=0).reshape(-1, 3))
    assert points.best_in_sample(counted).tolist() == points.flat(counted)[:, pooled].tolist()
