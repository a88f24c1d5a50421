"""The prior graph: Eq. 2 of Causal-Ex recomputed, beside a map that follows FACS."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalex_book.graphs.prior_counts import recover_counts
from causalex_core import regions
from causalex_core.action_units import exact_numbers, parse
from causalex_core.config import Count, Parameters
from causalex_core.data import auw_gcn, manifest
from causalex_core.data.annotations import CAS, SAMM
from causalex_core.graphs import prior

SOURCES = ("auw_gcn_annotations", "auw_gcn_priors")

PUBLISHED = {CAS: "assets/cas(me)^2.npy", SAMM: "assets/samm.npy"}
READINGS: Mapping[str, Callable[[str], tuple[int, ...]]] = {
    "exact": exact_numbers,
    "two-sided": lambda text: parse(text).two_sided_numbers,
    "tolerant": lambda text: parse(text).numbers,
}
MAPS = {"AUW-GCN": prior.AUW_GCN, "FACS": prior.FACS}


@dataclass(frozen=True)
class Config(Parameters):
    """Parameters of the page.

    Attributes
    ----------
    largest_row_sum
        Largest row sum tried when integer counts are recovered from a published matrix.
    """

    largest_row_sum: Count = 1000


def compute(config: Config) -> dict[str, pd.DataFrame]:
    """Recompute the published matrices and compare them with others.

    Returns
    -------
    dict
        Aggregates only; see the headings of the page.
    """
    annotations = manifest.require("auw_gcn_annotations")
    shipped = manifest.require("auw_gcn_priors")
    tables = {
        name: auw_gcn.read(annotations.path(file), name) for name, file in auw_gcn.FILES.items()
    }
    published = {name: np.load(shipped.path(file)) for name, file in PUBLISHED.items()}
    recovered = {
        name: recover_counts(matrix, config.largest_row_sum) for name, matrix in published.items()
    }
    return {
        "matrices": pd.concat(matrices(tables[name], recovered[name], name) for name in tables),
        "agreement": pd.concat(agreement(tables[name], published[name], name) for name in tables),
        "arithmetic": arithmetic(recovered[CAS], published[CAS]),
        "row_sums": row_sums(recovered),
        "samm_counts": samm_counts(recovered[SAMM], tables[SAMM]),
        "mapping": mapping(tables),
        "use": pd.concat(use(tables[name], name) for name in tables),
        "leakage": pd.concat(leakage(tables[name], name) for name in tables),
    }


def _counts(table: pd.DataFrame, reading: str, map_name: str) -> np.ndarray:
    units = table["action_units"].map(READINGS[reading])
    return prior.prior_counts(units, MAPS[map_name])


def matrices(table: pd.DataFrame, recovered: np.ndarray, database: str) -> pd.DataFrame:
    """Matrices of one database in long form.

    Returns
    -------
    DataFrame
        ``database, matrix`` (``published`` or ``FACS``), ``row, column`` (regions, from 0),
        ``count`` and the row-normalised ``weight``.
    """
    row, column = np.indices((regions.COUNT, regions.COUNT)).reshape(2, -1)
    found = []
    for name, counts in (("published", recovered), ("FACS", _counts(table, "tolerant", "FACS"))):
        found.append(
            pd.DataFrame(
                {
                    "database": database,
                    "matrix": name,
                    "row": row,
                    "column": column,
                    "count": counts.ravel().astype(int),
                    "weight": prior.normalise_rows(counts).ravel().astype(float),
                }
            )
        )
    return pd.concat(found, ignore_index=True)


def agreement(table: pd.DataFrame, published: np.ndarray, database: str) -> pd.DataFrame:
    """How near each reading of the action units comes to the published matrix."""
    found = []
    for reading in READINGS:
        ours = prior.normalise_rows(_counts(table, reading, "AUW-GCN"))
        found.append(
            {
                "database": database,
                "reading": reading,
                "expressions": len(table),
                "contributing": _contributing(table, reading, "AUW-GCN"),
                "differing_cells": int((ours != published).sum()),
                "largest_difference": float(np.abs(ours - published).max()),
                "bit_identical": "yes" if ours.tobytes() == published.tobytes() else "no",
            }
        )
    return pd.DataFrame(found)


def _contributing(table: pd.DataFrame, reading: str, map_name: str) -> int:
    known = MAPS[map_name].keys()
    return int(
        table["action_units"].map(lambda t: not known.isdisjoint(READINGS[reading](t))).sum()
    )


def arithmetic(counts: np.ndarray, published: np.ndarray) -> pd.DataFrame:
    """Cells that differ from the published matrix if the division runs in another precision."""
    wide = counts / (counts.sum(axis=1, keepdims=True) + 1e-6)
    versions = {
        "counts in float32, then divided": prior.normalise_rows(counts),
        "divided in float64, then rounded to float32": wide.astype(np.float32),
    }
    return pd.DataFrame(
        {
            "division": versions.keys(),
            "differing_cells": [int((v != published).sum()) for v in versions.values()],
            "largest_difference": [
                float(np.abs(v.astype(float) - published).max()) for v in versions.values()
            ],
        }
    )


def row_sums(recovered: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Row sums of the counts behind the published matrices."""
    sums = {name: counts.sum(axis=1).astype(int) for name, counts in recovered.items()}
    return pd.DataFrame({"region": regions.NAMES, **sums})


