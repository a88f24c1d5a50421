"""Main directional mean optical flow (MDMO): one vector for the flow in a region.

Vectors are sorted into bins by direction; those of the fullest bin are averaged. Other bins
(noise, a neighbouring muscle) do not dilute the mean.

References
----------
Y.-J. Liu et al., A main directional mean optical flow feature for spontaneous micro-expression
recognition. IEEE Transactions on Affective Computing 7(4), 2016.
S. Yin et al., AU-aware graph convolutional network for macro- and micro-expression spotting.
ICME 2023 (its published code defines the variants ``AUW_GCN`` and ``AUW_GCN_HEAD``).
"""

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from causalex_core.motion import compiled

_TINY = 1e-6  # keeps the direction of a zero sum defined; AUW-GCN's value


@dataclass(frozen=True)
class Variant:
    """How the vectors of a region become one."""

    # Start of each direction bin in degrees, ascending; the last bin runs on to the first. Angles
    # grow from +x towards +y, clockwise on the image because y points down.
    edges: tuple[float, ...]
    share: float = 1.0  # of the fullest bin's vectors, the longest first, that count
    mean_length: bool = False  # the sum's direction with the vectors' mean length, not their mean


# Bins centred on the axes, so that a purely sideways or upward motion is not split between two.
LIU = Variant(edges=tuple(22.5 + 45.0 * k for k in range(8)))
AUW_GCN = Variant(edges=(30.0, 150.0, 210.0, 330.0), share=0.6, mean_length=True)
AUW_GCN_HEAD = Variant(edges=(45.0, 135.0, 225.0, 315.0), share=0.88, mean_length=True)
MEAN = Variant(edges=(0.0,))  # a single bin: the plain mean, for comparison

VARIANTS = {"liu": LIU, "auw_gcn": AUW_GCN, "mean": MEAN}


def main_direction(vectors: NDArray[np.floating], variant: Variant) -> NDArray[np.float32]:
    """Reduce sets of N flow vectors, (..., N, 2), to their main directional means, (..., 2).

    Of equally full bins the one whose edge comes first wins.
    """
    flow = np.ascontiguousarray(vectors, dtype=np.float32)
    length, angle = _polar(flow)
    number = flow.shape[-2]
    chosen, total = compiled.fullest_bins(
        flow.reshape(-1, number, 2), angle.reshape(-1, number), np.deg2rad(variant.edges)
    )
    chosen, total = chosen.reshape(angle.shape), total.reshape(*angle.shape[:-1], 2)
    if variant.share < 1:
        count = np.floor(variant.share * np.count_nonzero(chosen, axis=-1))
        chosen = _longest(chosen, length, count)
        total = np.einsum("...n,...nc->...c", chosen, flow, dtype=np.float64)
    counted = np.maximum(np.count_nonzero(chosen, axis=-1), 1)[..., None]
    if not variant.mean_length:
        return (total / counted).astype(np.float32)
    mean = np.einsum("...n,...n->...", chosen, length, dtype=np.float64)[..., None] / counted
    norm = np.linalg.norm(total, axis=-1, keepdims=True)
    return (total / (norm + _TINY) * mean).astype(np.float32)


def squares(
    centres: NDArray[np.integer], radius: int, step: int, height: int, width: int
) -> NDArray[np.int64]:
    """Pixels x, y in the square around each centre in an image.

    Parameters
    ----------
    centres : (K, 2) integer array
        Columns x and y in pixels. A square that would leave the image is moved to its border.
    radius, step
        Pixels on each side of the centre, and from one to the next.

    Returns
    -------
    (K, (2 * radius + 1)**2, 2) array
    """
    margin = radius * step
    if min(height, width) <= 2 * margin:
        raise ValueError(
            f"an image of {width} x {height} px cannot hold a square of {2 * margin + 1} px"
        )
    return inside(centres, margin, height, width)[:, None] + step * _square(radius)


def inside(
    pixels: NDArray[np.integer], margin: int, height: int, width: int
) -> NDArray[np.integer]:
    """Pixels x, y (K, 2), each moved to the nearest one that has a margin in an image."""
    farthest = width - 1 - margin, height - 1 - margin
    return np.minimum(np.maximum(pixels, margin), farthest)


@cache
def _square(radius: int) -> NDArray[np.int64]:
    """Offsets x, y from the centre of a square, ((2 * radius + 1)**2, 2)."""
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1].reshape(2, -1)
    return np.stack((x, y), axis=-1)


def _polar(flow: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Length and angle (radians, [0, 2 pi)); 8-bit flow has many angles exactly on an edge.

    OpenCV's approximate angle decides those as the published AUW-GCN features do.
    """
    x, y = (np.ascontiguousarray(flow[..., k]).reshape(1, -1) for k in (0, 1))
    polar = np.array(cv2.cartToPolar(x, y), dtype=np.float32)
    length, angle = polar.reshape(2, *flow.shape[:-1])
    return length, angle


def _longest(
    chosen: NDArray[np.bool_], length: NDArray[np.floating], number: NDArray[np.floating]
) -> NDArray[np.bool_]:
    """Of the chosen vectors of each set, the `number` longest; the earlier one on a tie."""
    order = np.argsort(np.where(chosen, -length, np.inf), axis=-1, kind="stable")
    first = np.arange(chosen.shape[-1]) < number[..., None]
    kept = np.zeros_like(chosen)
    np.put_along_axis(kept, order, first, axis=-1)
    return kept
