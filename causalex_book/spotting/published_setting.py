"""The published setting on real people: whether the printed numbers come out, and by which rule.

AUW-GCN and Causal-Ex as their code and text have them: the marks of the public windows as targets,
AUW-GCN's constants, 100 epochs, fixed thresholds. Detections of every epoch are read out, and
reported under the rule of the field (each test subject takes its best epoch) and under rules that
never look at the test subject.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Annotated, Literal

import numpy as np
import pandas as pd

from causalex_book.spotting import material, points, published_rule
from causalex_book.spotting.material import RealName, SpottingDataset, Targets
from causalex_book.spotting.published_rule import Counting
from causalex_book.spotting.variants import (
    AUW_GCN,
    CAUSAL_EX,
    NONE,
    VARIANTS,
    Setting,
    Variant,
    trained,
)
from causalex_core.config import (
    Count,
    CountOrAll,
    NonNegative,
    Parameters,
    Probability,
    Seed,
    including,
    one_of,
)
from causalex_core.data import region_motion
from causalex_core.data.annotations import CAS, SAMM
from causalex_core.evaluation import operating_points
from causalex_core.evaluation.operating_points import LAST
from causalex_core.expressions import MissingOffset
from causalex_core.spotting import proposals
from causalex_core.spotting.data import leave_one_subject_out
from causalex_core.spotting.graph import GraphConfig
from causalex_core.spotting.training import OptimiserConfig

SOURCES = (*region_motion.SOURCES, "auw_gcn_priors")
LONG = "about two hours of CPU time"
RELEASED, RANDOM = "as released", "random graph"
# In the released code only directed edges enter A.
NETWORKS: Mapping[str, Variant] = {
    AUW_GCN: VARIANTS[AUW_GCN],
    CAUSAL_EX: VARIANTS[CAUSAL_EX],
    RELEASED: replace(VARIANTS[RELEASED], policy="directed"),
    NONE: VARIANTS[NONE],
    RANDOM: VARIANTS[RANDOM],
}
CONTRASTS = ((CAUSAL_EX, AUW_GCN), (RELEASED, AUW_GCN), (CAUSAL_EX, NONE), (CAUSAL_EX, RANDOM))
COUNTINGS = tuple(
    Counting(protocol, str(policy))
    for protocol in ("auw", "auw_2023", "megc")
    for policy in MissingOffset
)
# The way of counting nearest to print, and the one of MEGC with nothing imputed.
NEAREST, HONEST = Counting("auw", "mirrored"), Counting("megc", "as_is")
FIRST_EPOCH = {CAS: 15, SAMM: 10}  # from 0; AUW-GCN's code looks at no earlier one
READ_OUT = {
    CAS: replace(proposals.CAS, variant="released"),
    SAMM: replace(proposals.SAMM, variant="released"),
}
TABLES = ("inputs", "scores", "differences", "epochs", "draws", "cost", "detections")
_DRAWN = (1, 2, 5, 10, 20, 40, 80)
_N_DRAWS = 100

Variants = Annotated[tuple[Annotated[str, one_of(NETWORKS)], ...], including(AUW_GCN)]


@dataclass(frozen=True)
class Config(Parameters):
    """Parameters of the page.

    Attributes
    ----------
    databases
        Real databases.
    features
        Folder of each database, such as {"CAS(ME)^2": "feature_segment"}, where it is not the
        public motion.
    variants
        Networks that are trained.
    seeds
        Seeds of training; F1 is averaged over them.
    epochs
        Epochs of training.
    batch
        Windows of a batch.
    weight_decay
        Weight decay of AdamW, as in AUW-GCN's code; 0 is Adam, as in the text of Causal-Ex.
    normalisation
        Statistics of the inputs: those in AUW-GCN's code, or of the training subjects.
    precision
        Type of the products in training.
    targets
        Targets from the marks of the public windows, or from the table of annotations.
    prior
        Prior B: AUW-GCN's, which has seen the tested subject, or that of the training subjects.
    alpha
        Level of FCI's tests.
    most_subjects
        Subjects of each database, for a quick look; 0 is everybody.
    n_bootstrap
        Resamples of subjects behind each interval.
    """

    databases: tuple[RealName, ...] = (CAS, SAMM)
    features: Mapping[RealName, str] = field(default_factory=dict)
    variants: Variants = tuple(NETWORKS)
    seeds: tuple[Seed, ...] = (1,)
    epochs: Count = 100
    batch: Count = 128
    weight_decay: NonNegative = 0.1
    normalisation: Literal["auw_gcn", "training"] = "auw_gcn"
    precision: Literal["float32", "bfloat16"] = "bfloat16"
    targets: Targets = "marks"
    prior: Literal["published", "training"] = "published"
    alpha: Probability = 0.01
    most_subjects: CountOrAll = 0
    n_bootstrap: Count = 5000

    @property
    def setting(self) -> Setting:
        """How networks are trained."""
        return Setting(
            epochs=self.epochs,
            batch=self.batch,
            optimiser=OptimiserConfig(weight_decay=self.weight_decay),
            normalisation=self.normalisation,
            precision=self.precision,
            published_prior=self.prior == "published",
        )


def compute(config: Config) -> dict[str, pd.DataFrame]:
    """Tables as `TABLES` names them; ``detections`` holds every row that was counted."""
    rows: dict[str, list[dict[str, object]]] = {name: [] for name in TABLES}
    kept: list[pd.DataFrame] = []
    for database in config.databases:
        part = material.read(
            database,
            config.features,
            GraphConfig(alpha=config.alpha),
            config.most_subjects,
            config.targets,
        )
        rows["inputs"].append(_inputs(part))
        reported: dict[tuple[str, Counting, str], np.ndarray] = {}  # (seeds, 2, S, 3)
        for variant in config.variants:
            detections, cost = read_out(part, database, NETWORKS[variant], config)
            name = {"database": part.name, "variant": variant}
            rows["cost"].append({**name, **cost})
            for counting in COUNTINGS:
                hits = np.stack(
                    [published_rule.hits(of_seed, part, counting) for of_seed in detections]
                )
                for rule, found in by_rule(hits).items():
                    reported[variant, counting, rule] = found
                if counting in (NEAREST, HONEST):
                    label = name | asdict(counting)
                    first = config.epochs - hits.shape[3]
                    rows["epochs"] += [label | row for row in _by_epoch(hits, first)]
                    rows["draws"] += [label | row for row in _best_of(hits)]
                    kept += [
                        table.assign(**label, rule=rule, seed=seed)
                        for seed, of_seed, counted in zip(
                            config.seeds, detections, hits, strict=True
                        )
                        for rule, table in _detections(of_seed, part, counted)
                    ]
        rows["scores"] += list(_scores(part, reported, config))
        rows["differences"] += list(_differences(part, reported, config))
    tables = {name: pd.DataFrame(table) for name, table in rows.items()}
    return tables | {"detections": pd.concat(kept, ignore_index=True)}


def read_out(
    part: SpottingDataset, database: str, variant: Variant, config: Config
) -> tuple[list[list[pd.DataFrame]], dict[str, float]]:
    """Detections of each seed after every epoch that is looked at, and what training cost."""
    folds = leave_one_subject_out(part.windows)
    first = min(FIRST_EPOCH[database], config.epochs - 1)
    detections, seconds = [], []
    for seed in config.seeds:
        outcome, _ = trained(
            part, variant, folds, seed, config.setting, range(first, config.epochs)
        )
        detections.append(
            published_rule.detections_by_epoch(outcome, part, seed, READ_OUT[database])
        )
        seconds.append(outcome.cpu_seconds)
    cost = {
        "folds": len(folds),
        "seeds": len(config.seeds),
        "cpu_seconds_per_fold": float(np.mean(seconds)),
        "cpu_minutes": float(np.sum(seconds)) / 60,
    }
    return detections, cost


def by_rule(hits: np.ndarray) -> dict[str, np.ndarray]:
    """Counts (seeds, 2, S, 3) under each rule, from hits (seeds, S, 2, E, 3)."""
    chosen = [published_rule.choices(of_seed) for of_seed in hits]
    return {
        rule: np.stack(
            [
                published_rule.at_choice(of_seed, choice[rule])
                for of_seed, choice in zip(hits, chosen, strict=True)
            ]
        )
        for rule in published_rule.RULES
    }


def _inputs(part: SpottingDataset) -> dict[str, object]:
    return {
        "database": part.name,
        "subjects": len(part.subjects),
        "videos": len(part.videos),
        "minutes": part.minutes,
        "macro": int((part.truth["kind"] == "macro").sum()),
        "micro": int((part.truth["kind"] == "micro").sum()),
        "missing_offsets": int(part.truth["offset"].isna().sum()),
        "windows": len(part.windows.video),
        "training_windows": int(part.windows.with_expression.sum()),
    }


def _by_epoch(hits: np.ndarray, first: int) -> Iterator[dict[str, object]]:
    """F1 after each epoch, with its range over seeds."""
    for epoch in range(hits.shape[3]):
        for kind, found in points.named(np.moveaxis(hits[:, :, :, epoch], 2, 1)):
            row = operating_points.summary(found, 1)
            yield {"kind": kind, "epoch": first + epoch + 1} | {
                name: row[name] for name in ("f1", "least_seed", "greatest_seed")
            }


def _best_of(hits: np.ndarray) -> Iterator[dict[str, object]]:
    """Overall F1 where each subject takes the best of a few epochs."""
    for count in _DRAWN:
        if count <= hits.shape[3]:
            found = [published_rule.best_of(of_seed, count, _N_DRAWS, 1) for of_seed in hits]
            yield {"epochs": count, "f1": float(np.mean(found))}


def _detections(
    of_seed: Sequence[pd.DataFrame], part: SpottingDataset, hits: np.ndarray
) -> Iterator[tuple[str, pd.DataFrame]]:
    for rule, choice in published_rule.choices(hits).items():
        yield rule, published_rule.detections_at_choice(of_seed, part.subjects, choice)


def _scores(
    part: SpottingDataset, reported: Mapping[tuple[str, Counting, str], np.ndarray], config: Config
) -> Iterator[dict[str, object]]:
    """F1 of every variant, way of counting and rule, and what it adds to the last epoch."""
    for (variant, counting, rule), found in reported.items():
        last = dict(points.named(reported[variant, counting, LAST]))
        for kind, counts in points.named(found):
            difference = operating_points.gain(counts, last[kind], config.n_bootstrap)
            yield {
                "database": part.name,
                "variant": variant,
                **asdict(counting),
                "rule": rule,
                "kind": kind,
                **operating_points.summary(counts, config.n_bootstrap),
                **{name.replace("gain", "over_last"): x for name, x in difference.items()},
            }


def _differences(
    part: SpottingDataset, reported: Mapping[tuple[str, Counting, str], np.ndarray], config: Config
) -> Iterator[dict[str, object]]:
    """What one variant gains over another, paired by subject, under each rule."""
    for better, worse in CONTRASTS:
        if better not in config.variants or worse not in config.variants:
            continue
        for counting in (NEAREST, HONEST):
            for rule in published_rule.RULES:
                others = dict(points.named(reported[worse, counting, rule]))
                for kind, counts in points.named(reported[better, counting, rule]):
                    yield {
                        "database": part.name,
                        "variant": better,
                        "baseline": worse,
                        **asdict(counting),
                        "rule": rule,
                        "kind": kind,
                        **operating_points.gain(counts, others[kind], config.n_bootstrap),
                    }
