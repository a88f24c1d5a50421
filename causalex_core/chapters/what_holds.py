"""What holds: a row per claim of Causal-Ex, the evidence, and the verdict that follows from it.

Verdicts rest on real people wherever real motion can test the claim; synthetic people stand beside
them as the control. All runs are stored with the book, complete and with their stamps. A run with
other parameters than its chapter's defaults gives no verdict.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath
from types import ModuleType

import pandas as pd

from causalex_core.chapters import (
    across_databases,
    counterfactuals,
    graph_spotting,
    mask_spotting,
    published_path,
    published_setting,
    real_debiasing,
    real_spotting,
    table1,
)
from causalex_core.chapters.counterfactuals import BOTH, KEEP, MASK, NULL, SWEEP
from causalex_core.chapters.graph_spotting import CAUSAL, PRIOR, RANDOM
from causalex_core.cohort.people import TIES
from causalex_core.datasets.annotations import CAS, SAMM
from causalex_core.errors import CausalexError
from causalex_core.evaluation.operating_points import EPOCH, LAST
from causalex_core.parameters import Parameters
from causalex_core.report import paper, results
from causalex_core.report.results import Result
from causalex_core.report.verdicts import (
    CONTRADICTED,
    HOLDS,
    NOT_SUPPORTED,
    PARTLY,
    Found,
    across_and_within,
    in_short,
    of_gain,
    of_print,
    on_synthetic_people,
    rows_with,
)
from causalex_core.studies.points import NESTED
from causalex_core.studies.published_rule import Counting
from causalex_core.studies.variants import NONE, PREDECESSOR, WHOLE

SOURCES = ()
RUNS: Mapping[str, ModuleType] = {
    "table1": table1,
    "published_setting": published_setting,
    "real_spotting": real_spotting,
    "real_debiasing": real_debiasing,
    "across_databases": across_databases,
    "mask_spotting": mask_spotting,
    "graph_spotting": graph_spotting,
    "counterfactuals": counterfactuals,
}

Tables = Mapping[str, Mapping[str, pd.DataFrame]]
Judge = Callable[[Tables], Found]


@dataclass(frozen=True)
class Config(Parameters):
    """The page has no parameters."""


def compute(config: Config) -> dict[str, pd.DataFrame]:
    """Tables ``verdicts``, ``glance``, and ``runs``, the stored runs that both rest on."""
    stored = {name: complete(chapter) for name, chapter in RUNS.items()}
    tables = {name: result.tables for name, result in stored.items()}
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
        "verdicts": pd.DataFrame(verdicts(tables)),
        "glance": pd.DataFrame(glance(tables)),
        "runs": pd.DataFrame(runs),
    }


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


def verdicts(tables: Tables) -> Iterator[dict[str, object]]:
    """A row per judged claim, from the tables of `RUNS`."""
    claims = paper.claims().set_index("id")
    for name, (page, judge) in JUDGED.items():
        found, claim = judge(tables), claims.loc[name]
        link = f"([page]({PurePosixPath(page)}.ipynb))"
        yield {
            "where": claim["where"],
            "claim": claim["claim"],
            "evidence": f"{found.evidence} {link}",
            "control: synthetic people": found.control,
            "verdict": found.verdict,
            "what would change it": found.change,
        }


def glance(tables: Tables) -> Iterator[dict[str, object]]:
    """Gains in overall F1: ``about, what, people, database, gain, low, high``."""
    for better, worse, what in (
        (WHOLE, PREDECESSOR, "Causal-Ex rather than AUW-GCN"),
        (WHOLE, NONE, "Causal-Ex rather than no graph"),
        (WHOLE, RANDOM, "Causal-Ex rather than a random graph"),
        (CAUSAL, PRIOR, "causal graph rather than prior graph"),
    ):
        for people, run in (("real", "real_spotting"), ("synthetic", "graph_spotting")):
            rows = _contrasted(tables[run], better, "overall")
            yield from _gains_of(rows_with(rows, beside=worse), "graph", what, people)
    published = _published_gains(tables, WHOLE, "overall")
    what = "Causal-Ex rather than AUW-GCN, as published"
    yield from _gains_of(rows_with(published, beside=PREDECESSOR), "graph", what, "real")
    for name, what in (
        (NULL, "debiasing by null frames"),
        (KEEP, "debiasing by masked regions"),
        (BOTH, "debiasing by both"),
        (SWEEP, "no debiasing, as many thresholds"),
    ):
        for people, run in (("real", "real_debiasing"), ("synthetic", "counterfactuals")):
            rows = _debiased(tables[run], WHOLE)
            rows = rows_with(rows, counterfactual=name)
            yield from _gains_of(rows, "debiasing", what, people)
    what = "epoch chosen on the test subject"
    for people, run in (("real", "real_spotting"), ("synthetic", "graph_spotting")):
        rows = _scored(tables[run], EPOCH)
        yield from _gains_of(rows, "choosing", what, people, "over_last")
    rows = _published(tables, WHOLE, EPOCH)
    yield from _gains_of(rows, "choosing", f"{what}, as published", "real", "over_last")


def _gains_of(
    rows: pd.DataFrame, about: str, what: str, people: str, value: str = "gain"
) -> Iterator[dict[str, object]]:
    for row in rows.to_dict("records"):
        yield {
            "about": about,
            "what": what,
            "people": people,
            "database": row["database"],
            "gain": row[value],
            "low": row[f"{value}_low"],
            "high": row[f"{value}_high"],
        }


def _contrasted(run: Mapping[str, pd.DataFrame], better: str, kind: str) -> pd.DataFrame:
    return rows_with(run["contrasts"], variant=better, kind=kind)


def _debiased(run: Mapping[str, pd.DataFrame], variant: str) -> pd.DataFrame:
    return rows_with(run["debiasing"], variant=variant, kind="overall", chosen=NESTED)


def _scored(
    run: Mapping[str, pd.DataFrame], rule: str, kind: str = "overall", variant: str = WHOLE
) -> pd.DataFrame:
    return rows_with(run["scores"], variant=variant, rule=rule, kind=kind)


def _published(
    tables: Tables,
    variant: str,
    rule: str,
    kind: str = "overall",
    counting: Counting = published_setting.NEAREST,
) -> pd.DataFrame:
    """Scores in the published setting, counted in one way."""
    rows = _scored(tables["published_setting"], rule, kind, variant)
    return rows_with(rows, **asdict(counting))


def _published_gains(tables: Tables, better: str, kind: str) -> pd.DataFrame:
    """Gains over other networks in the published setting, under the published rule."""
    counting = asdict(published_setting.NEAREST)
    rows = tables["published_setting"]["differences"]
    rows = rows_with(rows, variant=better, kind=kind, rule=EPOCH, **counting)
    return rows.rename(columns={"baseline": "beside"})


def _over(rows: pd.DataFrame, worse: Sequence[str]) -> str:
    """Gains over each of several networks, where there are any."""
    by_other = dict(list(rows.groupby("beside")))
    return ". ".join(
        f"less {other}: {in_short(by_other[other])}" for other in worse if other in by_other
    )


def _contrast(better: str, worse: Sequence[str], kind: str = "overall") -> Judge:
    """A network that is said to be better than others."""

    def judge(tables: Tables) -> Found:
        own = _contrasted(tables["real_spotting"], better, kind)
        published = _published_gains(tables, better, kind)
        control = _contrasted(tables["graph_spotting"], better, kind)
        text = f"{kind} F1 of {better}, in the setting of our own, {_over(own, worse)}"
        if in_print := _over(published, worse):
            text += f". In the published setting, under its rule, {in_print}"
        both = pd.concat([own, published])
        verdict = of_gain(both[both["beside"].isin(worse)])
        return Found(text, verdict, _MORE, _over(control, worse))

    return judge


def _switch(better: str, worse: str, kind: str = "overall") -> Judge:
    """A switch of the network that was trained on synthetic people alone."""

    def judge(tables: Tables) -> Found:
        rows = rows_with(_contrasted(tables["graph_spotting"], better, kind), beside=worse)
        seen = of_gain(rows) == HOLDS
        control = f"{kind} F1 of {better}, {_over(rows, [worse])}"
        return Found(_UNTRAINED, on_synthetic_people(seen), _TRAINED, control)

    return judge


def _as_printed(variant: str, cells: Mapping[str, tuple[str, str, str]]) -> Judge:
    """Printed overall F1 beside those in the published setting, with and without its rule.

    Parameters
    ----------
    variant
        Network.
    cells
        Table, row and column of Causal-Ex, by database.
    """

    def judge(tables: Tables) -> Found:
        last, best = (
            _published(tables, variant, rule).set_index("database") for rule in (LAST, EPOCH)
        )
        parts = []
        for database, cell in cells.items():
            own = best.loc[[database]].reset_index()
            parts.append(
                f"printed {paper.text('causal_ex', *cell)}; {variant} has"
                f" {in_short(own, 'f1', '')} under the published rule, which adds"
                f" {in_short(own, 'over_last')}, and"
                f" {in_short(last.loc[[database]].reset_index(), 'f1', '')} at the last epoch"
            )
        printed = {database: paper.value("causal_ex", *cell) for database, cell in cells.items()}
        reached = [
            {
                database: bool(value <= rows.loc[database, "high"])
                for database, value in printed.items()
            }
            for rows in (last, best)
        ]
        return Found(
            ". ".join(parts),
            of_print(*reached),
            "printed numbers that come out where no test subject chooses its epoch",
        )

    return judge


def _across(variant: str, source: str, target: str, cell: tuple[str, str, str]) -> Judge:
    """Printed overall F1 across databases beside those in the published setting."""

    def judge(tables: Tables) -> Found:
        rows = rows_with(
            tables["across_databases"]["crossed"],
            variant=variant,
            trained_on=source,
            tested_on=target,
            kind="overall",
            **asdict(published_setting.NEAREST),
        ).assign(database=lambda own: own["rate"])
        last, best = (rows_with(rows, rule=rule) for rule in (LAST, EPOCH))
        printed = paper.value("causal_ex", *cell)
        reached = [
            {row["rate"]: bool(printed <= row["high"]) for row in own.to_dict("records")}
            for own in (last, best)
        ]
        return Found(
            f"on {target}: printed {paper.text('causal_ex', *cell)}; found"
            f" {in_short(best, 'f1', '')} under the published rule and {in_short(last, 'f1', '')}"
            " at the last epoch",
            of_print(*reached),
            "the frame rate and the rule that the paper used, which it does not say",
        )

    return judge


def _debiasing(variant: str) -> Judge:
    """Counterfactuals that are said to raise the overall F1, beside as many thresholds."""
    names = (NULL, KEEP, BOTH)

    def text(rows: pd.DataFrame) -> str:
        by_name = dict(list(rows.groupby("counterfactual")))
        return ". ".join(f"{name}: {in_short(by_name[name])}" for name in (*names, SWEEP))

    def judge(tables: Tables) -> Found:
        own = _debiased(tables["real_debiasing"], variant)
        return Found(
            f"gain in overall F1 of {variant}, chosen on inner folds. {text(own)}",
            of_gain(own[own["counterfactual"].isin(names)]),
            _MORE,
            text(_debiased(tables["counterfactuals"], variant)),
        )

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
    published = _published(tables, WHOLE, EPOCH)
    own = _scored(tables["real_spotting"], EPOCH)
    levels = rows_with(tables["mask_spotting"]["rules"], rule="best pair per subject", kind="macro")
    gained = [*published["over_last_low"], *own["over_last_low"], *levels["gain_low"]]
    return Found(
        "what the epoch that is best on the test subject adds to overall F1. Published setting:"
        f" {in_short(published, 'over_last')}. Setting of our own: {in_short(own, 'over_last')}."
        " A small network on published motion levels, epoch and threshold, macro F1:"
        f" {in_short(levels)}",
        CONTRADICTED if max(gained) > 0 else NOT_SUPPORTED,
        "epochs and thresholds that were fixed without the test subjects",
        in_short(_scored(tables["graph_spotting"], EPOCH), "over_last"),
    )


def _confident(tables: Tables) -> Found:
    def highest(run: str) -> tuple[pd.Series, str]:
        apex = rows_with(tables[run]["confidence"], variant=WHOLE, head="apex")
        mean = apex.groupby(["motion", "kind"])["highest"].mean().unstack()
        null, real = mean.loc[NULL], mean.loc["as measured"]
        return null, "; ".join(f"{kind} {null[kind]:.2f} and {real[kind]:.2f}" for kind in mean)

    null, text = highest("real_debiasing")
    return Found(
        f"highest probability of an apex in a window, on null frames and as measured: {text}",
        HOLDS if (null > 0.5).all() else CONTRADICTED if (null < 0.5).all() else NOT_SUPPORTED,
        "models that call an apex more likely than not where nothing moves",
        highest("counterfactuals")[1],
    )


def _null_best(tables: Tables) -> Found:
    others = ("noise", "blurred")

    def gains(run: str) -> tuple[pd.DataFrame, str]:
        rows = rows_with(
            tables[run]["debiasing"],
            variant=WHOLE,
            kind="overall",
            chosen="cross_fold",
            form="probabilities",
        )
        by_name = {name: rows_with(rows, counterfactual=name) for name in (NULL, *others)}
        return rows, ". ".join(f"{name}: {in_short(own)}" for name, own in by_name.items())

    rows, text = gains("real_debiasing")
    of = rows.set_index(["database", "counterfactual"])
    better = [
        of.loc[(database, NULL), "gain_low"] > of.loc[(database, other), "gain"]
        for database in rows["database"].unique()
        for other in others
    ]
    return Found(
        f"gain in overall F1. {text}",
        HOLDS if all(better) else NOT_SUPPORTED,
        "a gain of null frames above that of both others by more than its interval",
        gains("counterfactuals")[1],
    )


def _unit_bias(tables: Tables) -> Found:
    bias = rows_with(
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
        "which biases the real databases hold is not known",
        on_synthetic_people(bool(removed)),
        "a tie that shows before debiasing on every database and is at most half as strong after",
        "how much more the tied unit helps a micro-expression to be found in tied people than in"
        f" free ones: {'; '.join(parts)}",
    )


def _epochs(tables: Tables) -> Found:
    def changes(rows: pd.DataFrame) -> dict[str, bool]:
        last = int(rows["epoch"].max())
        f1 = rows.pivot(index="epoch", columns="database", values="f1")
        change = f1.loc[last] - f1.loc[last - last // 4]
        return {
            f"{own:+.3f} ({database}, {last} epochs)": abs(own) < _FLAT
            for database, own in change.items()
        }

    def curves(run: str, **counting: str) -> pd.DataFrame:
        return rows_with(tables[run]["epochs"], variant=WHOLE, kind="overall", **counting)

    published = changes(curves("published_setting", **asdict(published_setting.NEAREST)))
    own = changes(curves("real_spotting"))
    return Found(
        "overall F1 changes in the last quarter of training by"
        f" {'; '.join(published)} in the published setting, by {'; '.join(own)} in our own, whose"
        " schedule is faster",
        HOLDS if all(published.values()) else NOT_SUPPORTED,
        f"a curve of the published setting that still changes by {_FLAT} or more at the end",
        "; ".join(changes(curves("graph_spotting"))),
    )


def _robust(tables: Tables) -> Found:
    honest = published_setting.HONEST
    crossed = tables["across_databases"]["crossed"]
    crossed = rows_with(crossed, variant=WHOLE, kind="overall", rule=LAST, **asdict(honest))
    within = _published(tables, WHOLE, LAST, counting=honest)
    by_rate = {
        rate: across_and_within(rows, within) for rate, rows in crossed.groupby("rate", sort=False)
    }
    own, control = (
        across_and_within(
            rows_with(tables[run]["crossed"], variant=WHOLE, kind="overall"),
            _scored(tables[run], LAST),
        )
        for run in ("real_spotting", "graph_spotting")
    )
    every = pd.concat([*by_rate.values(), own])
    kept = every["high"] >= every["within_low"]
    parts = [f"{rate}: {'; '.join(rows['text'])}" for rate, rows in by_rate.items()]
    return Found(
        "overall F1 of models from the other database at the last epoch. Published setting,"
        f" {'. '.join(parts)}. Setting of our own: {'; '.join(own['text'])}",
        HOLDS if kept.all() else NOT_SUPPORTED if kept.any() else CONTRADICTED,
        "intervals across databases that all reach those within",
        "; ".join(control["text"]),
    )


def _transfer_micro(tables: Tables) -> Found:
    rows = rows_with(
        tables["across_databases"]["crossed"],
        variant=WHOLE,
        tested_on=SAMM,
        kind="micro",
        rule=EPOCH,
        **asdict(published_setting.NEAREST),
    )
    rows = across_and_within(rows, _published(tables, WHOLE, EPOCH, "micro"))
    control = tables["graph_spotting"]
    control = across_and_within(
        rows_with(control["crossed"], variant=WHOLE, kind="micro"), _scored(control, LAST, "micro")
    )
    higher, lower = rows["low"] > rows["within"], rows["high"] < rows["within"]
    parts = [f"{row['rate']}: {row['text']}" for row in rows.to_dict("records")]
    return Found(
        f"micro F1 of models of CAS(ME)^2 under the published rule, {'; '.join(parts)}",
        HOLDS if higher.all() else CONTRADICTED if lower.all() else NOT_SUPPORTED,
        "an interval of the transferred models above, or below, what models of SAMM-LV have",
        "; ".join(control["text"]),
    )


def _rates(tables: Tables) -> Found:
    """Rates by frame of the four systems of Fig. 4."""
    rates = tables["real_debiasing"]["rates"]
    rates = rates[rates["counterfactual"].isin(["none", BOTH])]
    parts, alike = [], []
    for (database, kind), own in rates.groupby(["database", "kind"], sort=False):
        shown = [
            f"{rate.upper()} {own[rate].min():.3f} to {own[rate].max():.3f}" for rate in _RATES
        ]
        parts.append(f"{kind} {', '.join(shown)} ({database})")
        alike += [own[f"{rate}_low"].max() <= own[f"{rate}_high"].min() for rate in _RATES]
    return Found(
        "range over AUW-GCN and Causal-Ex, each with and without debiasing, by frame:"
        f" {'; '.join(parts)}",
        HOLDS if all(alike) else NOT_SUPPORTED,
        "rates of the four systems whose intervals do not all meet"
        if all(alike)
        else "rates of the four systems whose intervals all meet",
    )


def _groups(tables: Tables) -> Found:
    """Equalized odds between groups of people, which Eq. 9 is about."""
    odds = rows_with(
        tables["counterfactuals"]["odds"],
        variant=WHOLE,
        counterfactual="none",
        attribute="tie",
        kind="micro",
    )
    gaps = in_short(odds.rename(columns={"low": "gap_low", "high": "gap_high"}), "gap", "")
    return Found(
        "that variants of a model have like rates says nothing of groups of people, and the"
        " databases that everybody can get do not say who belongs to which",
        on_synthetic_people(bool((odds["high"] < _ALIKE).all())),
        f"groups of people whose rates differ by less than {_ALIKE}, with the whole interval",
        f"micro rates of tied and of free people differ by {gaps}",
    )


def _cells(table: str, row: str, column: str) -> dict[str, tuple[str, str, str]]:
    """A printed cell of both databases; ``{}`` stands for the short name of the database."""
    return {
        database: (table, row.format(base), column.format(base))
        for database, base in ((CAS, "cas"), (SAMM, "samm"))
    }


_FLAT, _ALIKE = 0.03, 0.1  # F1; difference of rates
_RATES = ("tpr", "fpr")
_MORE = "differences above their intervals on both databases, with more seeds and people"
_UNTRAINED = "not trained on real people"
_TRAINED = "the same switch, trained on real people"
_AUW = _cells("table3", "{} AUW-GCN", "f1")
JUDGED: Mapping[str, tuple[str, Judge]] = {
    "text-abstract": ("published_setting", _as_printed(WHOLE, _cells("abstract", "{}", "overall"))),
    "table2-before": (
        "published_setting",
        _as_printed(WHOLE, _cells("table2", "Ours (Before Debias)", "{} overall")),
    ),
    "table3-cas-auw": ("published_setting", _as_printed(PREDECESSOR, {CAS: _AUW[CAS]})),
    "table3-samm-auw": ("published_setting", _as_printed(PREDECESSOR, {SAMM: _AUW[SAMM]})),
    "table1-caption": ("table1", _table1),
    "text-loso": ("published_setting", _loso),
    "text-gain-causal": ("graph_spotting", _contrast(WHOLE, [PREDECESSOR])),
    "text-transitions": ("graph_spotting", _contrast(WHOLE, [NONE])),
    "text-conclusion": ("graph_spotting", _contrast(WHOLE, [RANDOM, NONE])),
    "text-causal-alone": ("graph_spotting", _contrast(CAUSAL, [PRIOR])),
    "figure5-layers": ("graph_spotting", _switch(WHOLE, "one layer")),
    "figure5-self-loops": ("graph_spotting", _switch("no self loops", WHOLE)),
    "figure5-pooling": ("graph_spotting", _switch(WHOLE, "no pooling", "micro")),
    "text-epochs": ("published_setting", _epochs),
    "text-robust": ("graph_spotting", _robust),
    "text-transfer-micro": ("graph_spotting", _transfer_micro),
    "table4-cas-causal": (
        "graph_spotting",
        _across(CAUSAL, CAS, SAMM, ("table4", "cas (Causal)", "samm overall")),
    ),
    "table4-samm-causal": (
        "graph_spotting",
        _across(CAUSAL, SAMM, CAS, ("table4", "samm (Causal)", "cas overall")),
    ),
    "table4-cas-both": (
        "graph_spotting",
        _across(WHOLE, CAS, SAMM, ("table4", "cas (Causal+Prior)", "samm overall")),
    ),
    "table4-samm-both": (
        "graph_spotting",
        _across(WHOLE, SAMM, CAS, ("table4", "samm (Causal+Prior)", "cas overall")),
    ),
    "table2-after": ("counterfactuals", _debiasing(WHOLE)),
    "text-gain-debias": ("counterfactuals", _debiasing(PREDECESSOR)),
    "text-confident": ("counterfactuals", _confident),
    "text-null-frames": ("counterfactuals", _null_best),
    "text-au-bias": ("counterfactuals", _unit_bias),
    "figure4": ("counterfactuals", _rates),
    "text-eo": ("counterfactuals", _groups),
}
