"""Verdicts follow from stored numbers."""

from dataclasses import replace

import pandas as pd
import pytest

from causalex_core import chapters
from causalex_core.chapters import what_holds
from causalex_core.chapters.what_holds import CONTRADICTED, HOLDS, NOT_SUPPORTED
from causalex_core.errors import CausalexError
from causalex_core.report import paper, results


@pytest.mark.parametrize(
    ("intervals", "verdict"),
    [
        ([(0.01, 0.2), (0.02, 0.1)], HOLDS),
        ([(0.01, 0.2), (-0.02, 0.1)], NOT_SUPPORTED),
        ([(-0.2, -0.01), (-0.3, -0.1)], CONTRADICTED),
        ([(-0.2, -0.01), (-0.3, 0.1)], NOT_SUPPORTED),
    ],
)
def test_a_gain_holds_on_every_database_or_not_at_all(intervals, verdict):
    rows = pd.DataFrame(intervals, columns=["gain_low", "gain_high"])
    assert what_holds.of_gain(rows) == verdict


def test_every_judged_claim_is_one_of_the_paper():
    assert what_holds.JUDGED.keys() <= set(paper.claims()["id"])
    assert {page for page, _ in what_holds.JUDGED.values()} <= what_holds.RUNS.keys()


def test_every_claim_has_evidence_with_numbers_and_what_would_change_it():
    table = what_holds.compute(what_holds.Config())["verdicts"]
    assert len(table) == len(what_holds.JUDGED)
    assert table["evidence"].str.contains(r"\d").all()
    assert (table["what would change it"] != "").all()
    assert set(table["verdict"]) <= {
        *(HOLDS, NOT_SUPPORTED, CONTRADICTED),
        *(what_holds.LICENSED, what_holds.PARTLY),
    }


def test_a_reduced_run_gives_no_verdict(tmp_path, monkeypatch):
    chapter = what_holds.selection
    stored = results.read(chapters.published_path(chapter))
    reduced = replace(stored, parameters={**stored.parameters, "n_bootstrap": 7})
    monkeypatch.setattr(what_holds, "published_path", lambda _: tmp_path / "reduced.json")
    results.write(reduced, tmp_path / "reduced.json")
    with pytest.raises(CausalexError, match="no verdict follows; run `causalex publish selection`"):
        what_holds.complete(chapter)
