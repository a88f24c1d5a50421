"""Printed scores of recognisers and ours, side by side."""

import pandas as pd
import pytest

from causalex_book.pages import published_path
from causalex_book.publishing import results
from causalex_book.recognition import emotion_floor, full_network, printed_scores

RULES = {"linear model": "nothing to choose", "net": "last_epoch"}


@pytest.fixture
def table():
    rows = [
        (system, rule, scope, measure, 0.5 + 0.1 * (system == "net") + 0.01 * (scope == "SMIC"))
        for system, rule in RULES.items()
        for scope in ("composite", "SMIC")
        for measure in ("uf1", "uar", "accuracy")
    ]
    scores = pd.DataFrame(rows, columns=["system", "rule", "scope", "measure", "value"])
    scores = scores.assign(low=scores["value"] - 0.1, high=scores["value"] + 0.1)
    beyond = scores.query("system == 'net'").rename(columns={"value": "difference"})
    beyond = beyond.assign(difference=0.1, low=-0.05, high=0.25)
    return printed_scores.comparison(scores, beyond, "SMIC", ["HTNet", "STSTNet", "CausalNet"])


def test_printed_rows_stand_above_ours_with_the_rule_of_their_code(table):
    assert table["system"].tolist() == ["HTNet", "STSTNet", "CausalNet", *RULES]
    rules = ["printed; test_selected", "printed", "printed; test_selected", *RULES.values()]
    assert table["rule"].tolist() == rules
    assert table["uf1"].tolist()[:3] == ["0.8049", "0.6801", "0.8390"]
    assert table["accuracy"].tolist()[:3] == ["–", "–", "0.8415"]


def test_ours_are_those_of_the_scope_with_intervals(table):
    ours = table.iloc[3:].set_index("system")
    assert ours.loc["net", "uf1"] == "0.610 [0.510,\N{NO-BREAK SPACE}0.710]"
    assert ours.loc["net", "beyond_linear"] == "0.100 [-0.050,\N{NO-BREAK SPACE}0.250]"
    assert ours.loc["linear model", "beyond_linear"] == "–"


def test_findings_on_printed_scores_follow_from_the_stored_floor():
    tables = results.read(published_path(emotion_floor)).tables
    number = printed_scores.CHOSEN_AMONG["CausalNet"]
    floor = tables["floor"].set_index(["epochs", "rule", "scope"])["uf1"].sort_index()
    floor = floor[number, "test_selected"]
    printed = printed_scores.printed().query("measure == 'uf1'")
    printed = printed.set_index(["scope", "method"])["value"]
    linear = tables["scores"].query("system == 'linear model' and measure == 'uf1'")
    linear = linear.set_index("scope")["value"]
    assert len(printed["composite"]) == 14
    assert (printed["composite"] < floor["composite"]).sum() == 10
    assert printed["composite"].idxmax() == "CausalNet"
    ahead = printed.xs("CausalNet", level="method") - floor
    assert 0 < ahead["SAMM"] < 0.05 < 0.1 < ahead.drop("SAMM").min()
    assert floor["composite"] > linear["composite"]
    assert printed["CASME II", "CausalNet"] - linear["CASME II"] == pytest.approx(0.1, abs=0.02)


def test_findings_on_the_network_as_published_follow_from_its_stored_run():
    scores = results.read(published_path(full_network)).tables["scores"].query("measure == 'uf1'")
    found = scores.set_index(["system", "rule", "scope"])["value"].sort_index()
    printed = printed_scores.printed().query("measure == 'uf1' and method == 'CausalNet'")
    printed = printed.set_index("scope")["value"]
    selected, honest = (
        found[full_network.PUBLISHED_NETWORK, rule] for rule in ("test_selected", "last_epoch")
    )
    linear = found[full_network.LINEAR, full_network.NO_CHOICE]
    guesses = found[full_network.GUESSES, "test_selected"]
    assert ((selected - printed).abs() < 0.03).all()
    assert ((honest - linear) < 0).all()
    kept = honest / printed
    assert kept[["composite", "SMIC"]].between(0.77, 0.83).all(), "a fifth less"
    assert 0.81 < kept["CASME II"] < 0.86, "a sixth less"
    assert 0.88 < linear["CASME II"] / printed["CASME II"] < 0.92, "a tenth less"
    assert 0 < selected["SAMM"] - guesses["SAMM"] < 0.03, "hardly above"
