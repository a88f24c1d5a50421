"""Recognition scores and equalized odds against hand-made cases."""

import numpy as np
import pytest
from fairlearn.metrics import equalized_odds_difference

from causalex_core.errors import CausalexError
from causalex_core.evaluation.fairness import equalized_odds_gap, rates
from causalex_core.evaluation.recognition import recognition_scores
from causalex_core.evaluation.uncertainty import subject_weights


def test_recognition_scores_weigh_classes_equally():
    truth, predicted = np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1])
    scores = recognition_scores(truth, predicted, classes=(0, 1))
    assert scores.uf1 == pytest.approx((0.8 + 2 / 3) / 2)
    assert scores.uar == pytest.approx((2 / 3 + 1) / 2)
    assert scores.accuracy == pytest.approx(0.75)


def test_a_class_that_never_occurs_still_counts():
    scores = recognition_scores(np.array([0, 1]), np.array([0, 1]), classes=(0, 1, 2))
    assert scores.uf1 == pytest.approx(2 / 3)


@pytest.mark.parametrize("lengths", [(2, 3), (0, 0)])
def test_labels_that_do_not_fit_are_refused(lengths):
    with pytest.raises(CausalexError, match="labels given"):
        recognition_scores(np.zeros(lengths[0]), np.zeros(lengths[1]), classes=(0, 1))


def test_rates_by_group():
    truth = np.array([1, 1, 0, 0, 1, 0])
    predicted = np.array([1, 0, 1, 0, 1, 0])
    table = rates(truth, predicted, np.array(list("aaaabb"))).set_index("group")
    assert table.loc["a", ["tpr", "fpr", "frames"]].tolist() == [0.5, 0.5, 4]
    assert table.loc["b", ["tpr", "fpr", "frames"]].tolist() == [1, 0, 2]


def test_a_rate_without_cases_is_unknown():
    truth = np.array([1, 1, 0, 0, 1, 1])
    table = rates(truth, np.array([1, 0, 1, 1, 1, 1]), np.array(list("aabbcc"))).set_index("group")
    assert table["tpr"].tolist() == pytest.approx([0.5, np.nan, 1], nan_ok=True)
    assert table["fpr"].tolist() == pytest.approx([np.nan, 1, np.nan], nan_ok=True)
    assert table["frames"].tolist() == [2, 2, 2]


def test_a_group_without_positives_is_left_out_of_that_rate():
    truth = np.array([1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0])
    predicted = np.array([1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0])
    group, subject = np.repeat(list("abc"), 4), np.tile([0, 1], 6)
    gap = equalized_odds_gap(truth, predicted, group, np.zeros(12), 20, seed=1)
    assert (gap.estimate, gap.low, gap.high) == (0, 0, 0)
    assert (gap.groups_left_out, gap.left_out) == (1, 0)
    alarms = np.where(group == "c", subject, predicted)
    assert equalized_odds_gap(truth, alarms, group, subject, 20, seed=1).estimate == 0.5  # FPR


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
