"""What maps say of the person, on maps of nobody, then on the real ones."""

import numpy as np
import pandas as pd
import pytest

from causalex_book.recognition import baselines, emotion_probes, emotions
from causalex_book.recognition.emotion_probes import (
    BY_CLIP,
    BY_PERSON,
    GUESSES,
    RULE,
    WITHIN_DATABASE,
    WITHIN_SUBJECT,
    Config,
)
from causalex_book.recognition.emotions import COMPOSITE, DATABASES, Recorded
from causalex_book.recognition.probes import linear_held_out
from causalex_book.recognition.selection import CROSS, LAST, TEST

SMALL = Config(
    n_parts=2,
    n_clip_folds=2,
    n_permutations=19,
    n_layers=2,
    layer_epochs=20,
    n_draws=3,
    n_bootstrap=50,
)
SCOPES = [COMPOSITE, *DATABASES.values()]


@pytest.fixture(scope="module")
def tables(from_made_up_maps):
    return from_made_up_maps(emotion_probes, SMALL)


@pytest.fixture(scope="module")
def real(obtained):
    parameters = {"n_clip_folds": 1, "n_permutations": 19, "n_layers": 1, "layer_epochs": 2}
    return obtained(emotion_probes, **parameters).tables


def test_maps_of_nobody_tell_nobody(tables):
    people = tables["people"].set_index("scope")
    assert list(people.index) == SCOPES
    assert people["people"].to_list() == [12, 4, 4, 4]  # three have a single clip
    assert people["clips"].to_list() == [42, 14, 14, 14]
    assert people.loc[COMPOSITE, "balanced_guess"] == pytest.approx(1 / 12)
    assert people.loc[COMPOSITE, "accuracy"] < 0.4
    assert (people["low"] <= people["accuracy"]).all()


def test_folds_by_clip_gain_nothing_on_people_that_are_alike(tables):
    folds = tables["folds"].set_index(["folds", "scope", "measure"])["value"]
    leak = tables["leak"].set_index(["scope", "measure"])
    for scope in SCOPES:
        expected = folds[BY_CLIP, scope, "uf1"] - folds[BY_PERSON, scope, "uf1"]
        assert leak.loc[(scope, "uf1"), "difference"] == pytest.approx(expected)
    assert folds[BY_PERSON, COMPOSITE, "accuracy"] > 0.8  # the maps tell the emotion
    assert leak.loc[(COMPOSITE, "accuracy"), "low"] <= 0


def test_a_planted_emotion_is_no_chance(tables):
    table = tables["permutations"].set_index(["permuted", "scope"])
    assert (table["permutations"] == 19).all()
    assert table.loc[(WITHIN_DATABASE, COMPOSITE), "p"] == pytest.approx(1 / 20)
    assert (table["mean"] <= table["greatest"]).all()
    stays = table["labels_that_stay"]
    assert (stays[WITHIN_SUBJECT] > stays[WITHIN_DATABASE]).all()
    shares = tables["chance"].groupby("permuted")["share"].sum()
    assert shares.to_dict() == pytest.approx({WITHIN_DATABASE: 1, WITHIN_SUBJECT: 1})


def test_without_information_choosing_alone_gains(tables):
    floors = tables["floors"].set_index(["system", "rule"])
    names = [f"one layer, labels permuted {name}" for name in (WITHIN_DATABASE, WITHIN_SUBJECT)]
    for system, repetitions in zip([*names, GUESSES], (2, 2, 3), strict=True):
        rows = floors.loc[system]
        assert set(rows.index) == {LAST, CROSS, TEST}
        assert rows.loc[TEST, "uf1"] > rows.loc[LAST, "uf1"]
        assert (rows["least"] <= rows["uf1"]).all() and (rows["uf1"] <= rows["greatest"]).all()
        assert (rows["repetitions"] == repetitions).all()


def nine_people(labels):
    """Five clips of each."""
    people = [f"p{n // 5}" for n in range(45)]
    return Recorded.of(pd.DataFrame({"database": "samm", "subject": people, "label": labels}))


def test_folds_by_clip_know_people_again():
    """Everybody has an emotion of his or her own, and nothing else tells it."""
    recorded = nine_people(np.arange(45) // 5 % 3)
    features = np.random.default_rng(1).normal(0, 0.1, (45, 9)) + np.eye(9)[np.arange(45) // 5]
    projected = baselines.components(features, recorded.folds)
    databases = np.full(45, "samm")
    found = emotion_probes._by_folds(features, projected, recorded, databases, SMALL)
    uf1 = {name: emotions.pooled(rules[RULE], "uf1") for name, rules in found.items()}
    assert uf1[BY_PERSON] < 0.5
    assert uf1[BY_CLIP].shape == (2,) and (uf1[BY_CLIP] > 0.8).all()


def test_permuted_labels_are_judged_by_themselves():
    """With names of classes exchanged for all alike, there is as much to find as before."""
    labels = np.arange(45) % 3
    recorded = nine_people(labels)
    features = np.random.default_rng(1).normal(0, 0.2, (45, 6)) + np.eye(6)[labels]
    projected = baselines.components(features, recorded.folds)
    drawn = {WITHIN_DATABASE: np.array([(labels + 1) % 3])}
    rows = pd.DataFrame(emotion_probes._floors(projected, drawn, recorded, SMALL))
    assert (rows.query("system != @GUESSES")["uf1"] > 0.9).all()
    said = linear_held_out(projected, drawn[WITHIN_DATABASE], recorded.folds, 3)
    counts = emotion_probes._counts(said, drawn[WITHIN_DATABASE], recorded)
    assert emotions.pooled(counts, "uf1").item() > 0.9


def test_real_maps_tell_people_apart_and_emotions_are_no_chance(real):
    people = real["people"].set_index("scope")
    assert people["people"].to_list() == [32, 11, 10, 11]
    assert people.loc[COMPOSITE, "accuracy"] == pytest.approx(0.576, abs=0.05)
    assert (people["low"] > people[["frequent_guess", "emotion_guess"]].max(axis=1)).all()
    table = real["permutations"].set_index(["permuted", "scope"])
    assert (table["p"] == 1 / 20).all()
    assert table.loc[(WITHIN_SUBJECT, COMPOSITE), "mean"] == pytest.approx(0.40, abs=0.04)
    folds = real["folds"].set_index(["folds", "scope", "measure"])["value"]
    assert folds[BY_PERSON, COMPOSITE, "uf1"] == pytest.approx(0.755, abs=0.01)
    leak = real["leak"].set_index(["scope", "measure"])["difference"]
    assert 0 < abs(leak[COMPOSITE, "uf1"]) < 0.05
