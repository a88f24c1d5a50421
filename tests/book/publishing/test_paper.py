"""Printed values: complete, consistent with each other, and found or refused with a hint."""

import re

import pandas as pd
import pytest
import yaml

from causalex_book.publishing import paper
from causalex_core import paths
from causalex_core.errors import CausalexError

FOLDER = paths.ROOT / "causalex_book" / "publishing"
FILES = [FOLDER / name for name in ("paper.yml", "claims.yml")]
TABLES = list(paper.tables()[["paper", "table"]].itertuples(index=False, name=None))
BY_KIND = [("causal_ex", "table2"), ("causal_ex", "table4"), ("spotting", "elsewhere")]
DATABASES = ("cas", "samm")
ROUNDING = 0.5e-4


def _raw_tables() -> list[dict]:
    return yaml.safe_load(FILES[0].read_text())["tables"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_no_key_stands_twice(file):
    class Strict(yaml.SafeLoader):
        pass

    def mapping(loader, node):
        keys = [loader.construct_object(key) for key, _ in node.value]
        assert len(keys) == len(set(keys)), f"{file.name}: {keys}"
        return yaml.SafeLoader.construct_mapping(loader, node, deep=True)

    Strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, mapping)
    yaml.load(file.read_text(), Loader=Strict)


@pytest.mark.parametrize(("name", "table"), TABLES)
def test_every_cell_is_a_number_of_its_unit_or_text(name, table):
    cells = paper.printed(name, table)
    assert not cells.duplicated(["row", "column"]).any()
    assert cells["printed"].map(type).eq(str).all()
    assert set(cells["unit"]) <= set(paper.UNITS)
    empty = (cells["unit"] == "text") | (cells["printed"] == paper.EMPTY)
    assert cells.loc[empty, "value"].isna().all()
    largest = cells["unit"].map({"fraction": 1.0, "percent": 100.0}).fillna(float("inf"))
    assert cells.loc[~empty, "value"].ge(0).all()
    assert (cells.loc[~empty, "value"] <= largest[~empty]).all()
    counts = cells.loc[cells["unit"] == "count", "value"]
    assert (counts % 1 == 0).all()
    assert cells["source"].str.len().gt(0).all()


def test_units_sources_and_notes_name_rows_and_columns_that_exist():
    for table in _raw_tables():
        rows, columns = set(table["rows"]), set(table["columns"])
        assert set(table.get("units", {})) <= rows | columns
        assert set(table.get("sources", {})) <= rows
        for note in table.get("notes", []):
            assert note["row"] in rows
            assert note["column"] in columns


@pytest.mark.parametrize(
    ("address", "message"),
    [
        (("causal_x", "table2", "MDMD", "cas macro"), "did you mean 'causal_ex'"),
        (("causal_ex", "tabel2", "MDMD", "cas macro"), "did you mean 'table2'"),
        (("causal_ex", "table2", "MDDM", "cas macro"), "did you mean 'MDMD'"),
        (("causal_ex", "table2", "MDMD", "cas_macro"), "did you mean 'cas macro'"),
        (("causal_ex", "table2", "MDMD", "§"), "it has: cas macro, cas micro"),
        (("causal_ex", "table3", "cas Causal-Ex", "prior"), "holds '✓', not a number"),
        (("spotting", "overall", "Concat-CNN, raw frames", "samm"), "holds '–', not a number"),
    ],
)
def test_a_wrong_address_gets_one_helpful_line(address, message):
    with pytest.raises(CausalexError, match=re.escape(message)) as error:
        paper.value(*address)
    assert "\n" not in str(error.value)


def test_a_row_with_a_missing_cell_is_refused():
    entry = {"paper": "p", "table": "t", "source": "s", "unit": "fraction"}
    with pytest.raises(CausalexError, match="row 'a' has 1 cells for 2 columns"):
        paper._tidy({**entry, "columns": ["x", "y"], "rows": {"a": ["0.1"]}})
    with pytest.raises(CausalexError, match="'0,1' is not a number"):
        paper._tidy({**entry, "columns": ["x"], "rows": {"a": ["0,1"]}})


def test_text_keeps_the_printed_decimals_and_value_the_number():
    assert paper.text("causal_ex", "table2", "LSSNet", "cas overall") == "0.325"
    assert paper.value("causal_ex", "table2", "LSSNet", "cas overall") == 0.325
    assert paper.value("causal_ex", "text", "convolutions", "printed") == 3


