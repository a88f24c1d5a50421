"""Where the eyes are: what moves there is lids and eyeballs, and no region of the face."""

import cv2
import numpy as np
from numpy.typing import NDArray

EYES = (range(36, 42), range(42, 48))
_REACH = (1.25, 1.0)  # half-axes left out around an eye, in halves of its width


def left_out(landmarks: NDArray[np.floating], crop_px: int) -> NDArray[np.float32]:
    """Weights of the pixels of a crop: 0 on the eyes with their lids, 1 elsewhere.

    Parameters
    ----------
    landmarks : (68, 2) array
        iBUG points in pixels of the crop.
    crop_px
        Height and width of the crop.

    Returns
    -------
    (crop_px, crop_px) float32 array
    """
    weights = np.ones((crop_px, crop_px), np.float32)
    for eye in EYES:
        points = landmarks[list(eye)]
        half = np.linalg.norm(points[3] - points[0]) / 2
        centre = np.round(points.mean(axis=0)).astype(int)
        axes = [round(float(half * share)) for share in _REACH]
        cv2.ellipse(weights, centre.tolist(), axes, 0, 0, 360, 0.0, cv2.FILLED)
    return weights
