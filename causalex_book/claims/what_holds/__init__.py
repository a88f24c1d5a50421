"""What holds: a row per claim of Causal-Ex, the evidence, and the verdict that follows from it.

Verdicts rest on real people wherever real motion can test the claim; synthetic people stand beside
them as the control. All runs are stored with the book, complete and with their stamps. A run with
other parameters than its page's defaults gives no verdict.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from causalex_book.claims.what_holds import debiasing, graphs, printed, stored
from causalex_book.claims.what_holds.stored import Tables
from causalex_book.claims.what_holds.verdicts import ClaimTest, rows_with
from causalex_book.debiasing.counterfactuals import BOTH, CONSTANT, KEEP, NULL, SWEEP
from causalex_book.publishing import paper
from causalex_book.spotting.graph_spotting import CAUSAL, PRIOR, RANDOM
from causalex_book.spotting.variants import AUW_GCN, CAUSAL_EX, NONE
from causalex_core.config import Parameters
from causalex_core.data.annotations import CAS, SAMM
from causalex_core.evaluation.operating_points import EPOCH

SOURCES = ()
_DATABASES = {"cas": CAS, "samm": SAMM}
# The page that shows the evidence, and the test, by the claim's id.
TESTS: Mapping[str, tuple[str, ClaimTest]] = {
    "text-abstract": (
        "published_setting",
        printed.within(
            CAUSAL_EX,
            {CAS: ("abstract", "cas", "overall"), SAMM: ("abstract", "samm", "overall")},
        ),
    ),
    "table1-caption": ("table1", printed.table1),
    **{
        f"table3-{short}-{key}": (
            "published_setting",
            printed.within(network, {database: ("table3", f"{short} {network}", "f1")}),
        )
        for key, network in (("auw", AUW_GCN), ("causal", CAUSAL_EX))
        for short, database in _DATABASES.items()
    },
    **{
        f"table4-{source}-{key}": (
            "published_setting",
            printed.across(
                network,
                _DATABASES[source],
                _DATABASES[target],
                ("table4", f"{source} ({graph})", f"{target} overall"),
            ),
        )
        for key, network, graph in (
            ("causal", CAUSAL, "Causal"),
            ("both", CAUSAL_EX, "Causal+Prior"),
        )
        for source, target in (("cas", "samm"), ("samm", "cas"))
    },
    "text-loso": ("published_setting", graphs.loso),
    "text-gain-causal": ("graph_spotting", graphs.better(CAUSAL_EX, [AUW_GCN])),
    "text-transitions": ("graph_spotting", graphs.better(CAUSAL_EX, [NONE])),
    "text-conclusion": ("graph_spotting", graphs.better(CAUSAL_EX, [RANDOM, NONE])),
    "text-causal-alone": ("graph_spotting", graphs.better(CAUSAL, [PRIOR])),
    "figure5-layers": ("graph_spotting", graphs.switch(CAUSAL_EX, "one layer", "overall")),
    "figure5-self-loops": ("graph_spotting", graphs.switch("no self loops", CAUSAL_EX, "overall")),
    "figure5-pooling": ("graph_spotting", graphs.switch(CAUSAL_EX, "no pooling", "micro")),
    "text-epochs": ("published_setting", graphs.epochs),
    "text-robust": ("graph_spotting", graphs.robust),
    "text-transfer-micro": ("graph_spotting", graphs.transfer_micro),
    "table2-after": ("counterfactuals", debiasing.raises_f1(CAUSAL_EX)),
    "text-gain-debias": ("counterfactuals", debiasing.raises_f1(AUW_GCN)),
    "text-confident": ("counterfactuals", debiasing.confident),
    "text-null-frames": ("counterfactuals", debiasing.null_frames),
    "text-au-bias": ("counterfactuals", debiasing.unit_bias),
    "figure4": ("counterfactuals", debiasing.rates),
    "text-eo": ("counterfactuals", debiasing.groups),
}


@dataclass(frozen=True)
class Config(Parameters):
    """The page has no parameters."""


def compute(config: Config) -> dict[str, pd.DataFrame]:
    """Tables ``verdicts``, ``glance``, and ``runs``, the stored runs that both rest on."""
    results = {name: stored.complete(page) for name, page in stored.RUNS.items()}
    tables = {name: result.tables for name, result in results.items()}
    runs = [
        {
            "run": name,
            "commit": result.stamp.commit,
            "configuration": result.stamp.configuration,
            "data": result.stamp.data,
            "minutes": result.stamp.seconds / 60,
        }
        for name, result in results.items()
    ]
    return {
        "verdicts": pd.DataFrame(verdicts_on(tables)),
        "glance": pd.DataFrame(glance(tables)),
        "runs": pd.DataFrame(runs),
    }


def verdicts_on(tables: Tables) -> Iterator[dict[str, object]]:
    """A row per tested claim, from the tables of the stored runs."""
    claims = paper.claims().set_index("id")
    for name, (page, test) in TESTS.items():
        finding, claim = test(tables), claims.loc[name]
        yield {
            "where": claim["where"],
            "claim": claim["claim"],
            "evidence": f"{finding.evidence} ([page]({page}.ipynb))",
            "control: synthetic people": finding.control,
            "verdict": finding.verdict,
            "what would change it": finding.change,
        }


def glance(tables: Tables) -> Iterator[dict[str, object]]:
    """Gains in overall F1: ``about, what, people, database, gain, low, high``."""
    for better, worse, what in (
        (CAUSAL_EX, AUW_GCN, "Causal-Ex rather than AUW-GCN"),
        (CAUSAL_EX, NONE, "Causal-Ex rather than no graph"),
        (CAUSAL_EX, RANDOM, "Causal-Ex rather than a random graph"),
        (CAUSAL, PRIOR, "causal graph rather than prior graph"),
    ):
        for people, run in stored.SPOTTING.items():
            rows = rows_with(stored.contrasts(tables[run], better, "overall"), baseline=worse)
            yield from _gains(rows, "graph", what, people)
    rows = stored.published_gains(tables, CAUSAL_EX, "overall")
    what = "Causal-Ex rather than AUW-GCN, as published"
    yield from _gains(rows_with(rows, baseline=AUW_GCN), "graph", what, stored.REAL)
    for name, what in (
        (NULL, "debiasing by null frames"),
        (KEEP, "debiasing by masked regions"),
        (BOTH, "debiasing by both"),
        (SWEEP, "no debiasing, as many thresholds"),
    ):
        for people, run in stored.DEBIASING.items():
            rows = rows_with(stored.debiased(tables[run], CAUSAL_EX), counterfactual=name)
            yield from _gains(rows, "debiasing", what, people)
    for name, what in (
        (NULL, "debiasing by null frames, as published"),
        (CONSTANT, "a constant instead, as published"),
    ):
        rows = rows_with(stored.published_debiased(tables, CAUSAL_EX), counterfactual=name)
        yield from _gains(rows, "debiasing", what, stored.REAL)
    what = "epoch chosen on the test subject"
    for people, run in stored.SPOTTING.items():
        rows = stored.scores(tables[run], CAUSAL_EX, EPOCH)
        yield from _gains(rows, "choosing", what, people, "over_last")
    rows = stored.published(tables, CAUSAL_EX, EPOCH)
    yield from _gains(rows, "choosing", f"{what}, as published", stored.REAL, "over_last")


def _gains(
    rows: pd.DataFrame, about: str, what: str, people: str, value: str = "gain"
) -> Iterator[dict[str, object]]:
    for row in rows.to_dict("records"):
        label = {"about": about, "what": what, "people": people, "database": row["database"]}
        ends = {"low": row[f"{value}_low"], "high": row[f"{value}_high"]}
        yield label | {"gain": row[value]} | ends
