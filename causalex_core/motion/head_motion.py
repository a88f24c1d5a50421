"""Head motion, estimated to be subtracted from that of the face.

``nose``
    One translation, read from the flow around the nose, as AUW-GCN and Causal-Ex have it.
``similarity``
    Translation, roll and change of size, fitted to points that no expression moves far: roughly
    before the flow, to warp the second crop onto the first, and exactly after it. Under large
    head motion this keeps what a translation loses.
"""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from causalex_core.motion.flow import Flow, Image, halve, lucas_kanade
from causalex_core.motion.mdmo import AUW_GCN_HEAD, main_direction

NOSE = (29, 30)  # landmarks whose surroundings AUW-GCN takes for the head
INNER_EYE_CORNERS = (39, 42)
_NOSE_MARGIN = 0.35  # of half the distance between the inner eye corners

# Sides of the face, nose, eye corners; not the chin, which drops with the jaw.
RIGID = (*range(5), *range(12, 17), 27, 28, 29, 30, 31, 33, 35, 36, 39, 42, 45)
_MIDDLE = len(RIGID) // 2
_REWEIGHTINGS = 6
_LEAST_SPREAD = 0.01  # px, of the residuals: keeps weights finite where the fit is exact
_LEAST_WARP = 0.6  # px; interpolating an image costs more than a smaller motion disturbs


def nose_translation(
    flow: NDArray[np.floating], landmarks: NDArray[np.floating]
) -> NDArray[np.float32]:
    """Translation (2,) of the head, as AUW-GCN reads it from the flow around the nose.

    `flow` is (H, W, 2), `landmarks` (68, 2) in pixels of the flow field.
    """
    left, right = landmarks[list(INNER_EYE_CORNERS), 0]
    margin = int(_NOSE_MARGIN * (right - left) / 2)
    nose = landmarks[list(NOSE)].astype(int)
    height, width = flow.shape[:2]
    x0, y0 = np.maximum(nose.min(axis=0) - margin, 0)
    x1, y1 = np.minimum(nose.max(axis=0) + margin + 1, (width, height))
    return main_direction(flow[y0:y1, x0:x1].reshape(-1, 2), AUW_GCN_HEAD)


def similarity(
    flow: NDArray[np.floating], landmarks: NDArray[np.floating]
) -> tuple[complex, complex]:
    """Similarity a, b of the flow at the rigid points: they move a point z = x + iy by a * z + b.

    Least squares, reweighted after Geman and McClure: what moves unlike the rest hardly counts.
    `flow` is (H, W, 2), `landmarks` (68, 2) in pixels of the flow field.
    """
    points = landmarks[list(RIGID)]
    height, width = flow.shape[:2]
    x, y = np.clip(np.round(points).astype(int), 0, (width - 1, height - 1)).T
    position, moved = points @ (1, 1j), flow[y, x] @ (1, 1j)
    weights = np.full(len(position), 1 / len(position))
    a = b = 0j
    for _ in range(_REWEIGHTINGS):
        centre, shift = weights @ position, weights @ moved
        arms = position - centre
        a = (weights * arms.conj()) @ (moved - shift) / (weights @ np.abs(arms) ** 2)
        b = shift - a * centre
        residual = np.abs(moved - a * position - b)
        spread = 1.5 * np.partition(residual, _MIDDLE)[_MIDDLE] + _LEAST_SPREAD
        weights = 1 / (1 + (residual / spread) ** 2)
        weights /= weights.sum()
    return complex(a), complex(b)


def moved_by(head: tuple[complex, complex], points: NDArray[np.floating]) -> NDArray[np.float32]:
    """How far a similarity (see :func:`similarity`) moves (K, 2) points."""
    motion = head[0] * (points @ (1, 1j)) + head[1]
    return np.stack((motion.real, motion.imag), axis=-1).astype(np.float32)


def stabilise(first: Image, second: Image, landmarks: NDArray[np.floating]) -> Image:
    """Warp the second crop onto the first, by the similarity that a coarse flow shows.

    Returns the second crop itself if the head hardly moved.
    """
    return warp(second, lucas_kanade(halve(first), halve(second)), landmarks)


def warp(second: Image, coarse: Flow, landmarks: NDArray[np.floating]) -> Image:
    """:func:`stabilise`, given the flow between both crops at half their size."""
    a, b = similarity(2 * coarse, landmarks / 2)
    a /= 2  # fitted to points at half their distances
    if np.abs(moved_by((a, b), landmarks)).max() < _LEAST_WARP:
        return second
    matrix = np.array([[1 + a.real, -a.imag, b.real], [a.imag, 1 + a.real, b.imag]])
    moved = cv2.warpAffine(
        second,
        matrix,
        second.shape[::-1],
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(moved, dtype=np.uint8)


Estimate = Callable[
    [NDArray[np.floating], NDArray[np.floating], NDArray[np.floating]], NDArray[np.float32]
]
# How far the head moves each of (K, 2) centres, from the flow and the landmarks.
ESTIMATES: dict[str, Estimate] = {
    "similarity": lambda flow, points, at: moved_by(similarity(flow, points), at),
    "nose": lambda flow, points, centres: np.tile(
        nose_translation(flow, points), (len(centres), 1)
    ),
    "none": lambda flow, points, centres: np.zeros((len(centres), 2), np.float32),
}
