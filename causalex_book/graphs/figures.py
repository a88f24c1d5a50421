"""Figures of the pages on graphs; each names the columns that it needs."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, PowerNorm
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from causalex_book.graphs.tables import square
from causalex_book.publishing import face, style
from causalex_core import regions
from causalex_core.graphs.pag import ARROWHEAD, CIRCLE, NONE, TAIL

PAIRS = regions.COUNT * (regions.COUNT - 1) // 2
METHOD_NAMES = {"frames": "every frame counts", "bartlett": "effective sample size"}
METHOD_LOOKS: Mapping[str, dict[str, Any]] = {
    "frames": {"color": style.VERMILION, "marker": "s"},
    "bartlett": {"color": style.BLUE, "marker": "o"},
}
DATABASE_LOOKS: Mapping[str, dict[str, Any]] = {
    "CAS(ME)^2": {"color": style.BLUE, "marker": "o"},
    "SAMM-LV": {"color": style.ORANGE, "marker": "s"},
}
MARK_LOOKS = {
    NONE: ("no edge", style.PAPER, ""),
    CIRCLE: ("circle: not known", "#D9D9D9", "o"),
    ARROWHEAD: ("arrowhead: no cause of the row", style.SKY, "➤"),
    TAIL: ("tail: a cause of the row", style.ORANGE, "–"),
}
PRIOR_TITLES = {"published": "as published", "FACS": "FACS map"}
NOISE_TITLES = {0.0: "no noise", 1.0: "measured noise"}
_LEAST_WIDEST = 8.0  # count of the widest edge; a graph without counts is drawn in thin lines


def _name_regions(axis: Axes, fontsize: float = 8.5) -> None:
    axis.set_xticks(range(regions.COUNT), regions.NAMES, rotation=90, fontsize=fontsize)
    axis.set_yticks(range(regions.COUNT), regions.NAMES, fontsize=fontsize)
    axis.grid(visible=False)


def _write_marks(axis: Axes, codes: np.ndarray, colours: np.ndarray | str) -> None:
    """Sign of each mark (12, 12) in its cell."""
    colours = np.broadcast_to(colours, codes.shape)
    for row, column in np.argwhere(codes != NONE):
        sign = MARK_LOOKS[codes[row, column]][2]
        colour = str(colours[row, column])
        axis.text(column, row, sign, ha="center", va="center", color=colour)


def _noise(level: float) -> str:
    return NOISE_TITLES.get(level, f"{level:g} × measured noise")


# Pages on simulated and on planted graphs.


def false_edges(table: pd.DataFrame, nominal: float) -> Figure:
    """Edges among independent series, by how much they remember, and the number expected.

    Columns ``series, sample_size, false_edges, false_edges_low, false_edges_high``.
    """
    kinds = list(table["series"].drop_duplicates())
    with style.figure(7.2, 3.0) as (drawn, axis):
        groups = table.groupby("sample_size", sort=False)
        for shift, (method, rows) in zip((-0.16, 0.16), groups, strict=True):
            y = np.array([kinds.index(kind) for kind in rows["series"]]) + shift
            look = {"color": METHOD_LOOKS[str(method)]["color"], "edgecolor": style.PAPER}
            hatch = "//" if method == "frames" else None
            label = METHOD_NAMES[str(method)]
            axis.barh(y, rows["false_edges"], height=0.3, label=label, hatch=hatch, **look)
            ends = rows["false_edges_low"], rows["false_edges_high"]
            axis.hlines(y, *ends, color=style.INK, lw=1.2)
        axis.axvline(nominal, color=style.INK, lw=1, ls=":")
        at = {"xytext": (4, 0), "textcoords": "offset points", "fontsize": 8.5}
        axis.annotate("the tests' level", (nominal, -0.6), **at)
        axis.set_yticks(range(len(kinds)), kinds)
        axis.set(ylim=(len(kinds) - 0.4, -0.9), xlim=(0, PAIRS))
        axis.grid(axis="y", visible=False)
        axis.set_xlabel(f"false edges of {PAIRS} (bar), 95 % interval of the mean (line)")
        axis.legend(loc="lower right")
    return drawn


def recovery(table: pd.DataFrame) -> Figure:
    """Precision and recall of edges against the number of frames, a panel per kind of series.

    Columns ``series, frames, sample_size``, and ``precision, recall`` with ``_low`` and ``_high``.
    """
    with style.panels(table, "series", 7.2, 3.4) as (drawn, panels):
        for axis, kind, part in panels:
            for method, rows in part.groupby("sample_size", sort=False):
                look = METHOD_LOOKS[str(method)]
                for rate, line in (("precision", ":"), ("recall", "-")):
                    ends = rows[f"{rate}_low"], rows[f"{rate}_high"]
                    axis.fill_between(rows["frames"], *ends, color=look["color"], alpha=0.15, lw=0)
                    label = f"{METHOD_NAMES[str(method)]}: {rate}"
                    axis.plot(rows["frames"], rows[rate], line, ms=5, lw=2, label=label, **look)
            style.log_ticks(axis, sorted(part["frames"].unique()))
            axis.set_title(f"{kind} series")
            axis.set_xlabel("frames")
        first = panels[0][0]
        first.set(ylim=(0, 1.03), ylabel="share of edges")
        style.legend_above(drawn, first)
    return drawn


def planted_recovery(table: pd.DataFrame) -> Figure:
    """F1 of edges and of marks by how many clips are pooled, a panel per noise.

    Columns ``noise, clips, sample_size``, and ``f1, mark_f1`` with ``_low`` and ``_high``.
    """
    with style.panels(table, "noise", 7.6, 3.6) as (drawn, panels):
        for axis, noise, part in panels:
            groups = part.groupby("sample_size", sort=False)
            for shift, (method, rows) in zip((-0.08, 0.08), groups, strict=True):
                rows, look = rows.sort_values("frames"), METHOD_LOOKS[str(method)]
                x = np.arange(len(rows)) + shift
                for rate, what, line in (("f1", "edges", "-"), ("mark_f1", "marks", ":")):
                    ends = rows[f"{rate}_low"], rows[f"{rate}_high"]
                    axis.vlines(x, *ends, color=look["color"], lw=1)
                    label = f"{METHOD_NAMES[str(method)]}: {what}"
                    axis.plot(x, rows[rate], line, ms=4.5, lw=1.8, label=label, **look)
            names = part.sort_values("frames")["clips"].drop_duplicates()
            axis.set_xticks(range(len(names)), names, rotation=30, ha="right")
            axis.set_title(_noise(noise))
            axis.set_xlabel("clips")
        first = panels[0][0]
        first.set(ylim=(0, 1.03), ylabel="F1 against the planted graph")
        style.legend_above(drawn, first)
    return drawn


def pairs(table: pd.DataFrame) -> Figure:
    """Frequency of each edge, a panel per noise; planted pairs are framed.

    Columns ``noise, row, column, share, planted``.
    """
    width = 2.9 * table["noise"].nunique() + 1.2
    with style.panels(table, "noise", width, 4.1) as (drawn, panels):
        for axis, noise, part in panels:
            image = axis.imshow(square(part, "share"), cmap="Blues", vmin=0, vmax=1)
            for row, column in np.argwhere(square(part, "planted").astype(bool)):
                corner = (column - 0.44, row - 0.44)
                frame = Rectangle(corner, 0.88, 0.88, fill=False, ec=style.VERMILION, lw=1.3)
                axis.add_patch(frame)
            _name_regions(axis)
            axis.set_title(_noise(noise))
        axes = [axis for axis, _, _ in panels]
        drawn.colorbar(image, ax=axes, shrink=0.6, label="share of cohorts that join them")
    return drawn


def marks(table: pd.DataFrame) -> Figure:
    """A graph on a face, and all its marks. Columns ``row, column, mark``."""
    codes = square(table, "mark")
    with style.figure(8.6, 5.2, ncols=2, width_ratios=(1.1, 1)) as (drawn, (left, right)):
        face.draw(left)
        face.draw_marks(left, codes)
        colours = ListedColormap([MARK_LOOKS[code][1] for code in sorted(MARK_LOOKS)])
        right.imshow(codes, cmap=colours, vmin=NONE - 0.5, vmax=TAIL + 0.5)
        _write_marks(right, codes, "black")
        _name_regions(right)
        right.set(xlabel="mark at this region …", ylabel="… of the edge with this one")
        looks = [MARK_LOOKS[code] for code in (CIRCLE, ARROWHEAD, TAIL)]
        handles = [
            Patch(facecolor=colour, edgecolor=style.INK, label=f"{sign}  {meaning}")
            for meaning, colour, sign in looks
        ]
        drawn.legend(handles=handles, loc="outside upper center", ncols=3, fontsize=9)
    return drawn


def side_by_side(table: pd.DataFrame, titles: tuple[str, str]) -> Figure:
    """Co-occurrence and causal graph on a face, a row per graph.

    Columns ``graph, row, column``; ``together``: how often or whether two regions go together;
    ``mark, share``: marks of the causal graph, and share of bootstrap draws with that edge.
    """
    names = list(table["graph"].drop_duplicates())
    shape = {"nrows": len(names), "ncols": 2, "squeeze": False}
    with style.figure(7.4, 4.5 * len(names), **shape) as (drawn, axes):
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


def matrices_side_by_side(table: pd.DataFrame) -> Figure:
    """Stability of a causal graph with its marks, and annotated co-occurrence, as matrices.

    Columns ``row, column, mark, share, together`` of one graph.
    """
    share = square(table, "share")
    with style.figure(8.4, 4.3, ncols=2, sharey=True) as (drawn, (left, right)):
        image = left.imshow(share, cmap="Blues", vmin=0, vmax=1)
        _write_marks(left, square(table, "mark"), np.where(share > 0.6, style.PAPER, style.INK))
        drawn.colorbar(image, ax=left, shrink=0.5, label="share of draws with this edge")
        image = right.imshow(square(table, "together").astype(float), cmap="Greens", vmin=0)
        drawn.colorbar(image, ax=right, shrink=0.5, label="times annotated together")
        for axis, title in ((left, "causal graph"), (right, "co-occurrence")):
            _name_regions(axis)
            axis.set_title(title)
    return drawn


# Page on real graphs.


def paper_matrices(table: pd.DataFrame) -> Figure:
    """Causal graph A, prior B and compound C of one person, as in Figure 6 of the paper.

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
            _name_regions(axis)
            axis.set_title(title)
            if value in ("prior", "compound"):
                drawn.colorbar(image, ax=axis, shrink=0.7, label="share of the row")
        _write_marks(axes[0, 0], square(table, "mark"), style.PAPER)
    return drawn


