"""A level of motion over time at several scales: context for a network that sees few frames."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

SCALES = (2, 4, 8, 16, 32)  # frames, standard deviation


def channels(levels: NDArray[np.floating]) -> NDArray[np.float32]:
    """Levels, smoothed ever more, and how fast they change.

    Parameters
    ----------
    levels
        (frames, K), 0 where there is no motion.

    Returns
    -------
    ndarray
        (frames, 1, 11 K) float32: one node; the levels, then for each scale the smoothed levels
        and their slope times the scale.
    """
    parts = [levels.astype(float)]
    for scale in SCALES:
        smooth = ndimage.gaussian_filter1d(parts[0], scale, axis=0)
        parts += [smooth, scale * np.gradient(smooth, axis=0) if len(smooth) > 1 else 0 * smooth]
    return np.concatenate(parts, axis=1)[:, None].astype(np.float32)
