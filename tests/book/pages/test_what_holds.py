"""Verdicts follow from stored numbers: those on real people from real people."""

from dataclasses import replace
from functools import cache

import pandas as pd
import pytest

from causalex_book import pages
from causalex_book.claims import what_holds
from causalex_book.claims.what_holds import debiasing, graphs, printed, stored
from causalex_book.claims.what_holds.verdicts import (
    CONTRADICTED,
    HOLDS,
    NOT_SEEN,
    NOT_SUPPORTED,
    PARTLY,
    SEEN,
    of_gain,
    of_print,
)
from causalex_book.publishing import paper, results
from causalex_book.spotting.published_setting import HONEST, NEAREST
from causalex_core import paths
from causalex_core.errors import CausalexError

CAS, SAMM = "CAS(ME)^2", "SAMM-LV"
SYNTHETIC = {"synthetic, like CAS(ME)^2": CAS, "synthetic, like SAMM-LV": SAMM}
SYNTHETIC_ONLY = (
    "figure5-layers",
    "figure5-self-loops",
    "figure5-pooling",
    "text-au-bias",
    "text-eo",
)
ABOVE, BELOW, AROUND = (0.01, 0.2), (-0.2, -0.01), (-0.1, 0.1)


@cache
def stored_tables(name):
    return results.read(paths.PUBLISHED / f"{name}.json").tables


def tables_of(name):
    return {table: rows.copy() for table, rows in stored_tables(name).items()}


def invented():
    """Tables of every run; real people have the numbers of the synthetic ones, and three more."""
    names = ("table1", "mask_spotting", "graph_spotting", "counterfactuals")
    tables = {name: tables_of(name) for name in names}
    for real, control in (
        ("real_spotting", "graph_spotting"),
        ("real_debiasing", "counterfactuals"),
    ):
        tables[real] = {name: rows.replace(SYNTHETIC) for name, rows in tables[control].items()}
    tables["published_setting"] = {
        "scores": pd.DataFrame(
            {"database": database, "variant": variant, "rule": rule, "kind": kind}
            | {"protocol": counting.protocol, "missing_offset": counting.missing_offset}
            | {"f1": f1, "low": f1 - 0.05, "high": f1 + 0.05}
            | {"over_last": gain, "over_last_low": gain - 0.01, "over_last_high": gain + 0.01}
            for database in (CAS, SAMM)
            for variant in ("AUW-GCN", "Causal-Ex")
            for rule, f1, gain in (("last epoch", 0.28, 0), ("best epoch per subject", 0.38, 0.1))
            for kind in ("overall", "micro")
            for counting in (NEAREST, HONEST)
        ),
        "differences": differences(AROUND, AROUND),
        "epochs": pd.DataFrame(
            {"database": database, "variant": "Causal-Ex", "kind": "overall", "epoch": epoch}
            | {"protocol": NEAREST.protocol, "missing_offset": NEAREST.missing_offset, "f1": 0.28}
            for database in (CAS, SAMM)
            for epoch in (75, 100)
        ),
    }
    tables["published_debiasing"] = {"debiasing": debiased(AROUND)}
    scores = tables["published_setting"]["scores"]
    tables["across_databases"] = {
        "crossed": pd.concat(
            scores[(scores["database"] == trained_on) & (scores["variant"] == "Causal-Ex")]
            .drop(columns="database")
            .assign(trained_on=trained_on, tested_on=tested_on, rate=rate, variant=variant)
            for trained_on, tested_on in ((CAS, SAMM), (SAMM, CAS))
            for rate in ("as recorded", "25 per second")
            for variant in ("Causal-Ex", "causal only")
        )
    }
    return tables


def differences(*intervals):
    return pd.DataFrame(
        {"database": database, "variant": "Causal-Ex", "baseline": baseline, "kind": "overall"}
        | {"protocol": NEAREST.protocol, "missing_offset": NEAREST.missing_offset}
        | {"rule": "best epoch per subject", "gain": sum(interval) / 2}
        | {"gain_low": interval[0], "gain_high": interval[1]}
        for baseline in ("AUW-GCN", "no graph", "random graph")
        for database, interval in zip((CAS, SAMM), intervals, strict=True)
    )


