import numpy as np
import pytest

from causalex_book.graphs.agreement import Truth, agreement, truth
from causalex_core.graphs.pag import Pag

# 0 --> 2 <-- 1, 2 --> 3: everything but the tails at 0 and 1 can be known.
DAG = np.zeros((4, 4), bool)
DAG[[0, 1, 2], [2, 2, 3]] = True
KNOWN = truth(DAG, 4)


def test_the_truth_agrees_with_itself():
    assert agreement(KNOWN.pag, KNOWN) == (1,) * 7
    exact = agreement(KNOWN.mag, KNOWN)
    assert exact.f1 == exact.mark_recall == exact.marks_right == 1
    # The ancestral graph has two tails that independence cannot tell.
    assert exact.mark_precision == pytest.approx(4 / 6)


def test_wrong_edges_and_wrong_marks_are_told_apart():
    marks = KNOWN.pag.marks.copy()
    marks[2, 3], marks[3, 2] = 3, 2  # turned round
    marks[0, 1], marks[1, 0] = 2, 2  # too much
    marks[0, 2] = marks[2, 0] = 0  # missing
    found = agreement(Pag(marks), KNOWN)
    assert found.precision == found.recall == found.f1 == pytest.approx(2 / 3)
    assert found.mark_precision == pytest.approx(1 / 5)
    assert found.mark_recall == pytest.approx(1 / 4)
    assert found.mark_f1 == pytest.approx(2 / 9)
    assert found.marks_right == pytest.approx(1 / 3)


def test_an_empty_graph_has_no_precision():
    empty = Pag(np.zeros((4, 4)))
    found = agreement(empty, KNOWN)
    assert np.isnan([found.precision, found.mark_precision, found.marks_right]).all()
    assert found.recall == found.f1 == 0
    assert np.isnan(agreement(empty, Truth(empty, empty)).f1)
