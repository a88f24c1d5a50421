"""Figures of the pages on causal graphs."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from causalex_book.publishing import face, style
from causalex_core import regions
from causalex_core.graphs.pag import ARROWHEAD, CIRCLE, NONE, TAIL

METHOD_NAMES = {"frames": "every frame counts", "bartlett": "effective sample size"}
METHOD_COLOURS = {"frames": style.VERMILION, "bartlett": style.BLUE}
_LEAST_WIDEST = 8.0  # count of the widest edge; a graph without counts is drawn in thin lines
MARK_LOOKS = {
    NONE: ("no edge", style.PAPER, ""),
    CIRCLE: ("circle: not known", "#D9D9D9", "o"),
    ARROWHEAD: ("arrowhead: no cause of the row", style.SKY, "➤"),
    TAIL: ("tail: a cause of the row", style.ORANGE, "–"),
}


def false_edges(table: pd.DataFrame, nominal: float) -> Figure:
    """Edges among independent series, by how much they remember.

    Parameters
    ----------
    table
        Columns ``series, sample_size, false_edges, false_edges_low, false_edges_high``.
    nominal
        Edges expected from the level of the tests alone.
    """
    kinds = list(table["series"].drop_duplicates())
    with style.figure(7.2, 3.0) as (drawn, axis):
        groups = table.groupby("sample_size", sort=False)
        for shift, (method, rows) in zip((-0.16, 0.16), groups, strict=True):
            y = np.array([kinds.index(kind) for kind in rows["series"]]) + shift
            colour = METHOD_COLOURS[str(method)]
            axis.barh(
                y,
                rows["false_edges"],
                height=0.3,
                color=colour,
                label=METHOD_NAMES[str(method)],
                hatch="//" if method == "frames" else None,
                edgecolor=style.PAPER,
            )
            axis.hlines(
                y, rows["false_edges_low"], rows["false_edges_high"], color=style.INK, lw=1.2
            )
        axis.axvline(nominal, color=style.INK, lw=1, ls=":")
        axis.annotate(
            "the tests' level", (nominal, -0.6), (4, 0), textcoords="offset points", fontsize=8.5
        )
        axis.set_yticks(range(len(kinds)), kinds)
        axis.set_ylim(len(kinds) - 0.4, -0.9)
        axis.set_xlim(0, 66)
        axis.grid(axis="y", visible=False)
        axis.set_xlabel("false edges of 66 (bar), 95 % interval of the mean (line)")
        axis.legend(loc="lower right")
    return drawn


def recovery(table: pd.DataFrame) -> Figure:
    """Precision and recall of edges against the number of frames, a panel per kind of series.

    Parameters
    ----------
    table
        Columns ``series, frames, sample_size`` and, each with ``_low`` and ``_high``,
        ``precision`` and ``recall``; one stage of the search.
    """
    kinds = list(table["series"].drop_duplicates())
    with style.figure(7.2, 3.4, ncols=len(kinds), sharey=True, squeeze=False) as (drawn, axes):
        for axis, kind in zip(axes[0], kinds, strict=True):
            part = table[table["series"] == kind]
            for method, rows in part.groupby("sample_size", sort=False):
                colour = METHOD_COLOURS[str(method)]
                for rate, line in (("precision", ":"), ("recall", "-")):
                    axis.fill_between(
                        rows["frames"],
                        rows[f"{rate}_low"],
                        rows[f"{rate}_high"],
                        color=colour,
                        alpha=0.15,
                        lw=0,
                    )
                    axis.plot(
                        rows["frames"],
                        rows[rate],
                        line,
                        color=colour,
                        marker="o" if method == "bartlett" else "s",
                        ms=5,
                        lw=2,
                        label=f"{METHOD_NAMES[str(method)]}: {rate}",
                    )
            lengths = sorted(part["frames"].unique())
            axis.set_xscale("log")
            axis.set_xticks(lengths, [str(length) for length in lengths])
            axis.minorticks_off()
            axis.set_title(f"{kind} series")
            axis.set_xlabel("frames")
        axes[0, 0].set_ylim(0, 1.03)
        axes[0, 0].set_ylabel("share of edges")
        handles, labels = axes[0, 0].get_legend_handles_labels()
        drawn.legend(handles, labels, loc="outside upper left", ncols=2)
    return drawn


def square(table: pd.DataFrame, value: str) -> np.ndarray:
    """(12, 12) matrix of a column of a table with ``row`` and ``column``."""
    return table.pivot(index="row", columns="column", values=value).to_numpy()


def marks(table: pd.DataFrame) -> Figure:
    """A graph on a face, and all its marks.

    Parameters
    ----------
    table
        Columns ``row, column, mark``.
    """
    codes = square(table, "mark")
    with style.figure(8.6, 5.2, ncols=2, width_ratios=(1.1, 1)) as (drawn, (left, right)):
        face.draw(left)
        face.draw_marks(left, codes)
        _heat_of_marks(right, codes)
        looks = [MARK_LOOKS[code] for code in (CIRCLE, ARROWHEAD, TAIL)]
        handles = [
            Patch(facecolor=colour, edgecolor=style.INK, label=f"{sign}  {meaning}")
            for meaning, colour, sign in looks
        ]
        drawn.legend(handles=handles, loc="outside upper center", ncols=3, fontsize=9)
    return drawn


def _heat_of_marks(axis: Axes, codes: np.ndarray) -> None:
    colours = ListedColormap([MARK_LOOKS[code][1] for code in sorted(MARK_LOOKS)])
    axis.imshow(codes, cmap=colours, vmin=NONE - 0.5, vmax=TAIL + 0.5)
    for row, column in np.argwhere(codes != NONE):
        axis.text(column, row, MARK_LOOKS[codes[row, column]][2], ha="center", va="center")
    name_regions(axis)
    axis.set_xlabel("mark at this region …")
    axis.set_ylabel("… of the edge with this one")


def name_regions(axis: Axes) -> None:
    """Label the rows and columns of a matrix."""
    axis.set_xticks(range(regions.COUNT), regions.NAMES, rotation=90, fontsize=8.5)
    axis.set_yticks(range(regions.COUNT), regions.NAMES, fontsize=8.5)
    axis.grid(visible=False)


def _noise(level: float) -> str:
    known = {0.0: "no noise", 1.0: "measured noise"}
    return known.get(level, f"{level:g} × measured noise")


def planted_recovery(table: pd.DataFrame) -> Figure:
    """F1 of edges and of marks by how many clips are pooled, a panel per noise.

    Parameters
    ----------
    table
        Columns ``noise, clips, sample_size`` and, each with ``_low`` and ``_high``, ``f1`` and
        ``mark_f1``.
    """
    levels = list(table["noise"].drop_duplicates())
    with style.figure(7.6, 3.6, ncols=len(levels), sharey=True, squeeze=False) as (drawn, axes):
        for axis, noise in zip(axes[0], levels, strict=True):
            part = table[table["noise"] == noise]
            groups = part.groupby("sample_size", sort=False)
            for shift, (method, rows) in zip((-0.08, 0.08), groups, strict=True):
                rows = rows.sort_values("frames")
                x = np.arange(len(rows)) + shift
                for rate, what, line in (("f1", "edges", "-"), ("mark_f1", "marks", ":")):
                    colour = METHOD_COLOURS[str(method)]
                    axis.vlines(x, rows[f"{rate}_low"], rows[f"{rate}_high"], color=colour, lw=1)
                    axis.plot(
                        x,
                        rows[rate],
                        line,
                        color=colour,
                        marker="o" if method == "bartlett" else "s",
                        ms=4.5,
                        lw=1.8,
                        label=f"{METHOD_NAMES[str(method)]}: {what}",
                    )
            names = part.sort_values("frames")["clips"].drop_duplicates()
            axis.set_xticks(range(len(names)), names, rotation=30, ha="right")
            axis.set_title(_noise(noise))
            axis.set_xlabel("clips")
        axes[0, 0].set_ylim(0, 1.03)
        axes[0, 0].set_ylabel("F1 against the planted graph")
        handles, labels = axes[0, 0].get_legend_handles_labels()
        drawn.legend(handles, labels, loc="outside upper left", ncols=2)
    return drawn


def pairs(table: pd.DataFrame) -> Figure:
    """How often each pair is joined, a panel per noise; planted pairs are framed.

    Parameters
    ----------
    table
        Columns ``noise, row, column, share, planted``.
    """
    levels = list(table["noise"].drop_duplicates())
    with style.figure(
        2.9 * len(levels) + 1.2, 4.1, ncols=len(levels), sharey=True, squeeze=False
    ) as (drawn, axes):
        for axis, noise in zip(axes[0], levels, strict=True):
            part = table[table["noise"] == noise]
            image = axis.imshow(square(part, "share"), cmap="Blues", vmin=0, vmax=1)
            for row, column in np.argwhere(square(part, "planted").astype(bool)):
                frame = (column - 0.44, row - 0.44)
                axis.add_patch(Rectangle(frame, 0.88, 0.88, fill=False, ec=style.VERMILION, lw=1.3))
            name_regions(axis)
            axis.set_title(_noise(noise))
        drawn.colorbar(image, ax=axes, shrink=0.6, label="share of cohorts that join them")
    return drawn


def beside_each_other(table: pd.DataFrame, titles: tuple[str, str]) -> Figure:
    """Co-occurrence and causal graph on a face, a row per graph.

    Parameters
    ----------
    table
        Columns ``graph, row, column, together, mark, share``: how often or whether two regions go
        together, the marks of the causal graph and the share of bootstrap draws with that edge.
    titles
        Of the two columns.
    """
    names = list(table["graph"].drop_duplicates())
    with style.figure(7.4, 4.5 * len(names), nrows=len(names), ncols=2, squeeze=False) as (
        drawn,
        axes,
    ):
        for (left, right), name in zip(axes, names, strict=True):
            part = table[table["graph"] == name]
            together = square(part, "together").astype(float)
            for axis in (left, right):
                face.draw(axis)
            face.draw_graph(left, together, max(together.max(), _LEAST_WIDEST), style.GREEN)
            face.draw_marks(right, square(part, "mark"), square(part, "share"))
            left.set_title(f"{name}: {titles[0]}")
            right.set_title(f"{name}: {titles[1]}")
    return drawn


def heat_beside_each_other(table: pd.DataFrame) -> Figure:
    """Stability of a causal graph with its marks, and annotated co-occurrence, as matrices.

    Parameters
    ----------
    table
        Columns ``row, column, mark, share, together`` of one graph.
    """
    codes, share = square(table, "mark"), square(table, "share")
    together = square(table, "together").astype(float)
    with style.figure(8.4, 4.3, ncols=2, sharey=True) as (drawn, (left, right)):
        image = left.imshow(share, cmap="Blues", vmin=0, vmax=1)
        for row, column in np.argwhere(codes != NONE):
            colour = style.PAPER if share[row, column] > 0.6 else style.INK
            sign = MARK_LOOKS[codes[row, column]][2]
            left.text(column, row, sign, ha="center", va="center", color=colour)
        drawn.colorbar(image, ax=left, shrink=0.5, label="share of draws with this edge")
        image = right.imshow(together, cmap="Greens", vmin=0)
        drawn.colorbar(image, ax=right, shrink=0.5, label="times annotated together")
        for axis, title in ((left, "causal graph"), (right, "co-occurrence")):
            name_regions(axis)
            axis.set_title(title)
    return drawn
