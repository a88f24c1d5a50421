"""Figures of the pages on re-scoring, selection and printed counts."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from causalex_book.publishing import style

PROTOCOL_COLOURS = {
    "each_truth": style.ORANGE,
    "megc": style.BLUE,
    "auw": style.GREEN,
    "auw_2023": style.PURPLE,
}
MARKERS = {"each_truth": "s", "megc": "o", "auw": "^", "auw_2023": "D"}


def counting(scores: pd.DataFrame, systems: Sequence[tuple[str, str]]) -> Figure:
    """Overall F1 of the same detections under every protocol and table of truths.

    Parameters
    ----------
    scores
        Rows of the re-scoring page: ``system, database, truths, protocol, kind, f1, low,
        high``.
    systems
        Panels, as pairs of system and database.
    """
    overall = scores[scores["kind"] == "overall"]
    parts = [
        overall[(overall["system"] == name) & (overall["database"] == database)]
        for name, database in systems
    ]
    heights = [part["truths"].nunique() for part in parts]
    with _stacked(heights, 0.42) as (drawn, axes):
        for axis, (name, database), part in zip(axes, systems, parts, strict=True):
            _dots(axis, part, f"{name} on {database}")
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
        handles, labels = axes[0, 0].get_legend_handles_labels()
        drawn.legend(handles, labels, loc="outside upper left", ncols=len(labels))


def _dots(axis: Axes, part: pd.DataFrame, title: str) -> None:
    tables = list(part["truths"].drop_duplicates())
    for place, (protocol, rows) in enumerate(part.groupby("protocol", sort=False)):
        y = [tables.index(table) + (place - 1.5) * 0.19 for table in rows["truths"]]
        colour = PROTOCOL_COLOURS[str(protocol)]
        axis.hlines(y, rows["low"], rows["high"], color=colour, lw=1.2)
        axis.plot(
            rows["f1"],
            y,
            MARKERS[str(protocol)],
            color=colour,
            ms=5,
            label=str(protocol),
        )
    axis.set_yticks(range(len(tables)), tables)
    axis.set_ylim(len(tables) - 0.45, -0.55)
    axis.set_title(style.readable(title))
    axis.grid(axis="y", visible=False)


def rules(table: pd.DataFrame, panels: Sequence[str]) -> Figure:
    """F1 by who chooses, a row per rule and a panel per group.

    Parameters
    ----------
    table
        Columns ``panel, rule, f1, low, high``.
    panels
        Values of ``panel``, top to bottom.
    """
    counts = [int((table["panel"] == panel).sum()) for panel in panels]
    with _stacked(counts, 0.3) as (drawn, axes):
        for axis, panel in zip(axes, panels, strict=True):
            part = table[table["panel"] == panel].reset_index(drop=True)
            test = part["rule"].str.startswith(("best", "as printed"))
            for chosen_on_test, colour, marker in (
                (True, style.VERMILION, "D"),
                (False, style.BLUE, "o"),
            ):
                rows = part[test == chosen_on_test]
                axis.hlines(rows.index, rows["low"], rows["high"], color=colour, lw=1.4)
                axis.plot(
                    rows["f1"],
                    rows.index,
                    marker,
                    color=colour,
                    ms=5,
                    label="chosen on the test subjects"
                    if chosen_on_test
                    else "chosen without the test subject",
                )
            axis.set_yticks(range(len(part)), part["rule"])
            axis.set_ylim(len(part) - 0.4, -0.6)
            axis.set_title(style.readable(panel))
            axis.grid(axis="y", visible=False)
        axes[-1].set_xlabel("F1 with 95 % interval over subjects")
    return drawn


def epochs(table: pd.DataFrame, printed_epoch: int) -> go.Figure:
    """Pooled F1 after each epoch, with the epoch that was printed marked.

    Parameters
    ----------
    table
        Columns ``protocol, epoch, tp, n_pred, f1, low, high``.
    printed_epoch
        The epoch that the authors report.
    """
    drawn = go.Figure(layout=style.plotly_layout())
    for protocol, rows in table.groupby("protocol", sort=False):
        colour = PROTOCOL_COLOURS[str(protocol)]
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
    """F1 of MDMD at each of its 99 thresholds.

    Parameters
    ----------
    table
        Columns ``database, kind, p, f1``.
    """
    drawn = go.Figure(layout=style.plotly_layout())
    for (database, kind), rows in table.groupby(["database", "kind"], sort=False):
        drawn.add_scatter(
            x=rows["p"],
            y=rows["f1"],
            name=style.readable(f"{database}, {kind}"),
            mode="lines",
            line={
                "color": style.KIND_COLOURS[str(kind)],
                "dash": "solid" if database == "CAS(ME)^2" else "dash",
                "width": 2,
            },
            hovertemplate="p = %{x}: F1 %{y:.3f}",
        )
    drawn.update_xaxes(title="threshold p (%)")
    drawn.update_yaxes(title="pooled F1", rangemode="tozero")
    return drawn


def differences(table: pd.DataFrame) -> Figure:
    """Differences of printed F1 scores beside what chance gives two runs.

    Parameters
    ----------
    table
        Columns ``label, f1_gain, low, high``; the interval is that of two independent runs.
    """
    with style.figure(7.2, 0.9 + 0.42 * len(table)) as (drawn, axis):
        places = np.arange(len(table))
        axis.axvline(0, color=style.INK, lw=1)
        axis.hlines(places, table["low"], table["high"], color=style.SKY, lw=5)
        axis.plot(table["f1_gain"], places, "D", color=style.VERMILION, ms=6)
        axis.set_yticks(places, [style.readable(label) for label in table["label"]])
        axis.set_ylim(len(table) - 0.5, -0.5)
        axis.grid(axis="y", visible=False)
        axis.set_xlabel("difference of overall F1 (point) and its 95 % range by chance (bar)")
    return drawn


def training(table: pd.DataFrame) -> Figure:
    """F1 after every epoch, a panel per database.

    Parameters
    ----------
    table
        Columns ``database, kind, epoch, f1, low, high``; the range is that over seeds.
    """
    databases = list(table["database"].drop_duplicates())
    with style.figure(7.2, 3.0, ncols=len(databases), sharey=True, squeeze=False) as (drawn, axes):
        for axis, database in zip(axes[0], databases, strict=True):
            part = table[table["database"] == database]
            for kind, rows in part.groupby("kind", sort=False):
                colour = style.KIND_COLOURS[str(kind)]
                axis.fill_between(
                    rows["epoch"], rows["low"], rows["high"], color=colour, alpha=0.2, lw=0
                )
                axis.plot(rows["epoch"], rows["f1"], color=colour, label=str(kind))
            axis.set_title(style.readable(database))
            axis.set_xlabel("epoch")
        axes[0, 0].set_ylabel("F1 (range over seeds shaded)")
        handles, labels = axes[0, 0].get_legend_handles_labels()
        drawn.legend(handles, labels, loc="outside upper left", ncols=len(labels))
    return drawn
