"""Spotting on real labels, from the motion levels that MDMD's published masks tell.

The long videos are licensed; the masks of the MEGC2020 baseline are public, and nested: they
tell for every frame of every video how high its motion is, at the distances of macro- and of
micro-expressions. There are no regions in them, so this is the temporal half of the spotter.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import pandas as pd
import torch

from causalex_book.data import mdmd
from causalex_book.spotting import material, nested, points, scales
from causalex_book.spotting.material import SpottingDataset
from causalex_book.spotting.points import NESTED
from causalex_core import paths
from causalex_core.config import Count, CountOrAll, Parameters, Seed, Strength, at_least, including
from causalex_core.data import auw_gcn, manifest, video_lengths
from causalex_core.data.annotations import CAS, SAMM
from causalex_core.evaluation import operating_points
from causalex_core.evaluation.operating_points import CROSS, LAST
from causalex_core.spotting import candidates, debias, losses, proposals
from causalex_core.spotting.data import Video, gather, hold_out, leave_one_subject_out
from causalex_core.spotting.model import NetworkConfig
from causalex_core.spotting.training import FoldResults, Graphs, TrainingConfig, predict, train
from causalex_core.training import Fold, by_sample

SOURCES = ("mdmd_baseline", "megc_video_lengths", "auw_gcn_annotations")
LONG = "some ten minutes of CPU time"
DATABASES = (CAS, SAMM)
SAMM_STEP = 8  # 200 to 25 frames per second, as AUW-GCN's table of SAMM counts
NONE, NULL, SWEEP = "none", "null frames", "as many thresholds instead"


@dataclass(frozen=True)
class Config(Parameters):
    """Parameters of the page.

    Attributes
    ----------
    seeds
        Seeds of the models; F1 is averaged over them.
    epochs
        Epochs of training.
    width
        Channels of the convolutions.
    n_thresholds
        Number of thresholds that are tried on the score of detections.
    strengths
        Strengths lambda of the null-frame counterfactual.
    most_subjects
        Subjects of each database, for a quick look; 0 is everybody.
    n_bootstrap
        Resamples of subjects behind each interval.
    """

    seeds: tuple[Seed, ...] = (1, 2, 3, 4, 5)
    epochs: Count = 20
    width: Count = 32
    n_thresholds: Annotated[int, at_least(2)] = 61
    strengths: Annotated[tuple[Strength, ...], including(0.0)] = (0.0, 0.25, 0.5, 0.75, 1.0)
    most_subjects: CountOrAll = 0
    n_bootstrap: Count = 5000


def compute(config: Config) -> dict[str, pd.DataFrame]:
    """Tables ``inputs``, ``rules``, ``epochs``, ``debiasing`` and ``crossed``."""
    rows: dict[str, list[dict[str, object]]] = {
        name: [] for name in ("inputs", "rules", "epochs", "debiasing", "crossed")
    }
    everything = [read(database, config) for database in DATABASES]
    at_home = {}
    for part in everything:
        rows["inputs"].append(_inputs(part))
        folds = leave_one_subject_out(part.windows, all_windows=True)
        outer = _trained(part, folds, config)
        scores = [outer.by_sample(seed, len(part.windows.video)) for seed in config.seeds]
        counted = np.stack([points.hits(part, list(one), config.n_thresholds)[0] for one in scores])
        at_home[part.name] = counted[:, :, :, -1]
        inner = _trained(
            part,
            nested.folds(part.windows, all_windows=True),
            config,
            points.asked(config.epochs),
        )
        rows["rules"] += list(_rules(part, counted, _nested(part, scores, inner, config), config))
        rows["epochs"] += [{"database": part.name, **row} for row in points.by_epoch(counted)]
        rows["debiasing"] += list(_debiased(part, outer, inner, config))
    for source, target in (everything, everything[::-1]):
        rows["crossed"] += list(_crossed(source, target, at_home[source.name], config))
    return {name: pd.DataFrame(table) for name, table in rows.items()}


def read(database: str, config: Config) -> SpottingDataset:
    """Windows of a database, with channels at several scales, and its labels."""
    lengths = video_lengths.read(
        manifest.require("megc_video_lengths").path(video_lengths.FILES[database]), database
    ).set_index("video")["frames"]
    truth = auw_gcn.read(
        manifest.require("auw_gcn_annotations").path(auw_gcn.FILES[database]), database
    )
    videos = []
    for name, levels in sorted(mdmd.levels(manifest.require("mdmd_baseline"), database).items()):
        inside = levels[: lengths.get(name, len(levels))]  # masks run past the end of the video
        if database == SAMM:
            inside = thinned(inside, SAMM_STEP)
        height = np.sqrt(inside / len(mdmd.THRESHOLDS))
        videos.append(Video(name.rpartition("_")[0], name, scales.channels(height)))
    if config.most_subjects:
        chosen = list(dict.fromkeys(video.subject for video in videos))[: config.most_subjects]
        videos = [video for video in videos if video.subject in chosen]
        truth = truth[truth["subject"].isin(chosen)]
    return SpottingDataset(
        name=database,
        fps=auw_gcn.FPS[database],
        windows=gather(videos, truth),
        truth=truth,
        rules=candidates.permissive(proposals.CAS if database == CAS else proposals.SAMM),
        loss=losses.CAS if database == CAS else losses.SAMM,
    )


def thinned(levels: np.ndarray, step: int) -> np.ndarray:
    """Highest level of every `step` frames, (frames, K) to (frames / step, K)."""
    rest = -len(levels) % step
    return np.pad(levels, ((0, rest), (0, 0))).reshape(-1, step, levels.shape[1]).max(axis=1)


def _inputs(part: SpottingDataset) -> dict[str, object]:
    still = [
        (part.windows.motion[part.windows.video == video, :, 0, channel] == 0)
        for channel in (0, 1)
        for video in range(len(part.windows.names))
    ]
    quiet = torch.cat([share.flatten() for share in still]).double().mean()
    return {
        "database": part.name,
        "subjects": len(part.subjects),
        "videos": len(part.windows.names),
        "minutes": part.minutes,
        "macro": int((part.truth["kind"] == "macro").sum()),
        "micro": int((part.truth["kind"] == "micro").sum()),
        "below_the_first_threshold": float(quiet),
    }


def _training(part: SpottingDataset, config: Config) -> TrainingConfig:
    network = NetworkConfig(
        graph=(),
        pooling=False,
        nodes=1,
        channels=part.windows.motion.shape[3],
        width=config.width,
    )
    return TrainingConfig(
        network=network, loss=part.loss, epochs=config.epochs, precision="bfloat16"
    )


def _trained(
    part: SpottingDataset, folds: Sequence[Fold], config: Config, keep: Sequence[int] | None = None
) -> FoldResults:
    """Models of all folds and seeds."""
    return train(
        part.windows,
        folds,
        _training(part, config),
        seeds=config.seeds,
        keep=keep,
        folder=paths.data_folder() / "training",
    )


def _nested(
    part: SpottingDataset, scores: Sequence[np.ndarray], inner: FoldResults, config: Config
) -> np.ndarray:
    """Counts (seeds, 2, S, 3) at the epoch, threshold, number and lengths of the inner choice."""
    found = []
    for seed, outer in zip(config.seeds, scores, strict=True):
        of_pairs = [
            points.choices(part, list(said), config.n_thresholds, run.fold.held_out)[0]
            for run, said in zip(inner.runs, inner.predictions, strict=True)
            if run.seed == seed
        ]
        of_all, _ = points.choices(part, list(outer[list(inner.epochs)]), config.n_thresholds)
        choice = nested.each_kind(of_pairs, nested.groups(part.subjects))
        found.append(points.at_candidates(of_all, choice))
    return np.stack(found)


def _rules(
    part: SpottingDataset, counted: np.ndarray, of_inner: np.ndarray, config: Config
) -> Iterator[dict[str, object]]:
    """F1 under each rule of selection."""
    reported = points.by_rule(counted, of_inner)
    honest = dict(points.named(reported[LAST]))
    for rule, found in reported.items():
        for kind, own in points.named(found):
            yield {
                "database": part.name,
                "kind": kind,
                "rule": rule,
                **operating_points.summary(own, config.n_bootstrap),
                **operating_points.gain(own, honest[kind], config.n_bootstrap),
            }


def _debiased(
    part: SpottingDataset, outer: FoldResults, inner: FoldResults, config: Config
) -> Iterator[dict[str, object]]:
    """The null-frame counterfactual after the last epoch, and what it is no better than."""
    how, motion = _training(part, config), part.windows.motion
    views = {NONE: motion, NULL: debias.null_motion(motion).expand_as(motion)}
    judged, of_inner = (predict(outcome, how, Graphs(), views) for outcome in (outer, inner))
    group = nested.groups(part.subjects)
    found: dict[tuple[str, str], list[np.ndarray]] = {}
    for seed in config.seeds:
        own = [number for number, run in enumerate(outer.runs) if run.seed == seed]
        runs = [outer.runs[number] for number in own]
        factual, null = (
            by_sample(runs, [judged[view][number] for number in own], len(motion))
            for view in (NONE, NULL)
        )
        pairs = [number for number, run in enumerate(inner.runs) if run.seed == seed]
        for method, strengths, finer in (
            (NONE, (0.0,), 1),
            (NULL, config.strengths, 1),
            (SWEEP, (0.0,), len(config.strengths)),
        ):
            steps = config.n_thresholds * finer
            hits = points.hits(part, _less(factual, null, strengths), steps)[0]
            of_pairs = [
                points.hits(
                    part,
                    _less(of_inner[NONE][number], of_inner[NULL][number], strengths),
                    steps,
                    inner.runs[number].fold.held_out,
                )[0]
                for number in pairs
            ]
            found.setdefault((method, CROSS), []).append(points.best_elsewhere(hits))
            chosen = points.at_candidates(hits, nested.each_kind(of_pairs, group))
            found.setdefault((method, NESTED), []).append(chosen)
    for (method, choice), counts in found.items():
        plain = dict(points.named(np.stack(found[NONE, choice])))
        for kind, with_it in points.named(np.stack(counts)):
            yield {
                "database": part.name,
                "kind": kind,
                "method": method,
                "chosen": choice,
                **operating_points.summary(with_it, config.n_bootstrap),
                **operating_points.gain(with_it, plain[kind], config.n_bootstrap),
            }


def _less(factual: np.ndarray, null: np.ndarray, strengths: Sequence[float]) -> list[np.ndarray]:
    """Scores of the heads that proposals ask, less those of the null video."""
    return [debias.debiased(factual[:, :, :3], null[:, :, :3], strength) for strength in strengths]


def _crossed(
    source: SpottingDataset, target: SpottingDataset, at_home: np.ndarray, config: Config
) -> Iterator[dict[str, object]]:
    """Models of one database on the other: its rules, its thresholds, its last epoch.

    Thresholds are those that are best at home, in the hits (seeds, S, 2, T, 3) of held-out
    subjects.
    """
    both, others = material.crossed(source, target)
    fold = hold_out(both.windows, others, name=f"{target.name} held out", all_windows=True)
    outcome = _trained(both, [fold], config)
    found = [
        points.elsewhere(both, said[-1], config.n_thresholds, fold.held_out, home)
        for said, home in zip(outcome.predictions, at_home, strict=True)
    ]
    for kind, own in points.named(np.stack(found)):
        yield {
            "trained_on": source.name,
            "tested_on": target.name,
            "kind": kind,
            **operating_points.summary(own, config.n_bootstrap),
        }
