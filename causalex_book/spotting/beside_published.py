"""AUW-GCN and Causal-Ex trained here as published, beside what is printed of them."""

from collections.abc import Mapping

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
_OVER_LAST = {"over_last": "gain", "over_last_low": "gain_low", "over_last_high": "gain_high"}
_RERUN = "AUW-GCN, run by others"


def overall(databases: list[str]) -> dict[tuple[str, str], float]:
    """Printed overall F1 by database and network."""
    return {
        (database, name): paper.value(*row, f"{printed_as(database)[0]} overall")
        for database in databases
        for name, row in _ROWS.items()
    }


def table(scores: pd.DataFrame) -> pd.DataFrame:
    """Printed rows, the run of others, and ours under every rule.

    Parameters
    ----------
    scores
        Rows of one way of counting: ``database, variant, rule, kind, tp, n_pred, f1, low, high``.

    Returns
    -------
    DataFrame
        ``database, network, from``, and of each kind F1 with its interval, and hits / detections
        where they are known.
    """
    rows = []
    for database in scores["database"].drop_duplicates():
        base = printed_as(database)[0]
        for name, (source, of_table, row) in _ROWS.items():
            cells = {kind: paper.text(source, of_table, row, f"{base} {kind}") for kind in _KINDS}
            rows.append({"database": database, "network": name, "from": "printed", **cells})
            if name == "AUW-GCN":
                rows.append(
                    {"database": database, "network": name, "from": "run by others"} | _rerun(base)
                )
            part = scores[(scores["database"] == database) & (scores["variant"] == name)]
            for rule, of_rule in part.groupby("rule", sort=False):
                counted = {
                    kind: f"{interval(own.iloc[0])} ({own['tp'].iloc[0]:.0f} /"
                    f" {own['n_pred'].iloc[0]:.0f})"
                    for kind, own in of_rule.groupby("kind", sort=False)
                }
                rows.append(
                    {"database": database, "network": name, "from": f"here, {rule}"} | counted
                )
    return pd.DataFrame(rows).assign(database=lambda table: table["database"].map(style.readable))


def _rerun(base: str) -> dict[str, str]:
    """What others found on the same windows: F1, and hits / detections where they say them."""
    found = {}
    for kind in _KINDS:
        text = paper.text("spotting", "elsewhere", _RERUN, f"{base} {kind}")
        if kind != "overall":
            tp, fp = (
                paper.value("spotting", "rerun", which, f"{base} {kind}") for which in ("tp", "fp")
            )
            text += f" ({tp:.0f} / {tp + fp:.0f})"
        found[kind] = text
    return found


def answer(scores: pd.DataFrame, differences: pd.DataFrame) -> list[str]:
    """What the page finds, in sentences.

    Parameters
    ----------
    scores, differences
        Tables of :mod:`causalex_book.spotting.published_setting`.
    """
    counting = "protocol == 'auw' and missing_offset == 'mirrored' and kind == 'overall'"
    chosen = {
        (row["database"], row["variant"], row["rule"]): row
        for row in scores.query(counting).to_dict("records")
    }
    lines = []
    for (database, name), printed in overall(list(scores["database"].drop_duplicates())).items():
        if (database, name, EPOCH) not in chosen:
            continue
        own = chosen[database, name, EPOCH]
        worth = {short: own[column] for column, short in _OVER_LAST.items()}
        within = "inside" if own["low"] <= printed <= own["high"] else "outside"
        lines.append(
            f"{database}: {name} has an overall F1 of {interval(own)} under the published rule; the"
            f" printed {printed:.3f} lies {within} this interval. The rule is worth"
            f" {interval(worth, 'gain')}: without it, at the last epoch,"
            f" {interval(chosen[database, name, LAST])} are left."
        )
    for row in differences.query(f"{counting} and rule == '{EPOCH}'").to_dict("records"):
        if (row["variant"], row["baseline"]) == ("Causal-Ex", "AUW-GCN"):
            lines.append(
                f"{row['database']}: Causal-Ex less AUW-GCN is {interval(row, 'gain')} under the"
                " published rule."
            )
    return lines


def missing(suspects: pd.DataFrame) -> list[str]:
    """How far each suspect brings the macro-expressions of SAMM-LV towards print."""
    of_kind = suspects[suspects["kind"] == "macro"]
    macro = of_kind[of_kind["protocol"] == "auw"]
    as_published, earlier = (
        of_kind.query("protocol == @protocol and suspect == 'as published'").iloc[0]
        for protocol in ("auw", "auw_2023")
    )
    printed = paper.value("spotting", "elsewhere", "AUW-GCN", "samm macro")
    within = "inside" if earlier["low"] <= printed <= earlier["high"] else "outside"
    best = macro.iloc[int((macro["f1"] - printed).abs().argmin())]
    return [
        f"As published {as_published['tp']} of {as_published['n_truth']} are hit by"
        f" {as_published['n_pred']} detections, F1 {interval(as_published)}; {printed:.3f} is"
        " printed.",
        f"Of what was tried, '{best['suspect']}' comes nearest: {best['tp']} hits,"
        f" {best['n_pred']} detections, F1 {interval(best)}.",
        "Counted as AUW-GCN's code did when its paper was printed, where every detection that hits"
        f" counts (auw_2023), there are {earlier['tp']} hits by {earlier['n_pred']} detections, F1"
        f" {interval(earlier)}: {printed:.3f} lies {within} this interval.",
    ]


def across(crossed: pd.DataFrame) -> pd.DataFrame:
    """Table 4 as printed, and ours: a row per direction, network and kind.

    Parameters
    ----------
    crossed
        Rows of one way of counting of :mod:`causalex_book.spotting.across_databases`.

    Returns
    -------
    DataFrame
        ``trained on, tested on, network, kind, printed``, and F1 with its interval and hits /
        detections for each rate and rule.
    """
    keys = ["trained_on", "tested_on", "variant", "kind"]
    rows = []
    for key, part in crossed.groupby(keys, sort=False):
        source, target, variant, kind = map(str, key)
        row = {"trained on": source, "tested on": target, "network": variant, "kind": kind}
        if variant in _GRAPHS:
            label = f"{printed_as(source)[0]} ({_GRAPHS[variant]})"
            row["printed"] = paper.text(
                "causal_ex", "table4", label, f"{printed_as(target)[0]} {kind}"
            )
        for own in part.to_dict("records"):
            counts = f"({own['tp']:.0f} / {own['n_pred']:.0f})"
            row[f"{own['rate']}, {own['rule']}"] = f"{interval(own)} {counts}"
        rows.append(row)
    return pd.DataFrame(rows).fillna("")
