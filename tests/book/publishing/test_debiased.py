"""Sentences on debiasing follow from the rows they are given."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

from causalex_book.debiasing import debiased

VIEWS = ("null frames", "keep E_f", "mask E_f", "null frames and keep E_f")


def rows(views=VIEWS, databases=("CAS(ME)^2",)):
    """A gain of 0.01 times its row, its interval above zero from the fourth row on."""
    table = pd.DataFrame(
        product(
            databases,
            ("none", *views, "as many thresholds instead"),
            ("cross_fold", "test_tuned", "nested"),
            ("macro", "overall"),
        ),
        columns=["database", "counterfactual", "chosen", "kind"],
    )
    gain = 0.01 * np.arange(len(table))
    return table.assign(
        variant="Causal-Ex", form="probabilities", gain=gain, gain_low=gain - 0.1, gain_high=gain
    )


def test_the_answer_tells_who_chose_and_what_is_printed():
    table = rows()
    first, last = debiased.answer(table)
    assert first.startswith("CAS(ME)²: debiasing Causal-Ex with null frames and keep E_f")
    own = table.query("counterfactual == 'null frames and keep E_f' and kind == 'overall'")
    for gain in own["gain"]:
        assert f"{gain:+.3f} [{gain - 0.1:+.3f}, {gain:+.3f}]" in first
    assert first.endswith("Printed is +0.0028.")
    inner = table.query("chosen == 'nested' and counterfactual in @VIEWS")
    above = int((inner["gain_low"] > 0).sum())
    assert 0 < above < len(inner) and f" {above} of 8 when inner models choose" in last


def test_without_essential_regions_null_frames_answer():
    first, last = debiased.answer(rows(views=("null frames",)))
    assert "debiasing Causal-Ex with null frames changes" in first and " of 2 when" in last


@pytest.mark.parametrize("database", ["SAMM-LV", "synthetic, like SAMM-LV"])
def test_any_one_database_has_an_answer(database):
    (first, _) = debiased.answer(rows(databases=(database,)))
    assert first.startswith(f"{database}: ") and first.endswith("Printed is +0.0008.")


def test_the_largest_gain_stands_beside_that_of_a_constant():
    table = pd.DataFrame(
        {
            "database": "CAS(ME)^2",
            "variant": "AUW-GCN",
            "counterfactual": ["keep E_f", "null frames", "a constant instead"] * 2,
            "chosen": ["cross_fold"] * 3 + ["test_tuned"] * 3,
            "kind": "overall",
            "gain": [0.01, 0.03, 0.05, 0.07, 0.06, 0.08],
            "gain_low": 0.0,
            "gain_high": 0.1,
        }
    )
    (message,) = debiased.at_fixed_thresholds(table)
    assert "null frames gains most, +0.030 [+0.000, +0.100], and a constant +0.050" in message
    assert "keep E_f gains most, +0.070 [+0.000, +0.100], and a constant +0.080" in message


def test_the_tie_is_told_before_debiasing_and_after():
    bias = pd.DataFrame(
        product(("none", "null frames and keep E_f"), ("tied", "free"), ("with", "without")),
        columns=["counterfactual", "people", "unit"],
    ).assign(
        database="synthetic, like SAMM-LV",
        variant="Causal-Ex",
        form="probabilities",
        event="expression",
        detected=[6.0, 3.0, 5.0, 5.0, 6.0, 4.0, 5.0, 4.0],
        number=10,
    )
    (message,) = debiased.planted(bias)
    assert message.startswith("synthetic, like SAMM-LV: ")
    assert "by +0.300 where it is tied and +0.000 where it is free; after" in message
    assert message.endswith("by +0.200 where it is tied and +0.100 where it is free.")
    assert not list(debiased.planted(pd.DataFrame()))


def test_what_is_undefined_is_counted():
    rates = pd.DataFrame(
        {"tpr": [0.1, 0.2], "ratio": [2.0, np.nan], "ratio_left_out": [3, 20], "kind": "macro"}
    )
    odds = pd.DataFrame({"resamples_left_out": [0, 4, 7], "groups_left_out": [0, 0, 1]})
    assert list(debiased.undefined(rates, odds, 20)) == [
        "The ratio is undefined, without any false alarm, in 1 of 2 rows; true positive rates in"
        " 0.",
        "2 of 2 intervals of the ratio leave out resamples in which it is undefined, 20 of 20 at"
        " most.",
        "2 of 3 intervals of the difference between groups leave out resamples in which it is"
        " undefined, 7 of 20 at most.",
        "1 of 3 differences leave out a group.",
    ]


def test_a_result_that_is_older_than_these_counts_is_said_to_be():
    rates = pd.DataFrame({"tpr": [0.1], "ratio": [2.0]})
    message = list(debiased.undefined(rates, pd.DataFrame({"gap": [0.1]}), 20))
    assert [line for line in message if "older than this count" in line] == message[1:]
    assert len(list(debiased.undefined(rates, pd.DataFrame(), 20))) == 2
