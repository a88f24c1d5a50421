"""Figures of the published setting show every row they are given."""

from itertools import product

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from causalex_book.spotting import figures_published
from causalex_core.evaluation.operating_points import CROSS, EPOCH, LAST

DATABASES, NAMES = ("CAS(ME)^2", "SAMM-LV"), ("AUW-GCN", "Causal-Ex", "no graph")


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def test_every_network_has_a_mark_per_rule_and_print_where_it_is_known():
    scores = pd.DataFrame(
        product(DATABASES, NAMES, (EPOCH, CROSS, LAST)), columns=["database", "variant", "rule"]
    )
    scores["f1"] = [0.2 + 0.01 * index for index in range(len(scores))]
    scores = scores.assign(low=scores["f1"] - 0.1, high=scores["f1"] + 0.1)
    printed = {(name, "AUW-GCN"): 0.38 for name in DATABASES} | {(DATABASES[0], "Causal-Ex"): 0.39}
    drawn = figures_published.printed_and_rules(scores, printed)
    assert [axis.get_title(loc="left") for axis in drawn.axes] == ["CAS(ME)²", "SAMM-LV"]
    for axis, database in zip(drawn.axes, DATABASES, strict=True):
        lines = {line.get_label(): line for line in axis.get_lines()}
        for rule in (EPOCH, CROSS, LAST):
            rows = scores[(scores["database"] == database) & (scores["rule"] == rule)]
            assert list(lines[rule].get_xdata()) == rows["f1"].tolist()
        known = [value for (index, _), value in printed.items() if index == database]
        assert list(lines["printed"].get_xdata()) == known
    assert [label.get_text() for label in drawn.axes[0].get_yticklabels()] == list(NAMES)
    (legend,) = drawn.legends
    assert [text.get_text() for text in legend.get_texts()] == [EPOCH, CROSS, LAST, "printed"]


def test_curves_of_epochs_and_of_draws_are_those_of_the_tables():
    by_epoch = pd.DataFrame(product(DATABASES, NAMES, range(16, 20)),
                            columns=["database", "variant", "epoch"])  # fmt: skip
    draws = pd.DataFrame(product(DATABASES, NAMES, (1, 2, 5)),
                         columns=["database", "variant", "epochs"])  # fmt: skip
    for table in (by_epoch, draws):
        table["f1"] = [0.2 + 0.01 * index for index in range(len(table))]
    drawn = figures_published.epochs(by_epoch, draws)
    assert len(drawn.axes) == 4
    for row, database in enumerate(DATABASES):
        for axis, table in zip(drawn.axes[2 * row : 2 * row + 2], (by_epoch, draws), strict=True):
            for line in axis.get_lines():
                rows = table[(table["database"] == database)]
                rows = rows[rows["variant"] == line.get_label()]
                assert list(line.get_ydata()) == rows["f1"].tolist()
            assert len(axis.get_lines()) == len(NAMES)
    ticks = [label.get_text() for label in drawn.axes[1].get_xticklabels()]
    assert ticks == ["1", "2", "5"]
