"""Tables 2 to 4 of Causal-Ex: what is printed, and what is found here, side by side.

The printed rows were scored on licensed videos, each in its authors' way; ours are what the
caption of the page says. They are neighbours and no ranking.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from causalex_book.publishing import paper, show, style
from causalex_core.errors import CausalexError

_PAPER = "causal_ex"
_KINDS = ("macro", "micro", "overall")
_COLUMNS = {"cas": "CAS(ME)²", "samm": "SAMM-LV"}


def printed_as(database: str) -> tuple[str, str]:
    """Which printed database stands beside one of ours, and what ours is.

    Parameters
    ----------
    database
        Name as `causalex_book.spotting.dataset` gives it, such as ``synthetic, like SAMM-LV``,
        ``CAS(ME)^2, own features`` or ``CAS(ME)^2``.

    Returns
    -------
    tuple
        ``cas`` or ``samm``; and ``synthetic``, ``own features`` or nothing.

    Raises
    ------
    CausalexError
        If the name has none of them, or both.
    """
    shown = style.readable(database)
    keys = [key for key, name in _COLUMNS.items() if name in shown]
    if len(keys) != 1:
        raise CausalexError(
            f"database '{database}': stands beside no printed one; expected one of"
            f" {' or '.join(_COLUMNS.values())} in its name"
        )
    before, _, after = shown.partition(_COLUMNS[keys[0]])
    return keys[0], (before.removesuffix("like ") + after).strip(", ")


def table2(ours: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Printed rows, then ours.

    Parameters
    ----------
    ours
        Rows of one method each: ``database, kind, tp, n_pred, n_truth, f1, low, high``.

    Returns
    -------
    DataFrame
        ``method, from`` (printed, or ours and of what), and F1 of each database and kind as text;
        ours with its interval and TP / detections / truths, synthetic and real in rows of their
        own.
    """
    printed = paper.printed(_PAPER, "table2")
    rows = [
        {
            "method": method,
            "from": "printed",
            **{
                _heading(base, kind): cells.loc[f"{base} {kind}"]
                for base in _COLUMNS
                for kind in _KINDS
            },
        }
        for method, cells in (
            (method, part.set_index("column")["printed"])
            for method, part in printed.groupby("row", sort=False)
        )
    ]
    for method, table in ours.items():
        by_origin: dict[str, dict[str, str]] = {}
        for row in table.to_dict("records"):
            base, what = printed_as(row["database"])
            cells = by_origin.setdefault(
                what, {"method": method, "from": f"ours, {what}" if what else "ours"}
            )
            cells[_heading(base, row["kind"])] = _counted(row)
        rows += by_origin.values()
    return pd.DataFrame(rows).fillna("")


def table3(plain: pd.DataFrame, debiased: pd.DataFrame) -> pd.DataFrame:
    """Prior, causal graph and debiasing, switched.

    Parameters
    ----------
    plain, debiased
        Overall rows ``database, variant, f1, low, high``; those debiased with ``gain, gain_low,
        gain_high`` too; variants ``AUW-GCN`` and ``Causal-Ex``.
    """
    printed = paper.printed(_PAPER, "table3").pivot(index="row", columns="column", values="printed")
    keys = {database: printed_as(database)[0] for database in plain["database"].drop_duplicates()}
    rows = []
    for database, base in sorted(keys.items(), key=lambda item: list(_COLUMNS).index(item[1])):
        for variant in ("AUW-GCN", "Causal-Ex"):
            for suffix, table in (("", plain), (" + debias", debiased)):
                cells = printed.loc[f"{base} {variant}{suffix}"]
                row = table.query("database == @database and variant == @variant")
                rows.append(
                    {
                        "method": variant + suffix,
                        "prior": cells["prior"],
                        "causal": cells["causal"],
                        "debias": cells["debias"],
                        "printed for": _COLUMNS[base],
                        "printed": cells["f1"],
                        "here": database,
                        "ours": interval(row.iloc[0], "") if len(row) else "",
                        "gain": interval(row.iloc[0], "gain") if suffix and len(row) else "",
                    }
                )
    return pd.DataFrame(rows)


def table4(crossed: pd.DataFrame, home: pd.DataFrame) -> pd.DataFrame:
    """Trained on one database, tested on each.

    Parameters
    ----------
    crossed
        ``trained_on, tested_on, variant, kind, f1, low, high``.
    home
        ``database, variant, kind, f1, low, high`` of the same variants where they were trained.

    Returns
    -------
    DataFrame
        Between people who are like those of one database, and its own, nothing was printed.
    """
    printed = paper.printed(_PAPER, "table4").set_index(["row", "column"])["printed"]
    names = {"causal only": "Causal", "Causal-Ex": "Causal+Prior"}
    at_home = home.assign(trained_on=home["database"], tested_on=home["database"])
    rows = []
    for row in pd.concat([at_home, crossed]).to_dict("records"):
        if row["variant"] in names:
            source, target = (printed_as(row[end])[0] for end in ("trained_on", "tested_on"))
            label = f"{source} ({names[row['variant']]})"
            known = source != target or row["trained_on"] == row["tested_on"]
            between = f"{_COLUMNS[source]} to {_COLUMNS[target]}"
            rows.append(
                {
                    "graph": names[row["variant"]],
                    "trained on": row["trained_on"],
                    "tested on": row["tested_on"],
                    "kind": row["kind"],
                    "printed for": between if known else "",
                    "printed": printed[label, f"{target} {row['kind']}"] if known else "",
                    "ours": _counted(row),
                }
            )
    return pd.DataFrame(rows).sort_values(
        ["graph", "trained on", "tested on"], kind="stable", ignore_index=True
    )


def _heading(base: str, kind: str) -> str:
    return f"{_COLUMNS[base]} {kind}"


def _counted(row: Mapping[Any, Any] | pd.Series) -> str:
    counts = f"{row['tp']:.0f} / {row['n_pred']:.0f} / {row['n_truth']:.0f}"
    return f"{interval(row, '')} ({counts})"


def interval(row: Mapping[Any, Any] | pd.Series, what: str = "") -> str:
    """F1 with its interval, or a gain, as text."""
    if what:
        return show.interval(row, "gain", "gain_low", "gain_high", with_sign=True)
    return show.interval(row)
