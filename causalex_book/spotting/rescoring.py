"""Published detections of three systems, counted again under every protocol."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalex_book.data import lgsnet, mdmd, megc2024
from causalex_core.config import Count, Parameters, Seed
from causalex_core.data import auw_gcn, manifest
from causalex_core.data.annotations import CAS, SAMM
from causalex_core.evaluation.spotting import COUNTS, EACH_TRUTH, PROTOCOLS, pool, score
from causalex_core.evaluation.uncertainty import f1, f1_difference, f1_interval
from causalex_core.expressions import KINDS, MissingOffset

SOURCES = ("lgsnet_detections", "mdmd_baseline", "megc2024_logs", "auw_gcn_annotations")
OWN = "own table"


@dataclass(frozen=True)
class Config(Parameters):
    """Parameters of the page.

    Attributes
    ----------
    n_bootstrap
        Resamples of subjects behind each interval.
    seed
        Seed of the resampling.
    """

    n_bootstrap: Count = 10_000
    seed: Seed = 1


@dataclass(frozen=True)
class System:
    """Published detections on one database.

    Attributes
    ----------
    name, database
        Whose detections, on what.
    detections
        Intervals at the published operating point.
    truths
        Tables of truths by missing-offset policy; the authors' own one under ``own table``.
    printed
        TP, detections and truths as the authors count them (None where only F1 is printed).
    kind_blind
        Whether the detections come without kinds.
    """

    name: str
    database: str
    detections: pd.DataFrame
    truths: Mapping[str, tuple[pd.DataFrame, MissingOffset]]
    printed: tuple[int, int, int] | None = None
    kind_blind: bool = True


def compute(config: Config) -> dict[str, pd.DataFrame]:
    """Tables ``published``, ``mdmd_rows``, ``scores`` and ``spread`` of the re-scoring page."""
    source = manifest.require("mdmd_baseline")
    mdmd_found = {place: mdmd.detections(source, *place) for place in mdmd.SETTINGS}
    published, scores, spread = [], [], []
    for system in systems(mdmd_found):
        counts = _counts(system)
        place = {"system": system.name, "database": system.database}
        published.append(place | _beside_printed(system, counts[OWN, EACH_TRUTH.name]))
        spread.append(place | _spread(counts, config))
        scores += [
            place | {"truths": table, "protocol": protocol} | row
            for (table, protocol), found in counts.items()
            for row in _rows(found, config)
        ]
    return {
        "published": pd.DataFrame(published),
        "mdmd_rows": mdmd_rows(mdmd_found),
        "scores": pd.DataFrame(scores),
        "spread": pd.DataFrame(spread),
    }


def systems(mdmd_found: Mapping[tuple[str, str], pd.DataFrame]) -> Iterator[System]:
    """Every system at its published operating point, with all tables of truths."""
    official = auw_gcn.read(manifest.require("auw_gcn_annotations").path(auw_gcn.FILES[CAS]), CAS)
    policies = {policy.value: (official, policy) for policy in MissingOffset}

    source = manifest.require("lgsnet_detections")
    found = lgsnet.detections(source)
    yield System(
        "LGSNet",
        CAS,
        lgsnet.kept(found[found["epoch"] == lgsnet.EPOCH], lgsnet.THRESHOLD),
        {OWN: (lgsnet.annotations(source), MissingOffset.AS_IS), **policies},
    )

    source = manifest.require("mdmd_baseline")
    for database in (CAS, SAMM):
        found = pd.concat([mdmd_found[database, kind] for kind in KINDS], ignore_index=True)
        printed = pd.concat([mdmd.printed_counts(source, database, kind) for kind in KINDS])
        first = printed[printed["p"] == 1].sum()
        own = {OWN: (mdmd.annotations(source, database), MissingOffset.AS_IS)}
        yield System(
            "MDMD",
            database,
            found[found["p"] == 1],
            own | (policies if database == CAS else {}),
            printed=(int(first["tp"]), int(first["n_pred"]), int(first["n_truth"])),
            kind_blind=False,
        )

    source = manifest.require("megc2024_logs")
    for database in (CAS, SAMM):
        log = megc2024.log(source, database)
        tp, fp, fn = (int((log["verdict"] == name).sum()) for name in ("TP", "FP", "FN"))
        yield System(
            "MEGC2024 entry",
            database,
            megc2024.detections(log),
            {OWN: (megc2024.truths(log), MissingOffset.AS_IS)}
            | (policies if database == CAS else {}),
            printed=(tp, tp + fp, tp + fn),
        )


def mdmd_rows(mdmd_found: Mapping[tuple[str, str], pd.DataFrame]) -> pd.DataFrame:
    """How many of the 99 published count rows of MDMD come out equal, by database and kind."""
    source = manifest.require("mdmd_baseline")
    rows = []
    for (database, kind), found in mdmd_found.items():
        truth = mdmd.annotations(source, database)
        truth = truth[truth["kind"] == kind]
        printed = mdmd.printed_counts(source, database, kind).set_index("p")
        equal = 0
        for p in printed.index:
            counts = pool(score(truth, found[found["p"] == p], EACH_TRUTH))[kind]
            equal += (counts.tp, counts.n_pred, counts.n_truth) == tuple(
                printed.loc[p, ["tp", "n_pred", "n_truth"]]
            )
        rows.append(
            {"database": database, "kind": kind, "printed_rows": len(printed), "equal": equal}
        )
    return pd.DataFrame(rows)


def _counts(system: System) -> dict[tuple[str, str], pd.DataFrame]:
    """Counts per subject and kind, for every table of truths and protocol."""
    return {
        (table, protocol.name): score(
            truth, system.detections, protocol, policy, kind_blind=system.kind_blind
        )
        for table, (truth, policy) in system.truths.items()
        for protocol in PROTOCOLS.values()
    }


def _beside_printed(system: System, counts: pd.DataFrame) -> dict[str, object]:
    """The authors' own counts beside ours on their table under their rule."""
    ours = pool(counts)["overall"]
    tp, n_pred, n_truth = system.printed or (None, None, None)
    return {
        "printed_tp": tp,
        "printed_n_pred": n_pred,
        "printed_n_truth": n_truth,
        "tp": ours.tp,
        "n_pred": ours.n_pred,
        "n_truth": ours.n_truth,
        "f1": ours.f1,
    }


