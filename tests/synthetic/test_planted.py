"""What detectors make of the planted bias."""

import pandas as pd
import pytest

from causalex_synthetic import dataset, planted

GROUPS = {"tied": ["a"], "free": ["b"]}
EVENTS = pd.DataFrame(
    [
        ("a", "a_1", 10.0, 20.0, "micro", "4+7"),
        ("a", "a_1", 50.0, 60.0, "micro", "12"),
        ("b", "b_1", 10.0, 20.0, "micro", "14"),
        ("b", "b_1", 10.0, 60.0, "macro", "4"),
    ],
    columns=["subject", "video", "onset", "offset", "kind", "action_units"],
)
FOUND = EVENTS.iloc[[0, 2]].assign(score=1.0)
WRONG = FOUND.assign(onset=100.0, offset=110.0)


def test_events_are_counted_by_unit_and_people():
    rows = pd.DataFrame(planted.detected(EVENTS, [FOUND, WRONG], GROUPS))
    by = rows.set_index(["people", "unit"])
    assert by["number"].to_dict() == {
        ("tied", "with"): 1,
        ("tied", "without"): 1,
        ("free", "with"): 0,
        ("free", "without"): 1,
    }
    assert by["detected"].tolist() == [0.5, 0.0, 0.0, 0.5]


def test_false_alarms_are_those_of_the_group():
    alarms = planted.false_alarms(EVENTS, [pd.concat([FOUND, WRONG.iloc[:1]]), FOUND], GROUPS)
    assert alarms == {"tied": 0.5, "free": 0.0}


@pytest.fixture(scope="module")
def drawn():
    return dataset.draw()


def test_everybody_is_tied_or_free(drawn):
    groups = planted.people(drawn)
    assert sorted(groups["tied"] + groups["free"]) == [person.subject for person in drawn.people]
    assert len(groups["tied"]) == len(groups["free"]) == 11


def test_distractors_are_in_the_table_as_often_as_they_were_drawn(drawn):
    distractors = planted.distractors(drawn)
    shares = distractors["kind"].value_counts() / drawn.expressions["kind"].value_counts()
    most = drawn.config.distractors
    assert ((shares > 0.9 * most) & (shares <= most)).all()
    assert (distractors["offset"] > distractors["onset"]).all()
