"""A schematic neutral face with the 12 regions, and a graph drawn on it."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Ellipse, FancyArrowPatch, PathPatch
from matplotlib.path import Path

from causalex_core.report import style

# Centre of each region, x to the right and y up, in a face 1.6 wide and 2.2 high around (0, 0).
POSITIONS = np.array(
    [
        (-0.58, 0.50),
        (-0.43, 0.58),
        (-0.24, 0.52),
        (0.24, 0.52),
        (0.43, 0.58),
        (0.58, 0.50),
        (0.00, 0.24),
        (0.00, -0.10),
        (-0.30, -0.56),
        (0.00, -0.49),
        (0.30, -0.56),
        (0.00, -0.68),
    ]
)
_LINE: dict[str, Any] = {"fill": False, "edgecolor": "#B8B8B8", "linewidth": 1.4, "zorder": 0}

_BEND = 0.12  # of an edge, as a share of its length

# Strokes of the drawing, each a start, two Bézier control points and an end.
_STROKES = (
    ((-0.66, 0.44), (-0.55, 0.64), (-0.36, 0.66), (-0.16, 0.50)),
    ((0.66, 0.44), (0.55, 0.64), (0.36, 0.66), (0.16, 0.50)),
    ((-0.58, 0.24), (-0.50, 0.36), (-0.34, 0.36), (-0.24, 0.24)),
    ((-0.58, 0.24), (-0.50, 0.16), (-0.34, 0.16), (-0.24, 0.24)),
    ((0.58, 0.24), (0.50, 0.36), (0.34, 0.36), (0.24, 0.24)),
    ((0.58, 0.24), (0.50, 0.16), (0.34, 0.16), (0.24, 0.24)),
    ((-0.04, 0.36), (-0.04, 0.10), (-0.10, -0.04), (-0.16, -0.16)),
    ((-0.16, -0.16), (-0.10, -0.24), (0.10, -0.24), (0.16, -0.16)),
    ((-0.30, -0.56), (-0.16, -0.46), (-0.06, -0.44), (0.00, -0.49)),
    ((0.30, -0.56), (0.16, -0.46), (0.06, -0.44), (0.00, -0.49)),
    ((-0.30, -0.56), (-0.10, -0.58), (0.10, -0.58), (0.30, -0.56)),
    ((-0.30, -0.56), (-0.16, -0.72), (0.16, -0.72), (0.30, -0.56)),
)


def draw(axis: Axes) -> None:
    """Draw the face in grey and prepare the axis for a graph on it."""
    axis.add_patch(Ellipse((0, -0.02), 1.62, 2.2, **_LINE))
    for stroke in _STROKES:
        curve = Path(stroke, [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4])
        axis.add_patch(PathPatch(curve, **_LINE))
    for x in (-0.41, 0.41):
        axis.add_patch(Ellipse((x, 0.245), 0.1, 0.11, **_LINE))
    axis.set(xlim=(-0.9, 0.9), ylim=(-1.18, 1.14), aspect="equal")
    axis.set_axis_off()


def draw_graph(axis: Axes, weights: np.ndarray, largest: float, colour: str = style.BLUE) -> None:
    """Draw an undirected graph over the regions.

    Parameters
    ----------
    axis
        Where the face is.
    weights
        (12, 12), symmetric, not negative. The width of an edge grows with its weight; the area
        of a node with its diagonal; a region without any weight is an empty ring.
    largest
        Weight of the widest edge and of the largest node.
    colour
        Colour of edges and nodes.
    """
    for first, second in np.argwhere(np.triu(weights, k=1) > 0):
        share = weights[first, second] / largest
        start, end, bend = _bent(POSITIONS[first], POSITIONS[second])
        axis.add_patch(
            FancyArrowPatch(
                (start[0], start[1]),
                (end[0], end[1]),
                arrowstyle="-",
                connectionstyle=f"arc3,rad={bend}",
                linewidth=0.4 + 6 * share,
                alpha=0.25 + 0.6 * share,
                color=colour,
                zorder=1,
            )
        )
    used = weights.sum(axis=1) > 0
    area = 24 + 300 * np.diag(weights) / largest
    face = [colour if here else style.PAPER for here in used]
    axis.scatter(
        POSITIONS[:, 0],
        POSITIONS[:, 1],
        s=area,
        c=face,
        edgecolors=style.INK,
        linewidths=0.9,
        zorder=2,
    )


def _bent(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Ends and bend of an edge, such that mirrored edges look mirrored."""
    flip = np.array([-1.0 if first[0] + second[0] > 0 else 1.0, 1.0])
    start, end = sorted((first * flip, second * flip), key=lambda point: (point[1], point[0]))
    return start * flip, end * flip, _BEND * flip[0]
