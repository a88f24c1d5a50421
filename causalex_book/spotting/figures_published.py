"""Figures of the page on the published setting."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from causalex_book.publishing import style

_RULES = {
    "best epoch per subject": (style.VERMILION, "D"),
    "cross_fold": (style.BLUE, "o"),
    "last epoch": (style.SKY, "s"),
}


def printed_and_rules(scores: pd.DataFrame, printed: Mapping[tuple[str, str], float]) -> Figure:
    """Overall F1 of every network under every rule, beside the printed value.

    Parameters
    ----------
    scores
        Rows of one way of counting and one kind: ``database, variant, rule, f1, low, high``.
    printed
        Printed F1 by database and network.
    """
    databases = list(scores["database"].drop_duplicates())
    names = list(scores["variant"].drop_duplicates())
    with style.figure(
        7.4, 1.1 + 0.42 * len(names), ncols=len(databases), sharey=True, squeeze=False
    ) as (drawn, axes):
        for axis, database in zip(axes[0], databases, strict=True):
            part = scores[scores["database"] == database]
            for step, (rule, (colour, marker)) in enumerate(_RULES.items()):
                rows = part[part["rule"] == rule]
                y = rows["variant"].map(names.index) + 0.2 * (step - 1)
                axis.hlines(y, rows["low"], rows["high"], color=colour, lw=1.3)
                axis.plot(rows["f1"], y, marker, color=colour, ms=5, label=rule)
            known = [(printed.get((database, name)), names.index(name)) for name in names]
            marks = [(value, place) for value, place in known if value is not None]
            axis.plot(
                [value for value, _ in marks],
                [place - 0.2 for _, place in marks],
                "x",
                color=style.INK,
                ms=7,
                mew=1.8,
                label="printed",
            )
            axis.set_yticks(range(len(names)), names)
            axis.set_ylim(len(names) - 0.5, -0.5)
            axis.set_title(style.readable(database))
            axis.set_xlabel("overall F1, 95 % interval over subjects")
            axis.grid(axis="y", visible=False)
        handles, labels = axes[0, 0].get_legend_handles_labels()
        drawn.legend(handles, labels, loc="outside upper left", ncols=len(labels))
    return drawn


def epochs(by_epoch: pd.DataFrame, draws: pd.DataFrame) -> Figure:
    """F1 after each epoch, and where each subject takes the best of a few, by database.

    Parameters
    ----------
    by_epoch
        Overall rows of one way of counting: ``database, variant, epoch, f1``.
    draws
        Of the same: ``database, variant, epochs, f1``.
    """
    databases = list(by_epoch["database"].drop_duplicates())
    names = list(by_epoch["variant"].drop_duplicates())
    with style.figure(7.4, 2.6 * len(databases), nrows=len(databases), ncols=2, squeeze=False,
                      sharey="row") as (drawn, axes):  # fmt: skip
        for row, database in zip(axes, databases, strict=True):
            for colour, name in zip(style.PALETTE, names, strict=False):
                for axis, table, column in (
                    (row[0], by_epoch, "epoch"),
                    (row[1], draws, "epochs"),
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
        handles, labels = axes[0, 0].get_legend_handles_labels()
        drawn.legend(handles, labels, loc="outside upper left", ncols=len(labels))
    return drawn
