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


def checks() -> pd.DataFrame:
    """Statements that can be checked between the printed values alone.

    Returns
    -------
    DataFrame
        A row per statement: ``topic, statement, printed, against`` (the two sides as text)
        and ``holds``.
    """
    found = [*_repeated(), *_shares(), *_counts(), *_gains(), *_comparisons(), *_elsewhere()]
    return pd.DataFrame(found, columns=["topic", "statement", "printed", "against", "holds"])


def _ours(table: str, row: str, column: str) -> str:
    return paper.text("causal_ex", table, row, column)


def _agree(one: str, other: str) -> bool:
    """Whether two printed numbers are the same at the coarser of their roundings."""
    decimals = min(len(shown.partition(".")[2]) for shown in (one, other))
    return f"{float(one):.{decimals}f}" == f"{float(other):.{decimals}f}"


def _repeated() -> Iterator[tuple]:
    """Values that the paper prints more than once."""
    topic = "printed twice"
    for key, name in DATABASES.items():
        pairs = {
            "overall F1, abstract and Table 2": (
                _ours("abstract", key, "overall"),
                _ours("table2", AFTER, f"{key} overall"),
            ),
            "overall F1 before debiasing, Tables 2 and 3": (
                _ours("table2", BEFORE, f"{key} overall"),
                _ours("table3", f"{key} Causal-Ex", "f1"),
            ),
            "overall F1 after debiasing, Tables 2 and 3": (
                _ours("table2", AFTER, f"{key} overall"),
                _ours("table3", f"{key} Causal-Ex + debias", "f1"),
            ),
        }
        for kind in KINDS:
            pairs[f"{kind} F1 after debiasing, Tables 2 and 4"] = (
                _ours("table2", AFTER, f"{key} {kind}"),
                _ours("table4", f"{key} (Causal+Prior)", f"{key} {kind}"),
            )
        for statement, (one, other) in pairs.items():
            yield topic, f"{name}: {statement}", one, other, _agree(one, other)


def _shares() -> Iterator[tuple]:
    """Groups of Table 1, which should add up to the whole."""
    for key, name in DATABASES.items():
        for group, columns in SHARES.items():
            total = sum(paper.value("causal_ex", "table1", key, column) for column in columns)
            shown = f"{total:.1f} %"
            yield "adds up", f"{name}: {group} in Table 1", shown, "100.0 %", shown == "100.0 %"


def _counts() -> Iterator[tuple]:
    """Numbers of expressions in the text, against each other and Table 1."""
    number = {
        row: int(paper.value("causal_ex", "text", row, "printed"))
        for row in ("cas samples", "cas macro", "cas micro", "samm macro", "samm micro")
    }
    both = {key: number[f"{key} macro"] + number[f"{key} micro"] for key in DATABASES}
    yield (
        "counts",
        "CAS(ME)²: macro and micro give all samples",
        str(both["cas"]),
        str(number["cas samples"]),
        both["cas"] == number["cas samples"],
    )
    for key, name in DATABASES.items():
        shown = _ours("table1", key, "ME")
        share = 100 * number[f"{key} micro"] / both[key]
        agrees = _agree(shown, f"{share:.6f}")
        yield (
            "counts",
            f"{name}: micro share in Table 1, and from the text",
            f"{shown} %",
            f"{share:.2f} %",
            agrees,
        )
    yield (
        "counts",
        "CAS(ME)² has more expressions than SAMM-LV",
        str(both["cas"]),
        str(both["samm"]),
        both["cas"] > both["samm"],
    )


def _gains() -> Iterator[tuple]:
    """Gains of the text, as differences of printed F1 in percentage points."""
    rows = {
        "overall gain on cas": (AFTER, "MTSN", "cas overall"),
        "overall gain on samm": (AFTER, "Advanced Concat-CNN", "samm overall"),
    }
    for gain, (ours, baseline, column) in rows.items():
        step = _difference("table2", (ours, column), (baseline, column))
        yield _gain(gain, f"Table 2, over {baseline}", step)
    step = _difference("table3", ("cas Causal-Ex + debias", "f1"), ("cas AUW-GCN + debias", "f1"))
    yield _gain("gain of the causal graph on cas", "Table 3, both debiased", step)


def _difference(table: str, one: tuple[str, str], other: tuple[str, str]) -> float:
    """Percentage points between two cells of a table."""
    first, second = (paper.value("causal_ex", table, *cell) for cell in (one, other))
    return 100 * (first - second)


def _gain(row: str, where: str, points: float) -> tuple:
    shown = _ours("text", row, "printed")
    name = DATABASES["cas" if row.endswith("cas") else "samm"]
    agrees = _agree(shown, f"{points:.6f}")
    return "gains", f"{name}: {where}", f"{shown} %", f"{points:.2f} points", agrees


def _comparisons() -> Iterator[tuple]:
    """Who is ahead in the printed tables."""
    table2 = paper.printed("causal_ex", "table2")
    baselines = table2[~table2["row"].isin([BEFORE, AFTER])]
    for key, name in DATABASES.items():
        for kind in KINDS:
            column = f"{key} {kind}"
            best = baselines[baselines["column"] == column].nlargest(1, "value").iloc[0]
            ours = _ours("table2", AFTER, column)
            shown = f"{best['printed']} ({best['row']})"
            ahead = float(ours) > best["value"]
            statement = f"{name}: best {kind} F1 of Table 2 is Causal-Ex's"
            yield "who is ahead", statement, ours, shown, ahead
        for suffix, when in (("", "before"), (" + debias", "after")):
            one = _ours("table3", f"{key} Causal-Ex{suffix}", "f1")
            other = _ours("table3", f"{key} AUW-GCN{suffix}", "f1")
            statement = f"{name}: Causal-Ex above AUW-GCN {when} debiasing, Table 3"
            yield "who is ahead", statement, one, other, float(one) > float(other)
        alone = _ours("table4", f"{key} (Causal)", f"{key} overall")
        best = baselines[baselines["column"] == f"{key} overall"].nlargest(1, "value").iloc[0]
        shown = f"{best['printed']} ({best['row']})"
        statement = f"{name}: causal graph alone above all baselines of Table 2"
        yield "who is ahead", statement, alone, shown, float(alone) > best["value"]
    one = _ours("table4", "cas (Causal+Prior)", "samm micro")
    other = _ours("table4", "samm (Causal+Prior)", "samm micro")
    statement = "SAMM-LV: micro F1 is higher with weights from CAS(ME)², Table 4"
    yield "who is ahead", statement, one, other, float(one) > float(other)


def _elsewhere() -> Iterator[tuple]:
    """Rows of Table 2 as their own authors or others print them."""
    sources = {
        "MDMD": [("mdmd", "f1", "its README")],
        "3D-CNN": [
            ("elsewhere", "3D-CNN, as cited by others", "one other paper"),
            ("elsewhere", "3D-CNN, as cited in MEGC2021", "another paper"),
        ],
    }
    for row, places in sources.items():
        for table, other_row, place in places:
            for key, name in DATABASES.items():
                column = f"{key} overall"
                one = _ours("table2", row, column)
                other = paper.text("spotting", table, other_row, column)
                statement = f"{name}: overall F1 of {row}, Table 2 and {place}"
                yield "elsewhere", statement, one, other, _agree(one, other)
