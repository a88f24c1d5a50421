"""Figures of the chapter on causal graphs from frames."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from causalex_core.report import style

METHOD_NAMES = {"frames": "every frame counts", "bartlett": "effective sample size"}
METHOD_COLOURS = {"frames": style.VERMILION, "bartlett": style.BLUE}


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
