"""AUW-GCN on SAMM-LV finds fewer macro-expressions than printed: what was suspected, and tried.

Each suspect changes one thing of :mod:`causalex_book.spotting.published_setting`. Those of the
read-out cost nothing; those of training train all folds again.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
import pandas as pd

from causalex_book.spotting import material, points, published_rule
from causalex_book.spotting.material import SpottingDataset
from causalex_book.spotting.published_rule import Counting
from causalex_book.spotting.published_setting import FIRST_EPOCH, READ_OUT
from causalex_book.spotting.variants import AUW_GCN, PUBLISHED, VARIANTS, trained
from causalex_core.config import Count, CountOrAll, Parameters, including, one_of
from causalex_core.data import region_motion
from causalex_core.data.annotations import CAS, SAMM
from causalex_core.evaluation.operating_points import EPOCH
from causalex_core.evaluation.uncertainty import f1_interval
from causalex_core.spotting import proposals
from causalex_core.spotting.data import leave_one_subject_out
from causalex_core.spotting.graph import GraphConfig
from causalex_core.spotting.losses import LossConfig
from causalex_core.spotting.proposals import ProposalConfig

SOURCES = (*region_motion.SOURCES, "auw_gcn_priors")
LONG = "about half an hour of CPU time"
AS_PUBLISHED = "as published"
COUNTINGS = (Counting("auw", "as_is"), Counting("auw_2023", "as_is"))


_RULES = READ_OUT[SAMM]


def _macro(top_k: int = _RULES.macro.top_k, threshold: float = 0.5) -> ProposalConfig:
    return replace(_RULES, macro=replace(_RULES.macro, top_k=top_k, threshold=threshold))


READ_OUTS: Mapping[str, ProposalConfig] = {
    AS_PUBLISHED: _RULES,
    "whole videos, frames not moved by one": replace(_RULES, variant="sound"),
    "five macro-expressions a video": _macro(top_k=5),
    "ten macro-expressions a video": _macro(top_k=10),
    "macro threshold 0.4": _macro(threshold=0.4),
    "macro threshold 0.6": _macro(threshold=0.6),
    "macro lengths and search of CAS(ME)^2": replace(_RULES, macro=READ_OUT[CAS].macro),
    "suppression above IoU 0.8": replace(_RULES, overlap=0.8),
}
FRAMES_MOVED = (-2, -1, 1)


@dataclass(frozen=True)
class Training:
    """One other choice in training."""

    loss: LossConfig | None = None
    seed: int = 1


TRAININGS: Mapping[str, Training] = {
    AS_PUBLISHED: Training(),
    "another seed": Training(seed=2),
    "share of the macro losses 0.5": Training(loss=LossConfig(macro=0.5)),
}


@dataclass(frozen=True)
class Config(Parameters):
    """Parameters of the study.

    Attributes
    ----------
    trainings
        Trainings of AUW-GCN on SAMM-LV; that as published is also scored in every other way.
    epochs
        Epochs of training.
    most_subjects
        Subjects of each database, for a quick look; 0 is everybody.
    n_bootstrap
        Resamples of subjects behind each interval.
    """

    trainings: Annotated[tuple[Annotated[str, one_of(TRAININGS)], ...], including(AS_PUBLISHED)] = (
        AS_PUBLISHED,
        "another seed",
        "share of the macro losses 0.5",
    )
    epochs: Count = 100
    most_subjects: CountOrAll = 0
    n_bootstrap: Count = 5000


def compute(config: Config) -> dict[str, pd.DataFrame]:
    """Table ``suspects``: what was changed, and the counts under the published rule."""
    rows: list[dict[str, object]] = []
    for name in config.trainings:
        part, scores = _scores(TRAININGS[name], config)
        first = _detections(scores, part, _RULES)
        rows += _counted("training", name, first, part, config)
        if name != AS_PUBLISHED:
            continue
        for read_out, rules in READ_OUTS.items():
            if read_out != AS_PUBLISHED:
                found = _detections(scores, part, rules)
                rows += _counted("read-out", read_out, found, part, config)
        for frames in FRAMES_MOVED:
            moved = [
                table.assign(onset=table["onset"] + frames, offset=table["offset"] + frames)
                for table in first
            ]
            rows += _counted("read-out", f"frames moved by {frames:+d}", moved, part, config)
    return {"suspects": pd.DataFrame(rows)}


def _scores(training: Training, config: Config) -> tuple[SpottingDataset, list[np.ndarray]]:
    """Held-out scores of every epoch that is looked at."""
    part = material.read(SAMM, {}, GraphConfig(), config.most_subjects, "marks")
    part = replace(part, loss=training.loss or part.loss)
    setting = replace(PUBLISHED, epochs=config.epochs)
    first = min(FIRST_EPOCH[SAMM], config.epochs - 1)
    outcome, _ = trained(
        part,
        VARIANTS[AUW_GCN],
        leave_one_subject_out(part.windows),
        training.seed,
        setting,
        range(first, config.epochs),
    )
    return part, list(published_rule.scores_by_epoch(outcome, part, training.seed))


def _detections(
    scores: Sequence[np.ndarray], part: SpottingDataset, rules: ProposalConfig
) -> list[pd.DataFrame]:
    return [proposals.detect(of_epoch, part.windows, rules) for of_epoch in scores]


def _counted(
    where: str, name: str, detections: Sequence[pd.DataFrame], part: SpottingDataset, config: Config
) -> Iterator[dict[str, object]]:
    """Counts under the published rule, in both ways of AUW-GCN's code."""
    for counting in COUNTINGS:
        hits = published_rule.hits(detections, part, counting)
        choice = published_rule.choices(hits)[EPOCH]
        for kind, (counts,) in points.named(published_rule.at_choice(hits, choice)[None]):
            tp, n_pred, n_truth = counts.sum(axis=0).tolist()
            interval = f1_interval(counts, config.n_bootstrap, seed=1)
            yield {
                "changed_in": where,
                "suspect": name,
                "protocol": counting.protocol,
                "kind": kind,
                "tp": tp,
                "n_pred": n_pred,
                "n_truth": n_truth,
                "f1": interval.estimate,
                "low": interval.low,
                "high": interval.high,
            }
