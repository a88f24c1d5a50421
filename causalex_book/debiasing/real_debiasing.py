"""What counterfactual debiasing changes on the real motion of both databases.

The computation of :mod:`causalex_book.debiasing.counterfactuals`; planted biases and attributes of
people are known of synthetic people alone.
"""

from dataclasses import dataclass
from typing import Annotated

import pandas as pd

from causalex_book.debiasing import counterfactuals
from causalex_book.debiasing.counterfactuals import VIEWS, Variants
from causalex_book.spotting.dataset import RealName
from causalex_book.spotting.variants import AUW_GCN, CAUSAL_EX
from causalex_core.config import Seed, one_of
from causalex_core.data import region_motion
from causalex_core.data.annotations import CAS, SAMM
from causalex_core.spotting.debias import Form

SOURCES = region_motion.SOURCES
LONG = "about half an hour of CPU time"
_VARIANTS = (CAUSAL_EX, AUW_GCN)


@dataclass(frozen=True)
class Config(counterfactuals.Config):
    """Parameters of :class:`causalex_book.debiasing.counterfactuals.Config`, for real people.

    Attributes
    ----------
    views
        Counterfactuals that are subtracted; null frames alone is debiasing without E_f.
    """

    plans: tuple[tuple[RealName, Variants], ...] = ((CAS, _VARIANTS), (SAMM, _VARIANTS))
    seeds: tuple[Seed, ...] = (1, 2, 3)
    forms: tuple[Form, ...] = ("probabilities",)
    views: tuple[Annotated[str, one_of(VIEWS)], ...] = VIEWS


def compute(config: Config) -> dict[str, pd.DataFrame]:
    """Tables as `causalex_book.debiasing.counterfactuals.TABLES` names them; some stay empty."""
    return counterfactuals.compute(config, config.views)
