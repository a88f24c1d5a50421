"""Whether the causal graph helps to spot, on the real motion of both databases.

The computation of :mod:`causalex_core.chapters.graph_spotting`, with statistics of the training
subjects and few epochs, scored on the annotation tables.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from causalex_core.chapters import graph_spotting
from causalex_core.chapters.graph_spotting import CAUSAL, PRIOR, RANDOM, Variants
from causalex_core.datasets import region_motion
from causalex_core.datasets.annotations import CAS, SAMM
from causalex_core.parameters import Count, Seed
from causalex_core.studies.material import DatabaseName
from causalex_core.studies.variants import NONE, PREDECESSOR, WHOLE, VariantName

SOURCES = region_motion.SOURCES
LONG = True
_VARIANTS = (PREDECESSOR, WHOLE, NONE, RANDOM, PRIOR, CAUSAL)


@dataclass(frozen=True)
class Config(graph_spotting.Config):
    """Parameters of :class:`causalex_core.chapters.graph_spotting.Config`, for real people."""

    plans: tuple[tuple[DatabaseName, Variants], ...] = ((CAS, _VARIANTS), (SAMM, _VARIANTS))
    seeds: tuple[Seed, ...] = (1, 2, 3)
    n_seeds: Mapping[VariantName, Count] = field(
        default_factory=lambda: dict.fromkeys((PRIOR, CAUSAL), 1)
    )


def compute(config: Config) -> dict[str, pd.DataFrame]:
    """Tables as `causalex_core.chapters.graph_spotting.TABLES` names them, and ``detections``."""
    return graph_spotting.compute(config)
