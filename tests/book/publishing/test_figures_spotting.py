"""Figures of spotting show every row they are given."""

from itertools import product

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from causalex_book.spotting import figures_spotting

DATABASES, KINDS = ("like CAS(ME)^2", "like SAMM-LV"), ("macro", "micro", "overall")


def rows(**values):
    """Every combination, with an F1, a gain and their intervals."""
    table = pd.DataFrame(product(*values.values()), columns=list(values))
    table["f1"] = [0.2 + 0.01 * index for index in range(len(table))]
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


def test_gains_of_each_database_by_who_chooses():
    table = rows(
        database=DATABASES,
        counterfactual=("null frames", "noise"),
        chosen=("nested", "cross_fold", "test_tuned"),
    )
    table = table.query("chosen != 'nested' or counterfactual != 'noise'")
    drawn = figures_spotting.gains(table)
    for index, axis in enumerate(drawn.axes):
        shown = {line.get_label(): list(line.get_xdata()) for line in dots(axis)}
        of_database = table[table["database"] == DATABASES[index]]
        assert shown == {
            "inner models choose": list(of_database.query("chosen == 'nested'")["gain"]),
            "other subjects choose": list(of_database.query("chosen == 'cross_fold'")["gain"]),
            "test subjects choose": list(of_database.query("chosen == 'test_tuned'")["gain"]),
        }


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


def test_both_rates_of_each_system_and_database():
    table = rows(database=DATABASES, system=[f"s{n}" for n in range(5)], kind=KINDS[:2])
    second = table["database"] == DATABASES[1]
    for rate, value in (("tpr", 0.5), ("fpr", 0.1)):
        values = value + 0.2 * second
        table = table.assign(
            **{rate: values, f"{rate}_low": values - 0.05, f"{rate}_high": values + 0.05}
        )
    drawn = figures_spotting.rates(table)
    shown = [list(dots(axis)[0].get_xdata()) for axis in drawn.axes]
    assert shown == [[value] * 5 for value in (0.5, 0.5, 0.1, 0.1, 0.7, 0.7, 0.1 + 0.2, 0.1 + 0.2)]
