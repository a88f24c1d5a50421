"""Scores of recognisers by database and rule."""

import numpy as np
import pandas as pd
import pytest

from causalex_book.recognition import emotions
from causalex_book.recognition.emotions import COMPOSITE, DATABASES, Recorded
from causalex_book.recognition.selection import CROSS, LAST, TEST

CLIPS = pd.DataFrame(
    {
        "database": ["smic", "casme2", "samm", "casme2", "smic"],
        "subject": ["s1", "sub1", "7", "sub1", "s1"],
        "label": [0, 1, 2, 1, 1],
    }
)


@pytest.fixture
def recorded():
    return Recorded.of(CLIPS)


def test_every_subject_counts_in_its_database_and_in_all(recorded):
    assert recorded.folds.subjects == ("7", "s1", "sub1")
    assert list(recorded.scopes) == [COMPOSITE, *DATABASES.values()]
    assert recorded.scopes[COMPOSITE].all()
    assert [inside.tolist() for inside in list(recorded.scopes.values())[1:]] == [
        [False, False, True],
        [True, False, False],
        [False, True, False],
    ]


def test_scores_of_a_scope_know_nothing_of_the_others(recorded):
    right_on_smic = np.where(recorded.subjects == "s1", recorded.labels, 0)
    systems = {"knows SMIC": {LAST: recorded.counts(right_on_smic)}}
    rows = pd.DataFrame(emotions.scores(systems, recorded, 50, 1))
    accuracy = rows.query("measure == 'accuracy'").set_index("scope")["value"]
    assert accuracy.to_dict() == {COMPOSITE: 2 / 5, "CASME II": 0, "SAMM": 0, "SMIC": 1}


def test_the_published_rule_gains_what_its_choice_among_epochs_gives(recorded):
    predicted = np.stack([recorded.labels, np.zeros(5, dtype=int)])  # right, then all negative
    counts = recorded.counts(predicted)
    rows = pd.DataFrame(emotions.epochs(counts))
    at_end = rows[rows["epochs"] == 2].set_index("rule")["uf1"]
    assert at_end[TEST] == pytest.approx(1)
    assert at_end[CROSS] == pytest.approx(1)
    assert at_end[LAST] == pytest.approx(2 * 1 / (1 + 5) / 3)
    rules = {rule: counts[0 if rule != LAST else 1] for rule in (LAST, CROSS, TEST)}
    gains = pd.DataFrame(emotions.gains({"forgets": rules}, 50, 1)).query("measure == 'accuracy'")
    assert dict(zip(gains["over"], gains["gain"], strict=True)) == {LAST: 4 / 5, CROSS: 0}


def test_a_system_without_a_choice_gains_nothing(recorded):
    systems = {"knows all": {"nothing to choose": recorded.counts(recorded.labels)}}
    assert not list(emotions.gains(systems, 9, 1))


def test_a_database_of_which_nobody_is_judged_has_no_row():
    recorded = Recorded.of(CLIPS[CLIPS["database"] != "samm"])
    systems = {"knows all": {LAST: recorded.counts(recorded.labels)}}
    rows = pd.DataFrame(emotions.scores(systems, recorded, 9, 1))
    assert set(rows["scope"]) == {COMPOSITE, "CASME II", "SMIC"}


def test_differences_are_paired_with_a_reference(recorded):
    reference = recorded.counts(np.zeros(5, dtype=int))  # all negative: one of five is right
    systems = {"knows all": {LAST: recorded.counts(recorded.labels)}, "same": {TEST: reference}}
    rows = pd.DataFrame(emotions.differences(systems, reference, recorded, 50, 1))
    found = rows.query("measure == 'accuracy'").set_index(["system", "scope"])
    assert found.loc[("knows all", COMPOSITE), "difference"] == pytest.approx(4 / 5)
    assert found.loc[("knows all", "SMIC"), "difference"] == pytest.approx(1 / 2)
    assert (found.loc["same", ["difference", "low", "high"]] == 0).all(axis=None)


def test_more_guesses_hold_the_fewer_and_read_no_less(recorded):
    few, many = (emotions.guessed(recorded, numbers, 6, 1) for numbers in ((1, 4), (4, 30)))
    assert list(few) == [1, 4]
    np.testing.assert_array_equal(few[1][LAST], few[1][TEST])
    rows = pd.DataFrame(emotions.floor(many, recorded)).query("scope == @COMPOSITE")
    uf1 = rows.set_index(["epochs", "rule"])["uf1"]
    assert uf1[30, TEST] > uf1[4, TEST] > uf1[4, LAST]
    assert (rows["low"] <= rows["high"]).all()