def test_a_reader_may_change_what_it_was_given():
    mine = paper.printed("causal_ex", "table2")
    mine.loc[:, "value"] = 0.0
    assert paper.value("causal_ex", "table2", "MDMD", "cas macro") == 0.1196


@pytest.mark.parametrize("database", DATABASES)
@pytest.mark.parametrize("kind", ["macro", "micro", "overall"])
def test_tables_2_and_4_print_the_same_run_alike(database, kind):
    column = f"{database} {kind}"
    table2 = paper.text("causal_ex", "table2", "Ours (After Debias)", column)
    table4 = paper.text("causal_ex", "table4", f"{database} (Causal+Prior)", column)
    if column == "samm micro":  # the one cell in which the paper contradicts itself
        assert (table2, table4) == ("0.2010", "0.2015")
    else:
        assert table2 == table4


@pytest.mark.parametrize("database", DATABASES)
def test_tables_2_and_3_print_the_same_runs_alike(database):
    rows = {"Ours (Before Debias)": "Causal-Ex", "Ours (After Debias)": "Causal-Ex + debias"}
    for row2, row3 in rows.items():
        table2 = paper.text("causal_ex", "table2", row2, f"{database} overall")
        assert table2 == paper.text("causal_ex", "table3", f"{database} {row3}", "f1")


@pytest.mark.parametrize(("name", "table"), BY_KIND)
@pytest.mark.parametrize("database", DATABASES)
def test_an_overall_f1_lies_between_those_of_its_kinds(name, table, database):
    wide = paper.printed(name, table).pivot(index="row", columns="column", values="value")
    kinds = wide[[f"{database} macro", f"{database} micro"]]
    overall = wide[f"{database} overall"]
    assert overall.ge(kinds.min(axis=1)).all()
    assert overall.le(kinds.max(axis=1)).all()


def test_the_counts_of_mdmd_give_its_rates_and_its_row_in_table_2():
    wide = paper.printed("spotting", "mdmd").pivot(index="row", columns="column", values="value")
    count = wide.loc[["truths", "tp", "fp", "fn"]]
    assert (count.loc["tp"] + count.loc["fn"] == count.loc["truths"]).all()
    n_pred = count.loc["tp"] + count.loc["fp"]
    rates = {
        "precision": count.loc["tp"] / n_pred,
        "recall": count.loc["tp"] / count.loc["truths"],
        "f1": 2 * count.loc["tp"] / (n_pred + count.loc["truths"]),
    }
    for row, computed in rates.items():
        assert (wide.loc[row] - computed).abs().max() <= ROUNDING * 1.001
    table2 = paper.printed("causal_ex", "table2").query("row == 'MDMD'").set_index("column")
    pd.testing.assert_series_equal(
        table2["value"].sort_index(), wide.loc["f1"].sort_index(), check_names=False
    )


def test_precision_and_recall_of_lgsnet_give_its_f1():
    for row, rounding in (("cas", 1e-6), ("samm", 1e-3)):
        p, r, f1 = (
            paper.value("spotting", "lgsnet", row, column)
            for column in ("precision", "recall", "f1")
        )
        assert 2 * p * r / (p + r) == pytest.approx(f1, abs=rounding)


def test_accuracies_of_causalnet_are_whole_numbers_of_samples():
    samples = {"CASME II": 145, "SMIC": 164, "SAMM": 133}
    right = {}
    for database, n in samples.items():
        accuracy = paper.value("causalnet", "readme", database, "ACC")
        right[database] = round(accuracy * n / 100)
        assert 100 * right[database] / n == pytest.approx(accuracy, abs=0.005)
    whole = 100 * sum(right.values()) / sum(samples.values())
    assert paper.value("causalnet", "readme", "composite", "ACC") == pytest.approx(whole, abs=0.005)


def test_every_reference_of_a_paper_is_in_the_bibliography():
    content = yaml.safe_load(FILES[0].read_text())["papers"]
    bibliography = (paths.BOOK / "references.bib").read_text()
    keys = re.findall(r"^@\w+\{([^,]+),", bibliography, flags=re.MULTILINE)
    assert len(keys) == len(set(keys))
    assert {entry["reference"] for entry in content.values() if "reference" in entry} <= set(keys)
