"""Checks of printed values against each other: what holds and what does not."""

import pytest

from causalex_book.claims import consistency

DISAGREEMENTS = {
    "SAMM-LV: micro F1 after debiasing, Tables 2 and 4",
    "CAS(ME)²: micro share in Table 1, and from the text",
    "SAMM-LV: micro share in Table 1, and from the text",
    "CAS(ME)² has more expressions than SAMM-LV",
    "CAS(ME)²: best micro F1 of Table 2 is Causal-Ex's",
    "SAMM-LV: best micro F1 of Table 2 is Causal-Ex's",
    "SAMM-LV: Causal-Ex above AUW-GCN before debiasing, Table 3",
    "SAMM-LV: Causal-Ex above AUW-GCN after debiasing, Table 3",
    "CAS(ME)²: overall F1 of 3D-CNN, Table 2 and one other paper",
    "CAS(ME)²: overall F1 of 3D-CNN, Table 2 and another paper",
    "SAMM-LV: overall F1 of 3D-CNN, Table 2 and one other paper",
    "SAMM-LV: overall F1 of 3D-CNN, Table 2 and another paper",
}


def test_exactly_the_known_statements_do_not_hold():
    checks = consistency.checks()
    assert checks["statement"].is_unique
    assert set(checks.loc[~checks["holds"], "statement"]) == DISAGREEMENTS


def test_gains_of_the_text_are_percentage_points():
    checks = consistency.checks().query("topic == 'gains'")
    assert list(checks["printed"]) == ["2.6 %", "4.6 %", "1.06 %"]
    assert list(checks["against"]) == ["2.60 points", "4.60 points", "1.06 points"]


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [("0.388", "0.3880", True), ("0.388", "0.3885", False), ("18", "17.49", False)],
)
def test_numbers_agree_at_the_coarser_rounding(one, other, agree):
    assert consistency._agree(one, other) is agree
