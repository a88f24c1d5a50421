"""Frames in intervals."""

import numpy as np
import pandas as pd
import pytest

from causalex_core.evaluation import fairness
from causalex_core.evaluation.frames import cells, covered, rate_intervals
from causalex_core.evaluation.uncertainty import subject_weights
from causalex_core.expressions import MissingOffset


def test_intervals_are_inclusive_and_may_overlap():
    table = pd.DataFrame(
        [("b", 0.0, 1.0), ("b", 1.0, 3.0), ("a", 2.0, 2.0)], columns=["video", "onset", "offset"]
    )
    found = covered(table, {"a": 3, "b": 5})
    assert found.astype(int).tolist() == [0, 0, 1, 1, 1, 1, 1, 0]
    assert not covered(table.iloc[:0], {"a": 3}).any()


def marked(*rows, lengths=None, **more):
    table = pd.DataFrame(rows, columns=["video", "onset", "offset", "apex"], dtype=object)
    table = table.astype({"onset": float, "offset": float, "apex": float})
    return covered(table, lengths or {"a": 4, "b": 5}, **more).astype(int).tolist()


def test_intervals_mark_nothing_outside_their_video():
    assert marked(("a", 2, 7, np.nan)) == [0, 0, 1, 1, 0, 0, 0, 0, 0]
    assert marked(("b", -3, 1, np.nan)) == [0, 0, 0, 0, 1, 1, 0, 0, 0]
    assert marked(("b", 3, 99, np.nan), ("a", -9, -1, np.nan)) == [0, 0, 0, 0, 0, 0, 0, 1, 1]
    assert not any(marked(("a", 4, 6, np.nan), ("b", -4, -2, np.nan)))


def test_an_interval_without_an_end_marks_nothing_unless_one_is_given_to_it():
    rows = ("b", 1, np.nan, 2), ("a", 0, 1, np.nan), ("a", 3, np.nan, np.nan)
    known, apex = [1, 1, 0, 0], [0, 1, 1, 0, 0]
    assert marked(*rows) == known + [0] * 5
    assert marked(*rows, missing_offset=MissingOffset.DROP) == known + [0] * 5
    assert marked(*rows, missing_offset=MissingOffset.APEX) == known + apex
    assert marked(*rows, missing_offset=MissingOffset.MIRRORED) == [*known, 0, 1, 1, 1, 0]


def test_an_interval_that_ends_before_it_begins_hides_no_other():
    assert marked(("a", 0, 3, np.nan), ("a", 3, 0, np.nan)) == [1, 1, 1, 1, 0, 0, 0, 0, 0]


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
    right = rate_intervals(cells(subject, truth, truth), 10, seed=1)
    assert right["tpr"] == 1 and np.isnan(right["ratio"]) and right["ratio_left_out"] == 10


def test_resamples_without_positives_are_left_out_and_counted():
    subject = np.repeat([0, 1, 2], 4)
    truth = (subject == 0) & (np.arange(12) % 2 == 0)
    found = rate_intervals(cells(subject, truth, truth | (subject == 1)), 300, seed=1)
    assert found["tpr"] == found["tpr_low"] == found["tpr_high"] == 1
    weights = subject_weights(3, 300, 1)
    assert found["tpr_left_out"] == (weights[:, 0] == 0).sum() > 0
    assert found["fpr_left_out"] == 0
    assert found["ratio_left_out"] == ((weights[:, 0] == 0) | (weights[:, 1] == 0)).sum()


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
