"""The permutation test and the identification of subjects."""

import numpy as np
import pytest

from causalex_book.recognition import baselines
from causalex_book.recognition.probes import (
    LINEAR,
    clip_folds,
    identify,
    linear_held_out,
    p_value,
    permuted,
)
from causalex_core.errors import CausalexError
from causalex_core.evaluation import recognition
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
            recognition.scores(recognition.per_subject(one, truth, SUBJECTS, 3).sum(axis=0))[0]
            for one, truth in zip(predicted, truths, strict=True)
        ]
        assert (p_value(uf1[0], uf1[1:]) > 0.05) == is_chance


def test_what_was_found_counts_among_the_values():
    assert p_value(0.9, [0.1, 0.2, 0.3]) == 1 / 4
    assert p_value(0.2, [0.1, 0.2, 0.3]) == 3 / 4
    assert p_value(0.0, [0.1, 0.2, 0.3]) == 1


SIZES = (12, 9, 7, 6, 6, 5, 5, 1)
PEOPLE = np.repeat([f"p{n}" for n in range(len(SIZES))], SIZES)
EMOTIONS = np.random.default_rng(2).choice(3, len(PEOPLE), p=[0.5, 0.3, 0.2])
HOW = {"n_parts": 5, "n_bootstrap": 300, "seed": 1}


def features(of_the_person, of_the_emotion, seed=3):
    generator = np.random.default_rng(seed)
    places = np.unique(PEOPLE, return_inverse=True)[1]
    return (
        generator.normal(size=(len(PEOPLE), 20))
        + of_the_person * np.eye(20)[places]
        + of_the_emotion * np.eye(20)[10 + EMOTIONS]
    )


def test_a_planted_person_is_told():
    found = identify(features(5.0, 0.0), PEOPLE, EMOTIONS, **HOW)
    assert (found.people, found.clips) == (7, 50)  # the one with a single clip is left out
    assert found.accuracy.estimate > 0.9
    assert found.accuracy.low <= found.accuracy.estimate <= found.accuracy.high
    assert found.balanced_guess == pytest.approx(1 / 7)
    assert found.frequent_guess == pytest.approx(12 / 50)


@pytest.mark.parametrize("of_the_emotion", [0.0, 5.0])
def test_where_nobody_is_planted_nobody_is_told(of_the_emotion):
    found = identify(features(0.0, of_the_emotion), PEOPLE, EMOTIONS, **HOW)
    assert found.accuracy.low < max(found.frequent_guess, found.emotion_guess)
    assert found.accuracy.estimate < 0.35


def test_an_emotion_of_ones_own_tells_the_person():
    own = np.unique(PEOPLE, return_inverse=True)[1]
    found = identify(features(0.0, 0.0), PEOPLE, own, **HOW)
    assert found.emotion_guess == 1
    # one emotion for all tells as much as naming the person with most clips
    same = identify(features(0.0, 0.0), PEOPLE, np.zeros_like(EMOTIONS), **HOW)
    assert same.emotion_guess == same.frequent_guess


@pytest.mark.parametrize(
    ("n_parts", "message"),
    [(13, "13 parts, and 0 of 8 people"), (10, "and 1 of 8 people"), (1, "1 parts")],
)
def test_people_with_too_few_clips_are_refused(n_parts, message):
    with pytest.raises(CausalexError, match=message):
        identify(features(1.0, 0.0), PEOPLE, EMOTIONS, **{**HOW, "n_parts": n_parts})


def test_folds_of_clips_have_the_sizes_of_those_of_people():
    databases = np.where(np.isin(PEOPLE, ["p0", "p1", "p7"]), "one", "two")
    folds = clip_folds(PEOPLE, databases, np.random.default_rng(4))
    assert folds.held_out.sum(axis=1).tolist() == list(SIZES)
    assert (folds.held_out.sum(axis=0) == 1).all()
    assert [len(set(databases[held])) for held in folds.held_out] == [1] * 8
    assert any(len(set(PEOPLE[held])) > 1 for held in folds.held_out)
