"""Figures of the page on preprocessing."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from causalex_book.publishing import style

METHOD_NAMES = {
    "lucas_kanade": "Lucas-Kanade (ours)",
    "dis": "DIS",
    "farneback": "Farnebäck",
    "tv_l1": "TV-L1",
    "lucas_kanade, 8 bits": "Lucas-Kanade, 8 bits",
    "tv_l1, 8 bits": "TV-L1, 8 bits",
}
_LOOKS = {
    "lucas_kanade": (style.BLUE, "o", "-"),
    "dis": (style.ORANGE, "^", "-"),
    "farneback": (style.GREEN, "D", "-"),
    "tv_l1": (style.VERMILION, "s", "-"),
    "lucas_kanade, 8 bits": (style.BLUE, "o", ":"),
    "tv_l1, 8 bits": (style.VERMILION, "s", ":"),
}
_SIDE = 10 / 128  # of the crop: the square of a region
_GRID = 12  # px between the arrows
_SHOWN = 99.5  # percentile of the motion at which the panels end
_RUG = 0.92  # of a panel's half height, where the strip of measured rows begins
_LEAST = 0.05  # px per frame; shorter arrows are left out


def missing() -> Figure:
    """Card in the place of a figure that is drawn from a clip that is not here."""
    with style.figure(7.2, 1.2) as (drawn, axis):
        text = "Drawn from the clip, which is not on the machine that built this book."
        axis.text(0.5, 0.5, text, ha="center", va="center", color=style.GREY)
        axis.set_axis_off()
    return drawn


def steps(
    frame: NDArray[np.uint8],
    points: NDArray[np.floating],
    crop: NDArray[np.uint8],
    crop_points: NDArray[np.floating],
    flow: NDArray[np.floating],
    motion: NDArray[np.floating],
    landmarks: Sequence[int],
    longer: float,
) -> Figure:
    """Landmarks on a frame, and on its aligned crop the flow and the motion of the regions.

    Parameters
    ----------
    frame : (H, W, 3) array
        Blue first.
    points, crop_points : (68, 2) arrays
        Landmarks in pixels of the frame and of the crop.
    crop : (h, w) array
    flow : (h, w, 2) array
        Pixels per frame, without the motion of the head.
    motion : (12, 2) array
        Of the regions, in the same unit.
    landmarks
        Those in the centres of the regions.
    longer
        How much longer than the motion in one frame the arrows are.
    """
    with style.figure(9.6, 5.0, ncols=2) as (drawn, (left, right)):
        left.imshow(frame[..., ::-1])
        left.plot(*points.T, ".", color=style.SKY, ms=4)
        half = min(frame.shape[:2]) / 2
        middle = np.clip(points[:, 0].mean(), half, frame.shape[1] - half)
        left.set(xlim=(middle - half, middle + half))
        left.set_title("landmarks in a frame (its sides are cut off)")
        height, width = crop.shape
        right.imshow(crop, cmap="gray", vmin=0, vmax=255)
        side = _SIDE * width
        centres = crop_points[list(landmarks)]
        for x, y in centres:
            square = Rectangle((x - side / 2, y - side / 2), side, side, fill=False)
            square.set(edgecolor=style.SKY, linewidth=1.1)
            right.add_patch(square)
        rows, columns = np.mgrid[_GRID // 2 : height : _GRID, _GRID // 2 : width : _GRID]
        field = flow[rows, columns]
        shown = np.linalg.norm(field, axis=-1) > _LEAST
        _arrows(right, columns[shown], rows[shown], field[shown] * longer, style.ORANGE, 0.003)
        _arrows(right, centres[:, 0], centres[:, 1], motion * longer, style.VERMILION, 0.009)
        right.set(xlim=(0, width), ylim=(height, 0))
        right.set_title(f"aligned: flow and regions, {longer:g} times as long")
        for axis in (left, right):
            axis.set_axis_off()
    return drawn


def region_motion(
    motion: NDArray[np.floating],
    measured: NDArray[np.bool_],
    fps: float,
    names: Sequence[str],
    marked: int,
) -> Figure:
    """Motion of the 12 regions over time in small panels, and which rows were measured.

    Panels end at a high percentile of the motion; the little that is larger is cut off.

    Parameters
    ----------
    motion : (T, 12, 2) array
        Pixels of the crop per frame.
    measured : (T,) array
    fps
        Rows per second.
    names
        Of the regions.
    marked
        Row at which a line is drawn.
    """
    seconds = np.arange(len(motion)) / fps
    most = np.percentile(np.abs(motion), _SHOWN)
    size = {"nrows": 4, "ncols": 3, "sharex": True, "sharey": True}
    with style.figure(9.6, 6.2, **size) as (drawn, axes):
        panels = axes.ravel()
        for axis, name, series in zip(panels, names, motion.transpose(1, 2, 0), strict=True):
            axis.plot(seconds, series[0], color=style.BLUE, lw=0.9, label="x, to the right")
            axis.plot(seconds, series[1], color=style.VERMILION, lw=0.9, label="y, downwards")
            axis.fill_between(
                seconds,
                -most,
                -_RUG * most,
                where=measured,
                color=style.GREEN,
                lw=0,
                label="measured",
            )
            axis.axvline(marked / fps, color=style.INK, lw=0.8, ls=":")
            axis.set_title(name)
        panels[0].set(ylim=(-most, most), xlim=(0, seconds[-1]))
        drawn.supxlabel("seconds", fontsize=10)
        drawn.supylabel("px per frame", fontsize=10)
        drawn.legend(*panels[0].get_legend_handles_labels(), loc="outside upper left", ncols=3)
    return drawn


def errors(table: pd.DataFrame) -> Figure:
    """Error of the mean flow in a region against the size of the motion, by method.

    Parameters
    ----------
    table
        Columns ``method, motion_px, error, error_low, error_high``.
    """
    with style.figure(7.2, 3.6) as (drawn, axis):
        for method, rows in table.groupby("method", sort=False):
            colour, marker, line = _LOOKS[str(method)]
            axis.plot(
                rows["motion_px"],
                100 * rows["error"],
                line,
                color=colour,
                marker=marker,
                ms=5,
                label=METHOD_NAMES[str(method)],
            )
            if line == "-":
                low, high = 100 * rows["error_low"], 100 * rows["error_high"]
                axis.fill_between(rows["motion_px"], low, high, color=colour, alpha=0.12, lw=0)
        sizes = sorted(table["motion_px"].unique())
        axis.set_xscale("log")
        axis.set_xticks(sizes, [f"{size:g}" for size in sizes])
        axis.minorticks_off()
        axis.set_ylim(0, 100)
        axis.set_xlabel("largest motion, px")
        axis.set_ylabel("error of a region's motion, %")
        drawn.legend(loc="outside right upper")
    return drawn


def films(table: pd.DataFrame, heads: Mapping[float, str]) -> Figure:
    """How far a small smile stands out, by setting and head motion.

    Parameters
    ----------
    table
        Columns ``varied, setting, head_motion, snr, snr_low, snr_high``.
    heads
        Names of the head motions.
    """
    rows = table[["varied", "setting"]].drop_duplicates()
    labels = [f"{varied}: {setting}" if varied else setting for varied, setting in rows.values]
    with style.figure(7.6, 0.32 * len(labels) + 1.1) as (drawn, axis):
        looks = ((style.BLUE, "o", -0.14), (style.VERMILION, "s", 0.14))
        for (head, name), (colour, marker, shift) in zip(heads.items(), looks, strict=True):
            part = table[table["head_motion"] == head]
            y = np.arange(len(part)) + shift
            axis.hlines(y, part["snr_low"], part["snr_high"], color=colour, lw=1.2)
            axis.plot(part["snr"], y, marker, color=colour, ms=6, label=name)
        axis.set_xscale("log")
        ticks = (0.5, 1, 2, 5, 10, 20, 50)
        axis.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        axis.minorticks_off()
        axis.set_yticks(range(len(labels)), labels)
        axis.invert_yaxis()
        axis.set_xlabel("peak above quiet, in standard deviations of quiet: median and range")
        drawn.legend(loc="outside upper right", ncols=2)
    return drawn


def _arrows(
    axis: Axes,
    x: NDArray[np.floating],
    y: NDArray[np.floating],
    vectors: NDArray[np.floating],
    colour: str,
    width: float,
) -> None:
    axis.quiver(
        x,
        y,
        vectors[:, 0],
        vectors[:, 1],
        color=colour,
        angles="xy",
        scale_units="xy",
        scale=1,
        width=width,
    )
