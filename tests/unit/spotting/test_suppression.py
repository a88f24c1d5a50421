"""Non-maximum suppression against the reference and by its properties."""

import json

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from causalex_core.spotting.proposals import suppress


def test_reference_cases(oracles):
    cases = json.loads((oracles / "auw_gcn" / "nms_cases.json").read_text())
    assert len(cases) == 12
    for case in cases:
        onset, offset, score = (np.array(case[name]) for name in ("start", "end", "score"))
        kept = suppress(onset, offset, score, case["top_k"], case["iou_threshold_strict_gt"])
        assert onset[kept].tolist() == case["out_start"]
        assert offset[kept].tolist() == case["out_end"]
        assert score[kept].tolist() == case["out_score"]


PROPOSALS = st.lists(
    st.tuples(st.integers(0, 50), st.integers(1, 20), st.floats(0, 1)), min_size=1, max_size=20
)


@given(PROPOSALS, st.integers(1, 6))
def test_kept_proposals_are_few_good_and_apart(rows, keep):
    onset, length, score = (np.array(column) for column in zip(*rows, strict=True))
    offset = onset + length
    kept = suppress(onset, offset, score, keep)
    assert len(kept) <= keep
    assert (score[kept] > 0).all()
    assert (np.diff(score[kept]) <= 0).all()
    for i, one in enumerate(kept):
        for two in kept[i + 1 :]:
            inner = max(min(offset[one], offset[two]) - max(onset[one], onset[two]), 0)
            assert inner <= 0.5 * (length[one] + length[two] - inner)


@given(PROPOSALS, st.integers(1, 3))
def test_groups_do_not_see_each_other(rows, keep):
    onset, length, score = (np.array(column) for column in zip(*rows, strict=True))
    offset, group = onset + length, np.arange(len(onset)) % 3
    expected: list[int] = []
    for number in range(3):
        part = np.flatnonzero(group == number)
        expected += part[suppress(onset[part], offset[part], score[part], keep)].tolist()
    assert suppress(onset, offset, score, keep, group=group).tolist() == expected


def test_half_an_overlap_is_kept_and_zero_scores_are_not():
    onset, offset = np.array([0, 0, 50]), np.array([10, 5, 60])
    assert suppress(onset, offset, np.array([0.9, 0.8, 0.0]), 5).tolist() == [0, 1]


def test_nothing_in_nothing_out():
    none = np.zeros(0)
    assert suppress(none, none, none, 5).size == 0
