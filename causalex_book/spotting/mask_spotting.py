"""Spotting on real labels, from the motion levels of MDMD's published masks.

The long videos are licensed; the masks of the MEGC2020 baseline are public, and nested: they give
the level of motion of every frame, at the distances of macro- and of micro-expressions. There are
no regions in them, so this is the temporal half of the spotter.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import pandas as pd
import torch
from scipy import ndimage

from causalex_book.data import mdmd
from causalex_book.spotting import nested, threshold_sweep
from causalex_book.spotting.dataset import SpottingDataset, crossed
from causalex_book.spotting.threshold_sweep import NESTED
from causalex_core import paths
from causalex_core.config import Count, CountOrAll, Parameters, Seed, Strength, at_least, including
from causalex_core.data import auw_gcn, manifest, video_lengths
from causalex_core.data.annotations import CAS, SAMM
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
SCALES = (2, 4, 8, 16, 32)  # frames, standard deviation


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
    databases = [read(database, config) for database in DATABASES]
    in_domain = {}
    for data in databases:
        rows["inputs"].append(_inputs(data))
        outer = _trained(data, leave_one_subject_out(data.windows, all_windows=True), config)
        inner = _trained(
            data,
            nested.folds(data.windows, all_windows=True),
            config,
            threshold_sweep.inner_epochs(config.epochs),
        )
        counts, chosen = [], []
        for seed in config.seeds:
            scores = outer.by_sample(seed, len(data.windows.video))
            counts.append(threshold_sweep.counts(data, list(scores), config.n_thresholds)[0])
            chosen.append(
                threshold_sweep.inner_choice(data, inner, scores, config.n_thresholds, seed)[0]
            )
        swept = np.stack(counts)  # (seeds, S, 2, E, T, 3)
        in_domain[data.name] = swept[:, :, :, -1]
        rows["rules"] += list(_rules(data, swept, np.stack(chosen), config))
        rows["epochs"] += [
            {"database": data.name, **row} for row in threshold_sweep.by_epoch(swept)
        ]
        rows["debiasing"] += list(_debiased(data, outer, inner, config))
    for source, target in (databases, databases[::-1]):
        rows["crossed"] += list(_crossed(source, target, in_domain[source.name], config))
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
        videos.append(Video(name.rpartition("_")[0], name, channels(height)))
    if config.most_subjects:
        subjects = list(dict.fromkeys(video.subject for video in videos))[: config.most_subjects]
        videos = [video for video in videos if video.subject in subjects]
        truth = truth[truth["subject"].isin(subjects)]
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


def channels(levels: np.ndarray) -> np.ndarray:
    """Levels (frames, K) of motion at several scales: context for a network that sees few frames.

    (frames, 1, 11 K) float32: one node; the levels, then for each scale the smoothed levels and
    their slope times the scale.
    """
    parts = [levels.astype(float)]
    for scale in SCALES:
        smooth = ndimage.gaussian_filter1d(parts[0], scale, axis=0)
        parts += [smooth, scale * np.gradient(smooth, axis=0) if len(smooth) > 1 else 0 * smooth]
    return np.concatenate(parts, axis=1)[:, None].astype(np.float32)


def _inputs(data: SpottingDataset) -> dict[str, object]:
    still = [
        (data.windows.motion[data.windows.video == video, :, 0, channel] == 0)
        for channel in (0, 1)
        for video in range(len(data.windows.names))
    ]
    quiet = torch.cat([share.flatten() for share in still]).double().mean()
    return {**data.summary(), "below_the_first_threshold": float(quiet)}


def _training(data: SpottingDataset, config: Config) -> TrainingConfig:
    size = data.windows.motion.shape[3]
    return TrainingConfig(
        NetworkConfig(graph=(), pooling=False, nodes=1, channels=size, width=config.width),
        loss=data.loss,
        epochs=config.epochs,
        precision="bfloat16",
    )


def _trained(
    data: SpottingDataset, folds: Sequence[Fold], config: Config, keep: Sequence[int] | None = None
) -> FoldResults:
    """Models of all folds and seeds."""
    training, folder = _training(data, config), paths.data_folder() / "training"
    return train(data.windows, folds, training, seeds=config.seeds, keep=keep, folder=folder)


def _rules(
    data: SpottingDataset, counts: np.ndarray, chosen: np.ndarray, config: Config
) -> Iterator[dict[str, object]]:
    """F1 under each rule of selection."""
    by_rule = threshold_sweep.counts_by_rule(counts, chosen)
    for rule, at_choice in by_rule.items():
        over = {"gain": by_rule[LAST]}
        for row in threshold_sweep.score_rows(at_choice, config.n_bootstrap, over):
            yield {"database": data.name, "kind": row["kind"], "rule": rule} | row


def _debiased(
    data: SpottingDataset, outer: FoldResults, inner: FoldResults, config: Config
) -> Iterator[dict[str, object]]:
    """The null-frame counterfactual after the last epoch, and as many thresholds without it."""
    training, motion = _training(data, config), data.windows.motion
    views = {NONE: motion, NULL: debias.null_motion(motion).expand_as(motion)}
    of_outer, of_inner = (predict(results, training, Graphs(), views) for results in (outer, inner))
    group = nested.groups(data.subjects)
    counts: dict[tuple[str, str], list[np.ndarray]] = {}
    for seed in config.seeds:
        models = [index for index, run in enumerate(outer.runs) if run.seed == seed]
        runs = [outer.runs[index] for index in models]
        factual, null = (
            by_sample(runs, [of_outer[view][index] for index in models], len(motion))
            for view in (NONE, NULL)
        )
        pairs = [index for index, run in enumerate(inner.runs) if run.seed == seed]
        for method, strengths, finer in (
            (NONE, (0.0,), 1),
            (NULL, config.strengths, 1),
            (SWEEP, (0.0,), len(config.strengths)),
        ):
            steps = config.n_thresholds * finer
            swept = threshold_sweep.counts(data, _less(factual, null, strengths), steps)[0]
            of_pairs = [
                threshold_sweep.counts(
                    data,
                    _less(of_inner[NONE][index], of_inner[NULL][index], strengths),
                    steps,
                    inner.runs[index].fold.held_out,
                )[0]
                for index in pairs
            ]
            for rule, choice in (
                (CROSS, threshold_sweep.cross_fold(swept)),
                (NESTED, nested.each_kind(of_pairs, group)),
            ):
                at_choice = threshold_sweep.counts_at(swept, choice)
                counts.setdefault((method, rule), []).append(at_choice)
    for (method, rule), of_seeds in counts.items():
        over = {"gain": np.stack(counts[NONE, rule])}
        for row in threshold_sweep.score_rows(np.stack(of_seeds), config.n_bootstrap, over):
            label = {"database": data.name, "kind": row["kind"], "method": method, "chosen": rule}
            yield label | row


def _less(factual: np.ndarray, null: np.ndarray, strengths: Sequence[float]) -> list[np.ndarray]:
    """Scores of the heads that proposals use, less those of the null video, at each strength."""
    return [debias.debiased(factual[:, :, :3], null[:, :, :3], strength) for strength in strengths]


def _crossed(
    source: SpottingDataset, target: SpottingDataset, in_domain: np.ndarray, config: Config
) -> Iterator[dict[str, object]]:
    """Models of one database on the other: its rules, its thresholds, its last epoch.

    Thresholds are those that are best in domain, by counts (seeds, S, 2, T, 3).
    """
    both, tested = crossed(source, target)
    fold = hold_out(both.windows, tested, name=f"{target.name} held out", all_windows=True)
    results = _trained(both, [fold], config)
    counts = [
        threshold_sweep.transferred(both, scores[-1], config.n_thresholds, fold.held_out, of_seed)
        for scores, of_seed in zip(results.predictions, in_domain, strict=True)
    ]
    for row in threshold_sweep.score_rows(np.stack(counts), config.n_bootstrap):
        yield {"trained_on": source.name, "tested_on": target.name, **row}
