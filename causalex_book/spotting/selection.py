"""What choosing epoch and threshold on the test subjects is worth, on published detections.

LGSNet published what its 22 leave-one-subject-out models detect after each of 30 epochs; MDMD
published its detections at 99 thresholds. Both let the same detections be reported under rules
that differ only in whose labels choose.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import pandas as pd

from causalex_book.data import lgsnet, mdmd
from causalex_core.config import Count, ParameterError, Parameters, Seed, within
from causalex_core.data import manifest
from causalex_core.evaluation import selection
from causalex_core.evaluation.spotting import COUNTS, EACH_TRUTH, MEGC, Protocol, score
from causalex_core.evaluation.uncertainty import Interval, f1, f1_difference, f1_interval

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
    rules, epochs = [], []
    thresholds = _thresholds(config)
    protocols = (EACH_TRUTH, MEGC)
    for protocol, counts in zip(protocols, _lgsnet_counts(protocols, thresholds), strict=True):
        rules += list(_lgsnet_rules(protocol, counts, thresholds, config))
        epochs += list(_lgsnet_epochs(protocol, counts, thresholds, config))
    mdmd_rules, mdmd_thresholds = _mdmd(config)
    return {
        "lgsnet_rules": pd.DataFrame(rules),
        "lgsnet_epochs": pd.DataFrame(epochs),
        "mdmd_rules": pd.DataFrame(mdmd_rules),
        "mdmd_thresholds": pd.DataFrame(mdmd_thresholds),
    }


def _thresholds(config: Config) -> np.ndarray:
    """Grid of thresholds."""
    return np.arange(config.lowest, config.highest + 1, config.step) / 1000


def _lgsnet_counts(protocols: Sequence[Protocol], thresholds: np.ndarray) -> np.ndarray:
    """Counts (protocols, subjects, epochs, thresholds, 3) of every candidate."""
    source = manifest.require("lgsnet_detections")
    truth, found = lgsnet.annotations(source), lgsnet.detections(source)
    candidates = []
    for _, epoch in found.groupby("epoch"):
        for threshold in thresholds:
            kept = lgsnet.kept(epoch, threshold)
            scored = [score(truth, kept, protocol, kind_blind=True) for protocol in protocols]
            # (protocols, S, 3), subjects sorted
            candidates.append([counts[list(COUNTS)].to_numpy() for counts in scored])
    stacked = np.stack(candidates, axis=2)
    return stacked.reshape(*stacked.shape[:2], -1, len(thresholds), len(COUNTS))


def _lgsnet_rules(
    protocol: Protocol, counts: np.ndarray, thresholds: np.ndarray, config: Config
) -> Iterator[dict[str, object]]:
    """Pooled F1 under each rule, and its paired difference from choosing on other subjects."""
    flat = counts.reshape(len(counts), -1, 3)  # (S, epochs * thresholds, 3)
    printed = counts[:, :, int(np.abs(thresholds - lgsnet.THRESHOLD).argmin())]
    reported = {
        LAST: selection.chosen(counts[:, -1], selection.cross_fold(counts[:, -1])),
        CROSS: selection.chosen(flat, selection.cross_fold(flat)),
        PRINTED: printed[:, lgsnet.EPOCH],
        POOLED: selection.chosen(flat, selection.oracle_pooled(flat)),
        EPOCH: selection.chosen(printed, selection.oracle_per_subject(printed)),
        BOTH: selection.chosen(flat, selection.oracle_per_subject(flat)),
    }
    honest = reported[CROSS]
    for rule, found in reported.items():
        gain = f1_difference(found, honest, config.n_bootstrap, config.seed)
        yield {"protocol": protocol.name, "rule": rule} | _row(found, config) | _gain(gain)


def _lgsnet_epochs(
    protocol: Protocol, counts: np.ndarray, thresholds: np.ndarray, config: Config
) -> Iterator[dict[str, object]]:
    """Pooled F1 after every epoch at the printed threshold."""
    printed = counts[:, :, int(np.abs(thresholds - lgsnet.THRESHOLD).argmin())]
    for epoch in range(printed.shape[1]):
        yield {"protocol": protocol.name, "epoch": epoch} | _row(printed[:, epoch], config)


def _mdmd(config: Config) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """The same for MDMD, whose only choice is the threshold p."""
    source = manifest.require("mdmd_baseline")
    rules: list[dict[str, object]] = []
    thresholds: list[dict[str, object]] = []
    for database, kind in mdmd.SETTINGS:
        truth = mdmd.annotations(source, database)
        truth = truth[truth["kind"] == kind]
        found = mdmd.detections(source, database, kind)
        by_p = {p: part for p, part in found.groupby("p")}
        everyone = pd.Index(sorted({*truth["subject"], *found["subject"]}), name="subject")
        counts = np.stack(
            [_per_subject(truth, by_p.get(p, found.iloc[:0]), everyone) for p in mdmd.THRESHOLDS],
            axis=1,
        )  # (S, 99, 3)
        reported: Mapping[str, np.ndarray] = {
            MDMD_PRINTED: counts[:, 0],
            CROSS: selection.chosen(counts, selection.cross_fold(counts)),
            MDMD_POOLED: selection.chosen(counts, selection.oracle_pooled(counts)),
            MDMD_SUBJECT: selection.chosen(counts, selection.oracle_per_subject(counts)),
        }
        honest = reported[CROSS]
        place = {"database": database, "kind": kind}
        for rule, chosen in reported.items():
            gain = f1_difference(chosen, honest, config.n_bootstrap, config.seed)
            rules.append(place | {"rule": rule} | _row(chosen, config) | _gain(gain))
        thresholds += [
            {**place, "p": p, "f1": float(f1(pooled))}
            for p, pooled in zip(mdmd.THRESHOLDS, counts.sum(axis=0), strict=True)
        ]
    return rules, thresholds


def _per_subject(truth: pd.DataFrame, found: pd.DataFrame, everyone: pd.Index) -> np.ndarray:
    """Counts (S, 3) under MEGC's rule for a fixed list of subjects."""
    counts = score(truth, found, MEGC).groupby("subject")[list(COUNTS)].sum()
    return counts.reindex(everyone, fill_value=0).to_numpy()


def _row(counts: np.ndarray, config: Config) -> dict[str, object]:
    interval = f1_interval(counts, config.n_bootstrap, config.seed)
    tp, n_pred, n_truth = (int(number) for number in counts.sum(axis=0))
    return {
        "tp": tp,
        "n_pred": n_pred,
        "n_truth": n_truth,
        "f1": interval.estimate,
        "low": interval.low,
        "high": interval.high,
    }


def _gain(difference: Interval) -> dict[str, object]:
    return {
        "gain": difference.estimate,
        "gain_low": difference.low,
        "gain_high": difference.high,
    }
