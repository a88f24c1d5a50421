"""Surrogates keep each region's own series and break what the regions have in common."""

import numpy as np
import pytest

from causalex_book.graphs.resampling import circular_shift, regions_of_different_videos
from causalex_core.errors import CausalexError


def test_a_shift_keeps_every_column_and_moves_each_against_the_others():
    series = np.arange(60)[:, None] + np.zeros(12)
    shifted = circular_shift(series, np.random.default_rng(1))
    assert (np.sort(shifted, axis=0) == series).all()
    ahead = (shifted - shifted[:, :1])[0] % 60
    apart = np.abs(np.subtract.outer(ahead, ahead))
    assert np.minimum(apart, 60 - apart)[~np.eye(12, dtype=bool)].min() == 5


def videos(count):
    """Each tells in its values which video, frame and region they are."""
    return [
        1000 * number + 10 * np.arange(20 + number)[:, None] + np.arange(4)
        for number in range(count)
    ]


def test_each_region_is_of_another_video_and_frames_stay_where_they_are():
    mixed = regions_of_different_videos(videos(9), list("abcdefghi"), np.random.default_rng(1))
    assert len(set(mixed[0] // 1000)) == 4
    assert len(mixed) == 20 + min(mixed[0] // 1000)
    assert (mixed % 1000 == videos(1)[0][0] + 10 * np.arange(len(mixed))[:, None]).all()


def test_a_person_comes_twice_only_where_persons_are_too_few():
    for seed in range(20):
        mixed = regions_of_different_videos(videos(6), list("aaabcd"), np.random.default_rng(seed))
        assert {3, 4, 5} < set((mixed[0] // 1000).tolist())


def test_too_few_videos_are_one_line():
    with pytest.raises(CausalexError, match="3 videos: 4 are needed"):
        regions_of_different_videos(videos(3), list("abc"), np.random.default_rng(1))
