"""Counts of many operating points at once."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalex_core.evaluation.spotting import COUNTS, MEGC, PROTOCOLS, score
from causalex_core.expressions import KINDS, MissingOffset
from causalex_core.spotting import candidates


@pytest.fixture
def tables():
    generator = np.random.default_rng(0)

    def drawn(count, **more):
        onset = generator.integers(0, 400, count)
        return pd.DataFrame(
            {
                "subject": generator.choice(["a", "b", "c"], count),
                "video": "v",
                "onset": onset.astype(float),
                "offset": onset + generator.integers(5, 60, count).astype(float),
                "kind": generator.choice(list(KINDS), count),
                **more,
            }
        ).assign(video=lambda table: table["subject"] + "_1")

    truth = drawn(40)
    found = [drawn(60, score=generator.random(60)) for _ in range(3)]
    return truth, found


def alone(found, truth, subjects, thresholds, protocol=MEGC, missing_offset=MissingOffset.AS_IS):
    """Counts of every table and threshold, each scored for itself."""
    steps = len(thresholds[KINDS[0]])
    expected = np.zeros((len(subjects), 2, len(found), steps, 3), int)
    for number, table in enumerate(found):
        for step in range(steps):
            least = table["kind"].map({kind: thresholds[kind][step] for kind in KINDS})
            counts = score(truth, table[table["score"] >= least], protocol, missing_offset)
            for row in counts.to_dict("records"):
                place = subjects.index(row["subject"]), KINDS.index(row["kind"]), number, step
                expected[place] = [row[name] for name in COUNTS]
    return expected


def test_each_candidate_counts_as_if_it_were_scored_alone(tables):
    truth, found = tables
    thresholds = {"macro": np.array([0.0, 0.5]), "micro": np.array([0.2, 0.9])}
    subjects = ["c", "a", "d", "b"]
    counted = candidates.counts(found, truth, subjects, thresholds)
    assert counted.shape == (4, 2, 3, 2, 3) and counted[..., 0].any()
    assert np.array_equal(counted, alone(found, truth, subjects, thresholds))
    assert not counted[2].any()  # nobody there


def intervals(scored):
    """Tables of few places and lengths, so that overlaps of one half and ties are common."""
    row = st.tuples(
        st.sampled_from("ab"),
        st.sampled_from("vw"),
        st.integers(0, 12),
        st.one_of(st.integers(0, 12), st.none()),
        st.integers(0, 6),
        st.sampled_from(KINDS),
        st.sampled_from([0.1, 0.4, 0.7]),
    )

    def table(rows):
        names = ["subject", "video", "onset", "offset", "apex", "kind", "score"]
        drawn = pd.DataFrame(rows, columns=names).astype(
            {"onset": float, "offset": float, "apex": float, "score": float}
        )
        drawn[["offset", "apex"]] = drawn[["offset", "apex"]].add(drawn["onset"], axis=0)
        return drawn if scored else drawn.drop(columns="score")

    return st.lists(row, max_size=12).map(table)


@given(
    truth=intervals(scored=False),
    found=st.lists(intervals(scored=True), min_size=1, max_size=2),
    protocol=st.sampled_from(list(PROTOCOLS.values())),
    missing_offset=st.sampled_from(MissingOffset),
)
@settings(max_examples=200, deadline=None)
def test_every_protocol_and_policy_counts_as_score_does(truth, found, protocol, missing_offset):
    thresholds = {"macro": np.array([0.0, 0.4, 0.9]), "micro": np.array([0.5, 0.1, 0.7])}
    case = (found, truth, ["b", "a"], thresholds, protocol, missing_offset)
    assert np.array_equal(candidates.counts(*case), alone(*case))


def test_intervals_of_nobody_asked_about_are_left_out(tables):
    truth, found = tables
    thresholds = {kind: np.array([0.0, 0.5]) for kind in KINDS}
    whole = candidates.counts(found, truth, ["a", "b", "c"], thresholds)
    assert np.array_equal(candidates.counts(found, truth, ["b"], thresholds), whole[1:2])


def test_memory_does_not_grow_with_the_number_of_tables(tables):
    truth, found = tables
    thresholds = candidates.thresholds(41)

    def peak(count):
        tracemalloc.start()
        counted = candidates.counts(found[:1] * count, truth, ["a", "b", "c"], thresholds)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most - 2 * counted.nbytes  # its tables, and all of them in one array

    peak(1)  # what is only made once
    assert peak(20) < 1.5 * peak(1)


def test_a_table_without_detections(tables):
    truth, found = tables
    thresholds = {kind: np.array([0.0]) for kind in KINDS}
    counted = candidates.counts([found[0].iloc[:0]], truth, ["a", "b", "c"], thresholds)
    assert counted[..., 2].sum() == len(truth) and not counted[..., :2].any()
