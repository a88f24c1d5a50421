import warnings

import numpy as np
import pytest

from causalex_core.errors import CausalexError, CausalexWarning
from causalex_core.motion.rows import check_rate, nearest, of_times, one_per_frame

TICK = 1e-3


def silently(times, announced=()):
    with warnings.catch_warnings(action="error"):
        return of_times("clip", np.asarray(times), announced, TICK)


@pytest.mark.parametrize("rate", [12, 25, 30000 / 1001, 200])
def test_an_announced_rate_counts_if_all_times_agree(rate):
    times = np.round(np.arange(300) / rate, 3)
    rows = silently(times, (1000.0, rate))
    assert rows.fps == rate
    np.testing.assert_array_equal(rows.frames, np.arange(300))
    np.testing.assert_array_equal(rows.times, times)
    assert not rows.missing.any()


def test_times_that_jitter_count_as_even():
    jitter = np.random.default_rng(0).uniform(-0.008, 0.008, 300)
    times = np.arange(300) / 30 + jitter - jitter[0]
    rows = silently(times, (90000.0,))
    assert rows.fps == pytest.approx(30, abs=0.05)
    np.testing.assert_array_equal(rows.frames, np.arange(300))


def test_a_pause_leaves_rows_without_a_frame():
    times = np.concatenate((np.arange(60), 150 + np.arange(60))) / 30
    with pytest.warns(CausalexWarning, match=r"after frame 59, 1\.967 s, comes 3\.03 s later"):
        rows = of_times("clip", times, (13.3, 30.0), TICK)
    assert rows.fps == 30
    assert np.flatnonzero(rows.missing).tolist() == list(range(60, 150))
    assert rows.frames[[59, 100, 150, 209]].tolist() == [59, 59, 60, 119]
    assert rows.times[150] == 5


def test_one_lost_frame_of_many_is_seen():
    times = np.delete(np.arange(1000), 400) / 25
    with pytest.warns(CausalexWarning, match="1 of 1000 were not recorded"):
        rows = of_times("clip", times, (25.0,), TICK)
    assert np.flatnonzero(rows.missing).tolist() == [400]
    assert rows.frames[401] == 400


def test_a_rate_that_falls_keeps_the_faster_rows():
    times = np.concatenate((np.arange(60) / 30, 2 + np.arange(60) / 7.5))
    with pytest.warns(CausalexWarning, match="not evenly spaced"):
        rows = of_times("clip", times, (), TICK)
    assert rows.fps == pytest.approx(30)
    assert np.flatnonzero(~rows.missing)[60:63].tolist() == [60, 64, 68]


def test_a_slightly_slower_part_has_a_frame_for_each_row():
    times = np.concatenate((np.arange(60) / 30, 2 + np.arange(60) / 24))
    with pytest.warns(CausalexWarning, match="at 30 per second by their times$"):
        rows = of_times("clip", times, (30.0,), TICK)
    np.testing.assert_allclose(rows.times, np.arange(135) / 30, atol=0.75 / 30)


@pytest.mark.parametrize(
    ("times", "announced", "said"),
    [
        ([0, 0.1, 0.1, 0.2], (), "frame 2 lies at 0.100 s, not after"),
        ([0, 0.1, 0.05], (), "frame 2 lies at 0.050 s, not after"),
        ([0.0], (), "does not say its frame rate"),
        ([0, 0.04, 0.08, 3600, 3600.04], (25.0,), "after frame 2, 0.080 s, comes 3.6e.03 s later"),
    ],
)
def test_times_of_no_recording(times, announced, said):
    with pytest.raises(CausalexError, match=said):
        of_times("clip", np.array(times, float), announced, TICK)


def test_two_unlike_steps():
    with pytest.warns(CausalexWarning, match="4 of 7 were not recorded"):
        assert of_times("clip", np.array([0, 1, 6]) / 30, (), TICK).fps == pytest.approx(30)


@pytest.mark.parametrize("fps", [0, -1, 0.5, 180000, np.nan, np.inf])
def test_rates_of_no_camera(fps):
    with pytest.raises(CausalexError, match="expected 1 to 1000"):
        check_rate("clip", fps)


def test_each_nth_row():
    rows = nearest(np.array([0, 1, 2, 3, 6, 7, 8]) / 10, 10).every(2)
    assert (rows.fps, rows.even) == (5, False)
    assert rows.frames.tolist() == [0, 2, 3, 4, 6]
    assert rows.missing.tolist() == [False, False, True, False, False]
    assert one_per_frame(9, 30).every(4).even
