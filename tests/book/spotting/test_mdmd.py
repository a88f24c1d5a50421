"""MDMD on regions: by hand, on planted movements, and by what must not change it."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causalex_book.spotting.mdmd import contrasts, mdmd
from causalex_core.errors import CausalexError
from causalex_core.spotting.data import Video

FRAMES = 400
DISTANCE = 12
INTERVAL = ["onset", "apex", "offset"]
SEEDS = st.integers(0, 2**32 - 1)
SHARES = st.floats(0, 1)


def moved(place, regions=4):
    """Motion of 12 regions, of which so many go where they are told."""
    motion = 0.01 * np.random.default_rng(1).standard_normal((len(place), 12, 2))
    motion[:, :regions, 1] += np.gradient(place)[:, None]
    return motion.astype(np.float32)


def bump(first, length, height=3.0):
    place = np.zeros(FRAMES)
    place[first : first + length] = height * np.hanning(length)
    return place


def step(first, height=3.0):
    return height * np.clip((np.arange(FRAMES) - first) / 8, 0, 1)


def shaky(seed, frames=150):
    walk = np.random.default_rng(seed).standard_normal((frames, 12, 2))
    return (walk[2:] + walk[1:-1] + walk[:-2]).astype(np.float32)


def found(motion, share=0.1, shortest=1, longest=np.inf, distance=DISTANCE):
    return mdmd([Video("a", "a_1", motion)], distance, share, "micro", shortest, longest)


def frames_of(table):
    return {
        frame
        for onset, offset in zip(table["onset"], table["offset"], strict=True)
        for frame in range(onset, offset + 1)
    }


def test_contrast_by_hand():
    # places 0 1 3 4 3 1 0; at frames 2, 3, 4 comes back 3-3, 3-0, 0-3
    one = np.array([0, 2, 2, 0, -2, -2, 0], np.float32)
    motion = np.zeros((7, 1, 2), np.float32)
    motion[:, 0, 0] = one
    assert np.array_equal(contrasts(motion, 2), [np.nan] * 3 + [4.5] + [np.nan] * 3, equal_nan=True)
    # of six regions two count: 0, (9 + 3) / 2, and 0 of those that do not move
    motion = np.zeros((7, 6, 2), np.float32)
    motion[:, 4, 0], motion[:, 1, 1] = 3 * one, -one
    assert contrasts(motion, 2)[3] == 6


def test_what_comes_back_is_found_where_it_was():
    table = found(moved(bump(200, 16)), 0.4)
    assert len(table) == 1
    best = table.iloc[0]
    assert abs(best["onset"] - 200) <= 5 and abs(best["offset"] - 215) <= 5
    assert abs(best["apex"] - 207.5) <= 2 and best["score"] == 1
    assert (best["subject"], best["video"], best["kind"]) == ("a", "a_1", "micro")


def test_what_stays_is_low():
    for regions, highest in ((4, 0.1), (12, 0.45)):  # in all: around a step it seems to come back
        table = found(moved(bump(100, 16) + step(280), regions), 0)
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
    lengths = [5, 6, 7, 8]
    motion = shaky(3, 4000)
    every = found(motion)
    length = every["offset"] - every["onset"] + 1
    assert length.min() < lengths[0] and length.max() > lengths[-1]
    some = found(motion, shortest=lengths[0], longest=lengths[-1])
    pd.testing.assert_frame_equal(some, every[length.isin(lengths)].reset_index(drop=True))


def test_distance_is_halved_for_short_videos():
    motion = shaky(4)
    assert not found(motion, distance=12).empty
    pd.testing.assert_frame_equal(found(motion, distance=49), found(motion, distance=13))
    pd.testing.assert_frame_equal(found(motion, distance=25), found(motion, distance=13))
    assert not found(motion, distance=24).equals(found(motion, distance=13))


def test_settings_that_mean_nothing_are_refused():
    for distance, share in ((1, 0.1), (12, -0.1), (12, 1.1), (12, np.nan)):
        with pytest.raises(CausalexError, match="expected 2 frames or more"):
            found(shaky(5), share, distance=distance)


@given(SEEDS, SHARES, st.integers(-20, 20), st.floats(0, 2 * np.pi))
def test_size_direction_and_order_of_regions_do_not_matter(seed, share, exponent, angle):
    motion = shaky(seed)
    first = found(motion, share)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    order = np.random.default_rng(seed).permutation(12)
    pd.testing.assert_frame_equal(found(motion * 2.0**exponent, share), first)
    pd.testing.assert_frame_equal(found(3.7 * motion[:, order].astype(float) @ turn, share), first)


@given(SEEDS, SHARES, SHARES)
def test_a_higher_threshold_finds_part_of_what_a_lower_one_finds(seed, one, two):
    motion = shaky(seed)
    low, high = (found(motion, share) for share in sorted((one, two)))
    assert frames_of(high) <= frames_of(low)
    assert (high["score"] > max(one, two)).all()
    assert low.loc[low["score"] > max(one, two), "apex"].isin(high["apex"]).all()
    assert ((low["onset"] <= low["apex"]) & (low["apex"] <= low["offset"])).all()
