"""What the printed values of Causal-Ex say about each other, without any data."""

from collections.abc import Iterator

import pandas as pd

from causalex_book.publishing import paper

DATABASES = {"cas": "CAS(ME)²", "samm": "SAMM-LV"}
KINDS = ("macro", "micro", "overall")
BEFORE, AFTER = "Ours (Before Debias)", "Ours (After Debias)"
SHARES = {
    "kinds": ("ME", "MaE"),
    "offset − onset": ("offset-onset 1", "offset-onset 2", "offset-onset 3"),
    "offset − apex": ("offset-apex 1", "offset-apex 2", "offset-apex 3"),
    "apex − onset": ("apex-onset 1", "apex-onset 2", "apex-onset 3"),
}
# Rows of Table 2 as their own authors or others print them: table, row, and where that is.
_ORIGINALS = (
    ("MDMD", "mdmd", "f1", "its README"),
    ("3D-CNN", "elsewhere", "3D-CNN, as cited by others", "one other paper"),
    ("3D-CNN", "elsewhere", "3D-CNN, as cited in MEGC2021", "another paper"),
)
_Check = tuple[str, str, str, str, bool]  # topic, statement, both sides as text, whether it holds


def checks() -> pd.DataFrame:
    """Statements that can be checked between the printed values alone, with both sides as text."""
    rows = [*_repeated(), *_shares(), *_counts(), *_gains(), *_comparisons(), *_originals()]
    return pd.DataFrame(rows, columns=["topic", "statement", "printed", "against", "holds"])


def _printed(table: str, row: str, column: str) -> str:
    return paper.text("causal_ex", table, row, column)


def _agree(first: str, second: str) -> bool:
    """Whether two printed numbers are the same at the coarser of their roundings."""
    decimals = min(len(number.partition(".")[2]) for number in (first, second))
    return f"{float(first):.{decimals}f}" == f"{float(second):.{decimals}f}"


def _repeated() -> Iterator[_Check]:
    """Values that the paper prints more than once."""
    for key, name in DATABASES.items():
        overall = f"{key} overall"
        pairs = {
            "overall F1, abstract and Table 2": (
                ("abstract", key, "overall"),
                ("table2", AFTER, overall),
            ),
            "overall F1 before debiasing, Tables 2 and 3": (
                ("table2", BEFORE, overall),
                ("table3", f"{key} Causal-Ex", "f1"),
            ),
            "overall F1 after debiasing, Tables 2 and 3": (
                ("table2", AFTER, overall),
                ("table3", f"{key} Causal-Ex + debias", "f1"),
            ),
        }
        for kind in KINDS:
            pairs[f"{kind} F1 after debiasing, Tables 2 and 4"] = (
                ("table2", AFTER, f"{key} {kind}"),
                ("table4", f"{key} (Causal+Prior)", f"{key} {kind}"),
            )
        for statement, cells in pairs.items():
            first, second = (_printed(*cell) for cell in cells)
            yield "printed twice", f"{name}: {statement}", first, second, _agree(first, second)


def _shares() -> Iterator[_Check]:
    """Groups of Table 1, which should add up to the whole."""
    for key, name in DATABASES.items():
        for group, columns in SHARES.items():
            total = sum(paper.value("causal_ex", "table1", key, column) for column in columns)
            text = f"{total:.1f} %"
            yield "adds up", f"{name}: {group} in Table 1", text, "100.0 %", text == "100.0 %"


