"""Points of a face whose displacement is given; the skin between them follows.

The first 12 are the regions that all graphs are drawn between. The others make a face look like
one when they move, and move with the regions near them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causalex_core.regions import COUNT, REGIONS


@dataclass(frozen=True)
class Control:
    """One point.

    Its place on the neutral face is the mean of some iBUG landmarks (from 0); it takes over shares
    of the displacement of some regions.
    """

    name: str
    landmarks: tuple[int, ...]
    follows: tuple[tuple[str, float], ...] = ()


_FOLLOWING = (
    Control("left brow, head", (21,), (("left brow, inner", 0.9),)),
    Control("right brow, head", (22,), (("right brow, inner", 0.9),)),
    Control("left brow, tail", (17,), (("left brow, outer", 0.75),)),
    Control("right brow, tail", (26,), (("right brow, outer", 0.75),)),
    Control("left nostril", (31,), (("nose tip", 0.6),)),
    Control("right nostril", (35,), (("nose tip", 0.6),)),
    Control("left cheek", (1, 31, 41), (("left mouth corner", 0.3),)),
    Control("right cheek", (15, 35, 46), (("right mouth corner", 0.3),)),
    Control("left upper lip", (49, 50), (("upper lip", 0.5), ("left mouth corner", 0.4))),
    Control("right upper lip", (52, 53), (("upper lip", 0.5), ("right mouth corner", 0.4))),
    Control("left lower lip", (58, 59), (("lower lip", 0.7), ("left mouth corner", 0.3))),
    Control("right lower lip", (55, 56), (("lower lip", 0.7), ("right mouth corner", 0.3))),
    Control("chin", (8, 57), (("lower lip", 0.5),)),
)
CONTROLS = tuple(Control(region.name, (region.landmark,)) for region in REGIONS) + _FOLLOWING
NAMES = tuple(control.name for control in CONTROLS)


def positions(landmarks: NDArray[np.floating]) -> NDArray[np.float64]:
    """Positions of the controls, (C, 2), on a face with these (68, 2) landmarks."""
    return np.array([landmarks[list(control.landmarks)].mean(axis=0) for control in CONTROLS])


def spread(regions: NDArray[np.floating]) -> NDArray[np.float64]:
    """Displacements of all controls, (..., C, 2), when the regions move, (..., 12, 2)."""
    weights = np.zeros((len(CONTROLS), COUNT))
    weights[:COUNT] = np.eye(COUNT)
    for row, control in enumerate(CONTROLS):
        for name, share in control.follows:
            weights[row, NAMES.index(name)] = share
    return np.einsum("cr,...rk->...ck", weights, regions)
