"""How two published flows of the same clips differ, and what of it can be undone without labels.

Flow is (N, 28, 28, 3): strain, v and u, the latter two from the median of their image. What is
undone is read from averages over the people that are trained on: how large the values are, and
where in the image the face lies.
"""

from dataclasses import dataclass
from itertools import product

import cv2
import numpy as np
from numpy.typing import NDArray

from causalex_core.recognition.data import CHANNELS, SIDE, Folds, Images

Flow = NDArray[np.float32]

AS_IS, SCALED, PLACED, BOTH = "as it is", "same scale", "same place", "same place and scale"
REMEDIES = (AS_IS, SCALED, PLACED, BOTH)
_ZOOMS = np.linspace(0.7, 1.4, 29)
_ROWS = np.linspace(-6, 6, 25)
_EDGE = 2  # px, not compared
_CENTRE = (SIDE - 1) / 2


@dataclass(frozen=True)
class Place:
    """Where a face lies in the images of one source, seen from those of another.

    Attributes
    ----------
    zoom
        How much larger it is.
    rows
        How many pixels lower.
    """

    zoom: float
    rows: float

    def undone(self, images: Flow) -> Flow:
        """Images (..., 28, 28, 3) in which it lies where it does in the other source."""
        shift = _CENTRE * (1 - self.zoom)
        matrix = np.array([[self.zoom, 0, shift], [0, self.zoom, shift + self.rows]])
        flat = images.reshape(-1, SIDE, SIDE, CHANNELS)
        how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        moved = [
            cv2.warpAffine(image, matrix, (SIDE, SIDE), flags=how, borderMode=cv2.BORDER_REPLICATE)
            for image in flat
        ]
        return np.asarray(moved, dtype=np.float32).reshape(images.shape)


def from_median(images: Images) -> Flow:
    """Flow images with the zero of v and u at zero."""
    flow = images.astype(np.float32)
    flow[..., 1:] -= np.median(flow[..., 1:], axis=(-3, -2), keepdims=True)
    return flow


def place(source: Flow, target: Flow) -> Place:
    """Where the face lies in a source: there its mean strain resembles that of the target most.

    Neither labels nor pairs of images are looked at.
    """
    strain = source.mean(axis=0)
    wanted = _inside(target.mean(axis=0))
    found = [Place(float(zoom), float(rows)) for zoom, rows in product(_ZOOMS, _ROWS)]
    alike = [np.corrcoef(_inside(each.undone(strain)), wanted)[0, 1] for each in found]
    return found[int(np.argmax(alike))]


def scale(source: Flow, target: Flow) -> NDArray[np.float32]:
    """Factors (3,) that bring strain, v and u of a source to the spread of the target."""
    spread = (np.sqrt(np.mean(each**2, axis=(0, 1, 2))) for each in (target, source))
    return np.asarray(np.divide(*spread), dtype=np.float32)


def remedied(source: Flow, target: Flow, folds: Folds) -> dict[str, Flow]:
    """Flow of a source made like that of a target, by remedy.

    What is undone for the people of a fold is read from everybody else.
    """
    found = {name: source.copy() for name in REMEDIES}
    for held in folds.held_out:
        there = place(source[~held], target[~held])
        placed = there.undone(source)
        found[PLACED][held] = placed[held]
        found[SCALED][held] *= scale(source[~held], target[~held])
        found[BOTH][held] = placed[held] * scale(placed[~held], target[~held])
    return found


def alike(first: Flow, second: Flow) -> NDArray[np.float64]:
    """Correlation (N, 3) of strain, v and u of the same clips in two sources."""
    flat = [np.moveaxis(each, -1, 1).reshape(len(each), CHANNELS, -1) for each in (first, second)]
    centred = [each - each.mean(axis=-1, keepdims=True) for each in flat]
    one, other = (each / np.linalg.norm(each, axis=-1, keepdims=True) for each in centred)
    return np.asarray((one * other).sum(axis=-1), dtype=float)


def _inside(image: Flow) -> NDArray[np.float32]:
    return image[_EDGE:-_EDGE, _EDGE:-_EDGE, 0].ravel()
