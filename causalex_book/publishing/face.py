"""A schematic neutral face with the 12 regions, and a graph drawn on it."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Ellipse, FancyArrowPatch, PathPatch
from matplotlib.path import Path

from causalex_book.publishing import style
from causalex_core.graphs.pag import ARROWHEAD, CIRCLE, NONE

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
_RIM = 0.045  # from the centre of a node to the end of an edge with marks
_HEAD = 8  # points of an edge that its arrowhead is as long as

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
        (12, 12), symmetric, not negative: widths of edges; the diagonal: areas of nodes. A region
        without any weight is an empty ring.
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


def draw_marks(
    axis: Axes, marks: np.ndarray, shares: np.ndarray | None = None, colour: str = style.BLUE
) -> None:
    """Draw a graph with its marks over the regions.

    Parameters
    ----------
    axis
        Where the face is.
    marks
        (12, 12), as in `causalex_core.graphs.pag.Pag`.
    shares
        (12, 12) from 0 to 1: the width and depth of an edge; 1 everywhere if None.
    colour
        Colour of edges and nodes.
    """
    shares = np.ones(marks.shape) if shares is None else shares
    for first, second in np.argwhere(np.triu(marks) != NONE):
        share = float(shares[first, second])
        curve = _between(POSITIONS[first], POSITIONS[second])
        look: dict[str, Any] = {"color": colour, "alpha": 0.25 + 0.75 * share}
        axis.plot(*curve.T, lw=0.4 + 1.2 * share, zorder=1, **look)
        for mark, end in ((marks[second, first], curve[::-1]), (marks[first, second], curve)):
            if mark == ARROWHEAD:
                (x, y), (from_x, from_y) = end[-1], end[-_HEAD]
                turn = np.degrees(np.arctan2(y - from_y, x - from_x)) - 90
                axis.plot(x, y, marker=(3, 0, turn), ms=5.5, mew=0, zorder=3, **look)
            elif mark == CIRCLE:
                axis.plot(*end[-1], marker="o", ms=4.5, mfc=style.PAPER, zorder=3, **look)
    used = (marks != NONE).any(axis=1)
    face = [colour if here else style.PAPER for here in used]
    x, y = POSITIONS.T
    axis.scatter(x, y, s=26, c=face, edgecolors=style.INK, linewidths=0.9, zorder=2)


def _between(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Points (P, 2) of an edge between the rims of two nodes, bent as all edges are."""
    start, end, bend = _bent(first, second)
    across = np.array([end[1] - start[1], start[0] - end[0]])
    control = (start + end) / 2 + bend * across
    t = np.linspace(0, 1, 101)[:, None]
    curve = (1 - t) ** 2 * start + 2 * t * (1 - t) * control + t**2 * end
    off = np.hypot(*(curve - start).T), np.hypot(*(curve - end).T)
    curve = curve[np.minimum(*off) > _RIM]
    return curve if np.array_equal(start, first) else curve[::-1]


def _bent(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Ends and bend of an edge, such that mirrored edges look mirrored."""
    flip = np.array([-1.0 if first[0] + second[0] > 0 else 1.0, 1.0])
    start, end = sorted((first * flip, second * flip), key=lambda point: (point[1], point[0]))
    return start * flip, end * flip, _BEND * flip[0]
