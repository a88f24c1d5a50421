"""What counterfactual debiasing changes on the real motion of both databases.

The computation of :mod:`causalex_core.chapters.counterfactuals`; planted biases and attributes of
people are known of synthetic people alone.
"""

from dataclasses import dataclass
from typing import Annotated

import pandas as pd

from causalex_core.chapters import counterfactuals
from causalex_core.chapters.counterfactuals import VIEWS, Variants
from causalex_core.datasets import region_motion
from causalex_core.datasets.annotations import CAS, SAMM
from causalex_core.debiasing.counterfactual import Form
from causalex_core.parameters import Seed, one_of
from causalex_core.studies.material import RealName
from causalex_core.studies.variants import PREDECESSOR, WHOLE

SOURCES = region_motion.SOURCES
LONG = True
_VARIANTS = (WHOLE, PREDECESSOR)


@dataclass(frozen=True)
class Config(counterfactuals.Config):
    """Parameters of :class:`causalex_core.chapters.counterfactuals.Config`, for real people.

    Attributes
    ----------
    views
        Counterfactuals that are subtracted; ``null frames`` alone is debiasing without E_f.
    """

    plans: tuple[tuple[RealName, Variants], ...] = ((CAS, _VARIANTS), (SAMM, _VARIANTS))
    seeds: tuple[Seed, ...] = (1, 2, 3)
    forms: tuple[Form, ...] = ("probabilities",)
    views: tuple[Annotated[str, one_of(VIEWS)], ...] = VIEWS


def compute(config: Config) -> dict[str, pd.DataFrame]:
    """Tables as `causalex_core.chapters.counterfactuals.TABLES` names them; some stay empty."""
    return counterfactuals.compute(config, config.views)
