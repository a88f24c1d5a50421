"""Spotting on real labels, from the motion levels that MDMD's published masks tell.

The long videos are licensed; the masks of the MEGC2020 baseline are public, and nested: they
tell for every frame of every video how high its motion is, at the distances of macro- and of
micro-expressions. There are no regions in them, so this is the temporal half of the spotter.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch

from causalex_core import paths
from causalex_core.datasets import auw_gcn, manifest, mdmd, video_lengths
from causalex_core.datasets.annotations import CAS, SAMM
from causalex_core.evaluation import operating_points, selection
from causalex_core.evaluation.operating_points import LAST
from causalex_core.evaluation.spotting import MEGC
from causalex_core.evaluation.uncertainty import f1
from causalex_core.expressions import KINDS
from causalex_core.spotting import candidates, losses, proposals, scales
from causalex_core.spotting.network import NetworkConfig
from causalex_core.spotting.proposals import ProposalConfig
from causalex_core.spotting.side_by_side import FACTUAL, TrainingConfig
from causalex_core.spotting.training import Outcome, train
from causalex_core.spotting.windows import (
    Fold,
    Video,
    Windows,
    gather,
    hold_out,
    leave_one_subject_out,
)

SOURCES = ("mdmd_baseline", "megc_video_lengths", "auw_gcn_annotations")
LONG = True
DATABASES = (CAS, SAMM)
SAMM_STEP = 8  # 200 to 25 frames per second, as AUW-GCN's table of SAMM counts
NULL = "null"
INNER_GROUPS = 4
NESTED = "nested"
OVERALL = "overall"


@dataclass(frozen=True)
class Config:
    """Parameters of the page.

    Attributes
    ----------
    seeds
        Of the models; their F1 are averaged.
    nested_seeds
        Of these, how many are chosen on retrained inner models too (five times the work).
    epochs, width
        Of training, and channels of the convolutions.
    n_thresholds
        Thresholds that are tried on the score of detections, evenly from 0 to 1 in its cube root:
        it is a product of three probabilities.
    strengths
        Of the null-frame counterfactual; 0 must be among them.
    most_subjects
        Of each database, for a quick look; 0 is everybody.
    n_bootstrap
        Resamples of subjects behind each interval.
    """

    seeds: tuple[int, ...] = (1, 2, 3, 4, 5)
    nested_seeds: int = 0
    epochs: int = 20
    width: int = 32
    n_thresholds: int = 61
    strengths: tuple[float, ...] = (0.0, 0.25, 0.5, 0.75, 1.0)
    most_subjects: int = 0
    n_bootstrap: int = 5000


class Material(NamedTuple):
    """One database: its windows, labels, and settings."""

    database: str
    windows: Windows
    truth: pd.DataFrame
    proposals: ProposalConfig
    training: TrainingConfig

    @property
    def subjects(self) -> list[str]:
        """Everybody, in the order of the folds."""
        return list(dict.fromkeys(self.windows.subjects))


def compute(config: Config) -> dict[str, pd.DataFrame]:
    """Tables ``inputs``, ``rules``, ``epochs``, ``debiasing`` and ``crossed``."""
    rows: dict[str, list[dict[str, object]]] = {
        name: [] for name in ("inputs", "rules", "epochs", "debiasing", "crossed")
    }
    everything = [material(database, config) for database in DATABASES]
    at_home = {}
    for part in everything:
        rows["inputs"].append(_inputs(part))
        folds = leave_one_subject_out(part.windows, all_windows=True)
        outcome = _trained(part, folds, config)
        counted = np.stack([_counted(part, outcome, seed, config) for seed in config.seeds])
        at_home[part.database] = counted[0, :, :, -1].sum(axis=0)  # (2, T, 3)
        nested = _nested(part, counted, config)
        rows["rules"] += list(_rules(part, counted, nested, config))
        rows["epochs"] += list(_epochs(part, counted))
        rows["debiasing"] += list(_debiased(part, outcome, config))
    for source, target in (everything, everything[::-1]):
        rows["crossed"] += list(_crossed(source, target, at_home[source.database], config))
    return {name: pd.DataFrame(table) for name, table in rows.items()}


def material(database: str, config: Config) -> Material:
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
    rules = proposals.CAS if database == CAS else proposals.SAMM
    network = NetworkConfig(
        graph=(),
        pooling=False,
        nodes=1,
        channels=videos[0].motion.shape[2],
        width=config.width,
    )
    return Material(
        database,
        gather(videos, truth),
        truth,
        candidates.tried(rules),
        TrainingConfig(
            network=network,
            loss=losses.CAS if database == CAS else losses.SAMM,
            epochs=config.epochs,
            precision="bfloat16",
        ),
    )


def thinned(levels: np.ndarray, step: int) -> np.ndarray:
    """Highest level of every `step` frames, (frames, K) to (frames / step, K)."""
    rest = -len(levels) % step
    return np.pad(levels, ((0, rest), (0, 0))).reshape(-1, step, levels.shape[1]).max(axis=1)


def _inputs(part: Material) -> dict[str, object]:
    still = [
        (part.windows.motion[part.windows.video == video, :, 0, channel] == 0)
        for channel in (0, 1)
        for video in range(len(part.windows.names))
    ]
    quiet = torch.cat([share.flatten() for share in still]).double().mean()
    return {
        "database": part.database,
        "subjects": len(part.subjects),
        "videos": len(part.windows.names),
        "minutes": sum(part.windows.lengths) / (30 if part.database == CAS else 25) / 60,
        "macro": int((part.truth["kind"] == "macro").sum()),
        "micro": int((part.truth["kind"] == "micro").sum()),
        "below_the_first_threshold": float(quiet),
    }


def _trained(
    part: Material, folds: Sequence[Fold], config: Config, seeds: Sequence[int] | None = None
) -> Outcome:
    """Models of all folds and seeds, which judge the null video too."""
    return train(
        part.windows,
        folds,
        part.training,
        seeds=seeds or config.seeds,
        views={NULL: torch.zeros_like(part.windows.motion[:1])},
        folder=paths.data_folder() / "training",
    )


def _counted(part: Material, outcome: Outcome, seed: int, config: Config) -> np.ndarray:
    """Hits (S, 2, epochs, thresholds, 3) of every operating point of one seed's models."""
    scores = candidates.held_out(outcome, part.windows, seed)
    return _hits(part, list(scores), config)


