"""Recognition scores and equalized odds against hand-made cases."""

import numpy as np
import pytest
from fairlearn.metrics import equalized_odds_difference

from causalex_core.errors import CausalexError
from causalex_core.evaluation.fairness import equalized_odds_gap, rates
from causalex_core.evaluation.recognition import recognition_scores


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
