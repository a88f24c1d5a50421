"""Prior graph: which regions the annotators saw move together (Eq. 2 of Causal-Ex).

An action unit is mapped to the regions that it moves; each annotated expression then counts
pairs of regions. The counting is that of AUW-GCN, on whose matrix Causal-Ex builds.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from math import gcd, lcm

import numpy as np
from scipy.sparse.csgraph import connected_components

from causalex_core import regions
from causalex_core.errors import CausalexError

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
    """Where an action unit shows on the 12 regions.

    Attributes
    ----------
    action_unit
        FACS code.
    name
        FACS name.
    regions
        Regions that it displaces; empty if none of the 12 lies on them.
    reason
        What the FACS manual says moves, in our words.
    """

    action_unit: int
    name: str
    regions: tuple[int, ...]
    reason: str


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
    place.action_unit: place.regions for place in FACS_PLACEMENTS if place.regions
}


def prior_counts(
    action_units: Iterable[Sequence[int]], mapping: Mapping[int, tuple[int, ...]]
) -> np.ndarray:
    """Count how often two regions were annotated as moving together.

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
        places = [mapping[unit] for unit in units if unit in mapping]
        if len(places) == 1:
            alone = list(places[0])
            counts[alone, alone] += 1
        for first, second in combinations(places, 2):
            together = np.zeros_like(counts)
            together[np.ix_(first, second)] = 1
            counts += together + together.T
    return counts


def normalise_rows(counts: np.ndarray) -> np.ndarray:
    """Divide each row by its L1 norm plus 1e-6, in float32 throughout.

    Parameters
    ----------
    counts
        (..., n, n). Rows of zeros stay zero.

    Returns
    -------
    ndarray
        float32. Counts are made float32 *before* dividing: dividing in float64 and rounding
        afterwards gives other last bits than the published matrices.
    """
    single = counts.astype(np.float32)
    return single / (np.abs(single).sum(axis=-1, keepdims=True) + np.float32(1e-6))


def held_out(counts_by_subject: np.ndarray) -> np.ndarray:
    """Prior of each fold when the held-out subject's annotations are left out.

    Parameters
    ----------
    counts_by_subject
        (subjects, 12, 12) counts.

    Returns
    -------
    ndarray
        (subjects, 12, 12) row-normalised matrices of all other subjects.
    """
    return normalise_rows(counts_by_subject.sum(axis=0) - counts_by_subject)


def recover_counts(published: np.ndarray, largest: int = 1000) -> np.ndarray:
    """Find the smallest symmetric integer counts behind a row-normalised matrix.

    Each row gives its counts up to a factor, symmetry fixes the factors of connected rows among
    each other, and each connected block is then multiplied until it normalises back to the same
    float32 bits (the 1e-6 of the norm shows in the bits of small counts).

    Parameters
    ----------
    published
        (n, n) float32 with rows that sum to 1 or 0.
    largest
        Largest row sum, and largest multiple, to try.

    Returns
    -------
    ndarray
        (n, n) int64, symmetric, with ``normalise_rows`` equal to `published` bit for bit. Larger
        multiples of a block may do as well.

    Raises
    ------
    CausalexError
        If a row has no such counts, or no symmetric table exists.
    """
    rows = np.array([_row_ratios(row, largest) for row in published])
    counts = rows * _symmetric_factors(rows)[:, None]
    if not (counts == counts.T).all():
        raise CausalexError("the matrix does not follow from symmetric integer counts")
    blocks, block_of = connected_components(counts, directed=False)
    for block in range(blocks):
        ensemble = block_of == block
        counts[ensemble] *= _multiple(counts[ensemble], published[ensemble], largest)
    return counts


def _row_ratios(row: np.ndarray, largest: int) -> np.ndarray:
    """Smallest integers in the ratios of a row; zeros for a row of zeros."""
    for total in range(1, largest + 1):
        scaled = row.astype(np.float64) * total
        counts = np.rint(scaled).astype(np.int64)
        # The norm's 1e-6 and float32 move a scaled cell by less than this; the nearest fraction
        # with another denominator up to 1000 lies ten times farther.
        if np.abs(scaled - counts).max() < 2e-6 + 1.2e-7 * total and counts.sum() in (0, total):
            return counts
    raise CausalexError(
        f"no integer counts with a row sum up to {largest} give the row {np.round(row, 4).tolist()}"
    )


def _symmetric_factors(rows: np.ndarray) -> np.ndarray:
    """Smallest integers f with f[i] * rows[i, j] == f[j] * rows[j, i] wherever rows allow it."""
    factors: dict[int, Fraction] = {}
    for start in range(len(rows)):
        if start in factors:
            continue
        block, waiting = {start: Fraction(1)}, [start]
        while waiting:
            here = waiting.pop()
            for there in np.flatnonzero(rows[here]).tolist():
                if there not in block and rows[there, here]:
                    ratio = Fraction(int(rows[here, there]), int(rows[there, here]))
                    block[there] = block[here] * ratio
                    waiting.append(there)
        scale = Fraction(
            lcm(*(value.denominator for value in block.values())),
            gcd(*(value.numerator for value in block.values())),
        )
        factors |= {place: value * scale for place, value in block.items()}
    return np.array([int(factors[place]) for place in range(len(rows))], np.int64)


def _multiple(counts: np.ndarray, published: np.ndarray, largest: int) -> int:
    """Smallest multiple of counts that gives the published bits."""
    for multiple in range(1, largest + 1):
        if normalise_rows(multiple * counts).tobytes() == published.tobytes():
            return multiple
    raise CausalexError(
        f"no multiple up to {largest} of the counts in the matrix's ratios gives its bits"
    )
