"""Figures of the page on the graphs of real faces."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from causalex_book.graphs.figures_graphs import MARK_LOOKS, name_regions, square
from causalex_book.publishing import style
from causalex_core import regions
from causalex_core.graphs.pag import NONE

PAIRS = regions.COUNT * (regions.COUNT - 1) // 2
COLOURS = {"CAS(ME)^2": style.BLUE, "SAMM-LV": style.ORANGE}
MARKERS = {"CAS(ME)^2": "o", "SAMM-LV": "s"}


def paper_matrices(table: pd.DataFrame) -> Figure:
    """Causal graph A, prior B and compound C of one person, as in Figure 6 of the paper.

    Parameters
    ----------
    table
        Columns ``row, column, mark, any_edge, directed, prior, compound``.
    """
    panels = (
        ("any_edge", "A, every edge, with its marks", "Blues"),
        ("directed", "A, --> only", "Blues"),
        ("prior", "prior B, row-normalised", style.SEQUENTIAL),
        ("compound", "compound C, row-normalised", style.SEQUENTIAL),
    )
    with style.figure(8.4, 7.6, nrows=2, ncols=2, sharex=True, sharey=True) as (drawn, axes):
        for axis, (value, title, colours) in zip(axes.flat, panels, strict=True):
            weights = square(table, value)
            image = axis.imshow(weights, cmap=colours, vmin=0, vmax=max(weights.max(), 1e-9))
            name_regions(axis)
            axis.set_title(title)
            if value in ("prior", "compound"):
                drawn.colorbar(image, ax=axis, shrink=0.7, label="share of the row")
        codes = square(table, "mark")
        for row, column in np.argwhere(codes != NONE):
            sign = MARK_LOOKS[codes[row, column]][2]
            axes[0, 0].text(column, row, sign, ha="center", va="center", color=style.PAPER)
    return drawn


def frequencies(table: pd.DataFrame) -> Figure:
    """How many of a database's videos join two regions: any edge above, --> below.

    Parameters
    ----------
    table
        Columns ``database, row, column, share, directed``.
    """
    names = list(table["database"].drop_duplicates())
    with style.figure(8.2, 7.6, nrows=2, ncols=len(names), sharex=True, sharey=True) as (
        drawn,
        axes,
    ):
        for across, value, title in zip(
            axes, ("share", "directed"), ("any edge", "--> from row to column"), strict=True
        ):
            for axis, name in zip(across, names, strict=True):
                weights = square(table[table["database"] == name], value)
                image = axis.imshow(weights, cmap=style.SEQUENTIAL, vmin=0, vmax=1)
                name_regions(axis)
                axis.set_title(f"{style.readable(name)}: {title}")
        drawn.colorbar(image, ax=axes, shrink=0.5, label="share of the videos")
    return drawn


def lengths(table: pd.DataFrame) -> Figure:
    """Edges by how many frames the graph is from.

    Parameters
    ----------
    table
        Columns ``database, frames, videos, edges, edges_of_longest``.
    """
    with style.figure(6.4, 3.6) as (drawn, axis):
        for name, rows in table.groupby("database", sort=False):
            look = {"color": COLOURS[str(name)], "marker": MARKERS[str(name)], "lw": 2}
            axis.plot(rows["frames"], rows["edges"], label=style.readable(str(name)), **look)
            axis.plot(
                rows["frames"],
                rows["edges_of_longest"],
                ls=":",
                mfc=style.PAPER,
                label=f"{style.readable(str(name))}, the longest videos only",
                **look,
            )
        ticks = sorted(table["frames"].unique())
        axis.set_xscale("log")
        axis.set_xticks(ticks, [str(tick) for tick in ticks])
        axis.minorticks_off()
        axis.set_ylim(0, PAIRS)
        axis.set_xlabel("first frames of each video")
        axis.set_ylabel(f"edges, of {PAIRS}")
        axis.legend(loc="upper left")
    return drawn


def surrogates(table: pd.DataFrame) -> Figure:
    """Edges of real videos beside those of surrogates, whole and without the first frames.

    Parameters
    ----------
    table
        Columns ``database, regions, left_out, edges`` of one sample size.
    """
    names = list(table["database"].drop_duplicates())
    kinds = list(table["regions"].drop_duplicates())
    with style.figure(7.4, 2.6, ncols=len(names), sharex=True, sharey=True, squeeze=False) as (
        drawn,
        axes,
    ):
        for axis, name in zip(axes[0], names, strict=True):
            part = table[table["database"] == name]
            for (left_out, rows), shift, colour, hatch in zip(
                part.groupby("left_out"),
                (-0.19, 0.19),
                (style.VERMILION, style.BLUE),
                ("//", None),
                strict=True,
            ):
                y = np.array([kinds.index(kind) for kind in rows["regions"]]) + shift
                label = f"without the first {left_out} frames" if left_out else "whole videos"
                bars = axis.barh(
                    y, rows["edges"], 0.36, color=colour, hatch=hatch, ec=style.PAPER, label=label
                )
                axis.bar_label(bars, fmt="%.1f", padding=3, fontsize=8.5)
            axis.set_yticks(range(len(kinds)), kinds)
            axis.set_ylim(len(kinds) - 0.5, -0.5)
            axis.margins(x=0.15)
            axis.grid(axis="y", visible=False)
            axis.set_title(style.readable(name))
            axis.set_xlabel(f"mean edges, of {PAIRS}")
        axes[0, 0].set_ylabel("regions")
        handles, labels = axes[0, 0].get_legend_handles_labels()
        drawn.legend(handles, labels, loc="outside upper left", ncols=2)
    return drawn


def first_frames(table: pd.DataFrame, left_out: int) -> Figure:
    """Mean motion of the first frames of all videos.

    Parameters
    ----------
    table
        Columns ``database, frame, deviations``.
    left_out
        How many are left out elsewhere.
    """
    with style.figure(6.4, 2.8) as (drawn, axis):
        axis.axvspan(-0.5, left_out - 0.5, color="#EEEEEE", lw=0, zorder=0)
        axis.axhline(0, color=style.INK, lw=0.8)
        for name, rows in table.groupby("database", sort=False):
            axis.plot(
                rows["frame"],
                rows["deviations"],
                color=COLOURS[str(name)],
                marker=MARKERS[str(name)],
                ms=4,
                label=style.readable(str(name)),
            )
        axis.set_xlim(-0.5, table["frame"].max() + 0.5)
        axis.set_xlabel(f"frame (grey: the first {left_out})")
        axis.set_ylabel("motion, deviations\nof the region's own")
        axis.legend()
    return drawn
