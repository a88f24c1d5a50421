"""Size of a synthetic dataset, and distribution of its expressions in time.

Numbers of people, videos and expressions are those of the two databases, and the quantiles those
of their annotations (CAS(ME)^2: ``info_csv/cas(me)_new.csv``, SAMM Long Videos:
``info_csv/samm_new_25.csv`` of xjtupanda/AUW-GCN; lengths of videos: ``labels`` of
zzy188zzy/megc_spotting_code). Only these aggregates are kept here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

LEVELS = (0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98)
LONGEST_MICRO = 0.5  # s from onset to offset: the databases' own rule

Quantiles = tuple[float, ...]  # seconds, at LEVELS


@dataclass(frozen=True)
class KindSpec:
    """Macro- or micro-expressions of a dataset.

    Attributes
    ----------
    count
        How many there are.
    rise, fall
        Seconds from onset to apex, and from apex to offset, at `LEVELS`.
    intensity
        Least and greatest intensity of the strongest unit; 1 is FACS E.
    """

    count: int
    rise: Quantiles
    fall: Quantiles
    intensity: tuple[float, float]


@dataclass(frozen=True)
class DatasetSpec:
    """A database to be like; `length` is that of its videos in seconds, at `LEVELS`."""

    database: str
    fps: float
    subjects: int
    videos: int
    length: Quantiles
    kinds: Mapping[str, KindSpec]


_Counted = tuple[int, Quantiles, Quantiles]


def _kinds(macro: _Counted, micro: _Counted) -> Mapping[str, KindSpec]:
    kinds = {"macro": KindSpec(*macro, (0.3, 1.0)), "micro": KindSpec(*micro, (0.05, 0.15))}
    return MappingProxyType(kinds)


CAS_LIKE = DatasetSpec(
    database="synthetic, like CAS(ME)^2",
    fps=30.0,
    subjects=22,
    videos=95,
    length=(22.0, 35.7, 68.4, 76.8, 108.8, 145.7, 145.8),
    kinds=_kinds(
        macro=(
            300,
            (0.17, 0.23, 0.30, 0.40, 0.55, 0.77, 1.07),
            (0.20, 0.33, 0.43, 0.70, 1.13, 1.52, 2.23),
        ),
        micro=(
            57,
            (0.10, 0.13, 0.17, 0.17, 0.20, 0.23, 0.27),
            (0.10, 0.13, 0.20, 0.23, 0.30, 0.31, 0.36),
        ),
    ),
)
SAMM_LIKE = DatasetSpec(
    database="synthetic, like SAMM-LV",
    fps=25.0,
    subjects=30,
    videos=147,
    length=(3.2, 5.0, 5.0, 15.0, 24.7, 30.0, 45.2),
    kinds=_kinds(
        macro=(
            343,
            (0.12, 0.24, 0.32, 0.48, 0.84, 1.73, 9.54),
            (0.11, 0.28, 0.36, 0.60, 1.08, 1.68, 6.60),
        ),
        micro=(
            159,
            (0.08, 0.08, 0.12, 0.16, 0.20, 0.24, 0.36),
            (0.04, 0.08, 0.12, 0.20, 0.28, 0.32, 0.40),
        ),
    ),
)
SPECS = MappingProxyType({"cas_like": CAS_LIKE, "samm_like": SAMM_LIKE})


def seconds(
    generator: np.random.Generator, quantiles: Quantiles, count: int
) -> NDArray[np.float64]:
    """Times drawn from a distribution that is known by its quantiles at `LEVELS`."""
    chance = generator.uniform(LEVELS[0], LEVELS[-1], count)
    return np.exp(np.interp(chance, LEVELS, np.log(quantiles)))
