"""MDMD on regions: by hand, on planted movements, and by what must not change it."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causalex_book.spotting.controls import contrasts, mdmd
from causalex_core.errors import CausalexError
from causalex_core.spotting.data import Video

FRAMES = 400
DISTANCE = 12
INTERVAL = ["onset", "apex", "offset"]
SEEDS = st.integers(0, 2**32 - 1)
SHARES = st.floats(0, 1)


def moved(path, regions=4):
    """Motion of 12 regions, of which so many follow a path."""
    motion = 0.01 * np.random.default_rng(1).standard_normal((len(path), 12, 2))
    motion[:, :regions, 1] += np.gradient(path)[:, None]
    return motion.astype(np.float32)


def bump(first, length, height=3.0):
    path = np.zeros(FRAMES)
    path[first : first + length] = height * np.hanning(length)
    return path


def step(first, height=3.0):
    return height * np.clip((np.arange(FRAMES) - first) / 8, 0, 1)


def shaky(seed, frames=150):
    walk = np.random.default_rng(seed).standard_normal((frames, 12, 2))
    return (walk[2:] + walk[1:-1] + walk[:-2]).astype(np.float32)


def intervals(motion, share=0.1, shortest=1, longest=np.inf, distance=DISTANCE):
    return mdmd([Video("a", "a_1", motion)], distance, share, "micro", shortest, longest)


def test_contrast_by_hand():
    # places 0 1 3 4 3 1 0; at frames 2, 3, 4 comes back 3-3, 3-0, 0-3
    steps = np.array([0, 2, 2, 0, -2, -2, 0], np.float32)
    motion = np.zeros((7, 1, 2), np.float32)
    motion[:, 0, 0] = steps
    assert np.array_equal(contrasts(motion, 2), [np.nan] * 3 + [4.5] + [np.nan] * 3, equal_nan=True)
    # of six regions two count: 0, (9 + 3) / 2, and 0 of those that do not move
    motion = np.zeros((7, 6, 2), np.float32)
    motion[:, 4, 0], motion[:, 1, 1] = 3 * steps, -steps
    assert contrasts(motion, 2)[3] == 6


def test_what_comes_back_is_found_where_it_was():
    (best,) = intervals(moved(bump(200, 16)), 0.4).to_dict("records")
    assert abs(best["onset"] - 200) <= 5 and abs(best["offset"] - 215) <= 5
    assert abs(best["apex"] - 207.5) <= 2 and best["score"] == 1
    assert (best["subject"], best["video"], best["kind"]) == ("a", "a_1", "micro")


def test_what_stays_is_low():
    for regions, highest in ((4, 0.1), (12, 0.45)):  # in all: around a step it seems to come back
        table = intervals(moved(bump(100, 16) + step(280), regions), 0)
        of_bump = table["apex"].between(95, 120)
        assert table.loc[of_bump, "score"].max() == 1
        assert table.loc[~of_bump, "score"].max() < highest


def test_a_still_or_very_short_video_has_none_and_leaves_others_alone():
    videos = [
        Video("a", "still", np.zeros((FRAMES, 12, 2), np.float32)),
        Video("a", "short", moved(np.zeros(2))),
        Video("b", "moving", moved(bump(200, 16))),
    ]
    assert mdmd(videos[:2], DISTANCE, 0, "macro", 1).empty
    table = mdmd(videos, DISTANCE, 0.4, "macro", 1)
    assert list(table) == ["subject", "video", *INTERVAL, "kind", "score"]
    assert table["video"].tolist() == ["moving"]
    assert all(pd.api.types.is_integer_dtype(table[name]) for name in INTERVAL)


def test_lengths_are_inclusive_and_both_bounds_allowed():
    motion = shaky(3, 4000)
    table = intervals(motion)
    length = table["offset"] - table["onset"] + 1
    assert length.min() < 5 and length.max() > 8
    bounded = intervals(motion, shortest=5, longest=8)
    pd.testing.assert_frame_equal(bounded, table[length.between(5, 8)].reset_index(drop=True))


def test_distance_is_halved_for_short_videos():
    motion = shaky(4)
    assert not intervals(motion, distance=12).empty
    for distance in (25, 49):
        pd.testing.assert_frame_equal(
            intervals(motion, distance=distance), intervals(motion, distance=13)
        )
    assert not intervals(motion, distance=24).equals(intervals(motion, distance=13))


@pytest.mark.parametrize(("distance", "share"), [(1, 0.1), (12, -0.1), (12, 1.1), (12, np.nan)])
def test_settings_that_mean_nothing_are_refused(distance, share):
    with pytest.raises(CausalexError, match="expected 2 frames or more"):
        intervals(shaky(5), share, distance=distance)


@given(SEEDS, SHARES, st.integers(-20, 20), st.floats(0, 2 * np.pi))
def test_size_direction_and_order_of_regions_do_not_matter(seed, share, exponent, angle):
    motion = shaky(seed)
    table = intervals(motion, share)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turned = 3.7 * motion[:, np.random.default_rng(seed).permutation(12)].astype(float) @ turn
    for other in (motion * 2.0**exponent, turned):
        pd.testing.assert_frame_equal(intervals(other, share), table)


@given(SEEDS, SHARES, SHARES)
def test_a_higher_threshold_finds_part_of_what_a_lower_one_finds(seed, first, second):
    shares = sorted((first, second))
    low, high = (intervals(shaky(seed), share) for share in shares)
    frames = [
        {frame for row in table.itertuples() for frame in range(row.onset, row.offset + 1)}
        for table in (low, high)
    ]
    assert frames[1] <= frames[0]
    assert (high["score"] > max(shares)).all()
    assert low.loc[low["score"] > max(shares), "apex"].isin(high["apex"]).all()
    assert ((low["onset"] <= low["apex"]) & (low["apex"] <= low["offset"])).all()