def frequencies(table: pd.DataFrame) -> Figure:
    """Share of a database's videos that join two regions: any edge above, --> below.

    Columns ``database, row, column, share, directed``.
    """
    names = list(table["database"].drop_duplicates())
    titles = {"share": "any edge", "directed": "--> from row to column"}
    shape = {"nrows": 2, "ncols": len(names), "sharex": True, "sharey": True}
    with style.figure(8.2, 7.6, **shape) as (drawn, axes):
        for across, (value, title) in zip(axes, titles.items(), strict=True):
            for axis, name in zip(across, names, strict=True):
                weights = square(table[table["database"] == name], value)
                image = axis.imshow(weights, cmap=style.SEQUENTIAL, vmin=0, vmax=1)
                _name_regions(axis)
                axis.set_title(f"{style.readable(name)}: {title}")
        drawn.colorbar(image, ax=axes, shrink=0.5, label="share of the videos")
    return drawn


def lengths(table: pd.DataFrame) -> Figure:
    """Edges by how many frames the graph is from.

    Columns ``database, frames, videos, edges, edges_of_longest``.
    """
    with style.figure(6.4, 3.6) as (drawn, axis):
        for name, rows in table.groupby("database", sort=False):
            look, label = DATABASE_LOOKS[str(name)] | {"lw": 2}, style.readable(str(name))
            axis.plot(rows["frames"], rows["edges"], label=label, **look)
            look |= {"ls": ":", "mfc": style.PAPER, "label": f"{label}, the longest videos only"}
            axis.plot(rows["frames"], rows["edges_of_longest"], **look)
        style.log_ticks(axis, sorted(table["frames"].unique()))
        axis.set(ylim=(0, PAIRS), xlabel="first frames of each video", ylabel=f"edges, of {PAIRS}")
        axis.legend(loc="upper left")
    return drawn


