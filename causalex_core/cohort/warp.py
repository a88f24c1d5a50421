"""How skin follows points whose displacement is given.

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

REACH = 0.62  # half-widths, of one point's influence
_INVERSION_STEPS = 5  # each takes about two thirds off the error of the largest displacements


class Field:
    """Displacement of every point as a linear function of those of the controls.

    Parameters
    ----------
    controls : (C, 2) array
        Places whose displacement is given.
    fixed : (F, 2) array
        Places that stay where they are.
    """

    def __init__(self, controls: NDArray[np.floating], fixed: NDArray[np.floating]) -> None:
        self._nodes = np.concatenate((controls, fixed))
        among = _kernel(self._nodes, self._nodes)
        self._weights = np.linalg.solve(among, np.eye(len(self._nodes))[:, : len(controls)])

    def influence(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """How far each control takes each of (N, 2) points along, (N, C)."""
        return _kernel(points, self._nodes) @ self._weights


def inverted(forward: Map, pixels: Map) -> Map:
    """Displacement back to where the point came from that is seen at each pixel.

    Parameters
    ----------
    forward : (H, W, 2) array
        Displacement of the point at each pixel, in pixels.
    pixels : (H, W, 2) array
        Column and row of each pixel.

    Returns
    -------
    (H, W, 2) array
        `back` with ``back(p) = -forward(p + back(p))``, found by fixed-point iteration.
    """
    back = -forward
    for _ in range(_INVERSION_STEPS):
        back = -at(forward, pixels + back)
    return back


def at(values: Map, places: Map) -> Map:
    """Values of a (H, W, ...) map at other places (column, row), linearly interpolated.

    OpenCV's linear interpolation reproduces ramps exactly; its cubic one shifts them by up to
    0.03 px, as much as a micro-expression moves.
    """
    return np.asarray(
        cv2.remap(
            values,
            places,
            None,  # type: ignore[call-overload]
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
    )


def _kernel(points: NDArray[np.floating], nodes: NDArray[np.floating]) -> NDArray[np.float64]:
    squared = sum((points[:, None, k] - nodes[None, :, k]) ** 2 for k in (0, 1))
    r = np.minimum(np.sqrt(squared) / REACH, 1)
    return np.asarray((1 - r) ** 4 * (4 * r + 1))
