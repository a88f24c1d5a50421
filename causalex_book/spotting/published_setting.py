"""The published setting on real people: whether the printed numbers come out, and by which rule.

AUW-GCN and Causal-Ex as their code and text have them: the marks of the public windows as targets,
AUW-GCN's constants, 100 epochs, fixed thresholds. Detections of every epoch are reported under the
rule of the field (the best epoch of each test subject) and under rules without the test subject.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Annotated, Literal

import numpy as np
import pandas as pd

from causalex_book.spotting import published_rule, threshold_sweep, variants
from causalex_book.spotting.dataset import RealName, SpottingDataset, TargetSource, read_for
from causalex_book.spotting.published_rule import Counting
from causalex_book.spotting.variants import (
    AUW_GCN,
    CAUSAL_EX,
    NONE,
    VARIANTS,
    GraphVariant,
    Setting,
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
from causalex_core.evaluation.operating_points import LAST
from causalex_core.expressions import MissingOffset
from causalex_core.spotting import proposals
from causalex_core.spotting.data import leave_one_subject_out
from causalex_core.spotting.training import OptimiserConfig

SOURCES = (*region_motion.SOURCES, "auw_gcn_priors")
LONG = "about two hours of CPU time"
RELEASED, RANDOM = "as released", "random graph"
# In the released code only directed edges enter A.
NETWORKS: Mapping[str, GraphVariant] = {
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

Counts = dict[tuple[str, Counting, str], np.ndarray]  # (seeds, 2, S, 3)
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
    targets: TargetSource = "marks"
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
        data = read_for(config, database, config.targets)
        rows["inputs"].append(_inputs(data))
        counts_by_rule: Counts = {}
        for variant in config.variants:
            detections, cost = read_out(data, database, NETWORKS[variant], config)
            name = {"database": data.name, "variant": variant}
            rows["cost"].append({**name, **cost})
            for counting in COUNTINGS:
                counts = np.stack(
                    [published_rule.counts(of_seed, data, counting) for of_seed in detections]
                )
                for rule, at_choice in published_rule.counts_by_rule(counts).items():
                    counts_by_rule[variant, counting, rule] = at_choice
                if counting in (NEAREST, HONEST):
                    label = name | asdict(counting)
                    first = config.epochs - counts.shape[3]
                    rows["epochs"] += [label | row for row in _by_epoch(counts, first)]
                    rows["draws"] += [label | row for row in _best_of(counts)]
                    kept += [
                        published_rule.detections_at(of_seed, data.subjects, choice).assign(
                            **label, rule=rule, seed=seed
                        )
                        for seed, of_seed, counts_of_seed in zip(
                            config.seeds, detections, counts, strict=True
                        )
                        for rule, choice in published_rule.epochs_by_rule(counts_of_seed).items()
                    ]
        rows["scores"] += list(_scores(data, counts_by_rule, config))
        rows["differences"] += list(_differences(data, counts_by_rule, config))
    tables = {name: pd.DataFrame(table) for name, table in rows.items()}
    return tables | {"detections": pd.concat(kept, ignore_index=True)}


def kept_epochs(database: str, epochs: int) -> range:
    """Epochs, from 0, after which detections are read out."""
    return range(min(FIRST_EPOCH[database], epochs - 1), epochs)


def read_out(
    data: SpottingDataset, database: str, variant: GraphVariant, config: Config
) -> tuple[list[list[pd.DataFrame]], dict[str, float]]:
    """Detections of each seed after every kept epoch, and the cost of training."""
    folds = leave_one_subject_out(data.windows)
    epochs = kept_epochs(database, config.epochs)
    detections, seconds = [], []
    for seed in config.seeds:
        results, _ = trained(data, variant, folds, seed, config.setting, epochs)
        rules = READ_OUT[database]
        detections.append(published_rule.detections_by_epoch(results, data, seed, rules))
        seconds.append(results.cpu_seconds)
    return detections, variants.cost(seconds)


def _inputs(data: SpottingDataset) -> dict[str, object]:
    return {
        **data.summary(),
        "missing_offsets": int(data.truth["offset"].isna().sum()),
        "windows": len(data.windows.video),
        "training_windows": int(data.windows.with_expression.sum()),
    }


def _by_epoch(counts: np.ndarray, first: int) -> Iterator[dict[str, object]]:
    """F1 after each epoch, with its range over seeds."""
    for epoch in range(counts.shape[3]):
        at_epoch = np.moveaxis(counts[:, :, :, epoch], 2, 1)
        yield from threshold_sweep.epoch_rows(at_epoch, first + epoch + 1)


def _best_of(counts: np.ndarray) -> Iterator[dict[str, object]]:
    """Overall F1 where each subject takes the best of a few epochs."""
    for number in _DRAWN:
        if number <= counts.shape[3]:
            f1 = [published_rule.best_of(of_seed, number, _N_DRAWS, 1) for of_seed in counts]
            yield {"epochs": number, "f1": float(np.mean(f1))}


def _scores(
    data: SpottingDataset, counts_by_rule: Counts, config: Config
) -> Iterator[dict[str, object]]:
    """F1 of every variant, way of counting and rule, and its gain over the last epoch."""
    for (variant, counting, rule), counts in counts_by_rule.items():
        label = {"database": data.name, "variant": variant, **asdict(counting), "rule": rule}
        over = {"over_last": counts_by_rule[variant, counting, LAST]}
        for row in threshold_sweep.score_rows(counts, config.n_bootstrap, over):
            yield label | row


def _differences(
    data: SpottingDataset, counts_by_rule: Counts, config: Config
) -> Iterator[dict[str, object]]:
    """Gains of one variant over another, paired by subject, under each rule."""
    for better, worse in CONTRASTS:
        if better not in config.variants or worse not in config.variants:
            continue
        for counting in (NEAREST, HONEST):
            for rule in published_rule.RULES:
                counts, baseline = (
                    counts_by_rule[variant, counting, rule] for variant in (better, worse)
                )
                label = {"database": data.name, "variant": better, "baseline": worse}
                label |= asdict(counting) | {"rule": rule}
                for row in threshold_sweep.gain_rows(counts, baseline, config.n_bootstrap):
                    yield label | row