def _hits(
    part: Material,
    scores: Sequence[np.ndarray],
    config: Config,
    positions: np.ndarray | None = None,
) -> np.ndarray:
    """Hits (S, 2, scores, thresholds, 3) of detections from each array of scores."""
    found = [
        proposals.detect(one.astype(np.float32), part.windows, part.proposals, positions)
        for one in scores
    ]
    return candidates.counts(
        found, part.truth, part.subjects, candidates.thresholds(config.n_thresholds), MEGC
    )


def _nested(part: Material, counted: np.ndarray, config: Config) -> np.ndarray | None:
    """Hits (seeds, S, 2, 3) where epoch and threshold were chosen by models of inner folds.

    For each subject, models are trained again without that subject and without one of four
    groups of the others; what they find in the groups chooses.
    """
    if not config.nested_seeds:
        return None
    chosen = np.zeros((config.nested_seeds, len(part.subjects), len(KINDS), 3), int)
    for place, subject in enumerate(part.subjects):
        others = [name for name in part.subjects if name != subject]
        order = np.random.default_rng([len(others), place]).permutation(others)
        inner = [
            hold_out(
                part.windows,
                group.tolist(),
                name=f"{subject}, {number}",
                among=others,
                all_windows=True,
            )
            for number, group in enumerate(np.array_split(order, min(INNER_GROUPS, len(order))))
        ]
        judged = np.flatnonzero(part.windows.subject != subject)
        seeds = config.seeds[: config.nested_seeds]
        outcome = _trained(part, inner, config, seeds)
        for number, seed in enumerate(seeds):
            scores = candidates.held_out(outcome, part.windows, seed)[:, judged]
            pooled = _hits(part, list(scores), config, judged).sum(axis=0)  # (2, E, T, 3)
            for kind in range(len(KINDS)):
                best = selection.oracle_pooled(pooled[kind].reshape(1, -1, 3))[0]
                chosen[number, place, kind] = operating_points.flat(counted[number][:, kind])[
                    place, best
                ]
    return chosen


def _rules(
    part: Material, counted: np.ndarray, nested: np.ndarray | None, config: Config
) -> Iterator[dict[str, object]]:
    """F1 under each rule of selection; every kind chooses for itself."""
    reported: dict[str, list[np.ndarray]] = {}  # rule: (seeds, S, 3) of each kind
    for kind in range(len(KINDS)):
        by_seed = [operating_points.by_rule(hits) for hits in counted[:, :, kind]]
        for rule in by_seed[0]:
            reported.setdefault(rule, []).append(np.stack([found[rule] for found in by_seed]))
        if nested is not None:
            reported.setdefault(NESTED, []).append(nested[:, :, kind])
    for rule, of_kinds in reported.items():
        named = [*zip(KINDS, of_kinds, strict=True), (OVERALL, np.sum(of_kinds, axis=0))]
        last_of = [*reported[LAST], np.sum(reported[LAST], axis=0)]
        for (kind_name, found), honest in zip(named, last_of, strict=True):
            yield {
                "database": part.database,
                "kind": kind_name,
                "rule": rule,
                **operating_points.summary(found, config.n_bootstrap),
                **operating_points.gain(found, honest[: len(found)], config.n_bootstrap),
            }


