"""AUW-GCN and Causal-Ex trained here as published, compared with what is printed of them."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from causalex_book.publishing import paper, style
from causalex_book.publishing.beside import interval, printed_as
from causalex_core.evaluation.operating_points import EPOCH, LAST

_KINDS = ("macro", "micro", "overall")
# Where each network's row is printed: paper, table and row.
_ROWS: Mapping[str, tuple[str, str, str]] = {
    "AUW-GCN": ("spotting", "elsewhere", "AUW-GCN"),
    "Causal-Ex": ("causal_ex", "table2", "Ours (Before Debias)"),
}
_GRAPHS = {"causal only": "Causal", "Causal-Ex": "Causal+Prior"}  # as Table 4 names them
_RERUN = "AUW-GCN, run by others"


def overall(databases: list[str]) -> dict[tuple[str, str], float]:
    """Printed overall F1 by database and network."""
    return {
        (database, name): paper.value(*row, f"{printed_as(database)[0]} overall")
        for database in databases
        for name, row in _ROWS.items()
    }


def table(scores: pd.DataFrame) -> pd.DataFrame:
    """Printed rows, the run of others, and ours under every rule, of one way of counting.

    ``database, network, from``, and of each kind F1 with its interval, and hits / detections where
    they are known.
    """
    rows = []
    for database, of_database in scores.groupby("database", sort=False):
        short = printed_as(str(database))[0]
        for name, printed in _ROWS.items():
            sources = {
                "printed": {kind: paper.text(*printed, f"{short} {kind}") for kind in _KINDS}
            }
            if name == "AUW-GCN":
                sources["run by others"] = {kind: _rerun(f"{short} {kind}") for kind in _KINDS}
            of_network = of_database[of_database["variant"] == name]
            for rule, of_rule in of_network.groupby("rule", sort=False):
                sources[f"here, {rule}"] = {
                    row["kind"]: _with_counts(row) for row in of_rule.to_dict("records")
                }
            label = {"database": style.readable(str(database)), "network": name}
            rows += [label | {"from": source} | cells for source, cells in sources.items()]
    return pd.DataFrame(rows)


def _with_counts(row: Mapping[Any, Any]) -> str:
    """F1 with its interval, and hits / detections."""
    return f"{interval(row)} ({row['tp']:.0f} / {row['n_pred']:.0f})"


def _rerun(column: str) -> str:
    """F1 of others on the same windows, and hits / detections where they give them."""
    text = paper.text("spotting", "elsewhere", _RERUN, column)
    if column.endswith("overall"):
        return text
    tp, fp = (paper.value("spotting", "rerun", row, column) for row in ("tp", "fp"))
    return f"{text} ({tp:.0f} / {tp + fp:.0f})"


def answer(scores: pd.DataFrame, differences: pd.DataFrame) -> list[str]:
    """Findings of the page in sentences, from its tables of these names."""
    counting = "protocol == 'auw' and missing_offset == 'mirrored' and kind == 'overall'"
    by_rule = {
        (row["database"], row["variant"], row["rule"]): row
        for row in scores.query(counting).to_dict("records")
    }
    lines = []
    for (database, name), printed in overall(list(scores["database"].drop_duplicates())).items():
        if (database, name, EPOCH) not in by_rule:
            continue
        best = by_rule[database, name, EPOCH]
        worth = {f"gain{end}": best[f"over_last{end}"] for end in ("", "_low", "_high")}
        lines.append(
            f"{database}: {name} has an overall F1 of {interval(best)} under the published rule;"
            f" the printed {printed:.3f} lies {_within(printed, best)} this interval. The rule is"
            f" worth {interval(worth, 'gain')}: without it, at the last epoch,"
            f" {interval(by_rule[database, name, LAST])} are left."
        )
    for row in differences.query(f"{counting} and rule == '{EPOCH}'").to_dict("records"):
        if (row["variant"], row["baseline"]) == ("Causal-Ex", "AUW-GCN"):
            lines.append(
                f"{row['database']}: Causal-Ex less AUW-GCN is {interval(row, 'gain')} under the"
                " published rule."
            )
    return lines


def _within(value: float, row: Mapping[Any, Any] | pd.Series) -> str:
    return "inside" if row["low"] <= value <= row["high"] else "outside"


def missing(suspects: pd.DataFrame) -> list[str]:
    """How far each suspect brings the macro-expressions of SAMM-LV towards print."""
    macro = suspects[suspects["kind"] == "macro"]
    published, earlier = (
        macro.query("protocol == @protocol and suspect == 'as published'").iloc[0]
        for protocol in ("auw", "auw_2023")
    )
    printed = paper.value("spotting", "elsewhere", "AUW-GCN", "samm macro")
    tried = macro[macro["protocol"] == "auw"]
    best = tried.iloc[int((tried["f1"] - printed).abs().argmin())]
    return [
        f"As published {published['tp']} of {published['n_truth']} are hit by"
        f" {published['n_pred']} detections, F1 {interval(published)}; {printed:.3f} is printed.",
        f"Of what was tried, '{best['suspect']}' comes nearest: {best['tp']} hits,"
        f" {best['n_pred']} detections, F1 {interval(best)}.",
        "Counted as AUW-GCN's code did when its paper was printed, where every detection that hits"
        f" counts (auw_2023), there are {earlier['tp']} hits by {earlier['n_pred']} detections, F1"
        f" {interval(earlier)}: {printed:.3f} lies {_within(printed, earlier)} this interval.",
    ]


def across(crossed: pd.DataFrame) -> pd.DataFrame:
    """Table 4 as printed, and ours of one way of counting: a row per direction, network and kind.

    ``trained on, tested on, network, kind, printed``, and F1 with its interval and hits /
    detections for each rate and rule.
    """
    rows = []
    for key, part in crossed.groupby(["trained_on", "tested_on", "variant", "kind"], sort=False):
        source, target, variant, kind = map(str, key)
        row = {"trained on": source, "tested on": target, "network": variant, "kind": kind}
        if variant in _GRAPHS:
            label = f"{printed_as(source)[0]} ({_GRAPHS[variant]})"
            column = f"{printed_as(target)[0]} {kind}"
            row["printed"] = paper.text("causal_ex", "table4", label, column)
        for of_rate in part.to_dict("records"):
            row[f"{of_rate['rate']}, {of_rate['rule']}"] = _with_counts(of_rate)
        rows.append(row)
    return pd.DataFrame(rows).fillna("")
