"""Figures of the page on the annotations and Table 1."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from matplotlib.figure import Figure

from causalex_book.publishing import style

DASHES: Mapping[str, Any] = {"CAS(ME)^2": "-", "SAMM-LV": (0, (4, 2))}
TICKS = (0.125, 0.25, 0.5, 1, 2, 4, 8, 16, 32)


def durations(curves: pd.DataFrame, half: float) -> Figure:
    """Share of expressions that last at most so long.

    Parameters
    ----------
    curves
        ``database, kind, seconds, share``.
    half
        Where the rule puts the border between the kinds, in seconds.
    """
    with style.figure(7.2, 3.6) as (drawn, axis):
        for names, curve in curves.groupby(["database", "kind"], sort=False):
            database, kind = map(str, names)
            axis.step(
                curve["seconds"],
                100 * curve["share"],
                where="post",
                color=style.KIND_COLOURS[kind],
                linestyle=DASHES[database],
                label=f"{style.readable(database)}, {kind}",
            )
        axis.axvline(half, color=style.INK, linewidth=1)
        axis.annotate(f"{half} s", (half, 50), (4, 0), textcoords="offset points")
        axis.set_xscale("log", base=2)
        axis.set_xticks(TICKS, [f"{tick:g}" for tick in TICKS])
        axis.set_xlim(TICKS[0], TICKS[-1])
        axis.set_xlabel("duration, onset and offset frame included (s, doubling scale)")
        axis.set_ylabel("expressions up to this duration (%)")
        axis.legend(loc="lower right")
    return drawn


def action_units(counts: pd.DataFrame, most: int) -> go.Figure:
    """Share of expressions that show each action unit, to hover over.

    Parameters
    ----------
    counts
        ``database, kind, unit, expressions, of, percent``.
    most
        How many action units to show: the most frequent ones over both databases.
    """
    order = counts.groupby("unit")["expressions"].sum().sort_values(ascending=False).index[:most]
    drawn = go.Figure()
    patterns = dict(zip(counts["database"].unique(), ("", "/"), strict=True))
    for names, part in counts.groupby(["database", "kind"]):
        database, kind = map(str, names)
        part = part.set_index("unit").reindex(order).fillna({"percent": 0, "expressions": 0})
        drawn.add_bar(
            x=[f"AU{unit}" for unit in order],
            y=part["percent"],
            customdata=part["expressions"].astype(int),
            name=f"{style.readable(database)}, {kind}",
            marker={
                "color": style.KIND_COLOURS[kind],
                "pattern": {
                    "shape": patterns[database],
                    "fillmode": "overlay",
                    "fgcolor": style.PAPER,
                },
            },
            hovertemplate="%{x}: %{customdata} expressions, %{y:.1f} %",
        )
    drawn.update_layout(style.plotly_layout(height=420, barmode="group", bargap=0.25))
    drawn.update_yaxes(title="expressions of the kind (%)")
    return drawn