def surrogates(table: pd.DataFrame) -> Figure:
    """Edges of real videos beside those of surrogates, whole and without the first frames.

    Columns ``database, regions, left_out, edges`` of one sample size.
    """
    kinds = list(table["regions"].drop_duplicates())
    looks = ((-0.19, style.VERMILION, "//"), (0.19, style.BLUE, None))
    with style.panels(table, "database", 7.4, 2.6, sharex=True) as (drawn, panels):
        for axis, name, part in panels:
            groups = part.groupby("left_out")
            for (left_out, rows), (shift, colour, hatch) in zip(groups, looks, strict=True):
                y = np.array([kinds.index(kind) for kind in rows["regions"]]) + shift
                label = f"without the first {left_out!s} frames" if left_out else "whole videos"
                look: dict[str, Any] = {
                    "color": colour,
                    "hatch": hatch,
                    "ec": style.PAPER,
                    "label": label,
                }
                bars = axis.barh(y, rows["edges"], 0.36, **look)
                axis.bar_label(bars, fmt="%.1f", padding=3, fontsize=8.5)
            axis.set_yticks(range(len(kinds)), kinds)
            axis.set_ylim(len(kinds) - 0.5, -0.5)
            axis.margins(x=0.15)
            axis.grid(axis="y", visible=False)
            axis.set_title(style.readable(name))
            axis.set_xlabel(f"mean edges, of {PAIRS}")
        first = panels[0][0]
        first.set_ylabel("regions")
        style.legend_above(drawn, first)
    return drawn


