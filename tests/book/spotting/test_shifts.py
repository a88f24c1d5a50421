"""Labels moved in time."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from causalex_book.spotting import shifts

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


@given(st.integers(0, 500))
def test_numbers_lengths_and_videos_stay(seed):
    moved = shifts.shifted(TRUTH, LENGTHS, np.random.default_rng(seed))
    for one, other in (("onset", "offset"), ("onset", "apex")):
        assert np.array_equal(moved[other] - moved[one], TRUTH[other] - TRUTH[one], equal_nan=True)
    last = moved["video"].map(LENGTHS) - 1
    assert (moved["onset"] >= 0).all() and (moved["offset"].fillna(0) <= last).all()
    assert moved[["subject", "video", "kind"]].equals(TRUTH[["subject", "video", "kind"]])


def test_expressions_of_a_video_move_together_and_around_its_end():
    moved = [shifts.shifted(TRUTH, LENGTHS, np.random.default_rng(seed)) for seed in range(50)]
    gaps = [(one["onset"][1] - one["onset"][0]) % 100 for one in moved]
    assert sum(gap == 40 for gap in gaps) > 15  # the rest lay across the end
    assert any(one["onset"][1] < one["onset"][0] for one in moved)
    assert len({float(one["onset"][0]) for one in moved}) > 30


def test_detections_that_follow_the_labels_are_above_the_band():
    lengths = {name: 50 * frames for name, frames in LENGTHS.items()}
    found = shifts.band(TRUTH, TRUTH.dropna(), lengths, 100, seed=1)
    value, low, high = found["overall"]
    assert value == 0.8  # the truth without an offset cannot be hit
    assert low <= high < value
    assert set(found) == {"macro", "micro", "overall"}
