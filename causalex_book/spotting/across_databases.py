"""Trained on one database, tested on the other, in the published setting: Table 4 of Causal-Ex.

The paper says neither which epoch is taken nor what becomes of the different frame rates. Both
are shown: the last epoch and the published rule, the databases as they are and at one rate.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from itertools import permutations
from typing import Annotated

import numpy as np
import pandas as pd

from causalex_book.spotting import material, points, published_rule, published_setting, resampling
from causalex_book.spotting.material import RealName, SpottingDataset
from causalex_book.spotting.published_setting import HONEST, NEAREST, READ_OUT
from causalex_book.spotting.variants import AUW_GCN, CAUSAL_EX, VARIANTS, trained
from causalex_core.config import Count, CountOrAll, Parameters, Probability, Seed, one_of
from causalex_core.data.annotations import CAS, SAMM
from causalex_core.evaluation import operating_points
from causalex_core.evaluation.operating_points import EPOCH, LAST
from causalex_core.spotting import proposals
from causalex_core.spotting.data import hold_out
from causalex_core.spotting.graph import GraphConfig
from causalex_core.spotting.proposals import ProposalConfig

SOURCES = published_setting.SOURCES
LONG = "about half an hour of CPU time"
CAUSAL = "causal only"
AS_RECORDED, COMMON = "as recorded", "25 per second"
_COMMON_FPS = 25.0
Networks = tuple[Annotated[str, one_of((CAUSAL, CAUSAL_EX, AUW_GCN))], ...]


@dataclass(frozen=True)
class Config(Parameters):
    """Parameters of the page.

    Attributes
    ----------
    features
        Folder of each database, such as {"CAS(ME)^2": "feature_segment"}, where it is not the
        public motion.
    variants
        Networks that are tested across databases; Table 4 has these two.
    seeds
        Seeds of training; F1 is averaged over them.
    epochs
        Epochs of training; all else is as published.
    alpha
        Level of FCI's tests.
    most_subjects
        Subjects of each database, for a quick look; 0 is everybody.
    n_bootstrap
        Resamples of subjects behind each interval.
    """

    features: Mapping[RealName, str] = field(default_factory=dict)
    variants: Networks = (CAUSAL, CAUSAL_EX)
    seeds: tuple[Seed, ...] = (1,)
    epochs: Count = 100
    alpha: Probability = 0.01
    most_subjects: CountOrAll = 0
    n_bootstrap: Count = 5000


def compute(config: Config) -> dict[str, pd.DataFrame]:
    """Table ``crossed``: counts and F1 by direction, rate, network, way of counting and rule."""
    search = GraphConfig(alpha=config.alpha)
    own = {
        name: material.read(name, config.features, search, config.most_subjects, "marks")
        for name in (CAS, SAMM)
    }
    at_one_rate = {
        name: resampling.at_rate(part, _COMMON_FPS, search) for name, part in own.items()
    }
    rows: list[dict[str, object]] = []
    for rate, parts in ((AS_RECORDED, own), (COMMON, at_one_rate)):
        for source, target in permutations(parts, 2):
            factor = parts[source].fps / own[source].fps
            read_out = resampling.rules(READ_OUT[source], factor)
            first = min(published_setting.FIRST_EPOCH[source], config.epochs - 1)
            rows += _crossed(rate, parts[source], parts[target], read_out, first, config)
    return {"crossed": pd.DataFrame(rows)}


def _crossed(
    rate: str,
    source: SpottingDataset,
    target: SpottingDataset,
    read_out: ProposalConfig,
    first: int,
    config: Config,
) -> Iterator[dict[str, object]]:
    """Rows of one direction; epochs from `first` on are looked at."""
    both, tested = material.crossed(source, target)
    fold = hold_out(both.windows, tested, name=f"{target.name} held out, {rate}")
    setting = published_setting.Config(epochs=config.epochs).setting
    rows = np.isin(both.subjects, tested)
    for variant in config.variants:
        detections = []
        for seed in config.seeds:
            outcome, _ = trained(
                both, VARIANTS[variant], [fold], seed, setting, range(first, config.epochs)
            )
            detections.append(
                [
                    proposals.detect(
                        scores.astype(np.float32), both.windows, read_out, fold.held_out
                    )
                    for scores in outcome.predictions[0]
                ]
            )
        for counting in (NEAREST, HONEST):
            hits = np.stack(
                [published_rule.hits(of_seed, both, counting)[rows] for of_seed in detections]
            )
            reported = published_setting.by_rule(hits)
            for rule in (EPOCH, LAST):
                for kind, counts in points.named(reported[rule]):
                    yield {
                        "rate": rate,
                        "trained_on": source.name,
                        "tested_on": target.name,
                        "variant": variant,
                        **asdict(counting),
                        "rule": rule,
                        "kind": kind,
                        **operating_points.summary(counts, config.n_bootstrap),
                    }
