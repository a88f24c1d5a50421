"""Choosing on inner folds."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalex_book.spotting import nested
from causalex_core.errors import CausalexError
from causalex_core.spotting.data import Video, gather

TRUTHS = 10


def hits(generator, subjects, candidates):
    """Random counts (S, 1, C, 3)."""
    tp = generator.integers(0, TRUTHS, (subjects, 1, candidates))
    return np.stack([tp, tp + generator.integers(0, 9, tp.shape), np.full_like(tp, TRUTHS)], -1)


def recorded(people):
    videos = [Video(f"s{n}", f"s{n}_1", np.ones((300, 12, 2), np.float32)) for n in range(people)]
    rows = [(one.subject, one.name, 40.0, 60.0, 90.0, "macro") for one in videos]
    columns = ["subject", "video", "onset", "apex", "offset", "kind"]
    return gather(videos, pd.DataFrame(rows, columns=columns))


@given(st.integers(3, 40))
def test_groups_are_as_large_as_each_other(subjects):
    group = nested.groups([str(n) for n in range(subjects)])
    sizes = np.bincount(group)
    assert len(sizes) == min(subjects, nested.GROUPS) and np.ptp(sizes) <= 1


@given(st.integers(0, 1000), st.integers(5, 15), st.integers(1, 8))
def test_nothing_of_a_subject_takes_part_in_the_choice_for_it(seed, subjects, candidates):
    """Neither its own hits nor those of models that were trained on it."""
    generator = np.random.default_rng(seed)
    group = nested.groups([str(n) for n in range(subjects)])
    inner = [hits(generator, subjects, candidates)[:, 0] for _ in nested.pairs(group)]
    before = nested.choice(inner, group)
    for own in range(nested.GROUPS):
        spoilt = [each.copy() for each in inner]
        for pair, each in zip(nested.pairs(group), spoilt, strict=True):
            trained_on_it = own not in pair
            each[slice(None) if trained_on_it else group == own] = hits(
                generator, subjects, candidates
            )[: (subjects if trained_on_it else (group == own).sum()), 0]
        assert (nested.choice(spoilt, group)[group == own] == before[group == own]).all()


def test_the_candidate_that_is_best_on_the_other_groups_is_chosen():
    group = np.arange(5)
    bad, good = (1, 9, TRUTHS), (9, 9, TRUTHS)
    # For subject 0 the second candidate is best on everybody else, for the others the first.
    inner = [
        np.array([[bad, good]] * 5 if 0 in pair else [[good, bad]] * 5)
        for pair in nested.pairs(group)
    ]
    assert nested.choice(inner, group).tolist() == [1, 0, 0, 0, 0]
    of_kinds = [
        np.stack([one, one[:, ::-1]], axis=1) for one in inner
    ]  # micro: the other way round
    assert nested.each_kind(of_kinds, group).tolist() == [[1, 0, 0, 0, 0], [0, 1, 1, 1, 1]]


def test_every_two_groups_are_held_out_once():
    windows = recorded(7)
    found = nested.folds(windows)
    group = nested.groups(list(windows.subjects))
    assert len(found) == 10
    for pair, fold in zip(nested.pairs(group), found, strict=True):
        held = set(windows.subject[fold.held_out])
        assert held == {f"s{n}" for n in np.flatnonzero(np.isin(group, pair))}
        assert not held & set(windows.subject[fold.train])


def test_two_people_are_too_few():
    with pytest.raises(CausalexError, match="no window with an expression is left to train on"):
        nested.folds(recorded(2))


@given(st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_each_kind_is_chosen_as_if_it_were_alone(seed):
    """Over all dimensions of candidates, in the order of `flat`."""
    generator = np.random.default_rng(seed)
    group = nested.groups([str(n) for n in range(6)])
    inner = [
        np.concatenate([hits(generator, 6, 6), hits(generator, 6, 6)], axis=1)
        for _ in nested.pairs(group)
    ]
    found = nested.each_kind([one.reshape(6, 2, 3, 2, 3) for one in inner], group)
    assert found.shape == (2, 6)
    for kind in range(2):
        assert np.array_equal(found[kind], nested.choice([one[:, kind] for one in inner], group))
