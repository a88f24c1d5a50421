"""Frames in intervals, their rates, and equalized odds against hand-made cases."""

import numpy as np
import pandas as pd
import pytest
from fairlearn.metrics import equalized_odds_difference

from causalex_core.errors import CausalexError
from causalex_core.evaluation.fairness import (
    cells,
    covered,
    equalized_odds_gap,
    rate_intervals,
)
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


def test_a_video_of_unknown_length_is_refused():
    with pytest.raises(CausalexError, match="video 'clip_1': its number of frames is not given"):
        marked(("clip_1", 0, 1, np.nan), lengths={"clip_01": 4})


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
    frames = equalized_odds_gap(truth, predicted, subject < 3, subject, 50, seed=1)
    weighed = equalized_odds_gap(
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


def test_a_group_without_positives_is_left_out_of_that_rate():
    truth = np.array([1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0])
    predicted = np.array([1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0])
    group, subject = np.repeat(list("abc"), 4), np.tile([0, 1], 6)
    gap = equalized_odds_gap(truth, predicted, group, np.zeros(12), 20, seed=1)
    assert (gap.estimate, gap.low, gap.high) == (0, 0, 0)
    assert (gap.groups_left_out, gap.left_out) == (1, 0)
    alarms = np.where(group == "c", subject, predicted)
    assert equalized_odds_gap(truth, alarms, group, subject, 20, seed=1).estimate == 0.5  # FPR


def test_a_group_without_positives_has_no_share_in_resamples_either():
    truth = np.array([1, 1, 0, 0] * 10 + [0] * 20)
    group, subject = np.repeat(["f", "m"], [40, 20]), np.arange(60) // 10
    gap = equalized_odds_gap(truth, truth, group, subject, 200, 1)
    assert (gap.estimate, gap.low, gap.high, gap.groups_left_out) == (0, 0, 0, 1)


def test_resamples_in_which_a_group_lacks_positives_are_left_out():
    subject = np.repeat(np.arange(4), 4)
    group = np.where(subject < 2, "f", "m")
    truth = np.array([1, 1, 0, 0] * 3 + [0] * 4)  # one of the second group has none
    gap = equalized_odds_gap(truth, truth, group, subject, 400, seed=1)
    assert (gap.estimate, gap.low, gap.high, gap.groups_left_out) == (0, 0, 0, 0)
    drawn = subject_weights(4, 400, 1)
    assert gap.left_out == ((drawn[:, 2] == 0) | (drawn[:, :2].sum(axis=1) == 0)).sum() > 0


@pytest.mark.parametrize(
    ("truth", "compared", "left_out"),
    [
        ([1, 1, 0, 0], False, 2),  # one group has no negatives, the other no positives
        ([1, 1, 1, 1], True, 2),
        ([0, 0, 0, 0], True, 2),
        ([1, 0, 0, 0], True, 1),
    ],
)
def test_a_gap_needs_a_rate_of_two_groups(truth, compared, left_out):
    gap = equalized_odds_gap(
        np.array(truth), np.ones(4), np.array(list("aabb")), np.arange(4), 50, seed=1
    )
    assert np.isnan([gap.estimate, gap.low, gap.high]).tolist() == [not compared] * 3
    assert gap.groups_left_out == left_out
    assert compared or gap.left_out == 50


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("truth", [0.0, np.nan]),
        ("predicted", [0.7, 0.2]),  # probabilities, which would all become 0
        ("group", ["a", None]),
        ("subject", [1, np.nan]),
    ],
)
def test_what_is_no_label_and_no_name_is_refused(name, values):
    frames = {"truth": [0, 1], "predicted": [0, 1], "group": ["a", "b"], "subject": [1, 2]}
    frames = {key: np.array(column) for key, column in (frames | {name: values}).items()}
    with pytest.raises(CausalexError, match=f"^{name}: "):
        equalized_odds_gap(**frames, n_bootstrap=10, seed=1)


def test_one_group_has_no_gap():
    gap = equalized_odds_gap(
        np.array([1, 0]), np.ones(2), np.array(["a", "a"]), np.zeros(2), 10, seed=1
    )
    assert np.isnan(gap.estimate) and gap.left_out == 10


def test_gap_is_the_one_of_fairlearn_and_grows_with_a_planted_difference():
    generator = np.random.default_rng(0)
    subject = np.repeat(np.arange(20), 100)
    group = np.where(subject < 10, "dark", "light")
    truth = generator.random(2000) < 0.3
    fair = np.where(truth, generator.random(2000) < 0.6, generator.random(2000) < 0.1)
    unfair = fair & ~((group == "dark") & (generator.random(2000) < 0.5))
    small = equalized_odds_gap(truth, fair, group, subject, n_bootstrap=300, seed=1)
    large = equalized_odds_gap(truth, unfair, group, subject, n_bootstrap=300, seed=1)
    assert large.estimate == pytest.approx(
        equalized_odds_difference(truth, unfair, sensitive_features=group)
    )
    assert small.high < large.low
    assert large.low < large.estimate < large.high
