"""Does a causal graph help to spot? Every variant of the graph in the same network.

Leave-one-subject-out, under every rule of selection, with baselines that have no model and with
moved labels: Tables 2 to 4 and Fig. 5 of Causal-Ex, on synthetic or real people.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated

import numpy as np
import pandas as pd
import torch

from causalex_book.spotting import controls, nested, threshold_sweep
from causalex_book.spotting.dataset import (
    DatabaseName,
    RealName,
    SpottingDataset,
    crossed,
    read_for,
)
from causalex_book.spotting.threshold_sweep import NESTED, OVERALL, TOGETHER
from causalex_book.spotting.variants import (
    AUW_GCN,
    CAUSAL_EX,
    FEW_EPOCHS,
    NONE,
    VARIANTS,
    VariantName,
    cost,
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
from causalex_core.evaluation.operating_points import LAST
from causalex_core.evaluation.spotting import MEGC
from causalex_core.expressions import MissingOffset
from causalex_core.graphs import compound
from causalex_core.spotting.data import gather, hold_out, leave_one_subject_out
from causalex_core.spotting.model import FRAMES, Network
from causalex_core.spotting.training import FoldResults
from causalex_core.training import Fold

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
TABLES = tuple("inputs networks scores contrasts epochs baselines shifted crossed cost".split())

# How the detections that are kept with the result were counted.
_COUNTING = {"protocol": MEGC.name, "missing_offset": str(MissingOffset.AS_IS)}

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


Counts = Mapping[str, Mapping[str, np.ndarray]]  # (seeds, 2, S, 3) by variant and rule


def compute(config: Config) -> dict[str, pd.DataFrame]:
    """Tables as `TABLES` names them."""
    rows: dict[str, list[dict[str, object]]] = {name: [] for name in TABLES}
    named = dict.fromkeys(name for _, variants in config.plans for name in variants)
    rows["networks"] = [_network(name) for name in named]
    last: dict[str, tuple[SpottingDataset, dict[str, np.ndarray]]] = {}
    detections: list[pd.DataFrame] = []
    for database, variants in config.plans:
        data = read_for(config, database)
        rows["inputs"].append(_inputs(data))
        last[database] = data, {}
        by_rule: dict[str, Mapping[str, np.ndarray]] = {}
        for variant in variants:
            label = {"database": data.name, "variant": variant}
            seeds = config.seeds[: config.n_seeds.get(variant)]
            models = [_Models.of(data, variant, seed, config) for seed in seeds]
            counts = np.stack([of_seed.counts for of_seed in models])  # (seeds, S, 2, E, T, 3)
            inner = [of_seed.nested for of_seed in models if of_seed.nested is not None]
            by_rule[variant] = threshold_sweep.counts_by_rule(
                counts, np.stack(inner) if inner else None
            )
            last[database][1][variant] = counts[:, :, :, -1]
            rows["epochs"] += [label | row for row in threshold_sweep.by_epoch(counts)]
            rows["cost"].append({**label, **cost([of_seed.cpu_seconds for of_seed in models])})
            if data.synthetic is None:
                detections += [
                    table.assign(**label, rule=rule, seed=seed, **_COUNTING)
                    for seed, of_seed in zip(seeds, models, strict=True)
                    for rule, table in of_seed.detections.items()
                ]
        baselines = {PEAKS: controls.peak_counts(data), MDMD: controls.mdmd_counts(data)}
        rows["scores"] += list(_scores(data, by_rule, baselines, config))
        rows["contrasts"] += list(_contrasts(data, by_rule, config))
        rows["baselines"] += list(_baselines(data, baselines, config))
        rows["shifted"] += list(_shifted(data, config))
    for source in last:
        for target in last:
            if source != target:
                rows["crossed"] += list(_crossed(*last[source], last[target][0], config))
    tables = {name: pd.DataFrame(table) for name, table in rows.items()}
    if detections:
        tables["detections"] = pd.concat(detections, ignore_index=True)
    return tables


def _inputs(data: SpottingDataset) -> dict[str, object]:
    edges = {
        policy: [compound.adjacency(marks, policy).sum() for marks in data.marks]
        for policy in compound.POLICIES
    }
    return {
        **data.summary(),
        "training_windows": int(data.windows.with_expression.sum()),
        **{f"{policy}_edges": float(np.mean(numbers)) for policy, numbers in edges.items()},
    }


def _network(variant: str) -> dict[str, object]:
    """Size of a network, and length of its output: pooling was said to shorten it."""
    config = VARIANTS[variant].network
    network = Network(config).eval()
    motion = torch.zeros(1, FRAMES, config.nodes, config.channels)
    square = torch.eye(config.nodes)
    with torch.no_grad():
        output = network(motion, compound=square, prior=square)
    return {
        "variant": variant,
        "graph_layers": ", ".join(config.graph),
        "pooling": config.pooling,
        "parameters": sum(weights.numel() for weights in network.parameters()),
        "frames_in": FRAMES,
        "frames_out": output.shape[-1],
    }


def _trained(
    data: SpottingDataset,
    variant: str,
    folds: list[Fold],
    seed: int,
    config: Config,
    keep: list[int] | None = None,
) -> FoldResults:
    setting = replace(FEW_EPOCHS, epochs=config.epochs)
    return trained(data, VARIANTS[variant], folds, seed, setting, keep)[0]


@dataclass(frozen=True)
class _Models:
    """Models of one seed, scored on their held-out subjects.

    `counts` (S, 2, E, T, 3) are of every epoch and threshold, `nested` (2, S, 3) at the choice of
    inner models, if there are any; `detections` by rule of selection; `cpu_seconds` of each fold.
    """

    counts: np.ndarray
    nested: np.ndarray | None
    detections: Mapping[str, pd.DataFrame]
    cpu_seconds: np.ndarray

    @classmethod
    def of(cls, data: SpottingDataset, variant: str, seed: int, config: Config) -> "_Models":
        """Train the outer models, and the inner ones where the page wants them."""
        results = _trained(data, variant, leave_one_subject_out(data.windows), seed, config)
        scores = results.by_sample(seed, len(data.windows.video))
        counts, tables = threshold_sweep.counts(data, list(scores), config.n_thresholds)
        detections = {
            rule: threshold_sweep.detections_at(data, tables, choice, config.n_thresholds)
            for rule, choice in threshold_sweep.candidates_by_rule(counts).items()
        }
        at_choice = None
        if variant in config.nested:
            epochs = threshold_sweep.inner_epochs(config.epochs)
            inner = _trained(data, variant, nested.folds(data.windows), seed, config, epochs)
            at_choice, detections[NESTED] = threshold_sweep.inner_choice(
                data, inner, scores, config.n_thresholds, seed
            )
        return cls(counts, at_choice, detections, results.cpu_seconds)


def _scores(
    data: SpottingDataset, by_rule: Counts, baselines: Mapping[str, np.ndarray], config: Config
) -> Iterator[dict[str, object]]:
    """F1 of every variant under every rule, and its gains over others."""
    for variant, rules in by_rule.items():
        for rule, counts in rules.items():
            over = {"over_last": rules[LAST]}
            for column, name in (("over_peaks", PEAKS), ("over_mdmd", MDMD)):
                at_choice = _of_baseline(baselines[name], rule)
                over[column] = np.stack([at_choice] * len(counts))
            if rule in by_rule[NONE]:
                over["gain"] = by_rule[NONE][rule]
            label = {"database": data.name, "variant": variant, "rule": rule}
            for row in threshold_sweep.score_rows(counts, config.n_bootstrap, over):
                yield label | row


def _of_baseline(counts: np.ndarray, rule: str) -> np.ndarray:
    """Counts (2, S, 3) of a detector without a model, chosen on the other subjects."""
    choose = threshold_sweep.jointly if rule == TOGETHER else threshold_sweep.cross_fold
    return threshold_sweep.counts_at(counts, choose(counts))


def _contrasts(
    data: SpottingDataset, by_rule: Counts, config: Config
) -> Iterator[dict[str, object]]:
    """Gain of one variant over another, at the last epoch."""
    for better, worse in CONTRASTS:
        if better in by_rule and worse in by_rule:
            label = {"database": data.name, "variant": better, "beside": worse}
            for row in threshold_sweep.gain_rows(
                by_rule[better][LAST], by_rule[worse][LAST], config.n_bootstrap
            ):
                yield label | row


def _baselines(
    data: SpottingDataset, baselines: Mapping[str, np.ndarray], config: Config
) -> Iterator[dict[str, object]]:
    shown = ("kind", "tp", "n_pred", "n_truth", "f1", "low", "high")
    for name, counts in baselines.items():
        for rule in (LAST, TOGETHER):
            at_choice = _of_baseline(counts, rule)[None]
            for row in threshold_sweep.score_rows(at_choice, config.n_bootstrap):
                label = {"database": data.name, "detector": name, "rule": rule}
                yield label | {column: row[column] for column in shown}


def _shifted(data: SpottingDataset, config: Config) -> Iterator[dict[str, object]]:
    """F1 on the labels that models were trained on, with the band of F1 on moved ones.

    The second models were trained on labels that were moved already: their F1 should lie within.
    """
    lengths = dict(zip(data.windows.names, data.windows.lengths, strict=True))
    seed = config.seeds[0]
    labels = controls.moved_labels(data.truth, lengths, np.random.default_rng(seed))
    moved = replace(data, truth=labels, windows=gather(data.videos, labels))
    for trained_on, dataset in (("as labelled", data), ("shifted", moved)):
        folds = leave_one_subject_out(dataset.windows)
        results = _trained(dataset, CAUSAL_EX, folds, seed, config)
        last = results.by_sample(seed, len(dataset.windows.video))[-1]
        counts, tables = threshold_sweep.counts(dataset, [last], config.n_thresholds)
        detections = threshold_sweep.detections_at(
            dataset, tables, threshold_sweep.cross_fold(counts), config.n_thresholds
        )
        band = controls.band(dataset.truth, detections, lengths, config.n_shifts, seed)
        for kind, (f1, low, high) in band.items():
            of_kind = detections if kind == OVERALL else detections.query("kind == @kind")
            yield {
                "database": data.name,
                "trained_on": trained_on,
                "kind": kind,
                "detections": len(of_kind),
                "f1": f1,
                "band_low": low,
                "band_high": high,
                "shifts": config.n_shifts,
            }


def _crossed(
    source: SpottingDataset,
    in_domain: Mapping[str, np.ndarray],
    target: SpottingDataset,
    config: Config,
) -> Iterator[dict[str, object]]:
    """Models of one database on the other: its rules, its thresholds, its last epoch.

    Thresholds are those that are best in domain, by counts (seeds, S, 2, T, 3).
    """
    both, tested = crossed(source, target)
    fold = hold_out(both.windows, tested, name=f"{target.name} held out")
    for variant in config.crossed:
        if variant not in in_domain:
            continue
        counts = []
        for seed, of_seed in zip(config.seeds, in_domain[variant], strict=False):
            last = _trained(both, variant, [fold], seed, config).predictions[0][-1]
            counts.append(
                threshold_sweep.transferred(both, last, config.n_thresholds, fold.held_out, of_seed)
            )
        label = {"trained_on": source.name, "tested_on": target.name, "variant": variant}
        for row in threshold_sweep.score_rows(np.stack(counts), config.n_bootstrap):
            yield label | row
