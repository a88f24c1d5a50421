"""What notebooks put on a page, in Markdown for the book and HTML for Jupyter."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from causalex_book.publishing import show
from causalex_book.publishing.results import Result
from causalex_core.provenance import Stamp

STAMP = Stamp("abc1234567", "conf", "data", "code", "a processor, 2 cores", 1.234)
RESULT = Result("toy", {}, {"seed": 1, "name": "x"}, STAMP, origin="computed")


@pytest.fixture
def shown(monkeypatch):
    collected = []
    monkeypatch.setattr(show, "display", lambda data, raw: collected.append(data))
    return collected


def test_a_long_run_says_where_it_ran_and_how_to_repeat_it(shown):
    show.notice(dataclasses.replace(RESULT, origin="stored"))
    text = shown[0]["text/markdown"]
    assert "a long run" in text and RESULT.stamp.commit in text and "missing" not in text
    assert "--experiment paper" in text


def test_a_computed_page_has_no_notice_and_a_stored_one_says_so(shown):
    show.notice(RESULT)
    assert shown == []
    show.notice(dataclasses.replace(RESULT, origin="stored", missing=("auw_gcn_priors",)))
    for form in ("text/markdown", "text/html"):
        assert "auw_gcn_priors" in shown[0][form]
        assert "Stored results" in shown[0][form]
    assert "causalex data fetch auw_gcn_priors" in shown[0]["text/markdown"]


def test_table_is_numbered_and_uses_one_number_of_decimals_per_column(shown):
    frame = pd.DataFrame(
        {"database": ["CAS(ME)^2", "a|b"], "f1": [1.0, 0.12345], "tp": [12345, 7], "x": [None, 2.0]}
    )
    caption = "Scores, as {numref}`these <tab-a>` & {doc}`pages/b`."
    show.table(frame, caption, "tab-scores", digits={"f1": 2}, headers={"f1": "F1"})
    lines = shown[0]["text/markdown"].splitlines()
    assert lines[0] == f"::::{{table}} {caption}"
    assert lines[1] == ":name: tab-scores"
    assert lines[3] == "| database | F1 | tp | x |"
    assert lines[4] == "| :-- | --: | --: | --: |"
    assert lines[5] == "| CAS(ME)² | 1.00 | 12\u202f345 | – |"
    assert lines[6] == "| a\\|b | 0.12 | 7 | 2 |"
    assert "<caption>Scores, as these &amp; pages/b.</caption>" in shown[0]["text/html"]


def test_stamp_and_parameters_are_complete(shown):
    show.stamp(RESULT)
    show.parameters(RESULT)
    for part in (
        "abc1234567",
        "conf",
        "data",
        "code",
        "a processor, 2 cores",
        "1.23 s",
        "Computed",
    ):
        assert part in shown[0]["text/markdown"]
    assert "| `seed` | `1` |" in shown[1]["text/markdown"]
    assert "| `name` | `'x'` |" in shown[1]["text/markdown"]
    assert "<td>seed</td>" in shown[1]["text/html"]


def test_value_and_interval_share_a_cell():
    frame = pd.DataFrame({"a": [1], "f1": [0.4637], "low": [0.35], "high": [0.53]})
    shown = show.with_interval(frame)
    assert shown.to_dict("records") == [{"a": 1, "f1": "0.464 [0.350,\u00a00.530]"}]


def test_what_is_unknown_is_a_dash_in_an_interval():
    frame = pd.DataFrame({"f1": [np.nan, 0.5], "low": [0.1, np.nan], "high": [0.2, np.nan]})
    assert show.with_interval(frame)["f1"].tolist() == ["–", "0.500 [–,\u00a0–]"]
