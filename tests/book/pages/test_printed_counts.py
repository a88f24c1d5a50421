"""Counts behind printed scores; needs no data."""

import pytest

from causalex_book import pages
from causalex_book.spotting import printed_counts
from causalex_core.data.annotations import CAS, SAMM


@pytest.fixture(scope="module")
def tables():
    return pages.obtain(printed_counts, n_draws=2000).tables


def test_counts_before_and_after_debiasing(tables):
    solved = tables["solutions"].set_index(["database", "run"])
    columns = ["macro_tp", "macro_n_pred", "micro_tp", "micro_n_pred"]
    assert solved.loc[(CAS, printed_counts.BEFORE), columns].tolist() == [130, 315, 5, 29]
    assert solved.loc[(CAS, printed_counts.AFTER), columns].tolist() == [130, 313, 6, 31]
    assert solved.loc[(SAMM, printed_counts.BEFORE), columns].tolist() == [172, 464, 25, 101]
    assert solved.loc[(SAMM, printed_counts.AFTER_4), columns].tolist() == [171, 459, 27, 109]
    assert (solved["solutions"] == 1).all()


def test_no_printed_difference_leaves_the_range_of_chance(tables):
    rows = tables["comparisons"]
    assert (rows["low"] < rows["f1_gain"]).all()
    assert ((rows["low"] < 0) & (rows["high"] > 0)).all()


def test_the_numbers_in_the_text_give_the_same_gain(tables):
    before, after = tables["other_truths"].to_dict("records")
    assert (before["micro_tp"], after["micro_tp"]) == (5, 6)
    assert before["macro_tp"] == after["macro_tp"]
