"""The four images that CausalNet sees of one micro-expression, from two of flow.

A flow image is uint8 (28, 28, 3): optical strain, then v (down) and u (to the right), both
stretched to 0..255 within the image, so that no motion is at no fixed value.

The angle of (u, v) and its colour are computed here in the float32 steps of OpenCV 4, with which
the published images were made; OpenCV 5 gives many hues one step less of green.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from causalex_core.errors import CausalexError

Images = NDArray[np.uint8]

SIDE = 28  # px
CHANNELS = 3  # strain, v, u
COUNT = 4  # flow before and after the apex, then the direction of each

_HALF = SIDE // 4  # a patch is as far to each side of its landmark
# (row, column) of eye and corner of the mouth on the image's left, then on its right: the
# published code takes the same for all people, within 7 to 21.
_LANDMARKS = ((9, 11), (21, 10), (10, 21), (20, 21))

_ATAN = (0.9997878412794807, -0.3258083974640975, 0.1555786518463281, -0.04432655554792128)
_TINY = np.float32(np.finfo(np.float64).eps)
_DEGREES_PER_HUE = 2
_HUES_PER_SECTOR = 30  # red to yellow, yellow to green


def inputs(flow: Images) -> Images:
    """Input of the network.

    Parameters
    ----------
    flow
        (N, 2, 28, 28, 3) flow images, from onset to apex and from apex to offset.

    Returns
    -------
    ndarray
        uint8 (N, 4, 3, 28, 28): both flows, then the direction of each, as :func:`mosaic`.

    Raises
    ------
    CausalexError
        If the images have another shape or are not uint8.
    """
    if flow.shape[1:] != (2, SIDE, SIDE, CHANNELS) or flow.dtype != np.uint8:
        raise CausalexError(
            f"flow of shape {flow.shape} and type {flow.dtype}: expected uint8"
            f" (N, 2, {SIDE}, {SIDE}, {CHANNELS})"
        )
    images = mosaic(np.concatenate([flow, direction(flow)], axis=1))
    return np.ascontiguousarray(np.moveaxis(images, -1, 2))


def direction(flow: Images) -> Images:
    """Images (..., 3) that show the angle between u and v of flow images (..., 3) as a colour.

    Both are positive as they are stored: angles are between 0 and 90 degrees, colours between
    red and yellowish green.
    """
    return _colours()[flow[..., 1], flow[..., 2]]


def mosaic(images: NDArray[np.integer]) -> NDArray[np.integer]:
    """Images (..., 28, 28, C) of four patches, which overlap in the images that they come from.

    Above, around the left eye and the left corner of the mouth; below, the same of the right.
    """
    left_eye, left_mouth, right_eye, right_mouth = (
        images[..., row - _HALF : row + _HALF, column - _HALF : column + _HALF, :]
        for row, column in _LANDMARKS
    )
    rows = ((left_eye, left_mouth), (right_eye, right_mouth))
    return np.concatenate([np.concatenate(row, axis=-2) for row in rows], axis=-3)


@cache
def _colours() -> Images:
    """Colour (256, 256, 3) of each v and u, as blue, green, red."""
    v, u = np.mgrid[:256, :256].astype(np.float32)
    hue = np.trunc(_degrees(v, u) / _DEGREES_PER_HUE)
    place = hue * np.float32(1 / _HUES_PER_SECTOR)
    part = place - np.floor(place)
    one = np.float32(1)
    green = np.where(place < 1, one - (one - part), one)
    red = np.where(place < 1, one, one - part)
    return np.rint(np.float32(255) * np.stack([0 * red, green, red], axis=-1)).astype(np.uint8)


def _degrees(v: NDArray[np.float32], u: NDArray[np.float32]) -> NDArray[np.float32]:
    """Angle of (u, v), 0 to 90, by a polynomial that is up to 0.01 degrees off.

    The exact arctangent would change the colour of 60 of all 65,536 pairs.
    """
    ratio = np.minimum(u, v) / (np.maximum(u, v) + _TINY)
    square, angle = ratio * ratio, np.zeros_like(ratio)
    for factor in reversed(_ATAN):
        angle = angle * square + np.float32(factor) * np.float32(180 / np.pi)
    angle = angle * ratio
    return np.where(u >= v, angle, np.float32(90) - angle)
