"""What holds: a row per claim of Causal-Ex, the evidence, and the verdict that follows from it.

Verdicts rest on runs that are stored with the book, complete and with their stamps. A run with
other parameters than its chapter's defaults gives none.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath
from types import ModuleType

import pandas as pd

from causalex_core.chapters import (
    counterfactuals,
    graph_spotting,
    mask_spotting,
    published_path,
    selection,
    table1,
)
from causalex_core.chapters.counterfactuals import BOTH, KEEP, MASK, NULL, SWEEP
from causalex_core.errors import CausalexError
from causalex_core.report import paper, results
from causalex_core.report.results import Result
from causalex_core.studies.variants import PREDECESSOR, WHOLE

SOURCES = ()
RUNS: Mapping[str, ModuleType] = {
    "table1": table1,
    "selection": selection,
    "mask_spotting": mask_spotting,
    "graph_spotting": graph_spotting,
    "counterfactuals": counterfactuals,
}
HOLDS, NOT_SUPPORTED, CONTRADICTED = "holds", "not supported", "contradicted"
LICENSED = "cannot be tested without licensed video"
PARTLY = "partly reproduced"

Tables = Mapping[str, Mapping[str, pd.DataFrame]]


@dataclass(frozen=True)
class Config:
    """The page has no parameters."""


@dataclass(frozen=True)
class Found:
    """What was found of a claim.

    Attributes
    ----------
    evidence
        With its numbers.
    verdict
        In the words above.
    change
        What would change the verdict.
    """

    evidence: str
    verdict: str
    change: str


def compute(config: Config) -> dict[str, pd.DataFrame]:
    """Tables ``verdicts`` and ``runs``, the stored runs that the verdicts rest on."""
    stored = {name: complete(chapter) for name, chapter in RUNS.items()}
    tables = {name: result.tables for name, result in stored.items()}
    claims = paper.claims().set_index("id")
    rows = []
    for name, (page, judge) in JUDGED.items():
        found, claim = judge(tables), claims.loc[name]
        rows.append(
            {
                "where": claim["where"],
                "claim": claim["claim"],
                "evidence": f"{found.evidence} ([page]({PurePosixPath(page)}.ipynb))",
                "verdict": found.verdict,
                "what would change it": found.change,
            }
        )
    runs = [
        {
            "run": name,
            "commit": result.stamp.commit,
            "configuration": result.stamp.configuration,
            "data": result.stamp.data,
            "minutes": result.stamp.seconds / 60,
        }
        for name, result in stored.items()
    ]
    return {"verdicts": pd.DataFrame(rows), "runs": pd.DataFrame(runs)}


def complete(chapter: ModuleType) -> Result:
    """Stored result of a chapter, if it is a complete one.

    Raises
    ------
    CausalexError
        If nothing is stored, or what is was computed with other parameters than the defaults.
    """
    result = results.read(published_path(chapter))
    if result.parameters != json.loads(json.dumps(asdict(chapter.Config()))):
        raise CausalexError(
            f"the stored run of {result.name} was computed with other parameters than the"
            f" chapter's: no verdict follows; run `causalex publish {result.name}`"
        )
    return result


def of_gain(rows: pd.DataFrame, low: str = "gain_low", high: str = "gain_high") -> str:
    """Verdict on gains that are claimed: of every row alike, or none."""
    if (rows[low] > 0).all():
        return HOLDS
    return CONTRADICTED if (rows[high] < 0).all() else NOT_SUPPORTED


def _in_short(rows: pd.DataFrame, value: str = "gain", sign: str = "+") -> str:
    """Numbers with their intervals, named by database."""
    prefix = {"f1": ("low", "high")}.get(value, (f"{value}_low", f"{value}_high"))
    parts = [
        f"{row[value]:{sign}.3f} [{row[prefix[0]]:{sign}.3f}, {row[prefix[1]]:{sign}.3f}]"
        f" ({row['database']})"
        for row in rows.to_dict("records")
    ]
    return "; ".join(parts)


def _contrast(better: str, worse: str, kind: str, change: str) -> Callable[[Tables], Found]:
    """A variant that is said to be better than another."""

    def judge(tables: Tables) -> Found:
        rows = tables["graph_spotting"]["contrasts"]
        rows = rows.query("variant == @better and beside == @worse and kind == @kind")
        text = f"{kind} F1, {better} less {worse}: {_in_short(rows)}"
        return Found(text, of_gain(rows), change)

    return judge


def _debiasing(variant: str, names: tuple[str, ...], change: str) -> Callable[[Tables], Found]:
    """A counterfactual that is said to raise the overall F1, beside as many thresholds."""

    def judge(tables: Tables) -> Found:
        rows = tables["counterfactuals"]["debiasing"].query(
            "variant == @variant and kind == 'overall' and chosen == @NESTED"
            " and form in ('', 'probabilities')"
        )
        by_name = dict(list(rows.groupby("counterfactual")))
        parts = [f"{name}: {_in_short(by_name[name])}" for name in (*names, SWEEP)]
        own = rows[rows["counterfactual"].isin(names)]
        text = f"gain in overall F1, chosen on inner folds. {'. '.join(parts)}"
        return Found(text, of_gain(own), change)

    return judge


def _table1(tables: Tables) -> Found:
    cells = tables["table1"]["cells"]
    same = int((cells["verdict"] == "reproduced").sum())
    return Found(
        f"{same} of {len(cells)} cells of Table 1 follow to the last digit under their own header;"
        " the two kinds of SAMM-LV and the headers of its last two groups are exchanged",
        PARTLY,
        "other annotation tables than the public ones",
    )


def _loso(tables: Tables) -> Found:
    rules = tables["mask_spotting"]["rules"].query(
        "rule == 'best pair per subject' and kind == 'macro'"
    )
    graph = tables["graph_spotting"]["scores"].query(
        "rule == 'best epoch per subject' and kind == 'overall' and variant == @WHOLE"
    )
    return Found(
        "what choosing on the tested subject adds. Real labels, macro F1, epoch and threshold:"
        f" {_in_short(rules)}. Overall F1, the epoch alone: {_in_short(graph, 'over_last')}",
        CONTRADICTED if (rules["gain_low"] > 0).any() else NOT_SUPPORTED,
        "epochs and thresholds that were fixed without the tested subjects",
    )


def _overall(tables: Tables) -> Found:
    shown = [paper.text("causal_ex", "abstract", base, "overall") for base in ("cas", "samm")]
    rows = tables["graph_spotting"]["scores"].query(
        "rule == @LAST and kind == 'overall' and variant == @WHOLE"
    )
    return Found(
        f"printed {' and '.join(shown)}; the network reads {_in_short(rows, 'f1', '')} on"
        " synthetic people, which says nothing about the real ones",
        LICENSED,
        "the features of the real videos: the same page then shows them",
    )


def _confident(tables: Tables) -> Found:
    said = tables["counterfactuals"]["confidence"].query("variant == @WHOLE and head == 'apex'")
    mean = said.groupby(["motion", "kind"])["highest"].mean().unstack()
    null, real = mean.loc[NULL], mean.loc["as measured"]
    return Found(
        "highest probability of an apex in a window, on null frames against the motion itself:"
        + "; ".join(f" {kind} {null[kind]:.2f} against {real[kind]:.2f}" for kind in mean.columns),
        HOLDS if (null > 0.5).all() else CONTRADICTED if (null < 0.5).all() else NOT_SUPPORTED,
        "models that call an apex more likely than not where nothing moves",
    )


def _null_best(tables: Tables) -> Found:
    rows = tables["counterfactuals"]["debiasing"].query(
        "variant == @WHOLE and kind == 'overall' and chosen == 'cross_fold'"
        " and form == 'probabilities'"
    )
    parts = [
        f"{name}: {_in_short(rows.query('counterfactual == @name'))}"
        for name in (NULL, "noise", "blurred")
    ]
    by_name = rows.set_index(["database", "counterfactual"])
    better = [
        by_name.loc[(base, NULL), "gain_low"] > by_name.loc[(base, other), "gain"]
        for base in rows["database"].unique()
        for other in ("noise", "blurred")
    ]
    return Found(
        f"gain in overall F1. {'. '.join(parts)}",
        HOLDS if all(better) else NOT_SUPPORTED,
        "a gain of null frames above that of both others by more than its interval",
    )


def _unit_bias(tables: Tables) -> Found:
    bias = tables["counterfactuals"]["bias"].query(
        "variant == @WHOLE and form == 'probabilities' and people == 'tied'"
    )
    share = bias.assign(share=bias["detected"] / bias["number"]).pivot_table(
        index=["database", "counterfactual", "event"], columns="unit", values="share"
    )
    excess = (share["with"] - share["without"]).unstack()
    names = {"none": "without debiasing", KEEP: KEEP, MASK: MASK, NULL: NULL}
    parts = [
        f"{database}: "
        + ", ".join(
            f"{label} {excess.loc[(database, name), 'expression']:+.2f}"
            for name, label in names.items()
        )
        for database in bias["database"].unique()
    ]
    before = excess.xs("none", level="counterfactual")["expression"]
    after = excess.xs(KEEP, level="counterfactual")["expression"]
    removed = (before > 0.05).all() and (after.abs() < before.abs() / 2).all()
    return Found(
        "how much oftener tied people's micro-expressions are found with the tied unit than"
        f" without it. {'; '.join(parts)}",
        HOLDS if removed else NOT_SUPPORTED,
        "a tie that is visible before debiasing and at most half as strong after it",
    )


def _epochs(tables: Tables) -> Found:
    epochs = tables["graph_spotting"]["epochs"].query("variant == @WHOLE and kind == 'overall'")
    last = int(epochs["epoch"].max())
    wide = epochs.pivot(index="database", columns="epoch", values="f1")
    half = wide[last] - wide[(last + 1) // 2]
    real = tables["mask_spotting"]["epochs"].query("kind == 'macro'")
    most = int(real["epoch"].max())
    of_real = real.pivot(index="database", columns="epoch", values="f1")
    gained = of_real[most] - of_real[(most + 1) // 2]
    changes = [*half.items(), *gained.items()]
    return Found(
        "F1 (overall; macro on real labels) changes in the second half of training by "
        + "; ".join(f"{change:+.3f} ({name})" for name, change in changes)
        + f"; {last} and {most} epochs here, with faster schedules",
        HOLDS if all(abs(change) < 0.03 for _, change in changes) else NOT_SUPPORTED,
        "a curve that still rises at the end",
    )


def _robust(tables: Tables) -> Found:
    crossed = tables["graph_spotting"]["crossed"].query("variant == @WHOLE and kind == 'overall'")
    home = tables["graph_spotting"]["scores"].query(
        "rule == @LAST and kind == 'overall' and variant == @WHOLE"
    )
    at_home = home.set_index("database")
    parts, kept = [], []
    for row in crossed.to_dict("records"):
        own = at_home.loc[row["tested_on"]]
        kept.append(row["high"] >= own["low"])
        parts.append(
            f"{row['f1']:.3f} [{row['low']:.3f}, {row['high']:.3f}] where {own['f1']:.3f} at home"
            f" (tested on {row['tested_on']})"
        )
    real = tables["mask_spotting"]["crossed"].query("kind == 'macro'")
    more = "; ".join(
        f"{row.f1:.3f} [{row.low:.3f}, {row.high:.3f}] (tested on {row.tested_on})"
        for row in real.itertuples()
    )
    return Found(
        f"overall F1 of models from the other database: {'; '.join(parts)}. Real labels, macro:"
        f" {more}",
        HOLDS if all(kept) else CONTRADICTED,
        "an interval across databases that reaches that at home",
    )


def _odds(tables: Tables) -> Found:
    rates = tables["counterfactuals"]["rates"].query("variant == @WHOLE")
    none = rates.query("counterfactual == 'none'").set_index(["database", "kind"])
    parts = []
    for row in rates.query("counterfactual == @BOTH").to_dict("records"):
        own = none.loc[(row["database"], row["kind"])]
        parts.append(
            f"{row['kind']} TPR {own['tpr']:.2f} to {row['tpr']:.2f}, FPR {own['fpr']:.3f} to"
            f" {row['fpr']:.3f} ({row['database']})"
        )
    odds = tables["counterfactuals"]["odds"].query(
        "variant == @WHOLE and counterfactual == 'none' and attribute == 'tie' and kind == 'micro'"
    )
    gaps = "; ".join(
        f"{row.gap:.3f} [{row.low:.3f}, {row.high:.3f}] ({row.database})"
        for row in odds.itertuples()
    )
    return Found(
        f"without and with debiasing: {'; '.join(parts)}. That models have like rates says nothing"
        f" of groups of people: between tied and free people the micro rates differ by {gaps}",
        NOT_SUPPORTED,
        "rates by group in the real databases",
    )


_MORE = "a difference above its interval, on more people or on the real features"
JUDGED: Mapping[str, tuple[str, Callable[[Tables], Found]]] = {
    "text-abstract": ("graph_spotting", _overall),
    "table1-caption": ("table1", _table1),
    "text-loso": ("mask_spotting", _loso),
    "table3-cas-causal": (
        "graph_spotting",
        _contrast(WHOLE, PREDECESSOR, "overall", _MORE),
    ),
    "text-transitions": ("graph_spotting", _contrast(WHOLE, "no graph", "overall", _MORE)),
    "text-conclusion": (
        "graph_spotting",
        _contrast(WHOLE, graph_spotting.RANDOM, "overall", _MORE),
    ),
    "text-causal-alone": (
        "graph_spotting",
        _contrast(graph_spotting.CAUSAL, graph_spotting.PRIOR, "overall", _MORE),
    ),
    "figure5-layers": ("graph_spotting", _contrast(WHOLE, "one layer", "overall", _MORE)),
    "figure5-self-loops": (
        "graph_spotting",
        _contrast("no self loops", WHOLE, "overall", _MORE),
    ),
    "figure5-pooling": ("graph_spotting", _contrast(WHOLE, "no pooling", "micro", _MORE)),
    "text-epochs": ("graph_spotting", _epochs),
    "text-robust": ("graph_spotting", _robust),
    "table2-after": ("counterfactuals", _debiasing(WHOLE, (NULL, KEEP, BOTH), _MORE)),
    "text-gain-debias": ("counterfactuals", _debiasing(PREDECESSOR, (NULL, KEEP, BOTH), _MORE)),
    "text-confident": ("counterfactuals", _confident),
    "text-null-frames": ("counterfactuals", _null_best),
    "text-au-bias": ("counterfactuals", _unit_bias),
    "text-eo": ("counterfactuals", _odds),
}
