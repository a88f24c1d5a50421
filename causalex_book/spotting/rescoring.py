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
AUTHORS = "own table"


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
    """Published detections on one database, at the published operating point.

    Attributes
    ----------
    truths
        Tables of truths by missing-offset policy; the authors' table under ``own table``.
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
    of_mdmd = {setting: mdmd.detections(source, *setting) for setting in mdmd.SETTINGS}
    published, scores, spread = [], [], []
    for system in systems(of_mdmd):
        counts = _counts(system)
        label = {"system": system.name, "database": system.database}
        published.append(label | _comparison(system, counts[AUTHORS, EACH_TRUTH.name]))
        spread.append(label | _spread(counts, config))
        scores += [
            label | {"truths": table, "protocol": protocol} | row
            for (table, protocol), of_table in counts.items()
            for row in _rows(of_table, config)
        ]
    return {
        "published": pd.DataFrame(published),
        "mdmd_rows": mdmd_rows(of_mdmd),
        "scores": pd.DataFrame(scores),
        "spread": pd.DataFrame(spread),
    }


def systems(of_mdmd: Mapping[tuple[str, str], pd.DataFrame]) -> Iterator[System]:
    """Every system at its published operating point, with all tables of truths."""
    official = auw_gcn.read(manifest.require("auw_gcn_annotations").path(auw_gcn.FILES[CAS]), CAS)
    of_cas = {policy.value: (official, policy) for policy in MissingOffset}
    policies = {CAS: of_cas, SAMM: {}}

    source = manifest.require("lgsnet_detections")
    detections = lgsnet.detections(source)
    yield System(
        "LGSNet",
        CAS,
        lgsnet.kept(detections[detections["epoch"] == lgsnet.EPOCH], lgsnet.THRESHOLD),
        _authors(lgsnet.annotations(source)) | of_cas,
    )

    source = manifest.require("mdmd_baseline")
    for database in (CAS, SAMM):
        detections = pd.concat([of_mdmd[database, kind] for kind in KINDS], ignore_index=True)
        printed = pd.concat([mdmd.printed_counts(source, database, kind) for kind in KINDS])
        first = printed[printed["p"] == 1].sum()
        yield System(
            "MDMD",
            database,
            detections[detections["p"] == 1],
            _authors(mdmd.annotations(source, database)) | policies[database],
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
            _authors(megc2024.truths(log)) | policies[database],
            printed=(tp, tp + fp, tp + fn),
        )


def _authors(truth: pd.DataFrame) -> dict[str, tuple[pd.DataFrame, MissingOffset]]:
    """The authors' own table, taken as it is."""
    return {AUTHORS: (truth, MissingOffset.AS_IS)}


def mdmd_rows(of_mdmd: Mapping[tuple[str, str], pd.DataFrame]) -> pd.DataFrame:
    """How many of the 99 published count rows of MDMD are reproduced, by database and kind."""
    source = manifest.require("mdmd_baseline")
    rows = []
    for (database, kind), detections in of_mdmd.items():
        truth = mdmd.annotations(source, database)
        truth = truth[truth["kind"] == kind]
        printed = mdmd.printed_counts(source, database, kind).set_index("p")
        equal = 0
        for p, row in printed.iterrows():
            counts = pool(score(truth, detections[detections["p"] == p], EACH_TRUTH))[kind]
            equal += (counts.tp, counts.n_pred, counts.n_truth) == tuple(row[list(COUNTS)])
        rows.append(
            {"database": database, "kind": kind, "printed_rows": len(printed), "equal": equal}
        )
    return pd.DataFrame(rows)


def _counts(system: System) -> dict[tuple[str, str], pd.DataFrame]:
    """Counts per subject and kind, for every table of truths and protocol.

    Without the detections that are right: rates are the authors', who divide the same true
    positives by truths and by detections.
    """
    return {
        (table, protocol.name): score(
            truth, system.detections, protocol, policy, kind_blind=system.kind_blind
        )[["subject", "kind", *COUNTS]]
        for table, (truth, policy) in system.truths.items()
        for protocol in PROTOCOLS.values()
    }


def _comparison(system: System, counts: pd.DataFrame) -> dict[str, object]:
    """The authors' own counts, and ours on their table under their rule."""
    ours = pool(counts)["overall"]
    printed = system.printed or (None, None, None)
    return {
        **dict(zip([f"printed_{name}" for name in COUNTS], printed, strict=True)),
        **{name: getattr(ours, name) for name in (*COUNTS, "f1")},
    }


def _rows(counts: pd.DataFrame, config: Config) -> Iterator[dict[str, object]]:
    """Pooled counts and F1 with its interval, per kind and overall."""
    for kind, pooled in pool(counts).items():
        part = counts if kind == "overall" else counts[counts["kind"] == kind]
        interval = f1_interval(
            _per_subject(part, part["subject"].unique()), config.n_bootstrap, config.seed
        )
        values = {name: getattr(pooled, name) for name in (*COUNTS, "precision", "recall", "f1")}
        yield {"kind": kind, **values, "low": interval.low, "high": interval.high}


def _spread(counts: Mapping[tuple[str, str], pd.DataFrame], config: Config) -> dict[str, object]:
    """How far apart the kindest and the strictest counting put the same detections."""
    subjects = sorted(set[str]().union(*(table["subject"] for table in counts.values())))
    by_subject = {key: _per_subject(table, subjects) for key, table in counts.items()}
    pooled = {key: float(f1(table.sum(axis=0))) for key, table in by_subject.items()}
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


def _per_subject(counts: pd.DataFrame, subjects: Iterable[str]) -> np.ndarray:
    """Counts (S, 3) added over kinds, a row for each of the subjects."""
    added = counts.groupby("subject")[list(COUNTS)].sum()
    return added.reindex(list(subjects), fill_value=0).to_numpy()