def _rows(counts: pd.DataFrame, config: Config) -> Iterator[dict[str, object]]:
    """Pooled counts and F1 with its interval, per kind and overall."""
    for kind, pooled in pool(counts).items():
        part = counts if kind == "overall" else counts[counts["kind"] == kind]
        interval = f1_interval(
            _per_subject(part, part["subject"].unique()), config.n_bootstrap, config.seed
        )
        yield {
            "kind": kind,
            "tp": pooled.tp,
            "n_pred": pooled.n_pred,
            "n_truth": pooled.n_truth,
            "precision": pooled.precision,
            "recall": pooled.recall,
            "f1": pooled.f1,
            "low": interval.low,
            "high": interval.high,
        }


def _spread(counts: Mapping[tuple[str, str], pd.DataFrame], config: Config) -> dict[str, object]:
    """How far apart the kindest and the strictest counting put the same detections."""
    everyone = sorted(set[str]().union(*(found["subject"] for found in counts.values())))
    by_subject = {key: _per_subject(found, everyone) for key, found in counts.items()}
    pooled = {key: float(f1(found.sum(axis=0))) for key, found in by_subject.items()}
    most, least = max(pooled, key=pooled.__getitem__), min(pooled, key=pooled.__getitem__)
    difference = f1_difference(by_subject[most], by_subject[least], config.n_bootstrap, config.seed)
    return {
        "kindest": " / ".join(most),
        "kindest_f1": pooled[most],
        "strictest": " / ".join(least),
        "strictest_f1": pooled[least],
        "difference": difference.estimate,
        "low": difference.low,
        "high": difference.high,
    }


def _per_subject(counts: pd.DataFrame, everyone: Iterable[str]) -> np.ndarray:
    """Counts (S, 3) added over kinds, a row for each subject in `everyone`."""
    added = counts.groupby("subject")[list(COUNTS)].sum()
    return added.reindex(list(everyone), fill_value=0).to_numpy()
