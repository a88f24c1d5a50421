"""Noise and compression of a camera."""

import cv2
import numpy as np
from numpy.typing import NDArray

from causalex_core.errors import CausalexError

_DARK_SHARE = 0.6  # of the noise that is there without light; the rest grows with its root
_MIDDLE = 128.0  # grey level at which the noise is as strong as asked
_COLOUR = 0.5  # noise of each colour by itself, as a share of that of the brightness


def record(
    image: NDArray[np.floating], generator: np.random.Generator, noise: float, jpeg_quality: int
) -> NDArray[np.uint8]:
    """Picture (H, W, 3), 0 to 255, with sensor noise, compressed as JPEG and decoded again.

    `noise` is the standard deviation in grey levels at a middle grey: brighter is noisier, as
    photons are. Settings out of range are a `CausalexError`.
    """
    if noise < 0 or not 1 <= jpeg_quality <= 100:
        raise CausalexError(
            f"noise {noise} and JPEG quality {jpeg_quality}: expected 0 or more, and 1 to 100"
        )
    image = np.asarray(image, dtype=np.float32)
    if noise:
        grain = generator.standard_normal(image.shape[:2], dtype=np.float32)[..., None]
        colour = generator.standard_normal(image.shape, dtype=np.float32)
        blue, green, red = cv2.split(np.clip(image, 0, 255))
        light = (blue + green + red)[..., None] / np.float32(3) / np.float32(_MIDDLE)
        strength = np.float32(noise) * (_DARK_SHARE + (1 - _DARK_SHARE) * np.sqrt(light))
        colour *= np.float32(_COLOUR)
        colour += grain
        colour *= strength
        colour += image
        image = colour
    levels = np.clip(np.rint(image), 0, 255).astype(np.uint8)
    packed = cv2.imencode(".jpg", levels, (cv2.IMWRITE_JPEG_QUALITY, jpeg_quality))[1]
    return np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), dtype=np.uint8)
