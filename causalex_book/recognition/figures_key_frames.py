"""Figures of the page on wrong key frames."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from matplotlib.figure import Figure

from causalex_book.publishing import style

_DASHES = ("solid", "dash", "dot", "dashdot")


def curves(table: pd.DataFrame, marks: Mapping[str, float] | None = None) -> go.Figure:
    """UF1 against the level of key-frame errors, a line per recogniser.

    Parameters
    ----------
    table
        Columns ``recogniser, level, uf1, low, high``, of one law.
    marks
        Levels to be marked, by what they are of.
    """
    drawn = go.Figure(layout=style.plotly_layout(height=480))
    for number, (name, rows) in enumerate(table.groupby("recogniser", sort=False)):
        colour = style.PALETTE[number % len(style.PALETTE)]
        x = 100 * rows["level"]
        style.plotly_band(drawn, x, rows["low"], rows["high"], colour)
        drawn.add_scatter(
            x=x,
            y=rows["uf1"],
            name=str(name),
            mode="lines+markers",
            line={"color": colour, "width": 2, "dash": _DASHES[number % len(_DASHES)]},
            hovertemplate="%{x:.0f} % of the duration: UF1 %{y:.3f}",
        )
    for what, level in (marks or {}).items():
        drawn.add_vline(
            x=100 * level,
            line={"color": style.INK, "dash": "dot", "width": 1},
            annotation={"text": what, "textangle": -90, "yanchor": "bottom", "y": 0.02},
            annotation_position="bottom left",
        )
    drawn.update_xaxes(title="standard deviation of key-frame errors (% of an expression)")
    drawn.update_yaxes(title="UF1", range=[0, 1])
    return drawn


def by_frame(table: pd.DataFrame) -> Figure:
    """Change of UF1 by the frame that is wrong, a panel per recogniser.

    Parameters
    ----------
    table
        Columns ``recogniser, wrong, level, change, change_low, change_high``.
    """
    names = list(table["recogniser"].drop_duplicates())
    wrong = list(table["wrong"].drop_duplicates())
    with style.figure(7.2, 3.2, ncols=len(names), sharey=True, squeeze=False) as (drawn, axes):
        for axis, name in zip(axes[0], names, strict=True):
            for number, which in enumerate(wrong):
                rows = table[(table["recogniser"] == name) & (table["wrong"] == which)]
                x = 100 * rows["level"] + (number - (len(wrong) - 1) / 2)
                colour = style.PALETTE[number]
                axis.vlines(x, rows["change_low"], rows["change_high"], color=colour, lw=1.2)
                axis.plot(x, rows["change"], "os^D"[number] + "-", color=colour, ms=4, label=which)
            axis.axhline(0, color=style.INK, lw=0.8)
            axis.set_title(name)
            axis.set_xlabel("standard deviation (%)")
        axes[0, 0].set_ylabel("change of UF1")
        handles, labels = axes[0, 0].get_legend_handles_labels()
        drawn.legend(handles, labels, loc="outside upper left", ncols=len(wrong))
    return drawn


def elsewhere(table: pd.DataFrame) -> Figure:
    """UF1 on another's flow after each remedy, beside that at home.

    Parameters
    ----------
    table
        Columns ``recogniser, trained_on, flow, uf1, low, high``.
    """
    homes = list(table["trained_on"].drop_duplicates())
    remedies = list(table["flow"].drop_duplicates())
    names = list(table["recogniser"].drop_duplicates())
    places = np.arange(len(remedies))
    with style.figure(7.2, 3.0, ncols=len(homes), sharey=True, squeeze=False) as (drawn, axes):
        for axis, home in zip(axes[0], homes, strict=True):
            for number, name in enumerate(names):
                rows = table[(table["trained_on"] == home) & (table["recogniser"] == name)]
                rows = rows.set_index("flow").loc[remedies]
                y = places + 0.2 * (number - (len(names) - 1) / 2)
                colour = style.PALETTE[number]
                axis.hlines(y, rows["low"], rows["high"], color=colour, lw=1.4)
                axis.plot(rows["uf1"], y, "os^"[number % 3], color=colour, ms=5, label=name)
            axis.set_yticks(places, remedies)
            axis.set_title(f"trained on {home}'s flow")
            axis.set_xlabel("UF1, 95 % interval over subjects")
            axis.set_xlim(0.2, 1)
        axes[0, 0].invert_yaxis()
        handles, labels = axes[0, 0].get_legend_handles_labels()
        drawn.legend(handles, labels, loc="outside upper left", ncols=len(names))
    return drawn
