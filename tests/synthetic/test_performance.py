"""What a face does in a video."""

import numpy as np
import pytest

from causalex_core import regions
from causalex_synthetic import performance
from causalex_synthetic.displacements import NUMBERS
from causalex_synthetic.events import Event, Video
from causalex_synthetic.people import Person

WHO = Person("p01", 0.5, 0.5, 0, "free", (1.0, 1.0))


def smile(onset=100, apex=110, offset=130, intensity=0.8):
    strengths = [0.0] * len(NUMBERS)
    strengths[NUMBERS.index(12)] = intensity
    return Event(onset, apex, offset, "macro", "positive", tuple(strengths))


def played(events=(), frames=400, seed=0, **options):
    video = Video(WHO, "p01_1", frames, tuple(events))
    return performance.perform(np.random.default_rng(seed), video, 30.0, **options)


def test_an_expression_begins_peaks_and_ends_when_it_says():
    course = performance.course(smile())
    assert len(course) == 31 and course[0] == course[-1] == 0 and course[10] == 1
    assert (np.diff(course[:11]) > 0).all() and (np.diff(course[10:]) < 0).all()


def test_units_move_the_regions_they_enter_and_not_others():
    with_smile, without = played([smile()]), played()
    added = with_smile.regions - without.regions
    corner = regions.NAMES.index("left mouth corner")
    assert added[110, corner] == pytest.approx(0.8 * np.array([-0.10, -0.10]))
    assert np.allclose(added[110, : regions.NAMES.index("nose tip")], 0, atol=1e-12)
    assert np.allclose(added[:100], 0, atol=1e-12) and np.allclose(added[131:], 0, atol=1e-12)


def test_every_series_has_a_row_per_frame_and_the_mouth_never_closes_beyond_closed():
    play = played([smile()])
    for series in (play.units, play.controls, play.lids, play.mouth, play.head, play.light):
        assert len(series) == 400 and np.isfinite(series).all()
    assert play.mouth.min() >= 0 and play.lids.max() <= 1


def test_tonus_is_of_the_stated_size():
    play = played(frames=20_000)
    assert play.units[:, NUMBERS.index(12)].std() == pytest.approx(performance.UNIT_TONUS, rel=0.1)


def test_blinks_come_at_their_rate():
    lids = played(frames=30_000).units[:, NUMBERS.index(45)]
    blinks = np.count_nonzero((lids[1:] > 0.5) & (lids[:-1] <= 0.5))
    expected = performance.BLINKS * 1000
    assert abs(blinks - expected) < 4 * np.sqrt(expected)


def test_the_head_moves_as_much_as_asked():
    assert not played(head_motion=0).head.any()
    assert np.allclose(played(head_motion=6).head, 6 * played().head)


def test_the_same_generator_gives_the_same_performance():
    assert np.array_equal(played(seed=4).controls, played(seed=4).controls)
    assert not np.array_equal(played(seed=4).controls, played(seed=5).controls)


def test_a_video_of_one_frame():
    assert played(frames=1).controls.shape[0] == 1
