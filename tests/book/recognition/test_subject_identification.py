"""Who is recorded: identified where it is planted, at chance where it is not."""

import numpy as np
import pytest

from causalex_book.recognition.probes import clip_folds, identify
from causalex_core.errors import CausalexError

SIZES = (12, 9, 7, 6, 6, 5, 5, 1)
SUBJECTS = np.repeat([f"p{n}" for n in range(len(SIZES))], SIZES)
LABELS = np.random.default_rng(2).choice(3, len(SUBJECTS), p=[0.5, 0.3, 0.2])
HOW = {"n_parts": 5, "n_bootstrap": 300, "seed": 1}


def features(of_the_person, of_the_emotion, seed=3):
    generator = np.random.default_rng(seed)
    places = np.unique(SUBJECTS, return_inverse=True)[1]
    return (
        generator.normal(size=(len(SUBJECTS), 20))
        + of_the_person * np.eye(20)[places]
        + of_the_emotion * np.eye(20)[10 + LABELS]
    )


def test_a_planted_person_is_told():
    found = identify(features(5.0, 0.0), SUBJECTS, LABELS, **HOW)
    assert (found.people, found.clips) == (7, 50)  # the one with a single clip is left out
    assert found.accuracy.estimate > 0.9
    assert found.accuracy.low <= found.accuracy.estimate <= found.accuracy.high
    assert found.balanced_guess == pytest.approx(1 / 7)
    assert found.frequent_guess == pytest.approx(12 / 50)


@pytest.mark.parametrize("of_the_emotion", [0.0, 5.0])
def test_where_nobody_is_planted_nobody_is_told(of_the_emotion):
    found = identify(features(0.0, of_the_emotion), SUBJECTS, LABELS, **HOW)
    assert found.accuracy.low < max(found.frequent_guess, found.emotion_guess)
    assert found.accuracy.estimate < 0.35


def test_an_emotion_of_ones_own_tells_the_person():
    own = np.unique(SUBJECTS, return_inverse=True)[1]
    found = identify(features(0.0, 0.0), SUBJECTS, own, **HOW)
    assert found.emotion_guess == 1
    # one emotion for all tells as much as naming the person with most clips
    same = identify(features(0.0, 0.0), SUBJECTS, np.zeros_like(LABELS), **HOW)
    assert same.emotion_guess == same.frequent_guess


def test_the_same_seed_tells_the_same():
    one, two = (identify(features(1.0, 0.0), SUBJECTS, LABELS, **HOW) for _ in range(2))
    other = identify(features(1.0, 0.0), SUBJECTS, LABELS, **{**HOW, "seed": 2})
    assert one == two != other


@pytest.mark.parametrize(
    ("n_parts", "message"),
    [(13, "13 parts, and 0 of 8 people"), (10, "and 1 of 8 people"), (1, "1 parts")],
)
def test_people_with_too_few_clips_are_refused(n_parts, message):
    with pytest.raises(CausalexError, match=message):
        identify(features(1.0, 0.0), SUBJECTS, LABELS, **{**HOW, "n_parts": n_parts})


def test_folds_of_clips_have_the_sizes_of_those_of_people():
    databases = np.where(np.isin(SUBJECTS, ["p0", "p1", "p7"]), "one", "two")
    folds = clip_folds(SUBJECTS, databases, np.random.default_rng(4))
    assert folds.held_out.sum(axis=1).tolist() == list(SIZES)
    assert (folds.held_out.sum(axis=0) == 1).all()
    assert [len(set(databases[held])) for held in folds.held_out] == [1] * 8
    assert any(len(set(SUBJECTS[held])) > 1 for held in folds.held_out)
