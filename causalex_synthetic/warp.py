"""Displacement of skin around points whose displacement is given.

The displacements are interpolated by compactly supported radial functions: exact at the points,
twice differentiable, zero beyond their reach.

References
----------
H. Wendland, Piecewise polynomial, positive definite and compactly supported radial functions of
minimal degree. Advances in Computational Mathematics 4, 1995 (the function C2).
"""

import cv2
import numpy as np
from numpy.typing import NDArray

Map = NDArray[np.float32]

REACH = 0.75  # half-widths, of one point's influence
_EXACT = 0.005  # px, error of an inverted displacement
_WHOLE_STEPS = 4  # of all pixels at once
_MOST_STEPS = 30  # of the pixels that then are not yet there
_STEPS = (0.3, 4.0)  # shortest and longest step, in multiples of what is still missing
_TINY = 1e-12
_ROW = 256  # points that are interpolated as one row: OpenCV's pictures have short sides


class Field:
    """Displacement of every point as a linear function of those of the controls (C, 2).

    Points `fixed` (F, 2) stay where they are.
    """

    def __init__(self, controls: NDArray[np.floating], fixed: NDArray[np.floating]) -> None:
        self._nodes = np.concatenate((controls, fixed))
        among = _kernel(self._nodes, self._nodes)
        self._weights = np.linalg.solve(among, np.eye(len(self._nodes))[:, : len(controls)])

    def influence(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Influence of each control on each of (N, 2) points, (C, N)."""
        return self._weights.T @ _kernel(points, self._nodes)


def inverted(forward: Map, pixels: Map) -> Map:
    """Displacement back to where the point came from that is seen at each pixel (H, W, 2).

    `forward` is the displacement of the point at each pixel; ``back(p) = -forward(p + back(p))``
    is solved by fixed-point iteration. Where the skin is stretched or pressed so much that this
    takes long or fails, each pixel's step follows from its last one (Barzilai and Borwein).
    """
    last = whole = -forward
    for _ in range(_WHOLE_STEPS):
        last, whole = whole, -at(forward, pixels + whole)
    back, points = whole.reshape(-1, 2), pixels.reshape(-1, 2)
    left = np.flatnonzero(_is_far((whole - last).reshape(-1, 2)))
    step = np.full((len(left), 1), 0.5, np.float32)
    miss = back[left] + _at_points(forward, points[left] + back[left])
    for _ in range(_MOST_STEPS):
        taken = -step * miss
        back[left] += taken
        now = back[left] + _at_points(forward, points[left] + back[left])
        slope = np.einsum("nk,nk->n", taken, now - miss)
        step = np.einsum("nk,nk->n", taken, taken) / np.maximum(slope, _TINY)
        far = _is_far(now)
        left, miss, step = left[far], now[far], np.clip(step[far], *_STEPS)[:, None]
        if not len(left):
            break
    return back.reshape(forward.shape)


def at(values: Map, points: Map) -> Map:
    """Values of a (H, W, ...) map at points (column, row), linearly interpolated.

    OpenCV's linear interpolation reproduces ramps exactly; its cubic one shifts them by up to
    0.03 px, as much as a micro-expression moves.
    """
    return np.asarray(
        cv2.remap(
            values,
            points,
            None,  # type: ignore[call-overload]
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
    )


def _is_far(vectors: Map) -> NDArray[np.bool_]:
    """Whether either component of (N, 2) vectors is larger than the error that may be left."""
    return (np.abs(vectors) > _EXACT).view(np.uint16).ravel() > 0


def _at_points(values: Map, points: Map) -> Map:
    """Values at (N, 2) points."""
    rows = -(-len(points) // _ROW)
    table = np.zeros((rows * _ROW, 2), np.float32)
    table[: len(points)] = points
    interpolated = at(values, table.reshape(rows, _ROW, 2)) if rows else table
    return interpolated.reshape(-1, values.shape[-1])[: len(points)]


def _kernel(points: NDArray[np.floating], nodes: NDArray[np.floating]) -> NDArray[np.float64]:
    """Influence of each of (M, 2) nodes on each of (N, 2) points, (M, N)."""
    rows = np.empty((len(nodes), len(points)))
    for row, (x, y) in zip(rows, nodes, strict=True):
        r = np.minimum(np.hypot(points[:, 0] - x, points[:, 1] - y) / REACH, 1)
        row[:] = (1 - r) ** 4 * (4 * r + 1)
    return rows
