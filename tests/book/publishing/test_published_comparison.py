"""Ours beside print in the published setting, and what is said of it."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

from causalex_book.publishing import paper
from causalex_book.spotting import published_comparison
from causalex_core.evaluation.operating_points import CROSS, EPOCH, LAST

CAS, SAMM = "CAS(ME)^2", "SAMM-LV, own features"
KINDS, RULES = ("macro", "micro", "overall"), (EPOCH, CROSS, LAST)


def rows(f1=0.4, databases=(CAS,), variants=("AUW-GCN", "Causal-Ex", "no graph"), **more):
    """A row of every database, network, rule and kind."""
    table = pd.DataFrame(
        product(databases, variants, RULES, KINDS), columns=["database", "variant", "rule", "kind"]
    )
    numbers = {"tp": 3.0, "n_pred": 10.0, "f1": f1, "low": 0.3, "high": 0.5}
    numbers |= {"over_last": 0.1, "over_last_low": 0.05, "over_last_high": 0.2}
    return table.assign(**numbers, protocol="auw", missing_offset="mirrored", **more)


def test_print_others_and_every_rule_stand_under_each_other():
    table = published_comparison.table(rows(databases=(CAS, SAMM)))
    ours = [f"here, {rule}" for rule in RULES]
    of_one = ["printed", "run by others", *ours, "printed", *ours]
    assert table["from"].tolist() == of_one * 2
    assert table["database"].unique().tolist() == ["CAS(ME)²", "SAMM-LV, own features"]
    assert "no graph" not in set(table["network"])
    first = table.iloc[0]
    assert [first[kind] for kind in KINDS] == [
        paper.text("spotting", "elsewhere", "AUW-GCN", f"cas {kind}") for kind in KINDS
    ]
    row = table[table["from"] == f"here, {EPOCH}"].iloc[0]
    assert row["macro"] == "0.400 [0.300, 0.500] (3 / 10)"


def test_what_others_found_has_hits_and_detections():
    table = published_comparison.table(rows(databases=(SAMM,)))
    (rerun,) = table[table["from"] == "run by others"].to_dict("records")
    tp, fp = (paper.value("spotting", "rerun", name, "samm macro") for name in ("tp", "fp"))
    assert rerun["macro"].endswith(f"({tp:.0f} / {tp + fp:.0f})")
    assert "(" not in rerun["overall"]


def test_a_network_that_was_not_trained_has_its_printed_row_alone():
    table = published_comparison.table(rows(variants=("AUW-GCN",)))
    assert table[table["network"] == "Causal-Ex"]["from"].tolist() == ["printed"]


def differences(gain=0.02):
    row = {"database": CAS, "variant": "Causal-Ex", "baseline": "AUW-GCN", "kind": "overall"}
    counting = {"protocol": "auw", "missing_offset": "mirrored", "rule": EPOCH}
    return pd.DataFrame(
        [row | counting | {"gain": gain, "gain_low": gain - 0.01, "gain_high": gain + 0.01}]
    )


@pytest.mark.parametrize(("shift", "where"), [(0.0, "inside"), (-0.2, "outside")])
def test_the_answer_says_whether_print_lies_in_the_interval(shift, where):
    scores = rows()
    printed = published_comparison.overall([CAS])[CAS, "AUW-GCN"]
    scores[["f1", "low", "high"]] = np.add((printed, printed - 0.05, printed + 0.05), shift)
    scores.loc[scores["rule"] == LAST, "f1"] = 0.111
    lines = published_comparison.answer(scores, differences())
    assert len(lines) == 3
    assert f"the printed {printed:.3f} lies {where} this interval" in lines[0]
    assert "The rule is worth +0.100" in lines[0] and "at the last epoch, 0.111" in lines[0]
    assert lines[2].startswith("CAS(ME)^2: Causal-Ex less AUW-GCN is +0.020")


def test_only_networks_that_were_trained_are_answered_for():
    lines = published_comparison.answer(rows(variants=("AUW-GCN",)), differences().iloc[:0])
    assert len(lines) == 1 and "AUW-GCN has an overall F1" in lines[0]


def test_table4_has_print_beside_both_rates_and_rules():
    crossed = pd.DataFrame(
        product(("causal only", "Causal-Ex", "AUW-GCN"), KINDS, ("as recorded", "25 per second"),
                (EPOCH, LAST)),
        columns=["variant", "kind", "rate", "rule"],
    )  # fmt: skip
    crossed = crossed.assign(trained_on=CAS, tested_on=SAMM, tp=3.0, n_pred=10.0)
    crossed["f1"] = [0.2 + 0.01 * index for index in range(len(crossed))]
    crossed = crossed.assign(low=0.1, high=0.9)
    table = published_comparison.across(crossed).set_index(["network", "kind"])
    assert len(table) == 9
    assert table.loc[("AUW-GCN", "macro"), "printed"] == ""  # Table 4 lacks it
    printed = set(table.loc[["causal only", "Causal-Ex"], "printed"])
    assert len(printed) == 6 and all(0 < float(text) < 1 for text in printed)
    for row in crossed.to_dict("records"):
        cell = table.loc[(row["variant"], row["kind"]), f"{row['rate']}, {row['rule']}"]
        assert cell == f"{row['f1']:.3f} [0.100, 0.900] (3 / 10)"


def suspects(**f1):
    named = {"as_published": "as published"}
    return pd.DataFrame(
        [
            {"suspect": named.get(name, name), "protocol": protocol, "kind": kind, "tp": 9}
            | {"n_pred": 20, "n_truth": 30, "f1": value, "low": 0.1, "high": high}
            for name, value in f1.items()
            for kind in KINDS
            for protocol, high in (("auw", 0.9), ("auw_2023", 0.4))
        ]
    )


def test_the_suspect_nearest_to_print_is_named():
    """Also where another goes beyond what is printed."""
    printed = paper.value("spotting", "elsewhere", "AUW-GCN", "samm macro")
    table = suspects(as_published=0.3, seed=printed - 0.01, beyond=printed + 0.1)
    first, second, earlier = published_comparison.missing(table)
    assert "outside this interval" in earlier  # the count of 2023 ends at .4 here
    assert first.startswith("As published 9 of 30 are hit by 20 detections, F1 0.300")
    assert f"{printed:.3f} is printed" in first
    assert "'seed' comes nearest" in second
