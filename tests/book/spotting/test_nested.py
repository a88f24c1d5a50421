"""Choosing on inner folds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from invented_people import dataset

from causalex_book.spotting import nested
from causalex_core.errors import CausalexError

TRUTHS = 10


def counts(generator, *shape):
    """Random counts (*shape, 3)."""
    tp = generator.integers(0, TRUTHS, shape)
    return np.stack([tp, tp + generator.integers(0, 9, tp.shape), np.full_like(tp, TRUTHS)], -1)


def windows(people):
    return dataset({f"s{n}": [(40, 60, 90, "macro")] for n in range(people)}).windows


@given(st.integers(3, 40))
def test_groups_are_as_large_as_each_other(subjects):
    sizes = np.bincount(nested.groups([str(n) for n in range(subjects)]))
    assert len(sizes) == min(subjects, nested.GROUPS) and np.ptp(sizes) <= 1


@given(st.integers(0, 1000), st.integers(5, 15), st.integers(1, 8))
def test_nothing_of_a_subject_takes_part_in_the_choice_for_it(seed, subjects, candidates):
    """Neither its own counts nor those of models that were trained on it."""
    generator = np.random.default_rng(seed)
    group = nested.groups([str(n) for n in range(subjects)])
    inner = [counts(generator, subjects, candidates) for _ in nested.pairs(group)]
    before = nested.choice(inner, group)
    for tested in range(nested.GROUPS):
        others = [
            np.where(
                (group == tested)[:, None, None] | (tested not in pair),
                counts(generator, subjects, candidates),
                of_pair,
            )
            for pair, of_pair in zip(nested.pairs(group), inner, strict=True)
        ]
        assert (nested.choice(others, group)[group == tested] == before[group == tested]).all()


def test_the_candidate_that_is_best_on_the_other_groups_is_chosen():
    group = np.arange(5)
    bad, good = (1, 9, TRUTHS), (9, 9, TRUTHS)
    # For subject 0 the second candidate is best on everybody else, for the others the first.
    inner = [
        np.array([[bad, good]] * 5 if 0 in pair else [[good, bad]] * 5)
        for pair in nested.pairs(group)
    ]
    assert nested.choice(inner, group).tolist() == [1, 0, 0, 0, 0]


def test_every_two_groups_are_held_out_once():
    cut = windows(7)
    folds, group = nested.folds(cut), nested.groups(list(cut.subjects))
    assert len(folds) == 10
    for pair, fold in zip(nested.pairs(group), folds, strict=True):
        held = set(cut.subject[fold.held_out])
        assert held == {f"s{n}" for n in np.flatnonzero(np.isin(group, pair))}
        assert not held & set(cut.subject[fold.train])
    with pytest.raises(CausalexError, match="no window with an expression is left to train on"):
        nested.folds(windows(2))


@given(st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_each_kind_is_chosen_as_if_it_were_alone(seed):
    """Over all dimensions of candidates, in the order of `flat`."""
    generator = np.random.default_rng(seed)
    group = nested.groups([str(n) for n in range(6)])
    inner = [counts(generator, 6, 2, 6) for _ in nested.pairs(group)]
    choice = nested.each_kind([of_pair.reshape(6, 2, 3, 2, 3) for of_pair in inner], group)
    assert choice.shape == (2, 6)
    for kind in range(2):
        alone = nested.choice([of_pair[:, kind] for of_pair in inner], group)
        assert np.array_equal(choice[kind], alone)
