"""Figures of spotting show every row they are given."""

from itertools import product

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from causalex_core.report import figures_spotting

DATABASES, KINDS = ("like CAS(ME)^2", "like SAMM-LV"), ("macro", "micro", "overall")


def rows(**values):
    """Every combination, with an F1, a gain and their intervals."""
    table = pd.DataFrame(product(*values.values()), columns=list(values))
    table["f1"] = [0.2 + 0.01 * place for place in range(len(table))]
    table["gain"] = table["f1"] - 0.3
    for name, value in (("", "f1"), ("gain_", "gain")):
        table[f"{name}low"], table[f"{name}high"] = table[value] - 0.1, table[value] + 0.1
    return table


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def dots(axis):
    return [
        line
        for line in axis.get_lines()
        if line.get_marker() not in ("None", "") and len(line.get_xdata())
    ]


def test_each_database_shows_its_own_variants():
    scores = rows(database=DATABASES, variant=("none", "paper", "random"), kind=KINDS)
    scores = scores[(scores["database"] == DATABASES[0]) | (scores["variant"] != "random")]
    drawn = figures_spotting.variants(
        scores, rows(database=DATABASES, detector=("peaks", "MDMD"), kind=KINDS)
    )
    assert len(drawn.axes) == 6
    assert [label.get_text() for label in drawn.axes[3].get_yticklabels()] == ["none", "paper"]
    shown = dots(drawn.axes[2])[0].get_xdata()
    assert list(shown) == list(
        scores.query("database == @DATABASES[0] and kind == 'overall'")["f1"]
    )


def test_gains_chosen_on_the_test_are_hollow():
    table = rows(
        counterfactual=("null frames", "keep E_f"),
        form=("probabilities", "logits"),
        chosen=("cross_fold", "test_tuned"),
        kind=KINDS,
    )
    drawn = figures_spotting.gains(table)
    filled = [line.get_markerfacecolor() != "#FFFFFF" for line in dots(drawn.axes[1])]
    assert sorted(filled) == [False, False, True, True]


@pytest.mark.parametrize("epochs", [1, 3])
def test_a_line_for_each_variant(epochs):
    table = rows(database=DATABASES, variant=("none", "paper"), kind=KINDS[:2], epoch=range(epochs))
    drawn = figures_spotting.training(table)
    assert all(len(axis.get_lines()) == 2 for axis in drawn.axes)


def test_a_mark_for_people_with_and_without_the_unit():
    table = rows(
        counterfactual=("none", "null frames"),
        people=("tied", "free"),
        event=("expression", "fidget"),
        unit=("with", "without"),
    ).assign(detected=2.0, number=8)
    drawn = figures_spotting.planted(table)
    assert [len(dots(axis)) for axis in drawn.axes] == [4, 4]
    assert dots(drawn.axes[0])[0].get_xdata()[0] == 0.25


def test_both_rates_of_each_system():
    table = rows(system=[f"s{n}" for n in range(5)], kind=KINDS[:2])
    for rate, value in (("tpr", 0.5), ("fpr", 0.1)):
        table = table.assign(
            **{rate: value, f"{rate}_low": value - 0.05, f"{rate}_high": value + 0.05}
        )
    drawn = figures_spotting.rates(table)
    assert [list(dots(axis)[0].get_xdata()) for axis in drawn.axes] == [
        *([[0.5] * 5] * 2),
        *([[0.1] * 5] * 2),
    ]
