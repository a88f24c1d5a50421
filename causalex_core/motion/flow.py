"""Optical flow between two grey crops of a face.

Every method takes two (H, W) uint8 images and returns (H, W, 2) float32: how far (x, y), in
pixels, what is seen in the first has gone in the second. Lucas-Kanade's also comes at chosen
pixels only, which takes half the time.

References
----------
B. Lucas, T. Kanade, An iterative image registration technique. IJCAI 1981.
T. Kroeger et al., Fast optical flow using dense inverse search. ECCV 2016 (DIS).
G. Farneback, Two-frame motion estimation based on polynomial expansion. SCIA 2003.
C. Zach et al., A duality based approach for realtime TV-L1 optical flow. DAGM 2007.
"""

import math
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from causalex_core.motion import compiled
from causalex_core.motion.pyramid import COARSER, LARGE, LARGE_SHARE, RIDGE, middle, window_side

Image = NDArray[np.uint8]
Flow = NDArray[np.float32]
Ellipse = tuple[tuple[int, int], tuple[int, ...]]  # centre and half-axes
Part = tuple[slice, slice]  # rows and columns of an image; what starts inside starts at an even one

_ALL: Part = (slice(0, None), slice(0, None))
_EYES = slice(36, 48)  # landmarks, six of each
_EYE_AXES = (1.25, 1.0)  # half-axes of the ellipse around an eye, in halves of its width


def lucas_kanade(first: Image, second: Image, weights: NDArray[np.float32] | None = None) -> Flow:
    """Least-squares flow in a square window: one step, or coarse to fine where that is too short.

    The images are not smoothed beforehand: on warped faces that hid more motion than noise.
    The step is taken at a quarter and half of the size first. Where more than a small share of
    the image's middle moves more than 1 px of the next size, the next step estimates the rest of
    the motion; otherwise it starts anew, because each coarser image adds noise where there is
    little texture.

    `weights` (H, W) say how much each pixel counts in the windows around it; None: all alike.
    """
    height, width = first.shape
    return _resized(_halved_flow(first, second, weights, _ALL), height, width)


