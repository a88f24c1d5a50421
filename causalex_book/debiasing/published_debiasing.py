"""Debiasing of the published networks, with fixed thresholds and AUW-GCN's read-out.

The models of :mod:`causalex_book.spotting.published_setting` are applied to counterfactual motion
after the last epoch. One strength for all heads is chosen on the test subjects or on the others.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Annotated

import numpy as np
import pandas as pd

from causalex_book.debiasing.counterfactuals import (
    BOTH,
    CONSTANT,
    CROSS,
    KEEP,
    LEVEL,
    MASK,
    NONE,
    NULL,
    SCORED_HEADS,
    TUNED,
)
from causalex_book.spotting import published_rule, published_setting, threshold_sweep
from causalex_book.spotting.dataset import SpottingDataset, read_for
from causalex_book.spotting.published_setting import (
    HONEST,
    NEAREST,
    NETWORKS,
    READ_OUT,
    Variants,
)
from causalex_book.spotting.variants import AUW_GCN, CAUSAL_EX, trained, training
from causalex_core.config import Count, Strength, including
from causalex_core.evaluation import operating_points, selection
from causalex_core.spotting import debias, proposals
from causalex_core.spotting.data import leave_one_subject_out
from causalex_core.spotting.training import predict
from causalex_core.training import by_sample

SOURCES = published_setting.SOURCES
LONG = "about an hour of CPU time"
STRENGTHS = (0.0, 0.05, 0.1, 0.2, 0.5, 1.0, -0.5)


@dataclass(frozen=True)
class Config(published_setting.Config):
    """Parameters of :class:`causalex_book.spotting.published_setting.Config`, and lambda.

    Attributes
    ----------
    strengths
        Strengths lambda that are tried, the same for every head.
    """

    variants: Variants = (CAUSAL_EX, AUW_GCN)
    n_bootstrap: Count = 2000
    strengths: Annotated[tuple[Strength, ...], including(0.0)] = STRENGTHS


def compute(config: Config) -> dict[str, pd.DataFrame]:
    """Tables ``debiasing``, at the chosen strengths, and ``strengths``, F1 at each."""
    rows: dict[str, list[dict[str, object]]] = {"debiasing": [], "strengths": []}
    for database in config.databases:
        data = read_for(config, database, config.targets)
        for variant in config.variants:
            seeds = [_counts(data, database, variant, seed, config) for seed in config.seeds]
            for name, counting in seeds[0]:
                counts = np.stack([of_seed[name, counting] for of_seed in seeds])
                label = {"database": data.name, "variant": variant, "counterfactual": name}
                label |= asdict(counting)
                rows["debiasing"] += [label | row for row in _chosen(counts, config)]
                rows["strengths"] += [label | row for row in _strengths(counts, config)]
    return {name: pd.DataFrame(table) for name, table in rows.items()}


def _counts(
    data: SpottingDataset, database: str, variant: str, seed: int, config: Config
) -> dict[tuple[str, published_rule.Counting], np.ndarray]:
    """Counts (S, 2, strengths, 3) of one seed, by counterfactual and way of counting."""
    network, setting = NETWORKS[variant], config.setting
    folds, motion = leave_one_subject_out(data.windows), data.windows.motion
    epochs = published_setting.kept_epochs(database, config.epochs)  # to share its trainings
    results, matrices = trained(data, network, folds, seed, setting, epochs)
    essential = debias.most_causal_regions(data.marks)[data.windows.video]
    views = {
        NONE: motion,
        NULL: debias.null_motion(motion).expand_as(motion),
        KEEP: debias.keep(motion, essential),
        MASK: debias.mask(motion, essential),
    }
    predicted = predict(results, training(data, network, setting), matrices, views)
    scores = {
        name: by_sample(results.runs, of_runs, len(motion))[:, :, : len(SCORED_HEADS)]
        for name, of_runs in predicted.items()
    }
    scores[BOTH] = (scores[NULL] + scores[KEEP]) / 2
    scores[CONSTANT] = np.full_like(scores[NONE], LEVEL)
    factual, counts = scores.pop(NONE), {}
    for name, other in scores.items():
        detections = [
            proposals.detect(
                debias.debiased(factual, other, strength), data.windows, READ_OUT[database]
            )
            for strength in config.strengths
        ]
        for counting in (NEAREST, HONEST):
            counts[name, counting] = published_rule.counts(detections, data, counting)
    return counts


def _chosen(counts: np.ndarray, config: Config) -> Iterator[dict[str, object]]:
    """F1 at the strength that is best overall, and its gain, from counts (seeds, S, 2, L, 3)."""
    over = {"gain": np.moveaxis(counts[:, :, :, config.strengths.index(0.0)], 2, 1)}
    for rule, choose in ((CROSS, selection.cross_fold), (TUNED, selection.oracle_pooled)):
        at_choice = np.stack(
            [published_rule.counts_at(seed, choose(seed.sum(axis=1))) for seed in counts]
        )
        for row in threshold_sweep.score_rows(at_choice, config.n_bootstrap, over):
            yield {"chosen": rule, **row}


def _strengths(counts: np.ndarray, config: Config) -> Iterator[dict[str, object]]:
    """Overall F1 at each strength."""
    for index, strength in enumerate(config.strengths):
        overall = counts[:, :, :, index].sum(axis=2)
        yield {"strength": strength, "f1": operating_points.summary(overall, 1)["f1"]}