def _counts() -> Iterator[_Check]:
    """Numbers of expressions in the text, against each other and Table 1."""
    number = {
        row: int(paper.value("causal_ex", "text", row, "printed"))
        for row in ("cas samples", "cas macro", "cas micro", "samm macro", "samm micro")
    }
    both = {key: number[f"{key} macro"] + number[f"{key} micro"] for key in DATABASES}
    cas, samm, samples = both["cas"], both["samm"], number["cas samples"]
    statement = "CAS(ME)²: macro and micro give all samples"
    yield "counts", statement, str(cas), str(samples), cas == samples
    for key, name in DATABASES.items():
        printed, share = _printed("table1", key, "ME"), 100 * number[f"{key} micro"] / both[key]
        statement = f"{name}: micro share in Table 1, and from the text"
        agree = _agree(printed, f"{share:.6f}")
        yield "counts", statement, f"{printed} %", f"{share:.2f} %", agree
    statement = "CAS(ME)² has more expressions than SAMM-LV"
    yield "counts", statement, str(cas), str(samm), cas > samm


def _gains() -> Iterator[_Check]:
    """Gains of the text, as differences of printed F1 in percentage points."""
    for row, key, where, table, cells in (
        ("overall gain on cas", "cas", "Table 2, over MTSN", "table2",
         ((AFTER, "cas overall"), ("MTSN", "cas overall"))),
        ("overall gain on samm", "samm", "Table 2, over Advanced Concat-CNN", "table2",
         ((AFTER, "samm overall"), ("Advanced Concat-CNN", "samm overall"))),
        ("gain of the causal graph on cas", "cas", "Table 3, both debiased", "table3",
         (("cas Causal-Ex + debias", "f1"), ("cas AUW-GCN + debias", "f1"))),
    ):  # fmt: skip
        first, second = (paper.value("causal_ex", table, *cell) for cell in cells)
        points, printed = 100 * (first - second), _printed("text", row, "printed")
        statement, agree = f"{DATABASES[key]}: {where}", _agree(printed, f"{points:.6f}")
        yield "gains", statement, f"{printed} %", f"{points:.2f} points", agree


def _comparisons() -> Iterator[_Check]:
    """Who is ahead in the printed tables."""
    table2 = paper.printed("causal_ex", "table2")
    baselines = table2[~table2["row"].isin([BEFORE, AFTER])]
    for key, name in DATABASES.items():
        best = {
            kind: baselines[baselines["column"] == f"{key} {kind}"].nlargest(1, "value").iloc[0]
            for kind in KINDS
        }
        for kind, row in best.items():
            statement = f"{name}: best {kind} F1 of Table 2 is Causal-Ex's"
            yield _ahead(statement, _printed("table2", AFTER, f"{key} {kind}"), row)
        for suffix, when in (("", "before"), (" + debias", "after")):
            statement = f"{name}: Causal-Ex above AUW-GCN {when} debiasing, Table 3"
            first, second = (
                _printed("table3", f"{key} {network}{suffix}", "f1")
                for network in ("Causal-Ex", "AUW-GCN")
            )
            yield "who is ahead", statement, first, second, float(first) > float(second)
        statement = f"{name}: causal graph alone above all baselines of Table 2"
        alone = _printed("table4", f"{key} (Causal)", f"{key} overall")
        yield _ahead(statement, alone, best["overall"])
    statement = "SAMM-LV: micro F1 is higher with weights from CAS(ME)², Table 4"
    first, second = (_printed("table4", f"{key} (Causal+Prior)", "samm micro") for key in DATABASES)
    yield "who is ahead", statement, first, second, float(first) > float(second)


def _ahead(statement: str, ours: str, best: pd.Series) -> _Check:
    """Whether a printed value of Causal-Ex is above that of a row of Table 2."""
    shown = f"{best['printed']} ({best['row']})"
    return "who is ahead", statement, ours, shown, float(ours) > best["value"]


def _originals() -> Iterator[_Check]:
    """Rows of Table 2 as their own authors or others print them."""
    for row, table, other_row, where in _ORIGINALS:
        for key, name in DATABASES.items():
            column = f"{key} overall"
            first = _printed("table2", row, column)
            second = paper.text("spotting", table, other_row, column)
            statement = f"{name}: overall F1 of {row}, Table 2 and {where}"
            yield "elsewhere", statement, first, second, _agree(first, second)
