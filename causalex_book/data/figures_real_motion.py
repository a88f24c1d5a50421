"""Figures of the page on real motion."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from causalex_book.publishing import face, style

_PX = 0.13  # of the schematic face's unit that an arrow of 1 px is long
_COLOURS = (style.BLUE, style.ORANGE)  # of the databases
_ARROW: dict[str, Any] = {"angles": "xy", "scale_units": "xy", "scale": 1, "width": 0.013}
_ARROW |= {"color": style.VERMILION, "zorder": 3}


def separation(table: pd.DataFrame) -> Figure:
    """Area under the curve of motion against labels, at each shift, one panel a database.

    Columns ``database, kind, seconds, auc, auc_low, auc_high``.
    """
    with style.panels(table, "database", 7.6, 3.3) as (drawn, panels):
        for axis, name, part in panels:
            axis.axvline(0, color=style.INK, linewidth=0.8, linestyle=":")
            axis.axhline(0.5, color=style.GREY, linewidth=0.8)
            for kind, rows in part.groupby("kind", sort=False):
                colour, ends = style.KIND_COLOURS[str(kind)], (rows["auc_low"], rows["auc_high"])
                axis.plot(rows["seconds"], rows["auc"], color=colour, label=kind)
                axis.fill_between(rows["seconds"], *ends, color=colour, alpha=0.13, lw=0)
            axis.set_title(style.readable(str(name)))
            axis.set_xlabel("motion after the label, s")
        first = panels[0][0]
        first.set_ylabel("area under the ROC curve")
        first.legend(loc="upper left")
    return drawn


def beginnings(table: pd.DataFrame) -> Figure:
    """Standardised motion of the first frames of videos.

    Columns ``database, frame, z, z_low, z_high``.
    """
    groups = table.groupby("database", sort=False)
    with style.figure(7.2, 3.2) as (drawn, axis):
        axis.axhline(0, color=style.GREY, linewidth=0.8)
        for colour, (name, rows) in zip(_COLOURS, groups, strict=True):
            label, ends = style.readable(str(name)), (rows["z_low"], rows["z_high"])
            axis.plot(rows["frame"], rows["z"], "o-", ms=3, color=colour, label=label)
            axis.fill_between(rows["frame"], *ends, color=colour, alpha=0.15, lw=0)
        axis.set_xlabel("frame")
        axis.set_ylabel("motion, standard deviations\nabove the video's mean")
        axis.set_xlim(-0.5, table["frame"].max() + 0.5)
        axis.legend()
    return drawn


def units(table: pd.DataFrame) -> Figure:
    """Displacement of the regions at the apex, as arrows on a face, a panel for each action unit.

    Columns ``database, unit, expressions, subjects, region, right_px, down_px``; twelve rows each,
    in the order of the regions.
    """
    groups = list(table.groupby(["database", "unit"], sort=False))
    with style.figure(9.6, 3.6, ncols=len(groups), squeeze=False) as (drawn, axes):
        for axis, ((database, unit), rows) in zip(axes[0], groups, strict=True):
            face.draw(axis)
            axis.scatter(*face.POSITIONS.T, s=7, color=style.GREY, zorder=2)
            ends = rows["right_px"].to_numpy(), -rows["down_px"].to_numpy()
            axis.quiver(*face.POSITIONS.T, _PX * ends[0], _PX * ends[1], **_ARROW)
            axis.set_title(
                f"AU{unit}, {style.readable(str(database))}\n{rows['expressions'].iloc[0]}"
                f" expressions, {rows['subjects'].iloc[0]} subjects",
                loc="center",
            )
        scale, (x, y) = axes[0, 0], (-0.85, -1.1)
        scale.quiver(np.array([x]), np.array([y]), np.array([2 * _PX]), np.zeros(1), **_ARROW)
        at = {"xytext": (4, -3), "textcoords": "offset points", "fontsize": 9}
        scale.annotate("2 px", (x + 2 * _PX, y), **at)
    return drawn
