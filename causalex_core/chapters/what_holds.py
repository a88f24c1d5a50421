"""What holds: a row per claim of Causal-Ex, the evidence, and the verdict that follows from it.

Verdicts rest on runs that are stored with the book, complete and with their stamps. A run with
other parameters than its chapter's defaults gives none.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
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
from causalex_core.cohort.people import TIES
from causalex_core.errors import CausalexError
from causalex_core.evaluation.operating_points import LAST
from causalex_core.parameters import Parameters
from causalex_core.report import paper, results
from causalex_core.report.results import Result
from causalex_core.studies.points import NESTED
from causalex_core.studies.variants import NONE, PREDECESSOR, WHOLE

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
class Config(Parameters):
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
    """Tables ``verdicts``, ``glance``, and ``runs``, the stored runs that both rest on."""
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
    return {
        "verdicts": pd.DataFrame(rows),
        "glance": pd.DataFrame(_glance(tables)),
        "runs": pd.DataFrame(runs),
    }


def _glance(tables: Tables) -> Iterator[dict[str, object]]:
    """Gains in overall F1 with their intervals: ``about, what, database, gain, low, high``."""
    graph = _rows(tables["graph_spotting"]["contrasts"], kind="overall")
    for better, worse, what in (
        (WHOLE, PREDECESSOR, "Causal-Ex rather than AUW-GCN"),
        (WHOLE, NONE, "Causal-Ex rather than no graph"),
        (WHOLE, graph_spotting.RANDOM, "Causal-Ex rather than a random graph"),
        (graph_spotting.CAUSAL, graph_spotting.PRIOR, "causal graph rather than prior graph"),
    ):
        yield from _gains_of(_rows(graph, variant=better, beside=worse), "graph", what)
    debiased = _rows(
        tables["counterfactuals"]["debiasing"], variant=WHOLE, kind="overall", chosen=NESTED
    )
    for name, what in (
        (NULL, "debiasing by null frames"),
        (KEEP, "debiasing by masked regions"),
        (BOTH, "debiasing by both"),
        (SWEEP, "no debiasing, as many thresholds"),
    ):
        yield from _gains_of(_rows(debiased, counterfactual=name), "debiasing", what)
    rule = _rows(
        tables["graph_spotting"]["scores"],
        rule="best epoch per subject",
        kind="overall",
        variant=WHOLE,
    )
    what = "epoch chosen on the tested person"
    yield from _gains_of(rule, "choosing", what, "over_last")


def _gains_of(
    rows: pd.DataFrame, about: str, what: str, value: str = "gain"
) -> Iterator[dict[str, object]]:
    for row in rows.to_dict("records"):
        ends = {"low": row[f"{value}_low"], "high": row[f"{value}_high"]}
        place = {"about": about, "what": what, "database": row["database"]}
        yield place | {"gain": row[value]} | ends


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


def _rows(table: pd.DataFrame, **wanted: str) -> pd.DataFrame:
    """Rows whose columns have these values."""
    for column, value in wanted.items():
        table = table[table[column] == value]
    return table


def _in_short(rows: pd.DataFrame, value: str = "gain", sign: str = "+") -> str:
    """Numbers with their intervals, named by database."""
    prefix = {"f1": ("low", "high")}.get(value, (f"{value}_low", f"{value}_high"))
    parts = [
        f"{row[value]:{sign}.3f} [{row[prefix[0]]:{sign}.3f}, {row[prefix[1]]:{sign}.3f}]"
        f" ({row['database']})"
        for row in rows.to_dict("records")
    ]
    return "; ".join(parts)


def _contrast(
    better: str, worse: Sequence[str], kind: str, change: str
) -> Callable[[Tables], Found]:
    """A variant that is said to be better than others."""

    def judge(tables: Tables) -> Found:
        rows = _rows(tables["graph_spotting"]["contrasts"], variant=better, kind=kind)
        by_other = dict(list(rows.groupby("beside")))
        parts = [f"less {other}: {_in_short(by_other[other])}" for other in worse]
        text = f"{kind} F1 of {better}, {'. '.join(parts)}"
        return Found(text, of_gain(rows[rows["beside"].isin(worse)]), change)

    return judge


def _debiasing(variant: str, names: tuple[str, ...], change: str) -> Callable[[Tables], Found]:
    """A counterfactual that is said to raise the overall F1, beside as many thresholds."""

    def judge(tables: Tables) -> Found:
        rows = _rows(
            tables["counterfactuals"]["debiasing"], variant=variant, kind="overall", chosen=NESTED
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
    rules = _rows(tables["mask_spotting"]["rules"], rule="best pair per subject", kind="macro")
    graph = _rows(
        tables["graph_spotting"]["scores"],
        rule="best epoch per subject",
        kind="overall",
        variant=WHOLE,
    )
    return Found(
        "what choosing on the tested subject adds. Real labels, macro F1, epoch and threshold:"
        f" {_in_short(rules)}. Overall F1, the epoch alone: {_in_short(graph, 'over_last')}",
        CONTRADICTED if (rules["gain_low"] > 0).any() else NOT_SUPPORTED,
        "epochs and thresholds that were fixed without the tested subjects",
    )


def _overall(tables: Tables) -> Found:
    shown = [paper.text("causal_ex", "abstract", base, "overall") for base in ("cas", "samm")]
    rows = _rows(tables["graph_spotting"]["scores"], rule=LAST, kind="overall", variant=WHOLE)
    return Found(
        f"printed {' and '.join(shown)}; the network reads {_in_short(rows, 'f1', '')} on"
        " synthetic people, which says nothing about the real ones",
        LICENSED,
        "the features of the real videos: the same page then shows them",
    )


def _confident(tables: Tables) -> Found:
    said = _rows(tables["counterfactuals"]["confidence"], variant=WHOLE, head="apex")
    mean = said.groupby(["motion", "kind"])["highest"].mean().unstack()
    null, real = mean.loc[NULL], mean.loc["as measured"]
    return Found(
        "on synthetic people, highest probability of an apex in a window, on null frames against"
        " the motion itself:"
        + "; ".join(f" {kind} {null[kind]:.2f} against {real[kind]:.2f}" for kind in mean.columns),
        HOLDS if (null > 0.5).all() else CONTRADICTED if (null < 0.5).all() else NOT_SUPPORTED,
        "models that call an apex more likely than not where nothing moves",
    )


def _null_best(tables: Tables) -> Found:
    rows = _rows(
        tables["counterfactuals"]["debiasing"],
        variant=WHOLE,
        kind="overall",
        chosen="cross_fold",
        form="probabilities",
    )
    parts = [
        f"{name}: {_in_short(_rows(rows, counterfactual=name))}"
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
    bias = _rows(
        tables["counterfactuals"]["bias"], variant=WHOLE, form="probabilities", event="expression"
    )
    share = bias.assign(share=bias["detected"] / bias["number"]).pivot_table(
        index=["database", "counterfactual"], columns=["people", "unit"], values="share"
    )
    helped = {who: share[who, "with"] - share[who, "without"] for who in TIES}
    tie = (helped[TIES[0]] - helped[TIES[1]]).unstack()
    names = {"none": "without debiasing", NULL: NULL, KEEP: KEEP, MASK: MASK}
    parts = [
        ", ".join(f"{label} {own[name]:+.2f}" for name, label in names.items()) + f" ({database})"
        for database, own in tie.iterrows()
    ]
    removed = (tie["none"] > 0).all() and (tie[KEEP].abs() < tie["none"] / 2).all()
    return Found(
        "how much more the tied unit helps a micro-expression to be found in tied people than in"
        f" free ones: {'; '.join(parts)}",
        HOLDS if removed else NOT_SUPPORTED,
        "a tie that shows before debiasing on every database and is at most half as strong after",
    )


def _epochs(tables: Tables) -> Found:
    graph = _rows(tables["graph_spotting"]["epochs"], variant=WHOLE, kind="overall")
    real = _rows(tables["mask_spotting"]["epochs"], kind="macro")
    changes = {}
    for rows in (graph, real):
        last = int(rows["epoch"].max())
        f1 = rows.pivot(index="epoch", columns="database", values="f1")
        late, early = (f1.loc[[one]].to_numpy(float)[0] for one in (last, last - last // 4))
        for database, change in zip(f1.columns, (late - early).tolist(), strict=True):
            changes[f"{change:+.3f} ({database}, {last} epochs)"] = abs(change) < _FLAT
    return Found(
        "F1 (overall; macro on real labels) changes in the last quarter of training by"
        f" {'; '.join(changes)}; schedules are faster here than the paper's",
        HOLDS if all(changes.values()) else NOT_SUPPORTED,
        f"a curve that still rises by {_FLAT} or more at the end",
    )


def _robust(tables: Tables) -> Found:
    graph, mask = tables["graph_spotting"], tables["mask_spotting"]
    synthetic = _beside_home(
        _rows(graph["crossed"], variant=WHOLE, kind="overall"),
        _rows(graph["scores"], rule=LAST, kind="overall", variant=WHOLE),
    )
    real = _beside_home(
        _rows(mask["crossed"], kind="macro"), _rows(mask["rules"], rule=LAST, kind="macro")
    )
    kept = [*synthetic.values(), *real.values()]
    return Found(
        f"overall F1 of models from the other database: {'; '.join(synthetic)}. Real labels, macro"
        f" F1: {'; '.join(real)}",
        HOLDS if all(kept) else NOT_SUPPORTED if any(kept) else CONTRADICTED,
        "intervals across databases that all reach those at home",
    )


def _beside_home(crossed: pd.DataFrame, home: pd.DataFrame) -> dict[str, bool]:
    """Each number across databases beside that at home, and whether their intervals meet."""
    at_home = home.set_index("database")
    found = {}
    for row in crossed.to_dict("records"):
        own = at_home.loc[row["tested_on"]]
        text = (
            f"{row['f1']:.3f} [{row['low']:.3f}, {row['high']:.3f}] where {own['f1']:.3f} at home"
        )
        found[f"{text} (tested on {row['tested_on']})"] = bool(row["high"] >= own["low"])
    return found


def _odds(tables: Tables) -> Found:
    rates = _rows(tables["counterfactuals"]["rates"], variant=WHOLE)
    none = _rows(rates, counterfactual="none").set_index(["database", "kind"])
    parts = []
    for row in _rows(rates, counterfactual=BOTH).to_dict("records"):
        own = none.loc[(row["database"], row["kind"])]
        parts.append(
            f"{row['kind']} TPR {own['tpr']:.2f} to {row['tpr']:.2f}, FPR {own['fpr']:.3f} to"
            f" {row['fpr']:.3f} ({row['database']})"
        )
    odds = _rows(
        tables["counterfactuals"]["odds"],
        variant=WHOLE,
        counterfactual="none",
        attribute="tie",
        kind="micro",
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


_FLAT = 0.03  # F1
_MORE = "a difference above its interval, on more people or on the real features"
JUDGED: Mapping[str, tuple[str, Callable[[Tables], Found]]] = {
    "text-abstract": ("graph_spotting", _overall),
    "table1-caption": ("table1", _table1),
    "text-loso": ("mask_spotting", _loso),
    "text-gain-causal": (
        "graph_spotting",
        _contrast(WHOLE, [PREDECESSOR], "overall", _MORE),
    ),
    "text-transitions": ("graph_spotting", _contrast(WHOLE, [NONE], "overall", _MORE)),
    "text-conclusion": (
        "graph_spotting",
        _contrast(WHOLE, [graph_spotting.RANDOM, NONE], "overall", _MORE),
    ),
    "text-causal-alone": (
        "graph_spotting",
        _contrast(graph_spotting.CAUSAL, [graph_spotting.PRIOR], "overall", _MORE),
    ),
    "figure5-layers": ("graph_spotting", _contrast(WHOLE, ["one layer"], "overall", _MORE)),
    "figure5-self-loops": (
        "graph_spotting",
        _contrast("no self loops", [WHOLE], "overall", _MORE),
    ),
    "figure5-pooling": ("graph_spotting", _contrast(WHOLE, ["no pooling"], "micro", _MORE)),
    "text-epochs": ("graph_spotting", _epochs),
    "text-robust": ("graph_spotting", _robust),
    "table2-after": ("counterfactuals", _debiasing(WHOLE, (NULL, KEEP, BOTH), _MORE)),
    "text-gain-debias": ("counterfactuals", _debiasing(PREDECESSOR, (NULL, KEEP, BOTH), _MORE)),
    "text-confident": ("counterfactuals", _confident),
    "text-null-frames": ("counterfactuals", _null_best),
    "text-au-bias": ("counterfactuals", _unit_bias),
    "text-eo": ("counterfactuals", _odds),
}
