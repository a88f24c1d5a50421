"""Figures of the page on the published setting."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from causalex_book.publishing import style
from causalex_book.spotting.figures_spotting import (
    by_database,
    intervals,
    legend,
    name_rows,
    values,
)

_RULES = {
    "best epoch per subject": (style.VERMILION, "D"),
    "cross_fold": (style.BLUE, "o"),
    "last epoch": (style.SKY, "s"),
}
_PRINTED: Mapping[str, Any] = {"color": style.INK, "ms": 7, "mew": 1.8, "label": "printed"}


def printed_and_rules(scores: pd.DataFrame, printed: Mapping[tuple[str, str], float]) -> Figure:
    """Overall F1 of every network under every rule, and the printed value by database and network.

    Scores are of one way of counting and one kind: ``database, variant, rule, f1, low, high``.
    """
    names = values(scores, "variant")
    with by_database(scores, 7.4, 1.1 + 0.42 * len(names)) as (drawn, panels):
        for axis, database, part in panels:
            for step, (rule, (colour, marker)) in enumerate(_RULES.items()):
                rows = part[part["rule"] == rule]
                y = rows["variant"].map(names.index) + 0.2 * (step - 1)
                intervals(axis, rows, y, colour, marker, width=1.3, label=rule)
            known = [name for name in names if (database, name) in printed]
            f1 = [printed[database, name] for name in known]
            axis.plot(f1, [names.index(name) - 0.2 for name in known], "x", **_PRINTED)
            name_rows(axis, names)
            axis.set_xlabel("overall F1, 95 % interval over subjects")
    return drawn


def epochs(by_epoch: pd.DataFrame, draws: pd.DataFrame) -> Figure:
    """F1 after each epoch, and where each subject takes the best of a few, by database.

    Both are of one way of counting: ``database, variant, epoch, f1`` overall, and
    ``database, variant, epochs, f1``.
    """
    databases, names = values(by_epoch, "database"), values(by_epoch, "variant")
    with style.figure(7.4, 2.6 * len(databases), nrows=len(databases), ncols=2, squeeze=False,
                      sharey="row") as (drawn, axes):  # fmt: skip
        for row, database in zip(axes, databases, strict=True):
            for colour, name in zip(style.PALETTE, names, strict=False):
                for axis, table, column in zip(
                    row, (by_epoch, draws), ("epoch", "epochs"), strict=True
                ):
                    part = table[(table["database"] == database) & (table["variant"] == name)]
                    axis.plot(part[column], part["f1"], color=colour, lw=1.5, label=name)
            row[0].set_title(f"{style.readable(database)}: one epoch for all")
            row[1].set_title("each subject its best of n epochs")
            row[0].set_ylabel("overall F1")
            row[1].set_xscale("log")
            ticks = sorted(set(draws["epochs"]))
            row[1].set_xticks(ticks, [str(tick) for tick in ticks])
            row[1].minorticks_off()
        axes[-1, 0].set_xlabel("epoch")
        axes[-1, 1].set_xlabel("epochs drawn for each subject, n")
        legend(drawn, axes[0, 0])
    return drawn
