"""Spot-then-recognise: counts by hand, a slow reference, and who is left out of what."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from causalex_core.errors import CausalexError
from causalex_core.evaluation import chain
from causalex_core.evaluation.spotting import MEGC, pairs, pool, score

EMOTIONS = ("negative", "positive", "surprise")
COLUMNS = ["subject", "video", "onset", "offset", "kind", "emotion"]
TRUTH = [
    ("a", "v", 0, 9, "micro", "negative"),
    ("a", "v", 20, 29, "micro", "positive"),
    ("a", "w", 40, 49, "micro", "other"),
    ("b", "v", 0, 9, "micro", "surprise"),
    ("b", "v", 50, 99, "macro", "negative"),
]
FOUND = [
    ("a", "v", 0, 9, "micro", "negative"),  # right
    ("a", "v", 1, 9, "micro", "surprise"),  # the same expression again: a false alarm
    ("a", "v", 20, 29, "micro", "negative"),  # hits, but is called otherwise
    ("a", "w", 40, 49, "micro", "positive"),  # hits an expression of no emotion asked for
    ("b", "v", 300, 309, "micro", "surprise"),  # hits nothing
    ("b", "v", 50, 99, "macro", "negative"),
    ("c", "v", 5, 9, "micro", "negative"),  # nobody is annotated here
]


def table(rows):
    return pd.DataFrame(rows, columns=COLUMNS).astype({"onset": float, "offset": float})


def test_counts_by_hand():
    found = chain.count(table(TRUTH), table(FOUND), EMOTIONS)
    micro = found["micro"]
    assert micro.spotting.tolist() == [[3, 4, 3], [0, 1, 1], [0, 1, 0]]
    assert micro.emotions[0].tolist() == [[1, 0, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]
    assert micro.emotions[1:].sum() == 0
    f1, uf1, strs = chain.scores(micro.spotting.sum(0), micro.emotions.sum(0))
    assert f1 == pytest.approx(2 * 3 / (6 + 4))
    assert uf1 == pytest.approx((2 / 3) / 3)
    assert strs == pytest.approx(f1 * uf1)
    assert found["overall"].spotting.sum(0).tolist() == [4, 7, 5]
    assert found["overall"].emotions.sum() == 3


def test_a_hit_that_was_given_no_emotion_is_a_miss():
    rows = [(*row[:5], "other" if row[2] == 0 else row[5]) for row in FOUND[:1]]
    micro = chain.count(table(TRUTH), table(rows), EMOTIONS)["micro"]
    assert micro.emotions[0, 0].tolist() == [0, 0, 0, 1]
    assert chain.uf1(micro.emotions.sum(0)) == 0


def test_of_two_detections_the_nearer_stands_for_the_expression():
    twice = table([FOUND[1], FOUND[0]])
    assert pairs(table(TRUTH), twice).tolist() == [[0, 1]]
    micro = chain.count(table(TRUTH), twice, EMOTIONS)["micro"]
    assert micro.emotions[0, 0].tolist() == [1, 0, 0, 0]
    assert micro.spotting[0].tolist() == [1, 2, 3]


def test_a_nearer_detection_yields_where_two_expressions_can_be_hit():
    truth = table([("a", "v", 0, 9, "micro", "negative"), ("a", "v", 4, 13, "micro", "positive")])
    found = table([("a", "v", 1, 10, "micro", "x"), ("a", "v", 0, 7, "micro", "x")])
    assert pairs(truth, found).tolist() == [[0, 1], [1, 0]]


def _rows(n_most):
    row = st.tuples(
        st.sampled_from("ab"),
        st.sampled_from("vw"),
        st.integers(0, 30),
        st.integers(0, 20),
        st.sampled_from(("macro", "micro")),
        st.sampled_from((*EMOTIONS, "other")),
    ).map(lambda one: (*one[:3], one[2] + one[3], *one[4:]))
    return st.lists(row, max_size=n_most).map(table)


@settings(max_examples=60, deadline=None)
@given(_rows(12), _rows(12))
def test_pairs_are_as_many_as_the_hits_and_all_allowed(truth, found):
    matched = pairs(truth, found)
    assert len(matched) == pool(score(truth, found, MEGC))["overall"].tp
    assert len(set(matched[:, 0])) == len(set(matched[:, 1])) == len(matched)
    for one, other in matched:
        left, right = truth.iloc[one], found.iloc[other]
        assert (left[["subject", "video", "kind"]] == right[["subject", "video", "kind"]]).all()
        inner = min(left["offset"], right["offset"]) - max(left["onset"], right["onset"]) + 1
        outer = max(left["offset"], right["offset"]) - min(left["onset"], right["onset"]) + 1
        assert 2 * inner >= outer


@settings(max_examples=60, deadline=None)
@given(_rows(12), _rows(12))
def test_uf1_is_that_of_the_hits(truth, found):
    overall = chain.count(truth, found, EMOTIONS)["overall"]
    true, said = (
        rows["emotion"].to_numpy()[place]
        for rows, place in zip((truth, found), pairs(truth, found).T, strict=True)
    )
    asked = np.isin(true, EMOTIONS)
    expected = 0.0
    if asked.any():
        expected = f1_score(
            true[asked], said[asked], labels=list(EMOTIONS), average="macro", zero_division=0
        )
    assert chain.uf1(overall.emotions.sum(0)) == pytest.approx(expected)
    assert overall.emotions.sum() == asked.sum()


def test_nothing_found_is_zero_and_not_undefined():
    nothing = chain.count(table(TRUTH), table([]), EMOTIONS)
    assert chain.scores(
        nothing["micro"].spotting.sum(0), nothing["micro"].emotions.sum(0)
    ).tolist() == [0, 0, 0]
    both = chain.count(table([]), table([]), EMOTIONS)["overall"]
    assert both.spotting.shape == (0, 3)


def test_what_cannot_be_counted_is_refused():
    with pytest.raises(CausalexError, match="expected each once"):
        chain.count(table(TRUTH), table(FOUND), ("negative", "negative"))
    with pytest.raises(CausalexError, match="detections: no column 'emotion'"):
        chain.count(table(TRUTH), table(FOUND).drop(columns="emotion"), EMOTIONS)
