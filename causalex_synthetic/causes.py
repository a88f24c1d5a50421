"""Structural causal model of the synthetic faces, whose graph is known.

Four drives that nobody observes recruit action units; some units pull others along; units enter
the face at few regions; and the skin hands motion on from region to region. Every unit and every
region also has movement of its own. Nothing acts back on its cause.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causalex_core import regions
from causalex_synthetic.displacements import NUMBERS, entries

Series = NDArray[np.float64]


@dataclass(frozen=True)
class Drive:
    """Latent cause of expressions: its emotion, and action units with their probabilities."""

    emotion: str
    recruits: tuple[tuple[int, float], ...]


# Chosen so that the commonest units are those of the annotations: 12, 4, 14, 6, 7 and 24.
DRIVES = (
    Drive("positive", ((12, 0.95), (6, 0.35))),
    Drive("negative", ((4, 0.95), (7, 0.25), (9, 0.2))),
    Drive("surprise", ((1, 0.7), (2, 0.8), (5, 0.5))),
    Drive("other", ((14, 0.7), (24, 0.4))),
)
EMOTIONS = tuple(drive.emotion for drive in DRIVES)

# Share of a unit's intensity that another takes over.
SYNERGIES = ((1, 2, 0.4), (4, 7, 0.3), (9, 10, 0.6), (12, 6, 0.3), (24, 17, 0.3))

# Share of a region's displacement that the skin hands on to another.
TISSUE = (
    ("left brow, inner", "left brow, middle", 0.45),
    ("left brow, outer", "left brow, middle", 0.6),
    ("right brow, inner", "right brow, middle", 0.45),
    ("right brow, outer", "right brow, middle", 0.6),
    ("nose bridge", "nose tip", 0.5),
    ("nose tip", "upper lip", 0.4),
    ("left mouth corner", "upper lip", 0.3),
    ("right mouth corner", "upper lip", 0.3),
    ("left mouth corner", "lower lip", 0.35),
    ("right mouth corner", "lower lip", 0.35),
)
NODES = (*regions.NAMES, *(f"AU{number}" for number in NUMBERS), *EMOTIONS)


def dag() -> NDArray[np.bool_]:
    """Graph of all causes, (N, N) over `NODES`: true at [i, j] where i --> j.

    The first 12 nodes, the regions, are what motion shows; the others are latent.
    """
    arrows = np.zeros((len(NODES), len(NODES)), dtype=bool)
    at = {name: node for node, name in enumerate(NODES)}
    named = [(drive.emotion, f"AU{unit}") for drive in DRIVES for unit, _ in drive.recruits]
    named += [(f"AU{cause}", f"AU{effect}") for cause, effect, _ in SYNERGIES]
    named += [(source, target) for source, target, _ in TISSUE]
    for cause, effect in named:
        arrows[at[cause], at[effect]] = True
    entered = entries()[:, : regions.COUNT].any(axis=-1)  # (U, 12)
    arrows[regions.COUNT : regions.COUNT + len(NUMBERS), : regions.COUNT] = entered
    return arrows


def intensities(alone: Series) -> Series:
    """Intensity of the units (T, U) once each has pulled others along."""
    return _settled(alone, _weights(NUMBERS, SYNERGIES))


def displaced_regions(units: Series, alone: Series) -> Series:
    """Displacement of the regions (T, 12, 2), half-widths.

    From intensities (T, U), and what each region does by itself (T, 12, 2).
    """
    weights = _weights(regions.NAMES, TISSUE)
    entered = alone + np.einsum("tu,urk->trk", units, entries()[:, : regions.COUNT])
    return np.stack([_settled(entered[..., axis], weights) for axis in (0, 1)], axis=-1)


def _weights(names: Sequence, shares: Sequence[tuple]) -> Series:
    """Share that each cause (rows) hands on to each effect (columns)."""
    weights = np.zeros((len(names), len(names)))
    for cause, effect, share in shares:
        weights[names.index(cause), names.index(effect)] = share
    return weights


def _settled(alone: Series, weights: Series) -> Series:
    """Series (T, N) in which each is its own part plus its share of its causes'."""
    return np.asarray(np.linalg.solve((np.eye(len(weights)) - weights).T, alone.T).T)
