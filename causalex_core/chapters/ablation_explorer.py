"""Every configuration of the spotter that was really run, by what it is made of.

Nothing is computed but the names: scores and intervals are those of the stored runs of
:mod:`causalex_core.chapters.graph_spotting` and :mod:`causalex_core.chapters.counterfactuals`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from causalex_core.chapters import counterfactuals, graph_spotting
from causalex_core.chapters.counterfactuals import BOTH, KEEP, MASK, NULL
from causalex_core.chapters.what_holds.stored import complete
from causalex_core.parameters import Parameters
from causalex_core.report.results import Result
from causalex_core.studies.variants import VARIANTS, Variant

SOURCES = ()
NO_DEBIASING = "none"
SCORES = ["kind", "seeds", "tp", "n_pred", "n_truth", "f1", "low", "high"]
_SHOWN = (NO_DEBIASING, NULL, KEEP, MASK, BOTH)
_MATRICES = {"identity": "none", "prior": "prior"}


@dataclass(frozen=True)
class Config(Parameters):
    """The page has no parameters."""


def compute(config: Config) -> dict[str, pd.DataFrame]:
    """Table ``configurations``: database, rule, graph, layers, pooling, debiasing, and scores."""
    graph, debiased = complete(graph_spotting), complete(counterfactuals)
    rows = pd.concat([pd.DataFrame(_plain(graph)), pd.DataFrame(_debiased(debiased))])
    return {"configurations": rows.reset_index(drop=True)}


def made_of(variant: Variant) -> dict[str, object]:
    """Graph of a variant, its layers, and whether there is pooling, in words."""
    matrices = list(dict.fromkeys(_matrix(variant, name) for name in variant.network.graph))
    return {
        "graph": ", then ".join(matrices),
        "layers": len(variant.network.graph),
        "pooling": "yes" if variant.network.pooling else "no",
    }


def _matrix(variant: Variant, name: str) -> str:
    if name in _MATRICES:
        return _MATRICES[name]
    causal = "causal" if variant.policy == "any_edge" else f"causal ({variant.policy})"
    graph = {"both": f"{causal} + prior", "causal": causal, "random": "random"}[variant.compound]
    return graph if variant.self_loops else f"{graph}, no self loops"


def _plain(result: Result) -> Iterator[dict[str, object]]:
    """Rows without debiasing, under every rule of selection."""
    for row in result.tables["scores"].to_dict("records"):
        place = {"database": row["database"], "rule": row["rule"]}
        own = made_of(VARIANTS[row["variant"]]) | {"debiasing": NO_DEBIASING}
        yield place | own | {name: row[name] for name in SCORES}


def _debiased(result: Result) -> Iterator[dict[str, object]]:
    """Rows with each counterfactual, by how its strength was chosen."""
    table = result.tables["debiasing"]
    table = table[table["counterfactual"].isin(_SHOWN) & (table["form"] == "probabilities")]
    for row in table.to_dict("records"):
        rule = f"last epoch, strength {row['chosen']}"
        place = {"database": row["database"], "rule": rule}
        own = made_of(VARIANTS[row["variant"]]) | {"debiasing": row["counterfactual"]}
        yield place | own | {name: row[name] for name in SCORES}
