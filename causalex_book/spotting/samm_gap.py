"""AUW-GCN on SAMM-LV finds fewer macro-expressions than printed: what was suspected, and tried.

Each suspect changes one thing of :mod:`causalex_book.spotting.published_setting`. Those of the
read-out cost nothing; those of training train all folds again.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
import pandas as pd

from causalex_book.spotting import published_rule, published_setting, threshold_sweep
from causalex_book.spotting.dataset import SpottingDataset, read
from causalex_book.spotting.published_rule import Counting
from causalex_book.spotting.published_setting import READ_OUT
from causalex_book.spotting.variants import AUW_GCN, PUBLISHED, VARIANTS, trained
from causalex_core.config import Count, CountOrAll, Parameters, including, one_of
from causalex_core.data.annotations import CAS, SAMM
from causalex_core.evaluation.operating_points import EPOCH
from causalex_core.spotting import proposals
from causalex_core.spotting.data import leave_one_subject_out
from causalex_core.spotting.graph import GraphConfig
from causalex_core.spotting.losses import LossConfig
from causalex_core.spotting.proposals import ProposalConfig

SOURCES = published_setting.SOURCES
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
        data, scores = _scores(TRAININGS[name], config)
        published = _detections(scores, data, _RULES)
        rows += _counted("training", name, published, data, config)
        if name != AS_PUBLISHED:
            continue
        for read_out, rules in READ_OUTS.items():
            if read_out != AS_PUBLISHED:
                detections = _detections(scores, data, rules)
                rows += _counted("read-out", read_out, detections, data, config)
        for frames in FRAMES_MOVED:
            moved = [
                table.assign(onset=table["onset"] + frames, offset=table["offset"] + frames)
                for table in published
            ]
            rows += _counted("read-out", f"frames moved by {frames:+d}", moved, data, config)
    return {"suspects": pd.DataFrame(rows)}


def _scores(training: Training, config: Config) -> tuple[SpottingDataset, list[np.ndarray]]:
    """Held-out scores of every epoch that is looked at."""
    data = read(SAMM, {}, GraphConfig(), config.most_subjects, "marks")
    data = replace(data, loss=training.loss or data.loss)
    setting = replace(PUBLISHED, epochs=config.epochs)
    folds, epochs = (
        leave_one_subject_out(data.windows),
        published_setting.kept_epochs(SAMM, config.epochs),
    )
    results, _ = trained(data, VARIANTS[AUW_GCN], folds, training.seed, setting, epochs)
    return data, list(published_rule.scores_by_epoch(results, data, training.seed))


def _detections(
    scores: Sequence[np.ndarray], data: SpottingDataset, rules: ProposalConfig
) -> list[pd.DataFrame]:
    return [proposals.detect(of_epoch, data.windows, rules) for of_epoch in scores]


def _counted(
    where: str, name: str, detections: Sequence[pd.DataFrame], data: SpottingDataset, config: Config
) -> Iterator[dict[str, object]]:
    """Counts under the published rule, in both ways of AUW-GCN's code."""
    for counting in COUNTINGS:
        counts = published_rule.counts(detections, data, counting)
        choice = published_rule.epochs_by_rule(counts)[EPOCH]
        at_choice = published_rule.counts_at(counts, choice)[None]
        label = {"changed_in": where, "suspect": name, "protocol": counting.protocol}
        for kind, (of_kind,) in threshold_sweep.by_kind(at_choice):
            row = threshold_sweep.pooled_row(of_kind, config.n_bootstrap)
            yield {**label, "kind": kind, **row}
