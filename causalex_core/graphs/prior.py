"""Prior graph B: which regions the annotators saw move together.

An action unit is mapped to the regions that it moves; each annotated expression then counts
pairs of regions, as in AUW-GCN, on whose matrix Causal-Ex builds.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from causalex_core import regions

LEFT_BROW, RIGHT_BROW = (0, 1, 2), (3, 4, 5)
INNER_BROWS, OUTER_BROWS = (2, 3), (0, 1, 4, 5)
BRIDGE, TIP = (6,), (7,)
CORNERS, UPPER_LIP, LOWER_LIP = (8, 10), (9,), (11,)

# As shipped by AUW-GCN. In FACS the inner brow is AU1 and the outer brow AU2: here they are
# exchanged. AU4 and everything around the nose are left out.
AUW_GCN: Mapping[int, tuple[int, ...]] = {
    1: OUTER_BROWS,
    2: INNER_BROWS,
    12: CORNERS,
    14: CORNERS,
    25: UPPER_LIP + LOWER_LIP,
    26: UPPER_LIP + LOWER_LIP,
}


@dataclass(frozen=True)
class Placement:
    """Where an action unit shows on the 12 regions."""

    action_unit: int  # FACS code
    name: str  # FACS name
    regions: tuple[int, ...]  # that it displaces; empty if none of the 12 lies there
    reason: str  # what the FACS manual says moves, in our words


FACS_PLACEMENTS = (
    Placement(1, "inner brow raiser", INNER_BROWS, "raises the inner third of the brows"),
    Placement(2, "outer brow raiser", OUTER_BROWS, "raises the outer part of the brows"),
    Placement(4, "brow lowerer", LEFT_BROW + RIGHT_BROW, "lowers the brows, draws them together"),
    Placement(5, "upper lid raiser", (), "upper eyelid: no region"),
    Placement(6, "cheek raiser", (), "cheek and skin around the eye: no region"),
    Placement(7, "lid tightener", (), "eyelids: no region"),
    Placement(
        9,
        "nose wrinkler",
        INNER_BROWS + BRIDGE + TIP + UPPER_LIP,
        "pulls up the skin beside the nose and the upper lip, lowers the inner brows",
    ),
    Placement(10, "upper lip raiser", UPPER_LIP, "draws the middle of the upper lip up"),
    Placement(11, "nasolabial deepener", UPPER_LIP, "draws the upper lip up and outward a little"),
    Placement(12, "lip corner puller", CORNERS, "pulls the mouth corners back and up"),
    Placement(13, "sharp lip puller", CORNERS, "pulls the mouth corners sharply up"),
    Placement(14, "dimpler", CORNERS, "tightens the mouth corners, pulls them inward"),
    Placement(15, "lip corner depressor", CORNERS, "pulls the mouth corners down"),
    Placement(16, "lower lip depressor", LOWER_LIP, "pulls the lower lip down"),
    Placement(17, "chin raiser", LOWER_LIP, "pushes the chin and the lower lip up"),
    Placement(
        18,
        "lip pucker",
        CORNERS + UPPER_LIP + LOWER_LIP,
        "draws the corners together, pushes both lips forward",
    ),
    Placement(20, "lip stretcher", CORNERS, "pulls the mouth corners sideways"),
    Placement(23, "lip tightener", UPPER_LIP + LOWER_LIP, "narrows both lips"),
    Placement(24, "lip pressor", UPPER_LIP + LOWER_LIP, "presses the lips together"),
    Placement(25, "lips part", UPPER_LIP + LOWER_LIP, "moves the lips apart"),
    Placement(26, "jaw drop", LOWER_LIP, "lowers the jaw and the lower lip with it"),
    Placement(27, "mouth stretch", LOWER_LIP, "pulls the jaw and the lower lip far down"),
    Placement(28, "lip suck", UPPER_LIP + LOWER_LIP, "sucks the lips into the mouth"),
    Placement(38, "nostril dilator", TIP, "widens the nostrils; the tip is the nearest region"),
    Placement(39, "nostril compressor", TIP, "narrows the nostrils; the tip is the nearest region"),
    Placement(43, "eyes closed", (), "eyelids: no region"),
    Placement(45, "blink", (), "eyelids: no region"),
)
FACS: Mapping[int, tuple[int, ...]] = {
    placement.action_unit: placement.regions for placement in FACS_PLACEMENTS if placement.regions
}


def prior_counts(
    action_units: Iterable[Sequence[int]], mapping: Mapping[int, tuple[int, ...]]
) -> np.ndarray:
    """Count how often two regions were annotated as moving together: Eq. 2 before normalisation.

    Parameters
    ----------
    action_units
        FACS codes of each expression, each code once.
    mapping
        Regions of each code; codes that it lacks are passed over.

    Returns
    -------
    ndarray
        (12, 12) float32, symmetric. An expression with one mapped unit adds 1 to the diagonal
        of the unit's regions, and nothing between them. One with several adds, for each pair of
        units, 1 to (i, j) and to (j, i) for every region i of the one and j of the other: where
        two units share a region, its diagonal grows by 2.
    """
    counts = np.zeros((regions.COUNT, regions.COUNT), np.float32)
    for units in action_units:
        moved = [mapping[unit] for unit in units if unit in mapping]
        if len(moved) == 1:
            counts[moved[0], moved[0]] += 1
        for first, second in combinations(moved, 2):
            together = np.zeros_like(counts)
            together[np.ix_(first, second)] = 1
            counts += together + together.T
    return counts


def normalise_rows(counts: np.ndarray) -> np.ndarray:
    """Divide each row of (..., n, n) by its L1 norm plus 1e-6; rows of zeros stay zero.

    Counts become float32 *before* dividing: dividing in float64 and rounding afterwards gives
    other last bits than the published matrices.
    """
    single = counts.astype(np.float32)
    return single / (np.abs(single).sum(axis=-1, keepdims=True) + np.float32(1e-6))