def _epochs(part: Material, counted: np.ndarray) -> Iterator[dict[str, object]]:
    """F1 after every epoch, its threshold chosen on the other subjects."""
    for kind, name in enumerate(KINDS):
        for epoch in range(counted.shape[3]):
            found = np.stack(
                [operating_points.best_elsewhere(hits[:, epoch]) for hits in counted[:, :, kind]]
            )
            values = f1(found.sum(axis=1))
            yield {
                "database": part.database,
                "kind": name,
                "epoch": epoch + 1,
                "f1": float(values.mean()),
                "low": float(values.min()),
                "high": float(values.max()),
            }


def _debiased(part: Material, outcome: Outcome, config: Config) -> Iterator[dict[str, object]]:
    """The null-frame counterfactual after the last epoch, and what it is no better than."""
    plain, tuned, swept = [], [], []
    for seed in config.seeds:
        factual, null = (
            candidates.held_out(outcome, part.windows, seed, view)[-1].astype(np.float32)
            for view in (FACTUAL, NULL)
        )
        scores = [factual - strength * null for strength in config.strengths]
        hits = _hits(part, scores, config)  # (S, 2, strengths, T, 3)
        none = hits[:, :, config.strengths.index(0.0)]
        plain.append(_each_kind(none))
        tuned.append(_each_kind(hits))
        finer = replace(config, n_thresholds=config.n_thresholds * len(config.strengths))
        swept.append(_each_kind(_hits(part, [factual], finer)[:, :, 0]))
    for method, found in (
        ("none", plain),
        ("null frames", tuned),
        ("as many thresholds instead", swept),
    ):
        for place, name in enumerate((*KINDS, OVERALL)):
            with_it, without = (np.stack(each)[:, :, place] for each in (found, plain))
            yield {
                "database": part.database,
                "kind": name,
                "method": method,
                **operating_points.summary(with_it, config.n_bootstrap),
                **operating_points.gain(with_it, without, config.n_bootstrap),
            }


def _each_kind(hits: np.ndarray) -> np.ndarray:
    """Counts (S, 3 kinds, 3) at the candidate that is best on the other subjects."""
    chosen = [operating_points.best_elsewhere(hits[:, kind]) for kind in range(len(KINDS))]
    return np.stack([*chosen, np.sum(chosen, axis=0)], axis=1)


def _crossed(
    source: Material, target: Material, at_home: np.ndarray, config: Config
) -> Iterator[dict[str, object]]:
    """Models of one database on the other: its rules, its thresholds, its last epoch.

    Thresholds are those that are best at home, in the pooled hits (2, T, 3) of held-out subjects.
    """
    both = _together(source, target)
    fold = hold_out(
        both.windows, target.subjects, name=f"{target.database} held out", all_windows=True
    )
    outcome = _trained(both, [fold], config)
    step = [int(selection.oracle_pooled(of_kind[None])[0]) for of_kind in at_home]
    found = []
    for seed in config.seeds:
        scores = candidates.held_out(outcome, both.windows, seed)[-1:, fold.held_out]
        hits = candidates.counts(
            [
                proposals.detect(
                    scores[0].astype(np.float32), both.windows, source.proposals, fold.held_out
                )
            ],
            target.truth,
            target.subjects,
            candidates.thresholds(config.n_thresholds),
            MEGC,
        )
        chosen = [hits[:, kind, 0, step[kind]] for kind in range(len(KINDS))]
        found.append(np.stack([*chosen, np.sum(chosen, axis=0)], axis=1))
    for place, name in enumerate((*KINDS, OVERALL)):
        of_kind = np.stack([one[:, place] for one in found])
        yield {
            "trained_on": source.database,
            "tested_on": target.database,
            "kind": name,
            **operating_points.summary(of_kind, config.n_bootstrap),
        }


def _together(source: Material, target: Material) -> Material:
    """Windows of both databases, with the settings of the first."""
    one, other = source.windows, target.windows
    windows = Windows(
        motion=torch.cat([one.motion, other.motion]),
        answers=type(one.answers)(
            *(torch.cat(parts) for parts in zip(one.answers, other.answers, strict=True))
        ),
        video=np.concatenate([one.video, other.video + len(one.names)]),
        first=np.concatenate([one.first, other.first]),
        with_expression=np.concatenate([one.with_expression, other.with_expression]),
        subjects=one.subjects + other.subjects,
        names=one.names + other.names,
        lengths=one.lengths + other.lengths,
    )
    return source._replace(windows=windows, truth=pd.concat([source.truth, target.truth]))
