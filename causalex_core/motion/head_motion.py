"""What the head does, to be taken from what the face does."""

import numpy as np
from numpy.typing import NDArray

from causalex_core.motion.mdmo import AUW_GCN_HEAD, main_direction

NOSE = (29, 30)  # landmarks whose surroundings AUW-GCN takes for the head
INNER_EYE_CORNERS = (39, 42)
_NOSE_MARGIN = 0.35  # of half the distance between the inner eye corners


def nose_translation(
    flow: NDArray[np.floating], landmarks: NDArray[np.floating]
) -> NDArray[np.float32]:
    """Translation of the head, as AUW-GCN reads it from the flow around the nose.

    Parameters
    ----------
    flow : (H, W, 2) array
    landmarks : (68, 2) array
        iBUG points in pixels of the flow field.

    Returns
    -------
    (2,) float32 array
        x and y in the unit of `flow`.
    """
    left, right = landmarks[list(INNER_EYE_CORNERS), 0]
    margin = int(_NOSE_MARGIN * (right - left) / 2)
    nose = landmarks[list(NOSE)].astype(int)
    height, width = flow.shape[:2]
    x0, y0 = np.maximum(nose.min(axis=0) - margin, 0)
    x1, y1 = np.minimum(nose.max(axis=0) + margin + 1, (width, height))
    return main_direction(flow[y0:y1, x0:x1].reshape(-1, 2), AUW_GCN_HEAD)
