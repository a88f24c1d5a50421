"""Head motion, estimated to be subtracted from that of the face.

``nose``
    One translation, read from the flow around the nose, as AUW-GCN and Causal-Ex have it.
``similarity``
    Translation, roll and change of size, fitted to points that no expression moves far: roughly
    before the flow, to warp the second crop onto the first, and exactly after it. Under large
    head motion this keeps what a translation loses.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from causalex_core.motion import compiled
from causalex_core.motion.flow import Image, halve, lucas_kanade_at
from causalex_core.motion.mdmo import AUW_GCN_HEAD, inside, main_direction

NOSE = (29, 30)  # landmarks whose surroundings AUW-GCN takes for the head
INNER_EYE_CORNERS = (39, 42)
_NOSE_MARGIN = 0.35  # of half the distance between the inner eye corners

# Sides of the face, nose, eye corners; not the chin, which drops with the jaw.
RIGID = (*range(5), *range(12, 17), 27, 28, 29, 30, 31, 33, 35, 36, 39, 42, 45)
_RIGID = np.array(RIGID)
_REWEIGHTINGS = 6
_LEAST_SPREAD = 0.01  # px, of the residuals: keeps weights finite where the fit is exact
_LEAST_WARP = 0.6  # px; interpolating an image costs more than a smaller motion disturbs

Pixels = NDArray[np.integer]  # (K, 2), x and y


def nose_pixels(landmarks: NDArray[np.floating], height: int, width: int) -> Pixels:
    """Pixels around the nose, from whose flow AUW-GCN reads the translation of the head.

    `landmarks` are (68, 2) in pixels of the image.
    """
    left, right = landmarks[list(INNER_EYE_CORNERS), 0]
    margin = int(_NOSE_MARGIN * (right - left) / 2)
    nose = landmarks[list(NOSE)].astype(int)
    x0, y0 = np.maximum(nose.min(axis=0) - margin, 0)
    x1, y1 = np.minimum(nose.max(axis=0) + margin + 1, (width, height))
    y, x = np.mgrid[y0:y1, x0:x1]
    return np.stack((x.ravel(), y.ravel()), axis=-1)


def rigid_pixels(landmarks: NDArray[np.floating], height: int, width: int) -> Pixels:
    """Pixels of the rigid points, from whose flow :func:`similarity` is fitted."""
    return inside(np.rint(landmarks[_RIGID]).astype(int), 0, height, width)


def similarity(
    moved: NDArray[np.floating], landmarks: NDArray[np.floating]
) -> tuple[complex, complex]:
    """Similarity a, b of the motion of the rigid points: a point z = x + iy moves by a * z + b.

    Least squares, reweighted after Geman and McClure: what moves unlike the rest hardly counts.
    `moved` is the flow (K, 2) at :func:`rigid_pixels`, `landmarks` (68, 2) in the same pixels.
    """
    return compiled.similarity(landmarks[_RIGID], moved, _REWEIGHTINGS, _LEAST_SPREAD)


def moved_by(head: tuple[complex, complex], points: NDArray[np.floating]) -> NDArray[np.float32]:
    """How far a similarity (see :func:`similarity`) moves (K, 2) points."""
    (a, b), x, y = head, points[:, 0], points[:, 1]
    motion = np.empty(points.shape, np.float32)
    motion[:, 0] = a.real * x - a.imag * y + b.real
    motion[:, 1] = a.imag * x + a.real * y + b.imag
    return motion


def stabilise(first: Image, second: Image, landmarks: NDArray[np.floating]) -> Image:
    """Warp the second crop onto the first, by the similarity that a coarse flow shows.

    Returns the second crop itself if the head hardly moved.
    """
    small, other = halve(first), halve(second)
    moved = lucas_kanade_at(small, other, rigid_pixels(landmarks / 2, *small.shape))
    return warp(second, moved, landmarks)


def warp(second: Image, moved: NDArray[np.floating], landmarks: NDArray[np.floating]) -> Image:
    """:func:`stabilise`, given the flow of the rigid points between both crops at half the size."""
    a, b = similarity(2 * moved, landmarks / 2)
    a /= 2  # fitted to points at half their distances
    if np.abs(moved_by((a, b), landmarks)).max() < _LEAST_WARP:
        return second
    matrix = np.array([[1 + a.real, -a.imag, b.real], [a.imag, 1 + a.real, b.imag]])
    return compiled.warped(second, matrix)


class Estimate(NamedTuple):
    """Where the flow is read, and how far the head then moves each of some centres (K, 2)."""

    pixels: Callable[[NDArray[np.floating], int, int], Pixels]
    motion: Callable[
        [NDArray[np.floating], NDArray[np.floating], NDArray[np.floating]], NDArray[np.float32]
    ]


ESTIMATES: dict[str, Estimate] = {
    "similarity": Estimate(
        rigid_pixels,
        lambda moved, landmarks, centres: moved_by(similarity(moved, landmarks), centres),
    ),
    "nose": Estimate(
        nose_pixels,
        lambda moved, landmarks, centres: np.tile(
            main_direction(moved, AUW_GCN_HEAD), (len(centres), 1)
        ),
    ),
    "none": Estimate(
        lambda landmarks, height, width: np.zeros((0, 2), np.int64),
        lambda moved, landmarks, centres: np.zeros((len(centres), 2), np.float32),
    ),
}
