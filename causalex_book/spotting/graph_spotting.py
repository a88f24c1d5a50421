"""Does a causal graph help to spot? Every variant of the graph in the same network.

Leave-one-subject-out, under every rule of selection, with baselines that have no model and with
labels that mean nothing. Tables 2 to 4 and Fig. 5 of Causal-Ex, on synthetic people or on the
features of the real ones.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated

import numpy as np
import pandas as pd
import torch

from causalex_book.spotting import level, material, nested, points, shifts
from causalex_book.spotting.material import DatabaseName, RealName, SpottingDataset
from causalex_book.spotting.mdmd import mdmd
from causalex_book.spotting.points import NESTED, TOGETHER
from causalex_book.spotting.variants import (
    AUW_GCN,
    CAUSAL_EX,
    NONE,
    OWN,
    VARIANTS,
    Setting,
    VariantName,
    trained,
)
from causalex_core.config import (
    Count,
    CountOrAll,
    Parameters,
    Probability,
    Seed,
    at_least,
    including,
)
from causalex_core.evaluation import operating_points
from causalex_core.evaluation.operating_points import LAST
from causalex_core.evaluation.spotting import MEGC
from causalex_core.expressions import KINDS, MissingOffset
from causalex_core.graphs import compound
from causalex_core.spotting import candidates
from causalex_core.spotting.data import gather, hold_out, leave_one_subject_out
from causalex_core.spotting.graph import GraphConfig
from causalex_core.spotting.model import FRAMES, Network
from causalex_core.spotting.training import FoldResults

SOURCES = ()
LONG = "hours of CPU time"
PEAKS, MDMD = "peaks of motion", "MDMD"
RANDOM, PRIOR, CAUSAL = "random graph", "prior only", "causal only"
# Claims of the paper: the first is said to be better than the second.
CONTRASTS = (
    (CAUSAL_EX, AUW_GCN),
    (CAUSAL_EX, NONE),
    (CAUSAL_EX, PRIOR),
    (CAUSAL_EX, RANDOM),
    (CAUSAL, PRIOR),
    (CAUSAL, RANDOM),
    (CAUSAL_EX, "one layer"),
    ("no self loops", CAUSAL_EX),
    (CAUSAL_EX, "no pooling"),
    ("directed edges", CAUSAL_EX),
    (CAUSAL_EX, "as released"),
)
TABLES = (
    *("inputs", "networks", "scores", "contrasts", "epochs", "baselines", "shifted", "crossed"),
    "cost",
)

_PEAK_SECONDS = {"macro": (0.6, 1.0, 1.5, 2.2), "micro": (0.2, 0.3, 0.4, 0.5)}
_PEAK_HEIGHTS = np.geomspace(1, 30, 30)  # of the median level
_CEILINGS = (4.0, 8.0, 16.0, np.inf)  # a micro-expression moves less than a macro-expression
# Distances, and lengths of what counts, as MDMD's authors took them for CAS(ME)^2, in seconds.
_MDMD_SECONDS = {"macro": (0.65, 1.3, 2.0), "micro": (0.2, 0.4, 0.6)}
_MDMD_LENGTHS = {"macro": (0.55, np.inf), "micro": (0.2, 0.55)}
_MDMD_SHARES = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6)

Variants = Annotated[tuple[VariantName, ...], including(NONE, CAUSAL_EX)]


@dataclass(frozen=True)
class Config(Parameters):
    """Parameters of the page.

    Attributes
    ----------
    plans
        Databases, and the variants that are trained on each; gains are those over no graph.
    features
        Folder of each database, such as {"CAS(ME)^2": "feature_segment"}, where it is not the
        public motion.
    seeds
        Seeds of the models; F1 is averaged over them.
    epochs
        Passes over the windows with expressions.
    nested
        Variants for which inner models are trained too.
    crossed
        Variants that are trained on one database and tested on another.
    n_seeds
        Number of the first seeds that a variant is trained from, where it is not all.
    alpha
        Level of FCI's tests.
    n_thresholds
        Number of thresholds that are tried on the score of detections.
    n_shifts
        Random shifts of the labels.
    most_subjects
        Subjects of each database, for a quick look; 0 is everybody.
    n_bootstrap
        Resamples of subjects behind each interval.
    """

    plans: tuple[tuple[DatabaseName, Variants], ...] = (
        ("cas_like", tuple(VARIANTS)),
        ("samm_like", (AUW_GCN, CAUSAL_EX, NONE, CAUSAL)),
    )
    features: Mapping[RealName, str] = field(default_factory=dict)
    seeds: tuple[Seed, ...] = (1, 2, 3, 4, 5)
    epochs: Count = 12
    nested: tuple[VariantName, ...] = (AUW_GCN, CAUSAL_EX, NONE)
    crossed: tuple[VariantName, ...] = (CAUSAL, CAUSAL_EX)
    n_seeds: Mapping[VariantName, Count] = field(default_factory=dict)
    alpha: Probability = 0.01
    n_thresholds: Annotated[int, at_least(2)] = 41
    n_shifts: Count = 200
    most_subjects: CountOrAll = 0
    n_bootstrap: Count = 2000


def compute(config: Config) -> dict[str, pd.DataFrame]:
    """Tables as `TABLES` names them."""
    rows: dict[str, list[dict[str, object]]] = {name: [] for name in TABLES}
    named = dict.fromkeys(name for _, variants in config.plans for name in variants)
    rows["networks"] = [_network(name) for name in named]
    home: dict[str, tuple[SpottingDataset, Mapping[str, np.ndarray]]] = {}
    found: list[pd.DataFrame] = []
    for database, variants in config.plans:
        part = material.read(
            database, config.features, GraphConfig(alpha=config.alpha), config.most_subjects
        )
        rows["inputs"].append(_inputs(part))
        counted: dict[str, np.ndarray] = {}  # (seeds, S, 2, E, T, 3)
        inner: dict[str, np.ndarray] = {}  # (seeds, 2, S, 3)
        for variant in variants:
            seeds = config.seeds[: config.n_seeds.get(variant)]
            runs = [_run(part, variant, seed, config) for seed in seeds]
            counted[variant] = np.stack([run.hits for run in runs])
            if variant in config.nested:
                inner[variant] = np.stack([run.nested for run in runs if run.nested is not None])
            if part.drawn is None:
                found += list(_detections(part, variant, runs, config))
            rows["cost"].append(_cost(part, variant, runs))
        home[database] = part, {name: hits[:, :, :, -1] for name, hits in counted.items()}
        baselines = {PEAKS: _peaks(part), MDMD: _mdmd(part)}
        reported = {name: points.by_rule(hits, inner.get(name)) for name, hits in counted.items()}
        rows["scores"] += list(_scores(part, reported, baselines, config))
        rows["contrasts"] += list(_contrasts(part, reported, config))
        rows["epochs"] += [
            {"database": part.name, "variant": variant, **row}
            for variant, hits in counted.items()
            for row in points.by_epoch(hits)
        ]
        rows["baselines"] += list(_baselines(part, baselines, config))
        rows["shifted"] += list(_shifted(part, config))
    for source in home:
        for target in home:
            if source != target:
                rows["crossed"] += list(_crossed(*home[source], home[target][0], config))
    tables = {name: pd.DataFrame(table) for name, table in rows.items()}
    return tables | ({"detections": pd.concat(found, ignore_index=True)} if found else {})


def _inputs(part: SpottingDataset) -> dict[str, object]:
    edges = {
        f"{policy}_edges": float(
            np.mean([compound.adjacency(each, policy).sum() for each in part.marks])
        )
        for policy in compound.POLICIES
    }
    return {
        "database": part.name,
        "subjects": len(part.subjects),
        "videos": len(part.videos),
        "minutes": part.minutes,
        "macro": int((part.truth["kind"] == "macro").sum()),
        "micro": int((part.truth["kind"] == "micro").sum()),
        "training_windows": int(part.windows.with_expression.sum()),
        **edges,
    }


def _network(variant: str) -> dict[str, object]:
    """Size of a network, and how long its answer is: pooling was said to shorten it."""
    config = VARIANTS[variant].network
    network = Network(config).eval()
    motion = torch.zeros(1, FRAMES, config.nodes, config.channels)
    square = torch.eye(config.nodes)
    with torch.no_grad():
        answer = network(motion, compound=square, prior=square)
    return {
        "variant": variant,
        "graph_layers": ", ".join(config.graph),
        "pooling": config.pooling,
        "parameters": sum(one.numel() for one in network.parameters()),
        "frames_in": FRAMES,
        "frames_out": answer.shape[-1],
    }


def _setting(config: Config) -> Setting:
    return replace(OWN, epochs=config.epochs)


@dataclass(frozen=True)
class _Run:
    """Models of one seed, scored on those who were left out.

    Attributes
    ----------
    hits
        (S, 2, E, T, 3) of every epoch and threshold.
    nested
        Counts (2, S, 3) at what inner models choose; None without any.
    detections
        What each rule of selection reports.
    cpu_seconds
        (folds,) of training.
    """

    hits: np.ndarray
    nested: np.ndarray | None
    detections: Mapping[str, pd.DataFrame]
    cpu_seconds: np.ndarray


def _run(part: SpottingDataset, variant: str, seed: int, config: Config) -> _Run:
    outcome = _trained(part, variant, seed, config)
    scores = outcome.by_sample(seed, len(part.windows.video))
    hits, tables = points.hits(part, list(scores), config.n_thresholds)
    found = {
        rule: points.at_choice(part, tables, choice, config.n_thresholds)
        for rule, choice in points.chosen(hits).items()
    }
    inner = None
    if variant in config.nested:
        inner, found[NESTED] = _nested(part, variant, seed, scores, config)
    return _Run(hits, inner, found, outcome.cpu_seconds)


def _trained(part: SpottingDataset, variant: str, seed: int, config: Config) -> FoldResults:
    """Leave-one-subject-out models."""
    folds = leave_one_subject_out(part.windows)
    return trained(part, VARIANTS[variant], folds, seed, _setting(config))[0]


def _nested(
    part: SpottingDataset, variant: str, seed: int, scores: np.ndarray, config: Config
) -> tuple[np.ndarray, pd.DataFrame]:
    """Counts (2, S, 3) and detections at what inner models choose.

    They choose epoch, threshold, number and lengths.
    """
    folds = nested.folds(part.windows)
    asked = points.asked(config.epochs)
    outcome, _ = trained(part, VARIANTS[variant], folds, seed, _setting(config), asked)
    inner = [
        points.choices(part, list(said), config.n_thresholds, run.fold.held_out)[0]
        for run, said in zip(outcome.runs, outcome.predictions, strict=True)
    ]
    outer, tables = points.choices(part, list(scores[asked]), config.n_thresholds)
    choice = nested.each_kind(inner, nested.groups(part.subjects))
    found = points.at_choice(part, tables, choice, config.n_thresholds)
    return points.at_candidates(outer, choice), found


def _detections(
    part: SpottingDataset, variant: str, runs: Sequence[_Run], config: Config
) -> Iterator[pd.DataFrame]:
    """Detections under each rule, with what `causalex_book.publishing.detections` tells them by."""
    counting = {"protocol": MEGC.name, "missing_offset": str(MissingOffset.AS_IS)}
    for seed, run in zip(config.seeds, runs, strict=False):  # some variants have one seed
        for rule, table in run.detections.items():
            yield table.assign(
                database=part.name, variant=variant, rule=rule, seed=seed, **counting
            )


def _cost(part: SpottingDataset, variant: str, runs: Sequence[_Run]) -> dict[str, object]:
    seconds = np.stack([run.cpu_seconds for run in runs])
    return {
        "database": part.name,
        "variant": variant,
        "folds": seconds.shape[1],
        "seeds": len(runs),
        "cpu_seconds_per_fold": float(seconds.mean()),
        "cpu_minutes": float(seconds.sum()) / 60,
    }


def _scores(
    part: SpottingDataset,
    reported: Mapping[str, Mapping[str, np.ndarray]],
    baselines: Mapping[str, np.ndarray],
    config: Config,
) -> Iterator[dict[str, object]]:
    """F1 of every variant under every rule, and what it gains over others."""
    for variant, rules in reported.items():
        for rule, found in rules.items():
            choose = points.together if rule == TOGETHER else points.cross_fold
            beside = {"over_last": rules[LAST]} | {
                f"over_{column}": np.stack(
                    [points.at_candidates(baselines[name], choose(baselines[name]))] * len(found)
                )
                for column, name in (("peaks", PEAKS), ("mdmd", MDMD))
            }
            if rule in reported[NONE]:
                beside["gain"] = reported[NONE][rule]
            for kind, own in points.named(found):
                row: dict[str, object] = {
                    "database": part.name,
                    "variant": variant,
                    "rule": rule,
                    "kind": kind,
                    **operating_points.summary(own, config.n_bootstrap),
                }
                for column, other in beside.items():
                    difference = operating_points.gain(
                        own, dict(points.named(other))[kind], config.n_bootstrap
                    )
                    row |= {name.replace("gain", column): x for name, x in difference.items()}
                yield row


def _contrasts(
    part: SpottingDataset, reported: Mapping[str, Mapping[str, np.ndarray]], config: Config
) -> Iterator[dict[str, object]]:
    """What one variant gains over another, at the last epoch."""
    for better, worse in CONTRASTS:
        if better in reported and worse in reported:
            others = dict(points.named(reported[worse][LAST]))
            for kind, own in points.named(reported[better][LAST]):
                yield {
                    "database": part.name,
                    "variant": better,
                    "beside": worse,
                    "kind": kind,
                    **operating_points.gain(own, others[kind], config.n_bootstrap),
                }


def _peaks(part: SpottingDataset) -> np.ndarray:
    """Hits (S, 2, ..., 3) of peaks of motion: every length, least and greatest height."""
    tables = []
    for seconds in zip(*(_PEAK_SECONDS[kind] for kind in KINDS), strict=True):
        macro, micro = (
            level.peaks(part.videos, max(round(length * part.fps), 3), kind)
            for length, kind in zip(seconds, KINDS, strict=True)
        )
        tables += [pd.concat([macro, micro[micro["score"] <= ceiling]]) for ceiling in _CEILINGS]
    heights = dict.fromkeys(KINDS, _PEAK_HEIGHTS)
    return candidates.counts(tables, part.truth, part.subjects, heights)


def _mdmd(part: SpottingDataset) -> np.ndarray:
    """Hits (S, 2, ..., 3) of MDMD: every distance and share."""
    tables = []
    for seconds in zip(*(_MDMD_SECONDS[kind] for kind in KINDS), strict=True):
        for share in _MDMD_SHARES:
            of_kinds = []
            for distance, kind in zip(seconds, KINDS, strict=True):
                shortest, longest = np.multiply(_MDMD_LENGTHS[kind], part.fps)
                of_kinds.append(
                    mdmd(part.videos, round(distance * part.fps), share, kind, shortest, longest)
                )
            tables.append(pd.concat(of_kinds))
    everything = dict.fromkeys(KINDS, np.array([-np.inf]))
    return candidates.counts(tables, part.truth, part.subjects, everything)


def _baselines(
    part: SpottingDataset, baselines: Mapping[str, np.ndarray], config: Config
) -> Iterator[dict[str, object]]:
    for name, hits in baselines.items():
        for rule, choose in ((LAST, points.cross_fold), (TOGETHER, points.together)):
            for kind, own in points.named(points.at_candidates(hits, choose(hits))[None]):
                row = operating_points.summary(own, config.n_bootstrap)
                shown = ("tp", "n_pred", "n_truth", "f1", "low", "high")
                yield {
                    "database": part.name,
                    "detector": name,
                    "rule": rule,
                    "kind": kind,
                    **{column: row[column] for column in shown},
                }


def _shifted(part: SpottingDataset, config: Config) -> Iterator[dict[str, object]]:
    """F1 on the labels that models were trained on, beside that on shifted ones.

    The models of the second half were trained on labels that were shifted already: their F1
    should be one of many.
    """
    lengths = dict(zip(part.windows.names, part.windows.lengths, strict=True))
    seed = config.seeds[0]
    moved = shifts.shifted(part.truth, lengths, np.random.default_rng(seed))
    without_meaning = replace(part, truth=moved, windows=gather(part.videos, moved))
    for labels, own in (("as labelled", part), ("shifted", without_meaning)):
        outcome = _trained(own, CAUSAL_EX, seed, config)
        last = outcome.by_sample(seed, len(own.windows.video))[-1]
        counted, tables = points.hits(own, [last], config.n_thresholds)
        detections = points.at_choice(own, tables, points.cross_fold(counted), config.n_thresholds)
        found = shifts.band(own.truth, detections, lengths, config.n_shifts, seed)
        for kind, (value, low, high) in found.items():
            yield {
                "database": part.name,
                "trained_on": labels,
                "kind": kind,
                "detections": len(
                    detections if kind == points.OVERALL else detections.query("kind == @kind")
                ),
                "f1": value,
                "band_low": low,
                "band_high": high,
                "shifts": config.n_shifts,
            }


def _crossed(
    source: SpottingDataset,
    at_home: Mapping[str, np.ndarray],
    target: SpottingDataset,
    config: Config,
) -> Iterator[dict[str, object]]:
    """Models of one database on the other: its rules, its thresholds, its last epoch.

    Thresholds are those that are best at home, in the hits (seeds, S, 2, T, 3) of held-out
    subjects.
    """
    both, others = material.crossed(source, target)
    fold = hold_out(both.windows, others, name=f"{target.name} held out")
    for variant in config.crossed:
        if variant not in at_home:
            continue
        found = []
        for seed, hits in zip(config.seeds, at_home[variant], strict=False):
            outcome, _ = trained(both, VARIANTS[variant], [fold], seed, _setting(config))
            last = outcome.predictions[0][-1]
            found.append(points.elsewhere(both, last, config.n_thresholds, fold.held_out, hits))
        for kind, own in points.named(np.stack(found)):
            yield {
                "trained_on": source.name,
                "tested_on": target.name,
                "variant": variant,
                "kind": kind,
                **operating_points.summary(own, config.n_bootstrap),
            }
