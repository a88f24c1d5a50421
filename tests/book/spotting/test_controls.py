"""Peaks of motion as detections, and labels moved in time."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from causalex_book.spotting.controls import band, moved_labels, peaks
from causalex_core.spotting.data import Video

COLUMNS = ["subject", "video", "onset", "apex", "offset", "kind"]
TRUTH = pd.DataFrame(
    [
        ("a", "a_1", 10.0, 15.0, 20.0, "micro"),
        ("a", "a_1", 50.0, 60.0, 99.0, "macro"),
        ("b", "b_1", 5.0, 9.0, np.nan, "macro"),
    ],
    columns=COLUMNS,
)
LENGTHS = {"a_1": 100, "b_1": 40}


def test_a_peak_is_found_where_the_face_moves_most():
    motion = np.full((200, 12, 2), 0.01, np.float32)
    motion[80:100, :, 0] += np.hanning(20)[:, None]
    result = peaks([Video("a", "a_1", motion)], 20, "macro").sort_values("score")
    best = result.iloc[-1]
    assert abs(best["onset"] - 80) <= 2 and best["offset"] - best["onset"] == 19
    assert best["score"] > 10 and (best["subject"], best["video"]) == ("a", "a_1")


def test_intervals_stay_inside_the_video_and_a_still_one_has_none():
    motion = np.zeros((30, 12, 2), np.float32)
    assert peaks([Video("a", "a_1", motion)], 10, "micro").empty
    motion[2] = 1.0
    result = peaks([Video("a", "a_1", motion)], 10, "micro")
    assert len(result) == 1 and result["onset"].min() == 0 and result["offset"].max() < 30


@given(st.integers(0, 500))
def test_numbers_lengths_and_videos_stay(seed):
    moved = moved_labels(TRUTH, LENGTHS, np.random.default_rng(seed))
    for one, other in (("onset", "offset"), ("onset", "apex")):
        assert np.array_equal(moved[other] - moved[one], TRUTH[other] - TRUTH[one], equal_nan=True)
    last = moved["video"].map(LENGTHS) - 1
    assert (moved["onset"] >= 0).all() and (moved["offset"].fillna(0) <= last).all()
    assert moved[["subject", "video", "kind"]].equals(TRUTH[["subject", "video", "kind"]])


def test_expressions_of_a_video_move_together_and_around_its_end():
    moved = [moved_labels(TRUTH, LENGTHS, np.random.default_rng(seed)) for seed in range(50)]
    gaps = [(one["onset"][1] - one["onset"][0]) % 100 for one in moved]
    assert sum(gap == 40 for gap in gaps) > 15  # the rest lay across the end
    assert any(one["onset"][1] < one["onset"][0] for one in moved)
    assert len({float(one["onset"][0]) for one in moved}) > 30


def test_detections_that_follow_the_labels_are_above_the_band():
    lengths = {name: 50 * frames for name, frames in LENGTHS.items()}
    result = band(TRUTH, TRUTH.dropna(), lengths, 100, seed=1)
    value, low, high = result["overall"]
    assert value == 0.8  # the truth without an offset cannot be hit
    assert low <= high < value
    assert set(result) == {"macro", "micro", "overall"}
