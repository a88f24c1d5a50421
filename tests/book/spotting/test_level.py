"""Peaks of motion as detections."""

import numpy as np

from causalex_book.spotting.level import peaks
from causalex_core.spotting.data import Video


def test_a_peak_is_found_where_the_face_moves_most():
    motion = np.full((200, 12, 2), 0.01, np.float32)
    motion[80:100, :, 0] += np.hanning(20)[:, None]
    found = peaks([Video("a", "a_1", motion)], 20, "macro").sort_values("score")
    best = found.iloc[-1]
    assert abs(best["onset"] - 80) <= 2 and best["offset"] - best["onset"] == 19
    assert best["score"] > 10 and (best["subject"], best["video"]) == ("a", "a_1")


def test_intervals_stay_inside_the_video_and_a_still_one_has_none():
    motion = np.zeros((30, 12, 2), np.float32)
    assert peaks([Video("a", "a_1", motion)], 10, "micro").empty
    motion[2] = 1.0
    found = peaks([Video("a", "a_1", motion)], 10, "micro")
    assert len(found) == 1 and found["onset"].min() == 0 and found["offset"].max() < 30
