"""Differences of two published flows of the same clips, and their alignment without labels.

Flow is (N, 28, 28, 3): strain, v and u, the latter two from the median of their image. Alignment is
fitted to averages over the training subjects: the scale of the values, and the position of the
face in the image.
"""

from dataclasses import dataclass
from itertools import product

import cv2
import numpy as np
from numpy.typing import NDArray

from causalex_core.recognition.data import CHANNELS, SIDE, Folds

Flow = NDArray[np.float32]

AS_IS, SCALED, PLACED, BOTH = "as it is", "same scale", "same place", "same place and scale"
ALIGNMENTS = (AS_IS, SCALED, PLACED, BOTH)
_ZOOMS = np.linspace(0.7, 1.4, 29)
_ROWS = np.linspace(-6, 6, 25)
_EDGE = 2  # px, not compared
_CENTRE = (SIDE - 1) / 2


@dataclass(frozen=True)
class FacePosition:
    """Position of a face in the images of one source, relative to those of another.

    Attributes
    ----------
    zoom
        Its relative size.
    rows
        Its shift down, in pixels.
    """

    zoom: float
    rows: float

    def warp(self, images: Flow) -> Flow:
        """Images (..., 28, 28, 3) with the face in the position of the other source."""
        shift = _CENTRE * (1 - self.zoom)
        matrix = np.array([[self.zoom, 0, shift], [0, self.zoom, shift + self.rows]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        border = cv2.BORDER_REPLICATE
        warped = [
            cv2.warpAffine(image, matrix, (SIDE, SIDE), flags=flags, borderMode=border)
            for image in images.reshape(-1, SIDE, SIDE, CHANNELS)
        ]
        return np.asarray(warped, dtype=np.float32).reshape(images.shape)


def face_position(source: Flow, target: Flow) -> FacePosition:
    """Position at which the mean strain of a source correlates best with that of the target.

    Neither labels nor pairs of images are used.
    """
    strain = source.mean(axis=0)
    expected = _inside(target.mean(axis=0))
    positions = [FacePosition(float(zoom), float(rows)) for zoom, rows in product(_ZOOMS, _ROWS)]
    corr = [np.corrcoef(_inside(item.warp(strain)), expected)[0, 1] for item in positions]
    return positions[int(np.argmax(corr))]


def scale(source: Flow, target: Flow) -> NDArray[np.float32]:
    """Factors (3,) that bring strain, v and u of a source to the spread of the target."""
    spread = (np.sqrt(np.mean(flow**2, axis=(0, 1, 2))) for flow in (target, source))
    return np.asarray(np.divide(*spread), dtype=np.float32)


def align(source: Flow, target: Flow, folds: Folds) -> dict[str, Flow]:
    """Flow of a source after each of :data:`ALIGNMENTS` to a target.

    For the people of a fold, they are fitted to everybody else.
    """
    aligned = {name: source.copy() for name in ALIGNMENTS}
    for held in folds.held_out:
        warped = face_position(source[~held], target[~held]).warp(source)
        aligned[PLACED][held] = warped[held]
        aligned[SCALED][held] *= scale(source[~held], target[~held])
        aligned[BOTH][held] = warped[held] * scale(warped[~held], target[~held])
    return aligned


def correlation(first: Flow, second: Flow) -> NDArray[np.float64]:
    """Correlation (N, 3) of strain, v and u of the same clips in two sources."""
    units = []
    for flow in (first, second):
        flat = np.moveaxis(flow, -1, 1).reshape(len(flow), CHANNELS, -1)
        centred = flat - flat.mean(axis=-1, keepdims=True)
        units.append(centred / np.linalg.norm(centred, axis=-1, keepdims=True))
    return np.asarray((units[0] * units[1]).sum(axis=-1), dtype=float)


def _inside(image: Flow) -> NDArray[np.float32]:
    return image[_EDGE:-_EDGE, _EDGE:-_EDGE, 0].ravel()
