"""Printed scores of recognisers and ours, side by side."""

import pandas as pd
import pytest

from causalex_core.chapters import emotion_floor, published_path
from causalex_core.report import beside_recognition, results

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
    return beside_recognition.beside(scores, beyond, "SMIC", ["HTNet", "STSTNet", "CausalNet"])


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
    number = beside_recognition.CHOSEN_AMONG["CausalNet"]
    floor = tables["floor"].set_index(["epochs", "rule", "scope"])["uf1"]
    floor = floor[number, "test_selected"]
    printed = beside_recognition.printed().query("measure == 'uf1'")
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
