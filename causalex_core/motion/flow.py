"""Dense optical flow between two grey crops of a face.

Every method takes two (H, W) uint8 images and returns (H, W, 2) float32: how far (x, y), in
pixels, what is seen in the first has gone in the second.

References
----------
B. Lucas, T. Kanade, An iterative image registration technique. IJCAI 1981.
T. Kroeger et al., Fast optical flow using dense inverse search. ECCV 2016 (DIS).
G. Farneback, Two-frame motion estimation based on polynomial expansion. SCIA 2003.
C. Zach et al., A duality based approach for realtime TV-L1 optical flow. DAGM 2007.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from causalex_core.motion.pyramid import COARSER, LARGE, LARGE_SHARE, RIDGE, middle, window_side

Image = NDArray[np.uint8]
Flow = NDArray[np.float32]

_EYES = (range(36, 42), range(42, 48))  # landmarks
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
    counts = np.ones(first.shape, np.float32) if weights is None else weights
    pyramid = [(first.astype(np.float32), second.astype(np.float32), counts)]
    for _ in range(COARSER):
        before, after, counts = pyramid[-1]
        pyramid.append((halve(before), halve(after), halve(counts)))
    flow = _step(*pyramid.pop())
    for before, after, counts in reversed(pyramid):
        if _is_large(flow, LARGE / 2):
            known = 2 * _resized(flow, *before.shape)
            flow = known + _step(before, _moved_back(after, known), counts)
        else:
            flow = _step(before, after, counts)
    return flow


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
    """
    weights = np.ones((crop_px, crop_px), np.float32)
    for eye in _EYES:
        points = landmarks[list(eye)]
        half = np.linalg.norm(points[3] - points[0]) / 2
        centre = np.round(points.mean(axis=0)).astype(int)
        axes = [round(float(half * share)) for share in _EYE_AXES]
        cv2.ellipse(weights, centre.tolist(), axes, 0, 0, 360, 0.0, cv2.FILLED)
    return weights


def quantise(flow: Flow, bound: float = 10.0) -> Flow:
    """Flow after it was stored as 8-bit images, as AUW-GCN's pipeline does.

    Flow is clipped to +-`bound` px and becomes a multiple of ``2 * bound / 255``. Zero is none: it
    becomes half of one.
    """
    levels = np.floor((np.clip(flow, -bound, bound) + bound) * (255 / (2 * bound)) + 0.5)
    return (levels * (2 * bound / 255) - bound).astype(np.float32)


def _step(
    before: NDArray[np.float32], after: NDArray[np.float32], weights: NDArray[np.float32]
) -> Flow:
    """One linear step for all pixels: the flow that explains the change in the window best.

    Gradients are taken at full size. Their products are summed, and the flow is solved, at half
    the size: the window makes both smooth, and it takes half the time.
    """
    height, width = before.shape
    side = window_side(height)
    both = before + after
    # Scharr's weights sum to 32 over two pixels; `both` holds two images.
    along_x = weights * cv2.Scharr(both, cv2.CV_32F, 1, 0, scale=1 / 64)
    along_y = weights * cv2.Scharr(both, cv2.CV_32F, 0, 1, scale=1 / 64)
    change = after - before

    def mean(product: NDArray[Any]) -> NDArray[Any]:
        return cv2.blur(halve(product), (side, side))

    xx = mean(along_x * along_x) + RIDGE
    yy = mean(along_y * along_y) + RIDGE
    xy = mean(along_x * along_y)
    xt, yt = mean(along_x * change), mean(along_y * change)
    scale = 1 / (xx * yy - xy * xy)
    flow = np.empty((*xx.shape, 2), np.float32)
    flow[..., 0] = (xy * yt - yy * xt) * scale
    flow[..., 1] = (xy * xt - xx * yt) * scale
    return _resized(flow, height, width)


def _is_large(flow: Flow, threshold: float) -> bool:
    """Whether the middle of the image, where the face is, moves far; its surroundings may."""
    rows, columns = (middle(side) for side in flow.shape[:2])
    sampled = flow[rows, columns]
    far = np.einsum("...c,...c->...", sampled, sampled) > threshold**2
    return bool(np.count_nonzero(far) > LARGE_SHARE * far.size)


def _moved_back(image: NDArray[np.float32], flow: Flow) -> NDArray[np.float32]:
    """Image as it was before everything in it moved by a flow."""
    source = _pixels(*image.shape) + flow
    moved = cv2.remap(
        image,
        source,
        None,  # type: ignore[call-overload]
        cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(moved, dtype=np.float32)


def _resized(flow: Flow, height: int, width: int) -> Flow:
    return np.asarray(
        cv2.resize(flow, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.float32
    )


@cache
def _pixels(height: int, width: int) -> NDArray[np.float32]:
    """Column and row of each pixel, (height, width, 2)."""
    columns, rows = np.meshgrid(np.arange(width), np.arange(height))
    return np.stack((columns, rows), axis=-1).astype(np.float32)


@cache
def _dis() -> Any:
    return cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)


@cache
def _tv_l1() -> Any:
    return cv2.optflow.DualTVL1OpticalFlow.create()
