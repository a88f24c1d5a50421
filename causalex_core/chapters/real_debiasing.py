"""What counterfactual debiasing changes on the real motion of both databases.

The computation of :mod:`causalex_core.chapters.counterfactuals`; planted biases and attributes of
people are known of synthetic people alone.
"""

from dataclasses import dataclass

import pandas as pd

from causalex_core.chapters import counterfactuals
from causalex_core.chapters.counterfactuals import Variants
from causalex_core.datasets import region_motion
from causalex_core.datasets.annotations import CAS, SAMM
from causalex_core.debiasing.counterfactual import Form
from causalex_core.parameters import Seed
from causalex_core.studies.material import DatabaseName
from causalex_core.studies.variants import PREDECESSOR, WHOLE

SOURCES = region_motion.SOURCES
LONG = True
_VARIANTS = (WHOLE, PREDECESSOR)


@dataclass(frozen=True)
class Config(counterfactuals.Config):
    """Parameters of :class:`causalex_core.chapters.counterfactuals.Config`, for real people."""

    plans: tuple[tuple[DatabaseName, Variants], ...] = ((CAS, _VARIANTS), (SAMM, _VARIANTS))
    seeds: tuple[Seed, ...] = (1, 2, 3)
    forms: tuple[Form, ...] = ("probabilities",)


def compute(config: Config) -> dict[str, pd.DataFrame]:
    """Tables as `causalex_core.chapters.counterfactuals.TABLES` names them; some stay empty."""
    return counterfactuals.compute(config)
