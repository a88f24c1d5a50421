"""The permutation test: what is exchanged, the fast linear model, and how chance is counted."""

import numpy as np
import pytest

from causalex_book.recognition import baselines
from causalex_book.recognition.permuted_labels import LINEAR, linear_held_out, p_value, permuted
from causalex_core.errors import CausalexError
from causalex_core.evaluation import confusions
from causalex_core.recognition.data import leave_one_subject_out

SUBJECTS = [f"s{n // 4:02d}" for n in range(40)]
FOLDS = leave_one_subject_out(SUBJECTS)


def example(effect, seed=5):
    """Features of ten people whose classes are told by the effect, as components of each fold."""
    generator = np.random.default_rng(seed)
    labels = generator.choice(3, 40, p=[0.6, 0.3, 0.1])
    features = generator.normal(size=(40, 6)) + effect * np.eye(6)[labels]
    return baselines.components(features, FOLDS), labels


def test_values_move_within_their_group_alone():
    values, groups = np.arange(12), np.array(list("abcabcabcaaa"))
    drawn = permuted(values, groups, 200, np.random.default_rng(1))
    for group in "abc":
        own = groups == group
        assert (np.sort(drawn[:, own], axis=1) == values[own]).all()
        # each value of a group is at each of its places
        assert all(set(column) == set(values[own]) for column in drawn[:, own].T)
    again = permuted(values, groups, 200, np.random.default_rng(1))
    np.testing.assert_array_equal(drawn, again)
    alone = permuted(values, np.arange(12), 3, np.random.default_rng(1))
    assert (alone == values).all()


def test_values_without_a_group_are_refused():
    with pytest.raises(CausalexError, match="3 values of 2 samples given; expected one of each"):
        permuted([1, 2, 3], ["a", "b"], 1, np.random.default_rng(1))


@pytest.mark.parametrize("effect", [0.0, 1.0])
def test_many_sets_of_labels_at_once_are_each_as_alone(effect):
    projected, labels = example(effect)
    sets = np.stack([labels, *permuted(labels, ["all"] * 40, 8, np.random.default_rng(2))])
    # a class that only one subject shows is absent where that subject is held out
    sets = np.concatenate([sets, [np.where(FOLDS.held_out[2], 2, labels % 2)]])
    found = linear_held_out(projected, sets, FOLDS, 3)
    for one, expected in zip(found, sets, strict=True):
        alone = baselines.held_out(baselines.CLASSIFIERS[LINEAR], projected, expected, FOLDS)
        np.testing.assert_array_equal(one, alone)
    assert len({tuple(one) for one in found}) > 8


def test_what_is_planted_is_no_chance_and_noise_is():
    for effect, is_chance in ((2.0, False), (0.0, True)):
        projected, labels = example(effect)
        sets = permuted(labels, ["all"] * 40, 99, np.random.default_rng(3))
        truths = np.stack([labels, *sets])
        predicted = linear_held_out(projected, truths, FOLDS, 3)
        uf1 = [
            confusions.scores(confusions.per_subject(one, truth, SUBJECTS, 3).sum(axis=0))[0]
            for one, truth in zip(predicted, truths, strict=True)
        ]
        assert (p_value(uf1[0], uf1[1:]) > 0.05) == is_chance


def test_what_was_found_counts_among_the_values():
    assert p_value(0.9, [0.1, 0.2, 0.3]) == 1 / 4
    assert p_value(0.2, [0.1, 0.2, 0.3]) == 3 / 4
    assert p_value(0.0, [0.1, 0.2, 0.3]) == 1
