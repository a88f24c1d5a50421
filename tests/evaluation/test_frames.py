"""Frames in intervals."""

import numpy as np
import pandas as pd
import pytest

from causalex_core.evaluation import fairness
from causalex_core.evaluation.frames import cells, covered, rate_intervals


def test_intervals_are_inclusive_and_may_overlap():
    table = pd.DataFrame(
        [("b", 0.0, 1.0), ("b", 1.0, 3.0), ("a", 2.0, 2.0)], columns=["video", "onset", "offset"]
    )
    found = covered(table, {"a": 3, "b": 5})
    assert found.astype(int).tolist() == [0, 0, 1, 1, 1, 1, 1, 0]
    assert not covered(table.iloc[:0], {"a": 3}).any()


def drawn(frames=600):
    generator = np.random.default_rng(3)
    subject = generator.integers(6, size=frames)
    truth = generator.random(frames) < 0.3
    predicted = np.where(subject < 3, truth, generator.random(frames) < 0.4)
    return subject, truth, predicted


def test_cells_hold_every_frame_once_and_give_the_rates():
    subject, truth, predicted = drawn()
    counted = cells(subject, truth, predicted)
    assert counted["frames"].sum() == 600 and len(counted) <= 24
    tpr, fpr = predicted[truth].mean(), predicted[~truth].mean()
    found = rate_intervals(counted, 200, seed=1)
    assert (found["tpr"], found["fpr"]) == pytest.approx((tpr, fpr))
    assert found["ratio"] == pytest.approx(tpr / fpr)
    for name in ("tpr", "fpr", "ratio"):
        assert found[f"{name}_low"] < found[name] < found[f"{name}_high"]


def test_rates_without_cases_are_unknown():
    subject, truth, predicted = drawn()
    counted = cells(subject, truth, predicted)
    assert np.isnan(rate_intervals(counted[~counted["truth"]], 10, seed=1)["tpr_low"])
    silent = rate_intervals(counted[~counted["predicted"]], 10, seed=1)
    assert silent["tpr"] == silent["fpr"] == 0 and np.isnan(silent["ratio"])


def test_cells_have_the_equalized_odds_of_their_frames():
    subject, truth, predicted = drawn()
    counted = cells(subject, truth, predicted)
    frames = fairness.equalized_odds_gap(truth, predicted, subject < 3, subject, 50, seed=1)
    weighed = fairness.equalized_odds_gap(
        counted["truth"].to_numpy(),
        counted["predicted"].to_numpy(),
        counted["subject"].to_numpy() < 3,
        counted["subject"].to_numpy(),
        50,
        seed=1,
        frames=counted["frames"].to_numpy(),
    )
    assert (weighed.estimate, weighed.low, weighed.high) == pytest.approx(
        (frames.estimate, frames.low, frames.high)
    )