def first_frames(table: pd.DataFrame, left_out: int) -> Figure:
    """Mean motion of the first frames of all videos; those left out elsewhere are grey.

    Columns ``database, frame, deviations``.
    """
    with style.figure(6.4, 2.8) as (drawn, axis):
        axis.axvspan(-0.5, left_out - 0.5, color="#EEEEEE", lw=0, zorder=0)
        axis.axhline(0, color=style.INK, lw=0.8)
        for name, rows in table.groupby("database", sort=False):
            look = DATABASE_LOOKS[str(name)] | {"ms": 4, "label": style.readable(str(name))}
            axis.plot(rows["frame"], rows["deviations"], **look)
        axis.set_xlim(-0.5, table["frame"].max() + 0.5)
        axis.set_xlabel(f"frame (grey: the first {left_out})")
        axis.set_ylabel("motion, deviations\nof the region's own")
        axis.legend()
    return drawn


# Page on the prior graph.


def _prior(matrices: pd.DataFrame, database: str, matrix: str, value: str) -> np.ndarray:
    chosen = (matrices["database"] == database) & (matrices["matrix"] == matrix)
    return square(matrices[chosen], value)


def prior_matrices(matrices: pd.DataFrame) -> Figure:
    """Row-normalised matrices, a row of panels per database, published beside FACS.

    Columns ``database, matrix, row, column, weight``.
    """
    databases = matrices["database"].unique()
    norm = PowerNorm(0.5, vmin=0, vmax=matrices["weight"].max())
    shape = {"nrows": len(databases), "ncols": len(PRIOR_TITLES), "sharex": True, "sharey": True}
    with style.figure(7.4, 3.9 * len(databases), **shape) as (drawn, axes):
        for across, database in zip(axes, databases, strict=True):
            for axis, (matrix, title) in zip(across, PRIOR_TITLES.items(), strict=True):
                weights = _prior(matrices, database, matrix, "weight")
                image = axis.imshow(weights, cmap=style.SEQUENTIAL, norm=norm)
                axis.set_title(f"{style.readable(database)}, {title}")
                _name_regions(axis, fontsize=10)
        drawn.colorbar(image, ax=axes, shrink=0.5, label="share of the row (square-root scale)")
    return drawn


def prior_faces(matrices: pd.DataFrame) -> Figure:
    """Counts as graphs on a face, scaled within each panel.

    Columns ``database, matrix, row, column, count``.
    """
    databases = matrices["database"].unique()
    shape = {"nrows": len(databases), "ncols": len(PRIOR_TITLES)}
    with style.figure(7.2, 4.4 * len(databases), **shape) as (drawn, axes):
        for across, database in zip(axes, databases, strict=True):
            for axis, (matrix, title) in zip(across, PRIOR_TITLES.items(), strict=True):
                counts = _prior(matrices, database, matrix, "count")
                face.draw(axis)
                face.draw_graph(axis, counts, counts.max())
                name = f"{style.readable(database)}, {title}"
                axis.set_title(f"{name}\n(largest count {counts.max():.0f})")
    return drawn


def prior_explorer(matrices: pd.DataFrame) -> go.Figure:
    """Heatmap to hover over, with a menu to choose the matrix.

    Columns ``database, matrix, row, column, count, weight``.
    """
    choices = list(matrices[["database", "matrix"]].drop_duplicates().itertuples(index=False))
    drawn = go.Figure()
    buttons = []
    for index, (database, matrix) in enumerate(choices):
        drawn.add_heatmap(
            z=_prior(matrices, database, matrix, "weight"),
            customdata=_prior(matrices, database, matrix, "count"),
            x=regions.NAMES,
            y=regions.NAMES,
            zmin=0,
            zmax=float(matrices["weight"].max()),
            colorscale=style.SEQUENTIAL,
            colorbar={"title": "share", "thickness": 12},
            visible=index == 0,
            hovertemplate="%{y} with %{x}<br>count %{customdata}, share %{z:.4f}<extra></extra>",
        )
        label = f"{style.readable(database)}, {PRIOR_TITLES[matrix]}"
        visible = [other == index for other in range(len(choices))]
        buttons.append({"label": label, "method": "update", "args": [{"visible": visible}]})
    menu = {"buttons": buttons, "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"}
    drawn.update_layout(style.plotly_layout(height=520, updatemenus=[menu]))
    drawn.update_layout(margin={"t": 60})
    drawn.update_yaxes(autorange="reversed")
    drawn.update_xaxes(tickangle=-60)
    return drawn
