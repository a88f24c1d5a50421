"""Images whose motion is known, to measure flow with."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

_INVERSION_STEPS = 10  # enough for motions whose gradient stays well under one


def bumps(
    size: int, centres: NDArray[np.floating], motion: NDArray[np.floating], width: float
) -> NDArray[np.float64]:
    """Motion field (size, size, 2) that equals a given vector at each centre and fades around it.

    Centres (K, 2) are columns x and y; the standard deviation of the fading is `width`; motion
    (K, 2) and all lengths are in pixels.
    """
    rows, columns = np.mgrid[:size, :size].astype(float)
    field = np.zeros((size, size, 2))
    for (x, y), vector in zip(centres, motion, strict=True):
        distance = (columns - x) ** 2 + (rows - y) ** 2
        field += np.exp(-distance / (2 * width**2))[..., None] * vector
    return field


def warped(image: NDArray[np.floating], motion: NDArray[np.floating]) -> NDArray[np.float64]:
    """Image (H, W) after every point of it moved by `motion` (H, W, 2)."""
    pixels = np.mgrid[: image.shape[0], : image.shape[1]].astype(float)
    forward = np.moveaxis(motion, -1, 0)[::-1]  # rows first, like the pixels
    back = -forward
    for _ in range(_INVERSION_STEPS):
        source = pixels + back
        back = -np.stack(
            [ndimage.map_coordinates(part, source, order=1, mode="nearest") for part in forward]
        )
    return ndimage.map_coordinates(image, pixels + back, order=3, mode="nearest")


def seen(image: NDArray[np.floating], noise: float = 0.0, seed: int = 0) -> NDArray[np.uint8]:
    """Grey image as an 8-bit camera with Gaussian noise (in grey levels) records it."""
    grain = np.random.default_rng(seed).normal(0, noise, image.shape)
    return np.clip(np.round(image + grain), 0, 255).astype(np.uint8)


def means_around(
    flow: NDArray[np.floating],
    truth: NDArray[np.floating],
    centres: NDArray[np.integer],
    radius: int,
) -> Iterator[tuple[NDArray[np.floating], NDArray[np.floating]]]:
    """Mean of both fields (H, W, 2) in a square around each centre (K, 2)."""
    for x, y in centres:
        square = np.s_[y - radius : y + radius + 1, x - radius : x + radius + 1]
        yield flow[square].mean(axis=(0, 1)), truth[square].mean(axis=(0, 1))


def region_error(
    flow: NDArray[np.floating],
    truth: NDArray[np.floating],
    centres: NDArray[np.integer],
    radius: int,
) -> float:
    """Length of the error of the mean flow in a square, relative to the true one; their mean."""
    means = means_around(flow, truth, centres, radius)
    return float(np.mean([np.linalg.norm(a - b) / np.linalg.norm(b) for a, b in means]))
