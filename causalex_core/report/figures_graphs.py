"""Figures of the chapter on causal graphs from frames."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
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


def recovery(table: pd.DataFrame) -> go.Figure:
    """Precision and recall of edges against the number of frames.

    Parameters
    ----------
    table
        Columns ``series, frames, sample_size, precision, recall``; one stage of the search.
    """
    drawn = go.Figure(layout=style.plotly_layout(420))
    for (kind, method), rows in table.groupby(["series", "sample_size"], sort=False):
        for rate, dash in (("precision", "dot"), ("recall", "solid")):
            drawn.add_scatter(
                x=rows["frames"],
                y=rows[rate],
                name=f"{kind}, {METHOD_NAMES[str(method)]}: {rate}",
                mode="lines+markers",
                line={
                    "color": METHOD_COLOURS[str(method)],
                    "dash": dash,
                    "width": 1.5 if kind == "white" else 3,
                },
                marker={"symbol": "circle" if kind == "white" else "square"},
                hovertemplate=f"%{{x}} frames: {rate} %{{y:.3f}}",
            )
    drawn.update_xaxes(title="frames", type="log")
    drawn.update_yaxes(title="share of edges", range=[0, 1.02])
    drawn.update_layout(legend={"y": -0.25, "yanchor": "top", "orientation": "h"})
    return drawn