def debiased(interval):
    return pd.DataFrame(
        {"database": database, "variant": variant, "counterfactual": name, "kind": "overall"}
        | {"protocol": NEAREST.protocol, "missing_offset": NEAREST.missing_offset}
        | {"chosen": "cross_fold", "gain": sum(interval) / 2}
        | {"gain_low": interval[0], "gain_high": interval[1]}
        for database in (CAS, SAMM)
        for variant in ("AUW-GCN", "Causal-Ex")
        for name in ("null frames", "keep E_f", "null frames and keep E_f", "a constant instead")
    )


@pytest.fixture
def tables():
    return invented()


@pytest.mark.parametrize(
    ("intervals", "verdict"),
    [
        ([ABOVE, ABOVE], HOLDS),
        ([ABOVE, AROUND], NOT_SUPPORTED),
        ([BELOW, BELOW], CONTRADICTED),
        ([BELOW, AROUND], NOT_SUPPORTED),
    ],
)
def test_a_gain_holds_on_every_database_or_not_at_all(intervals, verdict):
    rows = pd.DataFrame(intervals, columns=["gain_low", "gain_high"])
    assert of_gain(rows) == verdict


def test_a_printed_number_that_needs_the_published_rule_is_partly_reproduced():
    assert [of_print(True, True), of_print(False, True), of_print(False, False)] == [
        HOLDS,
        PARTLY,
        NOT_SUPPORTED,
    ]


def test_every_judged_claim_is_one_of_the_paper_and_on_a_page():
    claims = paper.claims().set_index("id")
    assert what_holds.TESTS.keys() <= set(claims.index)
    for name, (page, _) in what_holds.TESTS.items():
        assert (paths.NOTEBOOKS / f"{page}.ipynb").is_file()
        assert f"pages/{page}" in claims.loc[name, "pages"], name


def test_every_claim_has_evidence_with_numbers_and_what_would_change_it(tables):
    table = pd.DataFrame(what_holds.verdicts_on(tables))
    assert len(table) == len(what_holds.TESTS)
    text = table["evidence"] + table["control: synthetic people"]
    assert text.str.contains(r"\d").all()
    assert (table["what would change it"] != "").all()
    assert set(table["verdict"]) <= {HOLDS, NOT_SUPPORTED, CONTRADICTED, PARTLY, SEEN, NOT_SEEN}


def test_what_synthetic_people_show_is_never_called_supported_or_contradicted(tables):
    """And what real people show never reads as if synthetic people had shown it."""
    for name, (_, test) in what_holds.TESTS.items():
        finding = test(tables)
        assert (finding.verdict in (SEEN, NOT_SEEN)) == (name in SYNTHETIC_ONLY), name
        assert "synthetic, like" not in finding.evidence, name
        assert CAS not in finding.control.replace("synthetic, like CAS(ME)^2", ""), name


@pytest.mark.parametrize("name", sorted(set(what_holds.TESTS) - set(SYNTHETIC_ONLY)))
def test_synthetic_people_change_no_verdict_on_real_ones(name, tables):
    _, test = what_holds.TESTS[name]
    before = test(tables).verdict
    for run in ("graph_spotting", "counterfactuals"):
        for table, rows in tables[run].items():
            columns = [name for name in rows.columns if name.endswith(("low", "high", "gain"))]
            tables[run][table] = rows.assign(**{column: rows[column] + 1 for column in columns})
    assert test(tables).verdict == before


def test_a_gain_must_show_in_both_settings(tables):
    test = graphs.better("Causal-Ex", ["AUW-GCN"])
    run = tables["real_spotting"]
    run["contrasts"] = run["contrasts"].assign(gain_low=0.01, gain_high=0.1)
    assert test(tables).verdict == NOT_SUPPORTED
    tables["published_setting"]["differences"] = differences(ABOVE, ABOVE)
    assert test(tables).verdict == HOLDS


