"""Every configuration of the spotter that was really run, by what it is made of.

Scores and intervals are those of the stored runs, on real people first, then on synthetic ones.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from causalex_book.claims.what_holds.stored import complete
from causalex_book.claims.what_holds.verdicts import Table, rows_with
from causalex_book.debiasing import counterfactuals, real_debiasing
from causalex_book.debiasing.counterfactuals import BOTH, KEEP, MASK, NULL
from causalex_book.spotting import graph_spotting, published_setting, real_spotting
from causalex_book.spotting.published_setting import HONEST, NEAREST, NETWORKS
from causalex_book.spotting.variants import VARIANTS, GraphVariant
from causalex_core.config import Parameters

SOURCES = ()
RUNS = (real_spotting, real_debiasing, published_setting, graph_spotting, counterfactuals)
NO_DEBIASING = "none"
SCORES = ["kind", "seeds", "tp", "n_pred", "n_truth", "f1", "low", "high"]
_SHOWN = (NO_DEBIASING, NULL, KEEP, MASK, BOTH)
_MATRICES = {"identity": "none", "prior": "prior"}
_COUNTED = {"AUW-GCN's code": NEAREST, "MEGC": HONEST}


@dataclass(frozen=True)
class Config(Parameters):
    """The page has no parameters."""


def compute(config: Config) -> dict[str, pd.DataFrame]:
    """Table ``configurations``: database, rule, graph, layers, pooling, debiasing, and scores."""
    rows = [row for run in RUNS for row in configurations(complete(run).tables)]
    return {"configurations": pd.DataFrame(rows)}


def configurations(run: Table) -> Iterator[dict[str, object]]:
    """Rows of one stored run: with debiasing, in the published setting, or in that of our own."""
    if "debiasing" in run:
        yield from _debiased(run["debiasing"])
    elif "differences" in run:
        for counted, counting in _COUNTED.items():
            table = rows_with(run["scores"], **asdict(counting))
            yield from _plain(table, NETWORKS, f"as published, counted by {counted}, ")
    else:
        yield from _plain(run["scores"], VARIANTS)


def made_of(variant: GraphVariant) -> dict[str, object]:
    """Graph of a variant, its layers, and whether there is pooling, in words."""
    matrices = list(dict.fromkeys(_matrix(variant, name) for name in variant.network.graph))
    return {
        "graph": ", then ".join(matrices),
        "layers": len(variant.network.graph),
        "pooling": "yes" if variant.network.pooling else "no",
    }


def _matrix(variant: GraphVariant, name: str) -> str:
    if name in _MATRICES:
        return _MATRICES[name]
    causal = "causal" if variant.policy == "any_edge" else f"causal ({variant.policy})"
    graph = {"both": f"{causal} + prior", "causal": causal, "random": "random"}[variant.compound]
    return graph if variant.self_loops else f"{graph}, no self loops"


def _plain(
    scores: pd.DataFrame, networks: Mapping[str, GraphVariant], setting: str = ""
) -> Iterator[dict[str, object]]:
    """Rows without debiasing, under every rule of selection."""
    for row in scores.to_dict("records"):
        yield _row(row, setting + row["rule"], networks[row["variant"]], NO_DEBIASING)


def _debiased(table: pd.DataFrame) -> Iterator[dict[str, object]]:
    """Rows with each counterfactual, by how its strength was chosen."""
    table = table[table["counterfactual"].isin(_SHOWN) & (table["form"] == "probabilities")]
    for row in table.to_dict("records"):
        rule = f"last epoch, strength {row['chosen']}"
        yield _row(row, rule, VARIANTS[row["variant"]], row["counterfactual"])


def _row(
    row: Mapping[Any, Any], rule: str, variant: GraphVariant, debiasing: str
) -> dict[str, object]:
    return {
        "database": row["database"],
        "rule": rule,
        **made_of(variant),
        "debiasing": debiasing,
        **{name: row[name] for name in SCORES},
    }
