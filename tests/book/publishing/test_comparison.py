import re

import pandas as pd
import pytest

from causalex_book.publishing import comparison
from causalex_book.publishing.comparison import RunResult
from causalex_book.publishing.results import Result
from causalex_core.provenance import Stamp

STAMP = Stamp("c", "c", "d", "c", "cpu", 1.0)


def outcome(alpha, origin="computed"):
    scores = pd.DataFrame(
        {
            "kind": ["macro", "micro <i>"],
            "f1": [0.5 + alpha, 0.25],
            "low": [0.4, 0.2],
            "high": [0.9, None],
            "gain": [0.1, -0.1],
            "gain_low": [0.0, -0.2],
            "gain_high": [0.2, 0.0],
            "alpha": [1, 2],
        }
    )
    edges = pd.DataFrame({"band_low": [1], "band_high": [2]})
    parameters = {"alpha": 0.9, "plan": "cas"}
    tables = {"scores": scores, "edges": edges}
    result = Result("graphs", tables, parameters, STAMP, origin)
    places = (f"readable/alpha%3D{alpha}", f"finished/alpha%3D{alpha}")
    return RunResult(f"alpha={alpha}", {"alpha": alpha}, [result], 2.5, *places)


OUTCOMES = [outcome(0.1), outcome(0.02)]


def test_all_tables_under_each_other():
    table = comparison.tidy(OUTCOMES, ["alpha", "plan"])
    assert list(table)[:6] == ["run", "alpha", "plan", "page", "table", "origin"]
    assert len(table) == 6
    scores = table[table["table"] == "scores"]
    assert scores["alpha"].tolist() == [0.1, 0.1, 0.02, 0.02]
    assert scores["scores.alpha"].tolist() == [1, 2, 1, 2], "the table's own column keeps apart"
    assert scores["f1"].tolist() == [0.6, 0.25, 0.52, 0.25]
    assert set(table["plan"]) == {"cas"}, "what a point does not say, the page does"
    assert table.loc[table["table"] == "edges", "f1"].isna().all()


def test_nothing_done_gives_an_empty_table():
    assert comparison.tidy([], ["alpha"]).empty
    assert "0 of 3 runs" in comparison.page("e", "n", {}, ["alpha"], [], 3)


def test_intervals_are_found_by_their_names():
    columns = list(OUTCOMES[0].results[0].tables["scores"])
    pairs = {"f1": ("low", "high"), "gain": ("gain_low", "gain_high")}
    assert comparison._intervals(columns) == pairs
    assert comparison._intervals(["band_low", "band_high"]) == {}
    assert comparison._intervals(["low", "high"]) == {}
    assert comparison._intervals(["shallow", "f1"]) == {}


def test_the_page_has_numbers_parameters_and_links_and_asks_for_nothing():
    page = comparison.page("e", "n", {"seed": 1}, ["alpha"], OUTCOMES, 4)
    assert "2 of 4 runs of the notebook n are done" in page
    assert "all have seed = 1" in page
    assert "0.6 [0.4, 0.9]" in page
    assert "micro &lt;i&gt;" in page and "<i>" not in page.replace("<i style", "")
    assert page.count('href="readable/alpha%3D0.1"') == 1 + 2 + 1
    assert page.count('href="finished/alpha%3D0.1"') == 1
    assert not re.search(r"(?:src|href)=.https?:", page)
    assert "Stored results" not in page


def test_stored_results_are_said_to_be_stored():
    page = comparison.page("e", "n", {}, ["alpha"], [outcome(0.1, "stored")], 1)
    assert "Stored results" in page and "do not depend on the parameters beside them" in page
    assert set(comparison.tidy([outcome(0.1, "stored")], ["alpha"])["origin"]) == {"stored"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_sorting_filtering_and_downloading_in_a_browser(tmp_path, browser, scheme):
    file = tmp_path / "comparison.html"
    file.write_text(comparison.page("e", "n", {}, ["alpha"], OUTCOMES, 2))
    context = browser.new_context(color_scheme=scheme, viewport={"width": 400, "height": 900})
    sheet = context.new_page()
    complaints = []
    sheet.on("console", lambda message: complaints.append(message.text))
    sheet.on("pageerror", lambda error: complaints.append(str(error)))
    sheet.goto(file.as_uri())
    assert sheet.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0

    section = sheet.locator("section", has=sheet.get_by_role("heading", name="graphs: scores"))
    first = section.locator("tbody tr:visible td:nth-child(1)")
    head = section.locator("th").nth(0)
    assert first.all_text_contents() == ["0.1", "0.1", "0.02", "0.02"]
    head.get_by_role("button").click()
    assert first.all_text_contents() == ["0.02", "0.02", "0.1", "0.1"], "as numbers, not as texts"
    assert head.get_attribute("aria-sort") == "ascending"
    head.get_by_role("button").press("Enter")
    assert first.all_text_contents() == ["0.1", "0.1", "0.02", "0.02"]

    section.get_by_label("Rows with").fill("MACRO")
    assert first.all_text_contents() == ["0.1", "0.02"]
    assert "2 of 4 rows" in section.inner_text()
    with sheet.expect_download() as begun:
        section.get_by_role("button", name="Download CSV").click()
    assert begun.value.suggested_filename == "graphs.scores.csv"
    table = pd.read_csv(begun.value.path())
    assert table["alpha"].tolist() == [0.1, 0.02]
    assert table[["f1", "f1_low", "f1_high"]].to_numpy().tolist() == [
        [0.6, 0.4, 0.9],
        [0.52, 0.4, 0.9],
    ]
    assert complaints == []
    context.close()
