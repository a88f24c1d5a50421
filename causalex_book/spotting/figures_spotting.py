"""Figures of the pages on graphs and on debiasing."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from causalex_book.publishing import style

_CHOSEN = {
    "nested": (style.INK, "s", "inner models choose"),
    "cross_fold": (style.BLUE, "o", "other subjects choose"),
    "test_tuned": (style.VERMILION, "D", "test subjects choose"),
}
_LINES = (":", "--")
_PEOPLE = {"tied": style.VERMILION, "free": style.BLUE}


def variants(scores: pd.DataFrame, baselines: pd.DataFrame) -> Figure:
    """F1 of every variant of the graph, a row of panels per database and a panel per kind.

    Parameters
    ----------
    scores
        Rows of one rule: ``database, variant, kind, f1, low, high``.
    baselines
        F1 of detectors without a model: ``database, detector, kind, f1``.
    """
    databases, kinds = _values(scores, "database"), _values(scores, "kind")
    names = _values(scores, "variant")
    heights = [scores.loc[scores["database"] == name, "variant"].nunique() for name in databases]
    with style.figure(
        7.6,
        0.8 + 0.29 * sum(heights) + 0.5 * len(databases),
        nrows=len(databases),
        ncols=len(kinds),
        squeeze=False,
        sharex="col",
        gridspec_kw={"height_ratios": heights},
    ) as (drawn, axes):
        for row, database in zip(axes, databases, strict=True):
            for axis, kind in zip(row, kinds, strict=True):
                part = scores.query("database == @database and kind == @kind")
                levels = baselines.query("database == @database and kind == @kind")
                for line, level in zip(_LINES, levels.itertuples(), strict=False):
                    axis.axvline(level.f1, color=style.INK, lw=1, ls=line, label=level.detector)
                own = [name for name in names if name in set(part["variant"])]
                _dots(axis, part, part["variant"].map(own.index), style.KIND_COLOURS[kind])
                axis.set_yticks(range(len(own)), own if kind == kinds[0] else [])
                axis.set_ylim(len(own) - 0.5, -0.5)
                axis.set_title(kind)
            row[0].set_title(f"{style.readable(database)}\n{kinds[0]}")
        for axis in axes[-1]:
            axis.set_xlabel("F1")
        handles, labels = axes[0, 0].get_legend_handles_labels()
        drawn.legend(handles, labels, loc="outside upper right", ncols=len(labels))
    return drawn


def gains(debiasing: pd.DataFrame) -> Figure:
    """What counterfactuals add to F1, a panel per database, a mark per way to choose lambda.

    Parameters
    ----------
    debiasing
        Rows of one kind: ``database, counterfactual, chosen, gain, gain_low, gain_high``.
    """
    databases, names = _values(debiasing, "database"), _values(debiasing, "counterfactual")
    with style.figure(
        7.6, 0.9 + 0.42 * len(names), ncols=len(databases), sharey=True, squeeze=False
    ) as (drawn, axes):
        for axis, database in zip(axes[0], databases, strict=True):
            axis.axvline(0, color=style.INK, lw=1)
            part = debiasing[debiasing["database"] == database]
            for step, (chosen, (colour, marker, label)) in enumerate(_CHOSEN.items()):
                rows = part[part["chosen"] == chosen]
                y = rows["counterfactual"].map(names.index) + 0.2 * (step - 1)
                axis.hlines(y, rows["gain_low"], rows["gain_high"], color=colour, lw=1.4)
                axis.plot(rows["gain"], y, marker, color=colour, ms=5, label=label)
            axis.set_yticks(range(len(names)), names)
            axis.set_ylim(len(names) - 0.5, -0.5)
            axis.set_title(style.readable(database))
            axis.set_xlabel("gain in F1")
            axis.xaxis.set_major_locator(MaxNLocator(4))
            axis.grid(axis="y", visible=False)
        handles, labels = axes[0, 0].get_legend_handles_labels()
        drawn.legend(handles, labels, loc="outside upper left", ncols=len(labels))
    return drawn


def training(epochs: pd.DataFrame) -> Figure:
    """F1 after every epoch: a line per variant, a panel per database and kind.

    Parameters
    ----------
    epochs
        Columns ``database, variant, kind, epoch, f1, low, high``; the range is that over seeds.
    """
    databases, kinds = _values(epochs, "database"), _values(epochs, "kind")
    names = _values(epochs, "variant")
    with style.figure(
        7.6, 0.6 + 2.5 * len(databases), nrows=len(databases), ncols=len(kinds), squeeze=False
    ) as (drawn, axes):
        for row, database in zip(axes, databases, strict=True):
            for axis, kind in zip(row, kinds, strict=True):
                part = epochs.query("database == @database and kind == @kind")
                for variant, rows in part.groupby("variant", sort=False):
                    colour = style.PALETTE[names.index(str(variant))]
                    axis.fill_between(
                        rows["epoch"], rows["low"], rows["high"], color=colour, alpha=0.12, lw=0
                    )
                    marker = {"marker": "o", "ms": 4} if len(rows) == 1 else {}
                    axis.plot(rows["epoch"], rows["f1"], color=colour, label=variant, **marker)
                axis.set_title(style.readable(f"{database}, {kind}"))
                axis.set_ylim(bottom=0)
            row[0].set_ylabel("F1")
        for axis in axes[-1]:
            axis.set_xlabel("epoch")
            axis.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        handles, labels = axes[0, 0].get_legend_handles_labels()
        drawn.legend(handles, labels, loc="outside upper left", ncols=4)
    return drawn


def planted(bias: pd.DataFrame) -> Figure:
    """How often events with and without the tied unit are detected as micro-expressions.

    Parameters
    ----------
    bias
        Rows of one database and form: ``counterfactual, people, event, unit, detected, number``.
    """
    names, events = _values(bias, "counterfactual"), _values(bias, "event")
    titles = {"expression": "micro-expressions (recall)", "fidget": "movements that are none"}
    with style.figure(7.6, 0.9 + 0.4 * len(names), ncols=len(events), sharey=True) as (drawn, axes):
        for axis, event in zip(axes, events, strict=True):
            part = bias[bias["event"] == event]
            for step, ((people, unit), rows) in enumerate(part.groupby(["people", "unit"])):
                y = rows["counterfactual"].map(names.index) + 0.16 * (step - 1.5)
                colour = _PEOPLE[str(people)]
                axis.plot(
                    rows["detected"] / rows["number"],
                    y,
                    "o",
                    color=colour,
                    mfc=colour if unit == "with" else style.PAPER,
                    label=f"{people}, {unit} AU4",
                )
            axis.set_yticks(range(len(names)), names)
            axis.set_ylim(len(names) - 0.5, -0.5)
            axis.set_xlim(-0.02, max(0.1, axis.get_xlim()[1]))
            axis.set_title(titles[event])
            axis.set_xlabel("share detected as micro")
        handles, labels = axes[0].get_legend_handles_labels()
        drawn.legend(handles, labels, loc="outside upper left", ncols=len(labels))
    return drawn


def rates(table: pd.DataFrame) -> Figure:
    """True and false positive rate per frame of each system: Fig. 4 of Causal-Ex.

    Parameters
    ----------
    table
        ``database, system, kind, tpr, fpr``, the rates with ``_low`` and ``_high``. Two rows of
        panels for each database.
    """
    kinds, names = _values(table, "kind"), _values(table, "system")
    titles = {"tpr": "true positive rate", "fpr": "false positive rate"}
    panels = [(database, rate) for database in _values(table, "database") for rate in titles]
    with style.figure(
        7.6,
        0.4 + len(panels) * (0.6 + 0.22 * len(names)),
        nrows=len(panels),
        ncols=len(kinds),
        sharey=True,
        sharex="row",
        squeeze=False,
    ) as (drawn, axes):
        for row, (database, rate) in zip(axes, panels, strict=True):
            for axis, kind in zip(row, kinds, strict=True):
                part = table[(table["kind"] == kind) & (table["database"] == database)]
                renamed = part[["system"]].assign(
                    f1=part[rate], low=part[f"{rate}_low"], high=part[f"{rate}_high"]
                )
                _dots(axis, renamed, part["system"].map(names.index), style.KIND_COLOURS[kind])
                axis.set_yticks(range(len(names)), names)
                axis.set_ylim(len(names) - 0.5, -0.5)
                axis.set_title(f"{style.readable(database)}, {kind}" if rate == "tpr" else "")
                axis.set_xlabel(titles[rate])
            row[0].set_xlim(left=0)  # of the whole row, once everything in it is drawn
    return drawn


def _values(table: pd.DataFrame, column: str) -> list[str]:
    return [str(value) for value in table[column].drop_duplicates()]


def _dots(
    axis: Axes,
    rows: pd.DataFrame,
    y: Sequence[float] | pd.Series | np.ndarray,
    colour: str,
) -> None:
    """Estimates with their intervals."""
    axis.hlines(y, rows["low"], rows["high"], color=colour, lw=1.4)
    axis.plot(rows["f1"], y, "o", color=colour, ms=5)
    axis.grid(axis="y", visible=False)
