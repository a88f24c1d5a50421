"""The page of claims: every entry shown once, links that point into the book."""

import json
import re
from pathlib import Path

from causalex_book import pages
from causalex_book.claims import claims, claims_view
from causalex_book.publishing import paper
from causalex_core import paths

TABLES = claims.compute(claims.Config())


def test_every_claim_is_on_the_page_once():
    listed = paper.claims()
    assert sum(len(TABLES["_".join(part)]) for part in claims.PARTS) == len(listed)
    states = TABLES["states"].set_index("part")
    assert states.loc["All", "all"] == len(listed)
    for state in paper.STATES:
        assert states.loc["All", state] == (listed["state"] == state).sum()


def test_links_lead_to_pages_and_findings_stand_out():
    row = TABLES["causal_ex_errors"].set_index("where").loc["Tables 2 and 4"]
    assert row["state"].startswith("tested here: [This page](claims.ipynb), [Printed counts](")
    assert row["found, and what tests it"].startswith("**The two tables differ;")
    licensed = TABLES["causalnet_claims"].set_index("claim")["state"]
    licensed = licensed[licensed.index.str.startswith("CausalNet is robust")]
    assert list(licensed) == [
        "cannot be tested without licensed video: [Wrong key frames (synthetic people, real maps)]"
        "(key_frames.ipynb)"
    ]
    planned = TABLES["causal_ex_text"].set_index("where")
    assert (planned["state"] == "planned: Batch runs").any()


def test_printed_tables_keep_their_shape_and_text():
    table = TABLES["printed_table2"]
    assert table.shape == (11, 7)
    assert table.columns[1] == "CAS(ME)² macro"
    assert table.loc[5, "CAS(ME)² overall"] == "0.325"
    assert list(TABLES["printed_table4"]["row"])[1] == "SAMM-LV (Causal)"
    assert TABLES["printed_table3"].loc[0, "causal"] == "✗"


def test_agreeing_and_differing_statements_are_apart():
    differ, agree = (set(TABLES[name]["statement"]) for name in ("differ", "agree"))
    assert differ and agree and not differ & agree


def test_the_notebook_shows_every_table():
    notebook = json.loads((paths.NOTEBOOKS / "claims.ipynb").read_text())
    code = "".join(
        "".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"
    )
    code += Path(claims_view.__file__).read_text()
    assert set(re.findall(r'tables\["(\w+)"\]', code)) == set(TABLES)


def test_the_page_needs_no_data(monkeypatch):
    monkeypatch.setenv("CAUSALEX_MIRROR", "")
    monkeypatch.setenv("CAUSALEX_OFFLINE", "1")
    assert pages.obtain(claims).origin == "computed"
