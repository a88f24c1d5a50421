"""What choosing epoch and threshold on the test subjects is worth, on published detections.

LGSNet published its detections of 22 leave-one-subject-out models after each of 30 epochs, MDMD its
detections at 99 thresholds. Both are reported under rules that differ only in whose labels choose.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import pandas as pd

from causalex_book.data import lgsnet, mdmd
from causalex_book.spotting.threshold_sweep import pooled_row
from causalex_core.config import Count, ParameterError, Parameters, Seed, within
from causalex_core.data import manifest
from causalex_core.evaluation import selection
from causalex_core.evaluation.spotting import COUNTS, EACH_TRUTH, MEGC, Protocol, score
from causalex_core.evaluation.uncertainty import f1, f1_difference

SOURCES = ("lgsnet_detections", "mdmd_baseline")
LAST, CROSS = "last epoch", "cross_fold"
PRINTED, POOLED = "as printed", "best pair for all"
EPOCH, BOTH = "best epoch per subject", "best pair per subject"
MDMD_PRINTED, MDMD_POOLED, MDMD_SUBJECT = "as printed", "best p for all", "best p per subject"


@dataclass(frozen=True)
class Config(Parameters):
    """Parameters of the page.

    Attributes
    ----------
    lowest
        Lowest threshold on the score of LGSNet, in thousandths; the authors searched from 300.
    highest
        Highest threshold, in thousandths; the authors searched to 700.
    step
        Step of the thresholds, in thousandths.
    n_bootstrap
        Resamples of subjects behind each interval.
    seed
        Seed of the resampling.
    """

    lowest: Annotated[int, within(0, 1000)] = 300
    highest: Annotated[int, within(0, 1000)] = 700
    step: Count = 5
    n_bootstrap: Count = 10_000
    seed: Seed = 1

    def __post_init__(self) -> None:
        """Refuse a grid without the printed threshold."""
        super().__post_init__()
        printed = round(lgsnet.THRESHOLD * 1000)
        if printed not in range(self.lowest, self.highest + 1, self.step):
            raise ParameterError(
                f"parameters 'lowest', 'highest' and 'step' of the page 'selection': {self.lowest},"
                f" {self.highest} and {self.step} given, expected a grid with the printed"
                f" threshold, {printed}"
            )


def compute(config: Config) -> dict[str, pd.DataFrame]:
    """Tables ``lgsnet_rules``, ``lgsnet_epochs``, ``mdmd_rules`` and ``mdmd_thresholds``."""
    rows: dict[str, list[dict[str, object]]] = {
        name: [] for name in ("lgsnet_rules", "lgsnet_epochs", "mdmd_rules", "mdmd_thresholds")
    }
    thresholds = np.arange(config.lowest, config.highest + 1, config.step) / 1000
    protocols = (EACH_TRUTH, MEGC)
    for protocol, counts in zip(protocols, _lgsnet_counts(protocols, thresholds), strict=True):
        label = {"protocol": protocol.name}
        printed = counts[:, :, int(np.abs(thresholds - lgsnet.THRESHOLD).argmin())]
        rows["lgsnet_rules"] += _rule_rows(label, _lgsnet_rules(counts, printed), config)
        rows["lgsnet_epochs"] += [
            label | {"epoch": epoch} | _row(printed[:, epoch], config)
            for epoch in range(printed.shape[1])
        ]
    for database, kind in mdmd.SETTINGS:
        label = {"database": database, "kind": kind}
        counts = _mdmd_counts(database, kind)
        rules = {
            MDMD_PRINTED: counts[:, 0],
            CROSS: selection.chosen(counts, selection.cross_fold(counts)),
            MDMD_POOLED: selection.chosen(counts, selection.oracle_pooled(counts)),
            MDMD_SUBJECT: selection.chosen(counts, selection.oracle_per_subject(counts)),
        }
        rows["mdmd_rules"] += _rule_rows(label, rules, config)
        rows["mdmd_thresholds"] += [
            {**label, "p": p, "f1": float(f1(pooled))}
            for p, pooled in zip(mdmd.THRESHOLDS, counts.sum(axis=0), strict=True)
        ]
    return {name: pd.DataFrame(table) for name, table in rows.items()}


def _lgsnet_counts(protocols: Sequence[Protocol], thresholds: np.ndarray) -> np.ndarray:
    """Counts (protocols, subjects, epochs, thresholds, 3) of every candidate."""
    source = manifest.require("lgsnet_detections")
    truth, detections = lgsnet.annotations(source), lgsnet.detections(source)
    candidates = []
    for _, epoch in detections.groupby("epoch"):
        for threshold in thresholds:
            kept = lgsnet.kept(epoch, threshold)
            scored = [score(truth, kept, protocol, kind_blind=True) for protocol in protocols]
            # (protocols, S, 3), subjects sorted
            candidates.append([counts[list(COUNTS)].to_numpy() for counts in scored])
    stacked = np.stack(candidates, axis=2)
    return stacked.reshape(*stacked.shape[:2], -1, len(thresholds), len(COUNTS))


def _lgsnet_rules(counts: np.ndarray, printed: np.ndarray) -> dict[str, np.ndarray]:
    """Counts (S, 3) under each rule, of all thresholds (S, E, T, 3) and of the printed one."""
    flat = counts.reshape(len(counts), -1, 3)  # (S, epochs * thresholds, 3)
    return {
        LAST: selection.chosen(counts[:, -1], selection.cross_fold(counts[:, -1])),
        CROSS: selection.chosen(flat, selection.cross_fold(flat)),
        PRINTED: printed[:, lgsnet.EPOCH],
        POOLED: selection.chosen(flat, selection.oracle_pooled(flat)),
        EPOCH: selection.chosen(printed, selection.oracle_per_subject(printed)),
        BOTH: selection.chosen(flat, selection.oracle_per_subject(flat)),
    }


def _mdmd_counts(database: str, kind: str) -> np.ndarray:
    """Counts (S, 99, 3) of every threshold p under MEGC's rule."""
    source = manifest.require("mdmd_baseline")
    truth = mdmd.annotations(source, database)
    truth = truth[truth["kind"] == kind]
    detections = mdmd.detections(source, database, kind)
    by_p = dict(list(detections.groupby("p")))
    subjects = pd.Index(sorted({*truth["subject"], *detections["subject"]}), name="subject")
    counts = []
    for p in mdmd.THRESHOLDS:
        scored = score(truth, by_p.get(p, detections.iloc[:0]), MEGC)
        added = scored.groupby("subject")[list(COUNTS)].sum()
        counts.append(added.reindex(subjects, fill_value=0).to_numpy())
    return np.stack(counts, axis=1)


def _rule_rows(
    label: dict[str, str], rules: Mapping[str, np.ndarray], config: Config
) -> Iterator[dict[str, object]]:
    """Pooled F1 under each rule, and its paired gain over choosing on the other subjects."""
    for rule, counts in rules.items():
        gain = f1_difference(counts, rules[CROSS], config.n_bootstrap, config.seed)
        gains = {"gain": gain.estimate, "gain_low": gain.low, "gain_high": gain.high}
        yield {**label, "rule": rule, **_row(counts, config), **gains}


def _row(counts: np.ndarray, config: Config) -> dict[str, object]:
    return pooled_row(counts, config.n_bootstrap, config.seed)
