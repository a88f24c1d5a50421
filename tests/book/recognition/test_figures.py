"""Figures of emotions from real maps show every row they are given."""

from itertools import product

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from causalex_book.recognition import emotion_probes, emotions, full_network

SCOPES = ("composite", "SAMM")
RULES = ("last_epoch", "cross_fold", "test_selected")


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def markers(axis):
    """Label of each set of dots, and where they are."""
    return {
        line.get_label(): list(zip(line.get_xdata(), line.get_ydata(), strict=True))
        for line in axis.get_lines()
        if line.get_marker() not in ("None", "")
    }


def test_every_score_stands_in_the_row_of_its_system():
    places = [*product(["plain"], ["nothing to choose"]), *product(["net", "wide net"], RULES)]
    rows = [(*place, scope) for scope in SCOPES for place in places]
    scores = pd.DataFrame(rows, columns=["system", "rule", "scope"])
    scores["value"] = [0.01 * (place + 1) for place in range(len(scores))]
    scores = scores.assign(low=scores["value"] - 0.1, high=scores["value"] + 0.1)
    printed = pd.DataFrame({"method": ["A", "A"], "scope": SCOPES, "value": [0.8, 0.9]})
    drawn = emotions.dots(scores, printed)
    assert [axis.get_title(loc="left") for axis in drawn.axes] == list(SCOPES)
    labels = [label.get_text() for label in drawn.axes[0].get_yticklabels()]
    assert labels == ["A, printed", "plain", "net", "wide net"]
    shown = markers(drawn.axes[1])
    assert shown["as printed"] == [(0.9, 0)]
    assert shown["nothing to choose"] == [(pytest.approx(0.08), 1)]
    (x, y), (_, below) = shown["test_selected"]
    assert x == pytest.approx(0.11)
    assert round(y) == 2 and round(below) == 3


def test_both_trainings_and_their_agreement_are_drawn():
    table = pd.DataFrame(
        {"epoch": [1, 2], "float32": [1.0, 0.5], "bfloat16": [1.1, 0.4], "agreement": [0.9, 1.0]}
    )
    loss, same = full_network.rounding_figure(table).axes
    drawn = {line.get_label(): list(line.get_ydata()) for line in loss.lines}
    assert drawn == {"float32": [1.0, 0.5], "bfloat16": [1.1, 0.4]}
    assert list(same.lines[0].get_ydata()) == [90.0, 100.0]
    assert same.get_ylim()[1] > 100


def test_curves_of_a_network_go_no_further_than_its_training():
    epochs = pd.DataFrame(
        [(name, n, rule, 0.1 * n) for name, last in (("a", 3), ("b", 5))
         for n in range(1, last + 1) for rule in RULES],
        columns=["system", "epochs", "rule", "uf1"],
    )  # fmt: skip
    floor = pd.DataFrame({"epochs": [1, 2, 5, 9], "uf1": [0.3, 0.4, 0.5, 0.6]})
    floor = floor.assign(low=floor["uf1"] - 0.1, high=floor["uf1"] + 0.1)
    first, second = emotions.curves(epochs, floor).axes
    assert [line.get_label() for line in first.lines] == ["guesses, test_selected", *RULES]
    assert list(first.lines[0].get_xdata()) == [1, 2]
    assert list(second.lines[0].get_xdata()) == [1, 2, 5]
    assert list(second.lines[3].get_ydata()) == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5])


def test_people_and_guesses_stand_in_their_rows():
    table = pd.DataFrame(
        {"scope": SCOPES, "people": [9, 4], "accuracy": [0.6, 0.7], "low": [0.5, 0.6],
         "high": [0.7, 0.8], "balanced_guess": [0.1, 0.25], "frequent_guess": [0.2, 0.3],
         "emotion_guess": [0.15, 0.28]}
    )  # fmt: skip
    (axis,) = emotion_probes.people_figure(table).axes
    shown = markers(axis)
    assert shown["from the maps"] == [(0.6, 0), (0.7, 1)]
    assert shown["uniform guess"] == [(0.1, 0), (0.25, 1)]
    assert len(shown) == 4
    assert axis.get_yticklabels()[1].get_text() == "SAMM\n(4 people)"


def test_chance_is_drawn_where_it_was_read():
    table = pd.DataFrame(
        {"permuted": list(emotion_probes.PERMUTED_COLOURS), "from": [0.3, 0.4],
         "to": [0.31, 0.41], "share": [1.0, 1.0]}
    )  # fmt: skip
    (axis,) = emotion_probes.chance_figure(table, {"true labels": 0.75}).axes
    assert [(bar.get_x(), bar.get_height()) for bar in axis.patches] == [(0.3, 100), (0.4, 100)]
    assert list(axis.lines[0].get_xdata()) == [0.75, 0.75]
