"""Figures of the pages on re-scoring, selection, printed counts and masks."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from causalex_book.publishing import style
from causalex_book.spotting.figures_spotting import (
    by_database,
    curve,
    intervals,
    legend,
    name_rows,
    values,
)

PROTOCOLS = {
    "each_truth": (style.ORANGE, "s"),
    "megc": (style.BLUE, "o"),
    "auw": (style.GREEN, "^"),
    "auw_2023": (style.PURPLE, "D"),
}
_CHOSEN_ON = {
    "chosen on the test subjects": (True, style.VERMILION, "D"),
    "chosen without the test subject": (False, style.BLUE, "o"),
}


def counting(scores: pd.DataFrame, systems: Sequence[tuple[str, str]]) -> Figure:
    """Overall F1 of the same detections under every protocol and table of truths.

    Scores are ``system, database, truths, protocol, kind, f1, low, high``; a panel is a pair of
    system and database.
    """
    overall = scores[scores["kind"] == "overall"]
    parts = [
        overall[(overall["system"] == name) & (overall["database"] == database)]
        for name, database in systems
    ]
    with _stacked([part["truths"].nunique() for part in parts], 0.42) as (drawn, axes):
        for axis, (name, database), part in zip(axes, systems, parts, strict=True):
            tables = values(part, "truths")
            for step, (protocol, rows) in enumerate(part.groupby("protocol", sort=False)):
                y = [tables.index(table) + (step - 1.5) * 0.19 for table in rows["truths"]]
                colour, marker = PROTOCOLS[str(protocol)]
                intervals(axis, rows, y, colour, marker, width=1.2, label=str(protocol))
            name_rows(axis, tables, margin=0.45)
            axis.set_title(style.readable(f"{name} on {database}"))
        axes[-1].set_xlabel("overall F1 (points) with 95 % interval over subjects (lines)")
    return drawn


@contextmanager
def _stacked(rows: Sequence[int], height: float) -> Iterator[tuple[Figure, Sequence[Axes]]]:
    """Panels below each other, as high as their rows, with the first panel's legend on top."""
    with style.figure(
        7.2,
        0.9 + height * sum(rows) + 0.5 * len(rows),
        nrows=len(rows),
        squeeze=False,
        gridspec_kw={"height_ratios": rows},
    ) as (drawn, axes):
        yield drawn, axes[:, 0]
        legend(drawn, axes[0, 0])


def rules(table: pd.DataFrame, panels: Sequence[str]) -> Figure:
    """F1 by who chooses, a row per rule and a panel per group: ``panel, rule, f1, low, high``."""
    with _stacked([int((table["panel"] == panel).sum()) for panel in panels], 0.3) as (drawn, axes):
        for axis, panel in zip(axes, panels, strict=True):
            part = table[table["panel"] == panel].reset_index(drop=True)
            on_test = part["rule"].str.startswith(("best", "as printed"))
            for label, (chosen_on_test, colour, marker) in _CHOSEN_ON.items():
                rows = part[on_test == chosen_on_test]
                intervals(axis, rows, rows.index, colour, marker, label=label)
            name_rows(axis, list(part["rule"]), margin=0.4)
            axis.set_title(style.readable(panel))
        axes[-1].set_xlabel("F1 with 95 % interval over subjects")
    return drawn


def epochs(table: pd.DataFrame, printed_epoch: int) -> go.Figure:
    """Pooled F1 after each epoch, with the epoch that was printed marked.

    Columns are ``protocol, epoch, tp, n_pred, f1, low, high``.
    """
    drawn = go.Figure(layout=style.plotly_layout())
    for protocol, rows in table.groupby("protocol", sort=False):
        colour, _ = PROTOCOLS[str(protocol)]
        style.plotly_band(drawn, rows["epoch"], rows["low"], rows["high"], colour)
        drawn.add_scatter(
            x=rows["epoch"],
            y=rows["f1"],
            name=str(protocol),
            mode="lines+markers",
            line={"color": colour, "width": 2},
            customdata=rows[["tp", "n_pred"]],
            hovertemplate=(
                "epoch %{x}: F1 %{y:.3f}<br>%{customdata[0]} of %{customdata[1]} detections right"
            ),
        )
    drawn.add_vline(x=printed_epoch, line={"color": style.INK, "dash": "dot", "width": 1})
    drawn.add_annotation(
        x=printed_epoch, y=0.04, yref="y", text="printed", showarrow=False, xanchor="right"
    )
    drawn.update_xaxes(title="epoch (file number)")
    drawn.update_yaxes(title="pooled F1", rangemode="tozero")
    return drawn


def thresholds(table: pd.DataFrame) -> go.Figure:
    """F1 of MDMD at each of its 99 thresholds, from columns ``database, kind, p, f1``."""
    drawn = go.Figure(layout=style.plotly_layout())
    for (database, kind), rows in table.groupby(["database", "kind"], sort=False):
        dash = "solid" if database == "CAS(ME)^2" else "dash"
        drawn.add_scatter(
            x=rows["p"],
            y=rows["f1"],
            name=style.readable(f"{database}, {kind}"),
            mode="lines",
            line={"color": style.KIND_COLOURS[str(kind)], "dash": dash, "width": 2},
            hovertemplate="p = %{x}: F1 %{y:.3f}",
        )
    drawn.update_xaxes(title="threshold p (%)")
    drawn.update_yaxes(title="pooled F1", rangemode="tozero")
    return drawn


def differences(table: pd.DataFrame) -> Figure:
    """Differences of printed F1 scores, and what chance gives two independent runs.

    Columns are ``label, f1_gain, low, high``.
    """
    with style.figure(7.2, 0.9 + 0.42 * len(table)) as (drawn, axis):
        y = np.arange(len(table))
        axis.axvline(0, color=style.INK, lw=1)
        axis.hlines(y, table["low"], table["high"], color=style.SKY, lw=5)
        axis.plot(table["f1_gain"], y, "D", color=style.VERMILION, ms=6)
        name_rows(axis, [style.readable(label) for label in table["label"]])
        axis.grid(axis="y", visible=False)
        axis.set_xlabel("difference of overall F1 (point) and its 95 % range by chance (bar)")
    return drawn


def training(table: pd.DataFrame) -> Figure:
    """F1 and its range over seeds after every epoch: ``database, kind, epoch, f1, low, high``."""
    with by_database(table, 7.2, 3.0) as (drawn, panels):
        for axis, _, part in panels:
            for kind, rows in part.groupby("kind", sort=False):
                curve(axis, rows, style.KIND_COLOURS[str(kind)], str(kind), 0.2)
            axis.set_xlabel("epoch")
        panels[0][0].set_ylabel("F1 (range over seeds shaded)")
    return drawn