def samm_counts(recovered: np.ndarray, table: pd.DataFrame) -> pd.DataFrame:
    """What the recovered counts of SAMM say about expressions, beside what its table holds.

    A unit alone counts 1 on its regions' diagonal, a pair of units 1 between their regions, or 2
    where both lie on the same regions (12 with 14, 25 with 26).
    """
    columns = {
        "recovered": recovered,
        **{reading: _counts(table, reading, "AUW-GCN") for reading in READINGS},
    }
    outer, inner, corner, lip = 0, 2, 8, 9
    found = {
        "AU1 alone": lambda m: m[outer, outer],
        "AU2 alone": lambda m: m[inner, inner],
        "AU12 or AU14 alone": lambda m: m[corner, corner] - m[corner, 10],
        "AU25 or AU26 alone": lambda m: m[lip, lip] - m[lip, 11],
        "AU1 with AU2": lambda m: m[outer, inner],
        "AU12 with AU14": lambda m: m[corner, 10] / 2,
        "AU25 with AU26": lambda m: m[lip, 11] / 2,
        "AU1 with AU12 or AU14": lambda m: m[outer, corner],
        "AU1 with AU25 or AU26": lambda m: m[outer, lip],
        "AU2 with AU12 or AU14": lambda m: m[inner, corner],
        "AU2 with AU25 or AU26": lambda m: m[inner, lip],
        "AU12 or AU14 with AU25 or AU26": lambda m: m[corner, lip],
    }
    return pd.DataFrame(
        {
            "expressions_with": found.keys(),
            **{
                name: [int(count(matrix)) for count in found.values()]
                for name, matrix in columns.items()
            },
        }
    )


def mapping(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Regions of each action unit as shipped and by FACS, and how many expressions show it."""
    shown = {
        name: table["action_units"].map(READINGS["tolerant"]).explode().value_counts()
        for name, table in tables.items()
    }
    return pd.DataFrame(
        [
            {
                "action_unit": place.action_unit,
                "name": place.name,
                "as_shipped": _landmarks(prior.AUW_GCN.get(place.action_unit, ())),
                "facs": _landmarks(place.regions),
                "reason": place.reason,
                **{name: int(counts.get(place.action_unit, 0)) for name, counts in shown.items()},
            }
            for place in prior.FACS_PLACEMENTS
        ]
    )


def _landmarks(nodes: tuple[int, ...]) -> str:
    return " ".join(str(regions.REGIONS[node].landmark) for node in nodes) or "–"


def use(table: pd.DataFrame, database: str) -> pd.DataFrame:
    """How many expressions count at all, and how full the matrix is, for each map and reading."""
    found = []
    for map_name in MAPS:
        for reading in READINGS:
            counts = _counts(table, reading, map_name)
            contributing = _contributing(table, reading, map_name)
            found.append(
                {
                    "database": database,
                    "map": map_name,
                    "reading": reading,
                    "contributing": contributing,
                    "percent": 100 * contributing / len(table),
                    "empty_regions": int((counts.sum(axis=1) == 0).sum()),
                    "cells_above_zero": int((counts > 0).sum()),
                }
            )
    return pd.DataFrame(found)


def leakage(table: pd.DataFrame, database: str) -> pd.DataFrame:
    """How far the matrix of each fold moves when the held-out subject's labels are left out."""
    found = []
    for map_name, reading in (("AUW-GCN", "exact"), ("FACS", "tolerant")):
        by_subject = np.array(
            [_counts(rows, reading, map_name) for _, rows in table.groupby("subject")]
        )
        everyone = prior.normalise_rows(by_subject.sum(axis=0))
        held_out = prior.normalise_rows(by_subject.sum(axis=0) - by_subject)
        change = np.abs(held_out - everyone).max(axis=(1, 2))
        found.append(
            {
                "database": database,
                "map": map_name,
                "reading": reading,
                "folds": len(change),
                "folds_unchanged": int((change == 0).sum()),
                "median_change": float(np.median(change)),
                "largest_change": float(change.max()),
            }
        )
    return pd.DataFrame(found)
