"""Displacements that each action unit makes.

Directions follow the descriptions of the Facial Action Coding System; sizes are a choice, fitted
to no data. A unit enters the face at few points: what moves around them is the work of the skin
(:mod:`causalex_synthetic.causes`, :mod:`causalex_synthetic.controls`).

References
----------
P. Ekman, W. Friesen, J. Hager, Facial Action Coding System, 2002.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causalex_synthetic.controls import NAMES


@dataclass(frozen=True)
class Move:
    """Displacement of one control: half-widths of the face, x to the image's right, y down."""

    control: str
    x: float
    y: float


@dataclass(frozen=True)
class Unit:
    """An action unit of FACS at its full intensity (E).

    Attributes
    ----------
    moves
        Where it enters, and how far it moves what is there.
    lids
        Closure of the upper lids: 1 closes them, below 0 they open wider.
    mouth
        Opening between the lips, in half-widths.
    """

    number: int
    name: str
    moves: tuple[Move, ...] = ()
    lids: float = 0.0
    mouth: float = 0.0


def _both(control: str, outward: float, down: float) -> tuple[Move, Move]:
    return Move(f"left {control}", -outward, down), Move(f"right {control}", outward, down)


UNITS = (
    Unit(1, "inner brow raiser", _both("brow, inner", 0.0, -0.11)),
    Unit(2, "outer brow raiser", _both("brow, outer", 0.01, -0.11)),
    Unit(4, "brow lowerer", _both("brow, inner", -0.05, 0.09)),
    Unit(5, "upper lid raiser", lids=-0.4),
    Unit(6, "cheek raiser", _both("cheek", 0.0, -0.07), lids=0.1),
    Unit(7, "lid tightener", lids=0.3),
    Unit(9, "nose wrinkler", (Move("nose bridge", 0.0, -0.06),)),
    Unit(10, "upper lip raiser", (Move("upper lip", 0.0, -0.07),)),
    Unit(12, "lip corner puller", _both("mouth corner", 0.10, -0.10)),
    Unit(14, "dimpler", _both("mouth corner", 0.05, -0.02)),
    Unit(17, "chin raiser", (Move("lower lip", 0.0, -0.06), Move("chin", 0.0, -0.06))),
    Unit(24, "lip pressor", (Move("upper lip", 0.0, 0.05), Move("lower lip", 0.0, -0.05))),
    Unit(25, "lips part", (Move("lower lip", 0.0, 0.06),), mouth=0.06),
    Unit(26, "jaw drop", (Move("lower lip", 0.0, 0.16), Move("chin", 0.0, 0.16)), mouth=0.16),
    Unit(45, "blink", _both("brow, middle", 0.0, 0.003), lids=1.0),
)
NUMBERS = tuple(unit.number for unit in UNITS)
LIDS = np.array([unit.lids for unit in UNITS])
MOUTH = np.array([unit.mouth for unit in UNITS])


def entries() -> NDArray[np.float64]:
    """Displacement of each control by each unit at full intensity, (U, C, 2)."""
    table = np.zeros((len(UNITS), len(NAMES), 2))
    for row, unit in enumerate(UNITS):
        for move in unit.moves:
            table[row, NAMES.index(move.control)] = move.x, move.y
    return table
