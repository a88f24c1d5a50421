"""The list of claims: nothing forgotten, nothing without a state, no dead link."""

import re

import pytest
import yaml

from causalex_book.publishing import paper
from causalex_core import paths

CLAIMS = paper.claims()
FILE = paths.ROOT / "causalex_book" / "publishing" / "claims.yml"
METHODS = paths.BOOK / "methods.md"
BASELINES = set(paper.printed("causal_ex", "table2")["row"]) - {
    "MDMD",
    "Ours (Before Debias)",
    "Ours (After Debias)",
}


def test_ids_are_unique_and_states_are_known():
    assert CLAIMS["id"].is_unique
    assert set(CLAIMS["state"]) == set(paper.STATES)


def test_every_page_has_a_title_and_a_source():
    linked = set(CLAIMS["pages"].explode().dropna())
    assert linked == set(paper.page_titles())
    for page in linked:
        notebook = paths.NOTEBOOKS / f"{page.removeprefix('pages/')}.ipynb"
        assert notebook.is_file() or (paths.BOOK / f"{page}.md").is_file(), page


def test_a_state_says_where_its_evidence_is():
    tested = CLAIMS["state"] == "tested here"
    shown = CLAIMS["pages"].map(bool)
    assert shown[tested].all()
    assert CLAIMS.loc[tested, "later"].eq("").all()
    assert CLAIMS.loc[CLAIMS["state"] == "planned", "later"].ne("").all()
    assert tested[CLAIMS["finding"] != ""].all(), "a finding needs a page that shows it"
    assert not shown[CLAIMS["state"] == "printed, not run"].any()


def test_every_claim_says_where_it_stands_and_what_would_test_it():
    for column in ("where", "claim", "test"):
        assert CLAIMS[column].str.len().ge(5).all()
    assert not CLAIMS["claim"].str.contains("[{}]", regex=True).any()


def test_printed_values_come_from_the_one_file():
    words = re.sub(r"(where|id): .*|\{[^{}]+\}", "", FILE.read_text())
    assert re.findall(r"\d+\.\d+", words) == []


@pytest.mark.parametrize("name", [f"Figure {number}" for number in range(1, 7)])
def test_no_figure_is_forgotten(name):
    assert CLAIMS["where"].str.startswith(name).any()


@pytest.mark.parametrize("number", range(1, 10))
def test_no_equation_is_forgotten(number):
    assert CLAIMS["where"].eq(f"Eq. {number}").any()


@pytest.mark.parametrize("table", ["table2", "table3", "table4"])
def test_every_row_of_a_table_has_its_entry(table):
    rows = len(paper.printed("causal_ex", table)["row"].unique())
    entries = CLAIMS["id"].str.startswith(f"{table}-") & (CLAIMS["id"] != "table2-best")
    assert entries.sum() == rows


def test_baselines_that_nobody_ran_say_so():
    states = CLAIMS[CLAIMS["part"] == "tables"].set_index("where")["state"]
    assert len(BASELINES) == 8
    for row in BASELINES:
        assert states[f"Table 2, {row}"] == "printed, not run"
    assert states["Table 2, MDMD"] == "tested here"


def test_claims_of_every_part_belong_to_a_paper():
    groups = yaml.safe_load(FILE.read_text())["groups"]
    papers = yaml.safe_load(FILE.with_name("paper.yml").read_text())["papers"]
    assert {group["paper"] for group in groups} <= set(papers)


def test_the_map_of_tables_and_figures_agrees_with_the_list():
    rows = re.findall(r"^\| ((?:Table|Figure) \d) \|.*\|(.*)\|$", METHODS.read_text(), re.M)
    shown = {label: set(re.findall(r"\{doc\}`(pages/\w+)`", pages)) for label, pages in rows}
    overviews = {"pages/claims", "pages/what_holds", "methods"}  # which list them all, and the map
    listed = {
        label: set(CLAIMS.loc[CLAIMS["where"].str.startswith(label), "pages"].explode().dropna())
        for label in [*(f"Table {n}" for n in range(1, 5)), *(f"Figure {n}" for n in range(1, 7))]
    }
    assert shown == {label: pages - overviews for label, pages in listed.items()}
