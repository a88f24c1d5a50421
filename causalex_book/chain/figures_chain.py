"""Figures of the page that spots and then recognises."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from causalex_book.publishing import style
from causalex_core.expressions import FRAMES, KINDS


def errors(table: pd.DataFrame) -> Figure:
    """Share of the hits up to each error: a panel per key frame, a line per kind of expression.

    Cumulated, because errors come in whole frames, and not all videos have as many a second.

    Parameters
    ----------
    table
        Columns ``kind, frame, error, share``: middles of equal bins, in milliseconds.
    """
    half = np.diff(table["error"].drop_duplicates()).min() / 2
    with style.figure(7.2, 2.8, ncols=len(FRAMES), sharey=True) as (drawn, axes):
        for axis, frame in zip(axes, FRAMES, strict=True):
            for kind, dash in zip(KINDS, ("-", "--"), strict=True):
                rows = table[(table["frame"] == frame) & (table["kind"] == kind)]
                axis.plot(
                    rows["error"] + half,
                    100 * rows["share"].cumsum(),
                    color=style.KIND_COLOURS[kind],
                    ls=dash,
                    label=kind if frame == FRAMES[0] else None,
                )
            axis.axvline(0, color=style.INK, lw=0.8)
            axis.set_title(frame)
            axis.set_xlabel("found minus true (ms)")
        axes[0].set_ylabel("share of the hits (%)")
        drawn.legend(loc="outside upper right", ncols=2)
    return drawn


def steps(table: pd.DataFrame, kinds: Sequence[str]) -> Figure:
    """What is left of the score after each step, a panel per kind of expression.

    Parameters
    ----------
    table
        Columns ``kind, step, strs, low, high``.
    kinds
        Panels from left to right.
    """
    names = table["step"].drop_duplicates().tolist()
    places = np.arange(len(names))
    with style.figure(7.2, 1.0 + 0.38 * len(names), ncols=len(kinds), sharey=True) as (drawn, axes):
        for axis, kind in zip(np.atleast_1d(axes), kinds, strict=True):
            rows = table[table["kind"] == kind].set_index("step").loc[names]
            colour = style.KIND_COLOURS[kind]
            axis.barh(places, rows["strs"], 0.6, color=colour, alpha=0.35)
            axis.hlines(places, rows["low"], rows["high"], color=colour, lw=2)
            axis.plot(rows["strs"], places, "o", color=colour, ms=4)
            axis.set_yticks(places, names)
            axis.set_ylim(len(names) - 0.5, -0.5)
            axis.set_xlim(0, 1)
            axis.set_title(kind)
            axis.set_xlabel("score (STRS)")
            axis.grid(axis="y", visible=False)
    return drawn