def test_debiasing_must_gain_in_both_settings(tables):
    test = debiasing.raises_f1("Causal-Ex")
    tables["published_debiasing"]["debiasing"] = debiased(ABOVE)
    assert test(tables).verdict == NOT_SUPPORTED
    run = tables["real_debiasing"]
    run["debiasing"] = run["debiasing"].assign(gain_low=0.01)
    assert test(tables).verdict == HOLDS
    tables["published_debiasing"]["debiasing"] = debiased(AROUND)
    assert test(tables).verdict == NOT_SUPPORTED


def test_a_switch_is_seen_on_synthetic_people_where_it_gains(tables):
    test = graphs.switch("Causal-Ex", "one layer", "overall")
    assert test(tables).verdict == NOT_SEEN
    run = tables["graph_spotting"]
    run["contrasts"] = run["contrasts"].assign(gain_low=0.01)
    assert test(tables).verdict == SEEN


@pytest.mark.parametrize(("f1", "verdict"), [(0.38, HOLDS), (0.28, PARTLY), (0.5, PARTLY)])
def test_printed_numbers_hold_where_the_last_epoch_gives_them(f1, verdict, tables):
    test = printed.within("AUW-GCN", {CAS: ("table3", "cas AUW-GCN", "f1")})
    scores = tables["published_setting"]["scores"]
    last = scores["rule"] == "last epoch"
    scores.loc[last, ["f1", "low", "high"]] = [f1, f1 - 0.05, f1 + 0.05]
    assert test(tables).verdict == verdict
    scores[["low", "high"]] = 0.0
    assert test(tables).verdict == NOT_SUPPORTED


def test_a_curve_that_still_rises_has_not_had_enough_epochs(tables):
    assert graphs.epochs(tables).verdict == HOLDS
    rows = tables["published_setting"]["epochs"]
    rows.loc[(rows["epoch"] == 100) & (rows["database"] == SAMM), "f1"] = 0.4
    assert graphs.epochs(tables).verdict == NOT_SUPPORTED


def test_rates_are_alike_where_the_intervals_of_all_systems_meet(tables):
    rates = tables["real_debiasing"]["rates"]
    rates[["tpr_low", "tpr_high", "fpr_low", "fpr_high"]] = [0.1, 0.6, 0.0, 0.1]
    assert debiasing.rates(tables).verdict == HOLDS
    rates.loc[0, ["tpr_low", "tpr_high"]] = [0.7, 0.8]
    assert debiasing.rates(tables).verdict == NOT_SUPPORTED


def test_the_glance_names_who_is_real(tables):
    shown = pd.DataFrame(what_holds.glance(tables))
    assert set(shown.loc[shown["people"] == "real", "database"]) == {CAS, SAMM}
    assert set(shown.loc[shown["people"] == "synthetic", "database"]) == set(SYNTHETIC)
    assert shown["people"].iloc[0] == "real"
    assert (shown["low"] <= shown["high"]).all()


def test_the_page_rests_on_the_stored_runs():
    finding = what_holds.compute(what_holds.Config())
    assert list(finding["runs"]["run"]) == list(stored.RUNS)
    assert len(finding["verdicts"]) == len(what_holds.TESTS)


def test_a_reduced_run_gives_no_verdict(tmp_path, monkeypatch):
    page = stored.mask_spotting
    full = results.read(pages.published_path(page))
    reduced = replace(full, parameters={**full.parameters, "n_bootstrap": 7})
    monkeypatch.setattr(stored, "published_path", lambda _: tmp_path / "reduced.json")
    results.write(reduced, tmp_path / "reduced.json")
    with pytest.raises(CausalexError, match="no verdict follows; run `causalex publish mask_sp"):
        stored.complete(page)
