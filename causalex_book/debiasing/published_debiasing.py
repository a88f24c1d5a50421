"""Debiasing of the published networks: fixed thresholds, AUW-GCN's way to read intervals out.

The trained models of :mod:`causalex_book.spotting.published_setting` judge null frames and motion
of E_f alone after the last epoch; one strength for all heads is subtracted.
It is chosen on the test subjects, as in print, or on the others.
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
from causalex_book.spotting import material, points, published_rule, published_setting
from causalex_book.spotting.material import SpottingDataset
from causalex_book.spotting.published_setting import (
    FIRST_EPOCH,
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
from causalex_core.spotting.graph import GraphConfig
from causalex_core.spotting.training import predict
from causalex_core.training import by_sample

SOURCES = published_setting.SOURCES
LONG = "about an hour of CPU time"


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
    strengths: Annotated[tuple[Strength, ...], including(0.0)] = (
        0.0,
        0.05,
        0.1,
        0.2,
        0.5,
        1.0,
        -0.5,
    )


def compute(config: Config) -> dict[str, pd.DataFrame]:
    """Tables ``debiasing``, at the chosen strengths, and ``strengths``, F1 at each."""
    rows: dict[str, list[dict[str, object]]] = {"debiasing": [], "strengths": []}
    for database in config.databases:
        part = material.read(
            database,
            config.features,
            GraphConfig(alpha=config.alpha),
            config.most_subjects,
            config.targets,
        )
        for variant in config.variants:
            of_seeds = [_hits(part, database, variant, seed, config) for seed in config.seeds]
            for name, counting in of_seeds[0]:
                hits = np.stack([found[name, counting] for found in of_seeds])
                about = {"database": part.name, "variant": variant, "counterfactual": name}
                about |= asdict(counting)
                rows["debiasing"] += [about | row for row in _chosen(hits, config)]
                rows["strengths"] += [about | row for row in _each(hits, config)]
    return {name: pd.DataFrame(table) for name, table in rows.items()}


def _hits(
    part: SpottingDataset, database: str, variant: str, seed: int, config: Config
) -> dict[tuple[str, published_rule.Counting], np.ndarray]:
    """Hits (S, 2, strengths, 3) of one seed, by counterfactual and way of counting."""
    network, setting = NETWORKS[variant], config.setting
    folds, motion = leave_one_subject_out(part.windows), part.windows.motion
    kept = range(min(FIRST_EPOCH[database], config.epochs - 1), config.epochs)  # as its page keeps
    outcome, matrices = trained(part, network, folds, seed, setting, kept)
    essential = debias.most_causal_regions(part.marks)[part.windows.video]
    views = {
        NONE: motion,
        NULL: debias.null_motion(motion).expand_as(motion),
        KEEP: debias.keep(motion, essential),
        MASK: debias.mask(motion, essential),
    }
    judged = predict(outcome, training(part, network, setting), matrices, views)
    said = {
        name: by_sample(outcome.runs, of_runs, len(motion))[:, :, : len(SCORED_HEADS)]
        for name, of_runs in judged.items()
    }
    said[BOTH] = (said[NULL] + said[KEEP]) / 2
    said[CONSTANT] = np.full_like(said[NONE], LEVEL)
    factual, found = said.pop(NONE), {}
    for name, other in said.items():
        detections = [
            proposals.detect(
                debias.debiased(factual, other, strength), part.windows, READ_OUT[database]
            )
            for strength in config.strengths
        ]
        for counting in (NEAREST, HONEST):
            found[name, counting] = published_rule.hits(detections, part, counting)
    return found


def _chosen(hits: np.ndarray, config: Config) -> Iterator[dict[str, object]]:
    """F1 at the strength that is best overall, and its gain, from hits (seeds, S, 2, L, 3)."""
    plain = dict(points.named(np.moveaxis(hits[:, :, :, config.strengths.index(0.0)], 2, 1)))
    for rule, choose in ((CROSS, selection.cross_fold), (TUNED, selection.oracle_pooled)):
        found = np.stack([published_rule.at_choice(own, choose(own.sum(axis=1))) for own in hits])
        for kind, counts in points.named(found):
            yield {
                "chosen": rule,
                "kind": kind,
                **operating_points.summary(counts, config.n_bootstrap),
                **operating_points.gain(counts, plain[kind], config.n_bootstrap),
            }


def _each(hits: np.ndarray, config: Config) -> Iterator[dict[str, object]]:
    """Overall F1 at each strength."""
    for place, strength in enumerate(config.strengths):
        overall = hits[:, :, :, place].sum(axis=2)
        yield {"strength": strength, "f1": operating_points.summary(overall, 1)["f1"]}
