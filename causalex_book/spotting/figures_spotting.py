"""Figures of the pages on graphs and on debiasing, and what all figures of spotting share."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

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


def values(table: pd.DataFrame, column: str) -> list[str]:
    """Distinct values of a column, in their order."""
    return [str(value) for value in table[column].drop_duplicates()]


def intervals(
    axis: Axes,
    rows: pd.DataFrame,
    y: Sequence[float] | pd.Series | pd.Index | np.ndarray,
    colour: str,
    marker: str = "o",
    *,
    value: str = "f1",
    ends: tuple[str, str] = ("low", "high"),
    width: float = 1.4,
    label: str | None = None,
) -> None:
    """Estimates with their intervals, a row each."""
    axis.hlines(y, rows[ends[0]], rows[ends[1]], color=colour, lw=width)
    axis.plot(rows[value], y, marker, color=colour, ms=5, label=label)
    axis.grid(axis="y", visible=False)


def name_rows(axis: Axes, names: Sequence[str], shown: bool = True, margin: float = 0.5) -> None:
    """Name the rows of an axis, from top to bottom."""
    axis.set_yticks(range(len(names)), names if shown else [])
    axis.set_ylim(len(names) - margin, margin - 1)


def legend(
    drawn: Figure, axis: Axes, side: Literal["left", "right"] = "left", columns: int | None = None
) -> None:
    """Legend of one axis on top of the figure."""
    handles, labels = axis.get_legend_handles_labels()
    where: Any = f"outside upper {side}"
    drawn.legend(handles, labels, loc=where, ncols=columns or len(labels))


@contextmanager
def by_database(
    table: pd.DataFrame, width: float, height: float
) -> Iterator[tuple[Figure, list[tuple[Axes, str, pd.DataFrame]]]]:
    """A panel beside each other for every database, with its rows; the first has the legend."""
    names = values(table, "database")
    with style.figure(width, height, ncols=len(names), sharey=True, squeeze=False) as (drawn, axes):
        panels = [
            (axis, name, table[table["database"] == name])
            for axis, name in zip(axes[0], names, strict=True)
        ]
        yield drawn, panels
        for axis, name, _ in panels:
            axis.set_title(style.readable(name))
        legend(drawn, axes[0, 0])


def curve(
    axis: Axes, rows: pd.DataFrame, colour: str, label: str, alpha: float, **markers: Any
) -> None:
    """F1 by epoch, its range shaded."""
    axis.fill_between(rows["epoch"], rows["low"], rows["high"], color=colour, alpha=alpha, lw=0)
    axis.plot(rows["epoch"], rows["f1"], color=colour, label=label, **markers)


def variants(scores: pd.DataFrame, baselines: pd.DataFrame) -> Figure:
    """F1 of every variant of the graph, a row of panels per database and a panel per kind.

    Scores are of one rule: ``database, variant, kind, f1, low, high``; baselines are detectors
    without a model: ``database, detector, kind, f1``.
    """
    databases, kinds = values(scores, "database"), values(scores, "kind")
    names = values(scores, "variant")
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
                shown = [name for name in names if name in set(part["variant"])]
                y = part["variant"].map(shown.index)
                intervals(axis, part, y, style.KIND_COLOURS[kind])
                name_rows(axis, shown, kind == kinds[0])
                axis.set_title(kind)
            row[0].set_title(f"{style.readable(database)}\n{kinds[0]}")
        for axis in axes[-1]:
            axis.set_xlabel("F1")
        legend(drawn, axes[0, 0], "right")
    return drawn


def gains(debiasing: pd.DataFrame) -> Figure:
    """Gain in F1 of each counterfactual, a panel per database, a mark per way to choose lambda.

    Rows are of one kind: ``database, counterfactual, chosen, gain, gain_low, gain_high``.
    """
    names = values(debiasing, "counterfactual")
    with by_database(debiasing, 7.6, 0.9 + 0.42 * len(names)) as (drawn, panels):
        for axis, _, part in panels:
            axis.axvline(0, color=style.INK, lw=1)
            for step, (chosen, (colour, marker, label)) in enumerate(_CHOSEN.items()):
                rows = part[part["chosen"] == chosen]
                y = rows["counterfactual"].map(names.index) + 0.2 * (step - 1)
                ends = ("gain_low", "gain_high")
                intervals(axis, rows, y, colour, marker, value="gain", ends=ends, label=label)
            name_rows(axis, names)
            axis.set_xlabel("gain in F1")
            axis.xaxis.set_major_locator(MaxNLocator(4))
    return drawn


def training(epochs: pd.DataFrame) -> Figure:
    """F1 after every epoch: a line per variant, a panel per database and kind.

    Columns are ``database, variant, kind, epoch, f1, low, high``; the range is that over seeds.
    """
    databases, kinds = values(epochs, "database"), values(epochs, "kind")
    colours = dict(zip(values(epochs, "variant"), style.PALETTE, strict=False))
    with style.figure(
        7.6, 0.6 + 2.5 * len(databases), nrows=len(databases), ncols=len(kinds), squeeze=False
    ) as (drawn, axes):
        for row, database in zip(axes, databases, strict=True):
            for axis, kind in zip(row, kinds, strict=True):
                part = epochs.query("database == @database and kind == @kind")
                for variant, rows in part.groupby("variant", sort=False):
                    marker = {"marker": "o", "ms": 4} if len(rows) == 1 else {}
                    curve(axis, rows, colours[str(variant)], str(variant), 0.12, **marker)
                axis.set_title(style.readable(f"{database}, {kind}"))
                axis.set_ylim(bottom=0)
            row[0].set_ylabel("F1")
        for axis in axes[-1]:
            axis.set_xlabel("epoch")
            axis.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        legend(drawn, axes[0, 0], columns=4)
    return drawn


def planted(bias: pd.DataFrame) -> Figure:
    """How often events with and without the tied unit are detected as micro-expressions.

    Rows are of one database and form: ``counterfactual, people, event, unit, detected, number``.
    """
    names, events = values(bias, "counterfactual"), values(bias, "event")
    titles = {"expression": "micro-expressions (recall)", "fidget": "movements that are none"}
    with style.figure(7.6, 0.9 + 0.4 * len(names), ncols=len(events), sharey=True) as (drawn, axes):
        for axis, event in zip(axes, events, strict=True):
            part = bias[bias["event"] == event]
            for step, ((people, unit), rows) in enumerate(part.groupby(["people", "unit"])):
                colour = _PEOPLE[str(people)]
                axis.plot(
                    rows["detected"] / rows["number"],
                    rows["counterfactual"].map(names.index) + 0.16 * (step - 1.5),
                    "o",
                    color=colour,
                    mfc=colour if unit == "with" else style.PAPER,
                    label=f"{people}, {unit} AU4",
                )
            name_rows(axis, names)
            axis.set_xlim(-0.02, max(0.1, axis.get_xlim()[1]))
            axis.set_title(titles[event])
            axis.set_xlabel("share detected as micro")
        legend(drawn, axes[0])
    return drawn


def rates(table: pd.DataFrame) -> Figure:
    """True and false positive rate per frame of each system: Fig. 4 of Causal-Ex.

    Columns are ``database, system, kind, tpr, fpr``, the rates with ``_low`` and ``_high``.
    """
    kinds, names = values(table, "kind"), values(table, "system")
    titles = {"tpr": "true positive rate", "fpr": "false positive rate"}
    panels = [(database, rate) for database in values(table, "database") for rate in titles]
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
                y, ends = part["system"].map(names.index), (f"{rate}_low", f"{rate}_high")
                intervals(axis, part, y, style.KIND_COLOURS[kind], value=rate, ends=ends)
                name_rows(axis, names)
                axis.set_title(f"{style.readable(database)}, {kind}" if rate == "tpr" else "")
                axis.set_xlabel(titles[rate])
            row[0].set_xlim(left=0)  # of the whole row, once everything in it is drawn
    return drawn
