"""Trained on one database, tested on the other, in the published setting: Table 4 of Causal-Ex.

The paper says neither which epoch is taken nor what becomes of the different frame rates. Both
are shown: the last epoch and the published rule, the databases as they are and at one rate.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from itertools import permutations
from typing import Annotated

import numpy as np
import pandas as pd

from causalex_book.spotting import published_rule, published_setting, threshold_sweep
from causalex_book.spotting.dataset import RealName, SpottingDataset, crossed, read_for
from causalex_book.spotting.published_setting import HONEST, NEAREST, READ_OUT
from causalex_book.spotting.variants import AUW_GCN, CAUSAL_EX, VARIANTS, trained
from causalex_core.config import Count, CountOrAll, Parameters, Probability, Seed, one_of
from causalex_core.data.annotations import CAS, SAMM
from causalex_core.evaluation.operating_points import EPOCH, LAST
from causalex_core.expressions import FRAMES
from causalex_core.motion.record import MotionRecord, Quality
from causalex_core.spotting import graph, proposals
from causalex_core.spotting.data import TargetConfig, Video, gather, hold_out
from causalex_core.spotting.graph import GraphConfig
from causalex_core.spotting.proposals import ProposalConfig, ProposalRule

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
    recorded = {name: read_for(config, name, "marks") for name in (CAS, SAMM)}
    resampled = {name: at_rate(data, _COMMON_FPS, search) for name, data in recorded.items()}
    rows: list[dict[str, object]] = []
    for rate, databases in ((AS_RECORDED, recorded), (COMMON, resampled)):
        for source, target in permutations(databases, 2):
            factor = databases[source].fps / recorded[source].fps
            rules = at_other_rate(READ_OUT[source], factor)
            epochs = published_setting.kept_epochs(source, config.epochs)
            rows += _crossed(rate, databases[source], databases[target], rules, epochs, config)
    return {"crossed": pd.DataFrame(rows)}


def _crossed(
    rate: str,
    source: SpottingDataset,
    target: SpottingDataset,
    rules: ProposalConfig,
    epochs: range,
    config: Config,
) -> Iterator[dict[str, object]]:
    """Rows of one direction."""
    both, tested = crossed(source, target)
    fold = hold_out(both.windows, tested, name=f"{target.name} held out, {rate}")
    setting = published_setting.Config(epochs=config.epochs).setting
    of_target = np.isin(both.subjects, tested)
    for variant in config.variants:
        detections = []
        for seed in config.seeds:
            results, _ = trained(both, VARIANTS[variant], [fold], seed, setting, epochs)
            detections.append(
                [
                    proposals.detect(scores.astype(np.float32), both.windows, rules, fold.held_out)
                    for scores in results.predictions[0]
                ]
            )
        for counting in (NEAREST, HONEST):
            counts = np.stack(
                [published_rule.counts(tables, both, counting)[of_target] for tables in detections]
            )
            counts_by_rule = published_rule.counts_by_rule(counts)
            label = {"rate": rate, "trained_on": source.name, "tested_on": target.name}
            label |= {"variant": variant, **asdict(counting)}
            for rule in (EPOCH, LAST):
                for row in threshold_sweep.score_rows(counts_by_rule[rule], config.n_bootstrap):
                    yield {**label, "rule": rule, **row}


def at_rate(data: SpottingDataset, fps: float, search: GraphConfig) -> SpottingDataset:
    """A database at another rate; targets follow from its annotations, in AUW-GCN's way.

    Its own rate gives it back as it is.
    """
    if fps == data.fps:
        return data
    factor = fps / data.fps
    videos = tuple(
        Video(video.subject, video.name, resampled_motion(video.motion, factor))
        for video in data.videos
    )
    truth = resampled_labels(data.truth, factor)
    recordings = (
        MotionRecord(
            video.motion,
            np.full(len(video.motion), Quality.MEASURED, np.uint8),
            fps,
            subject=video.subject,
            video=video.name,
        )
        for video in videos
    )
    return replace(
        data,
        fps=fps,
        videos=videos,
        truth=truth,
        windows=gather(videos, truth, TargetConfig("released")),
        marks=tuple(graph.of_video(recording, search).marks for recording in recordings),
    )


def resampled_motion(steps: np.ndarray, factor: float) -> np.ndarray:
    """Steps (T, regions, 2) from frame to frame at `factor` times the rate, with the same path.

    The result has floor(T * factor) steps, of the same type. Positions between two frames lie on
    the line between them.
    """
    path = np.concatenate([np.zeros_like(steps[:1]), steps]).cumsum(axis=0, dtype=np.float64)
    count = int(len(steps) * factor + 1e-9)
    times = np.arange(count + 1) / factor
    before = np.minimum(times.astype(int), len(steps) - 1)
    share = (times - before)[:, None, None]
    positions = path[before] * (1 - share) + path[before + 1] * share
    return np.diff(positions, axis=0).astype(steps.dtype)


def resampled_labels(table: pd.DataFrame, factor: float) -> pd.DataFrame:
    """Expressions with their frames counted at another rate, rounded down."""
    return table.assign(**{name: np.floor(table[name] * factor) for name in FRAMES})


def at_other_rate(rules: ProposalConfig, factor: float) -> ProposalConfig:
    """Rules whose search and lengths are as long in seconds at another rate."""
    return replace(rules, micro=_rule(rules.micro, factor), macro=_rule(rules.macro, factor))


def _rule(rule: ProposalRule, factor: float) -> ProposalRule:
    window, length = (
        (round(first * factor), round(last * factor))
        for first, last in (rule.search_window, rule.length)
    )
    return replace(rule, search_window=window, length=length)
