"""Figures of the page on real motion."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from causalex_book.publishing import face, style

_PX = 0.13  # of the schematic face's unit that an arrow of 1 px is long
_DATABASES = (style.BLUE, style.ORANGE)


def separation(table: pd.DataFrame) -> Figure:
    """Area under the curve of motion against labels, at each shift, one panel a database.

    Parameters
    ----------
    table
        ``database, kind, seconds, auc, auc_low, auc_high``.
    """
    names = table["database"].unique()
    with style.figure(7.6, 3.3, ncols=len(names), sharey=True, squeeze=False) as (drawn, axes):
        for axis, name in zip(axes[0], names, strict=True):
            axis.axvline(0, color=style.INK, linewidth=0.8, linestyle=":")
            axis.axhline(0.5, color=style.GREY, linewidth=0.8)
            for kind, rows in table[table["database"] == name].groupby("kind", sort=False):
                colour = style.KIND_COLOURS[str(kind)]
                axis.plot(rows["seconds"], rows["auc"], color=colour, label=kind)
                low, high = rows["auc_low"], rows["auc_high"]
                axis.fill_between(rows["seconds"], low, high, color=colour, alpha=0.13, lw=0)
            axis.set_title(style.readable(str(name)))
            axis.set_xlabel("motion after the label, s")
        axes[0, 0].set_ylabel("area under the ROC curve")
        axes[0, 0].legend(loc="upper left")
    return drawn


def beginnings(table: pd.DataFrame) -> Figure:
    """Standardised motion of the first frames of videos.

    Parameters
    ----------
    table
        ``database, frame, z, z_low, z_high``.
    """
    with style.figure(7.2, 3.2) as (drawn, axis):
        axis.axhline(0, color=style.GREY, linewidth=0.8)
        for colour, (name, rows) in zip(
            _DATABASES, table.groupby("database", sort=False), strict=True
        ):
            label = style.readable(str(name))
            axis.plot(rows["frame"], rows["z"], "o-", ms=3, color=colour, label=label)
            axis.fill_between(
                rows["frame"], rows["z_low"], rows["z_high"], color=colour, alpha=0.15, lw=0
            )
        axis.set_xlabel("frame")
        axis.set_ylabel("motion, standard deviations\nabove the video's mean")
        axis.set_xlim(-0.5, table["frame"].max() + 0.5)
        axis.legend()
    return drawn


def units(table: pd.DataFrame) -> Figure:
    """Displacement of the regions at the apex, as arrows on a face, a panel for each action unit.

    Parameters
    ----------
    table
        ``database, unit, expressions, subjects, region, right_px, down_px``; twelve rows each, in
        the order of the regions.
    """
    groups = list(table.groupby(["database", "unit"], sort=False))
    with style.figure(9.6, 3.6, ncols=len(groups), squeeze=False) as (drawn, axes):
        for axis, ((database, unit), rows) in zip(axes[0], groups, strict=True):
            face.draw(axis)
            x, y = face.POSITIONS.T
            axis.scatter(x, y, s=7, color=style.GREY, zorder=2)
            _arrows(axis, x, y, rows["right_px"].to_numpy(), -rows["down_px"].to_numpy())
            axis.set_title(
                f"AU{unit}, {style.readable(str(database))}\n{rows['expressions'].iloc[0]}"
                f" expressions, {rows['subjects'].iloc[0]} subjects",
                loc="center",
            )
        scale = axes[0, 0]
        _arrows(scale, np.array([-0.85]), np.array([-1.1]), np.array([2.0]), np.zeros(1))
        scale.annotate(
            "2 px", (-0.85 + 2 * _PX, -1.1), (4, -3), textcoords="offset points", fontsize=9
        )
    return drawn


def _arrows(axis: Axes, x: np.ndarray, y: np.ndarray, right: np.ndarray, up: np.ndarray) -> None:
    axis.quiver(
        x,
        y,
        _PX * right,
        _PX * up,
        angles="xy",
        scale_units="xy",
        scale=1,
        width=0.013,
        color=style.VERMILION,
        zorder=3,
    )