def lucas_kanade_at(
    first: Image,
    second: Image,
    pixels: NDArray[np.integer],
    weights: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Flow (K, 2) of :func:`lucas_kanade` at (K, 2) pixels x, y, computed around them only.

    Both differ by rounding, less than 1e-4 px.
    """
    height, width = first.shape
    part = _part_around(pixels, height, width)
    field = _halved_flow(first, second, weights, part)
    corner = part[0].start // 2, part[1].start // 2
    return compiled.interpolated(field, pixels, height, width, corner)


def at(field: NDArray[np.floating], pixels: NDArray[np.integer]) -> NDArray[np.floating]:
    """Vectors (..., 2) of a field (H, W, 2) at pixels x, y (..., 2)."""
    return field[pixels[..., 1], pixels[..., 0]]


def dis(first: Image, second: Image) -> Flow:
    """Dense inverse search, OpenCV's medium preset."""
    return np.asarray(_dis().calc(first, second, None), dtype=np.float32)


def farneback(first: Image, second: Image) -> Flow:
    """Farneback's polynomial expansion, three levels, window of an eighth of the crop."""
    window = max(first.shape[0] // 8, 5)
    flow = cv2.calcOpticalFlowFarneback(
        first,
        second,
        None,  # type: ignore[call-overload]
        pyr_scale=0.5,
        levels=3,
        winsize=window,
        iterations=1,
        poly_n=5,
        poly_sigma=1.1,
        flags=0,
    )
    return np.asarray(flow, dtype=np.float32)


def tv_l1(first: Image, second: Image) -> Flow:
    """TV-L1 with OpenCV's defaults, the usual choice of the field."""
    return np.asarray(_tv_l1().calc(first, second, None), dtype=np.float32)


METHODS: dict[str, Callable[[Image, Image], Flow]] = {
    "lucas_kanade": lucas_kanade,
    "dis": dis,
    "farneback": farneback,
    "tv_l1": tv_l1,
}
ON_GPU = ("lucas_kanade",)  # has a form for it, in flow_batched.py


def halve(image: NDArray[Any]) -> NDArray[Any]:
    """Image of half the height and width; each pixel is the mean of four."""
    height, width = image.shape
    return np.asarray(cv2.resize(image, (width // 2, height // 2), interpolation=cv2.INTER_AREA))


def eye_weights(landmarks: NDArray[np.floating], crop_px: int) -> NDArray[np.float32]:
    """Weights (crop_px, crop_px) of the pixels of a crop: 0 on eyes and lids, 1 elsewhere.

    What moves there belongs to no region of the face. Landmarks (68, 2) are in pixels of the crop.
    Faces with eyes at the same pixels share one array: it is not to be written to.
    """
    eyes = landmarks[_EYES].reshape(2, 6, 2)
    centres = np.rint(eyes.mean(axis=1)).astype(int).tolist()
    spans = (eyes[:, 3] - eyes[:, 0]).tolist()
    return _weights_without(
        tuple(
            ((x, y), tuple(round(math.hypot(*span) / 2 * share) for share in _EYE_AXES))
            for (x, y), span in zip(centres, spans, strict=True)
        ),
        crop_px,
    )


@lru_cache(maxsize=4)  # an aligned face hardly moves from frame to frame
def _weights_without(ellipses: tuple[Ellipse, ...], crop_px: int) -> NDArray[np.float32]:
    weights = np.ones((crop_px, crop_px), np.float32)
    for centre, axes in ellipses:
        cv2.ellipse(weights, centre, axes, 0, 0, 360, 0.0, cv2.FILLED)
    return weights


def quantise(flow: NDArray[np.floating], bound: float = 10.0) -> NDArray[np.float32]:
    """Flow after it was stored as 8-bit images, as AUW-GCN's pipeline does.

    Flow is clipped to +-`bound` px and becomes a multiple of ``2 * bound / 255``. Zero is none: it
    becomes half of one.
    """
    levels = np.floor((np.clip(flow, -bound, bound) + bound) * (255 / (2 * bound)) + 0.5)
    return (levels * (2 * bound / 255) - bound).astype(np.float32)


def _halved_flow(
    first: Image, second: Image, weights: NDArray[np.float32] | None, part: Part
) -> Flow:
    """Flow of a part of the image, at half its size; lengths are pixels of the image."""
    counts = np.ones(first.shape, np.float32) if weights is None else weights
    pyramid = [(first.astype(np.float32), second.astype(np.float32), counts)]
    for _ in range(COARSER):
        before, after, counts = pyramid[-1]
        pyramid.append((halve(before), halve(after), halve(counts)))
    flow = _step(*pyramid.pop(), _ALL)
    while pyramid:
        before, after, counts = pyramid.pop()
        within = _ALL if pyramid else part
        coarse = _resized(flow, before.shape[0] // 2, before.shape[1] // 2)
        if _is_large(coarse, LARGE / 2):
            known = 2 * coarse[_halved(within)]
            flow = known + _step(before, _moved_back(after, known, within), counts, within)
        else:
            flow = _step(before, after[within], counts, within)
    return flow


def _step(
    before: NDArray[np.float32],
    after: NDArray[np.float32],
    weights: NDArray[np.float32],
    part: Part,
) -> Flow:
    """One linear step: the flow of a part, at half its size, that explains the change best.

    Gradients are taken at full size. Their products are summed, and the flow is solved, at half
    the size: the window makes both smooth, and it takes half the time. Of the second image only
    the part is given.
    """
    corner = part[0].start, part[1].start
    products = compiled.products(before, np.ascontiguousarray(after), weights, corner)
    return compiled.solve(products, window_side(len(before)), RIDGE)


def _part_around(pixels: NDArray[np.integer], height: int, width: int) -> Part:
    """Part of an image in which the flow at pixels x, y is that of the whole image.

    It is all of an image that cannot be halved evenly, as parts of it would be halved elsewhere.
    """
    if height % 2 or width % 2:
        return _ALL
    reach = window_side(height) // 2 + 2  # at half the size: window, gradient, interpolation
    left, right, top, bottom = compiled.bounds(pixels)
    rows = slice(2 * max(top // 2 - reach, 0), 2 * (bottom // 2 + reach + 1))
    return rows, slice(2 * max(left // 2 - reach, 0), 2 * (right // 2 + reach + 1))


def _halved(part: Part) -> Part:
    rows, columns = (slice(side.start // 2, side.stop and side.stop // 2) for side in part)
    return rows, columns


def _is_large(flow: Flow, threshold: float) -> bool:
    """Whether the middle of the image, where the face is, moves far; its surroundings may."""
    rows, columns = (middle(side) for side in flow.shape[:2])
    return compiled.share_beyond(flow[rows, columns], threshold) > LARGE_SHARE


def _moved_back(image: NDArray[np.float32], flow: Flow, part: Part) -> NDArray[np.float32]:
    """Part of the image as it was before it moved by a flow of half the part's size."""
    corner = part[0].start, part[1].start
    return compiled.moved_back(image, _resized(flow, *image[part].shape), corner)


def _resized(flow: Flow, height: int, width: int) -> Flow:
    return np.asarray(
        cv2.resize(flow, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.float32
    )


@cache
def _dis() -> Any:
    return cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)


@cache
def _tv_l1() -> Any:
    return cv2.optflow.DualTVL1OpticalFlow.create()
