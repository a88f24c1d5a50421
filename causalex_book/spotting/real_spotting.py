"""Whether the causal graph helps to spot, on the real motion of both databases.

The computation is that of :mod:`causalex_book.spotting.graph_spotting`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from causalex_book.spotting import graph_spotting
from causalex_book.spotting.dataset import DatabaseName
from causalex_book.spotting.graph_spotting import CAUSAL, PRIOR, RANDOM, Variants
from causalex_book.spotting.variants import AUW_GCN, CAUSAL_EX, NONE, VariantName
from causalex_core.config import Count, Seed
from causalex_core.data import region_motion
from causalex_core.data.annotations import CAS, SAMM

SOURCES = region_motion.SOURCES
LONG = "about an hour of CPU time"
_VARIANTS = (AUW_GCN, CAUSAL_EX, NONE, RANDOM, PRIOR, CAUSAL)


@dataclass(frozen=True)
class Config(graph_spotting.Config):
    """Parameters of :class:`causalex_book.spotting.graph_spotting.Config`, for real people."""

    plans: tuple[tuple[DatabaseName, Variants], ...] = ((CAS, _VARIANTS), (SAMM, _VARIANTS))
    seeds: tuple[Seed, ...] = (1, 2, 3)
    n_seeds: Mapping[VariantName, Count] = field(
        default_factory=lambda: dict.fromkeys((PRIOR, CAUSAL), 1)
    )


def compute(config: Config) -> dict[str, pd.DataFrame]:
    """Tables as `causalex_book.spotting.graph_spotting.TABLES` names them, and ``detections``."""
    return graph_spotting.compute(config)
