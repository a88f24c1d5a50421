"""Which epoch each rule reports of a recogniser."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from causalex_book.recognition import selection
from causalex_book.recognition.selection import LAST, TEST
from causalex_core.evaluation import recognition


def counted(seed, n_epochs=6):
    generator = np.random.default_rng(seed)
    subject = np.repeat(np.arange(5), [1, 1, 3, 5, 8])
    truth = generator.integers(0, 3, len(subject))
    predicted = generator.integers(0, 3, (n_epochs, len(subject)))
    return recognition.per_subject(predicted, truth, subject, 3)


def hits(counts):
    return np.trace(counts, axis1=-2, axis2=-1)


@given(st.integers(0, 1000))
@settings(max_examples=50, deadline=None)
def test_the_subject_that_chooses_for_itself_never_reads_less(seed):
    counts = counted(seed)
    rules = selection.by_rule(counts)
    for found in rules.values():
        np.testing.assert_array_equal(found.sum(axis=-1), counts[0].sum(axis=-1))
        assert (hits(rules[TEST]) >= hits(found)).all()
    more = hits(selection.by_rule(counts)[TEST])
    assert (more >= hits(selection.by_rule(counts[:3])[TEST])).all()
    np.testing.assert_array_equal(rules[LAST], counts[-1])


@given(st.integers(0, 1000), st.integers(0, 4))
@settings(max_examples=50, deadline=None)
def test_nobody_has_a_say_in_its_own_cross_fold(seed, subject):
    counts = counted(seed)
    changed = counts.copy()
    changed[:, subject] = changed[::-1, subject]
    assert selection.cross_fold(counts)[subject] == selection.cross_fold(changed)[subject]


def test_rules_by_hand():
    truth, subject = np.array([0, 1, 2, 0]), list("aabb")
    predicted = np.array([[0, 0, 2, 1], [0, 1, 1, 1], [0, 1, 2, 1], [1, 2, 0, 1]])
    counts = recognition.per_subject(predicted, truth, subject, 3)
    assert selection.oracle_per_subject(counts).tolist() == [1, 0]  # the first of equals
    assert selection.cross_fold(counts).tolist() == [0, 1]
    assert selection.last_epoch(counts).tolist() == [3, 3]
