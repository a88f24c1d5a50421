"""The whole cohort: deterministic, of the planned size, its tiers from the same truth."""

import numpy as np
import pytest

from causalex_core.errors import CausalexError
from causalex_core.motion.record import Quality
from causalex_synthetic import dataset, sensor, truth
from causalex_synthetic.dataset import Config


@pytest.fixture(scope="module")
def drawn():
    return dataset.draw()


def test_it_is_of_the_planned_size_and_named_by_its_content(drawn):
    assert (len(drawn.people), len(drawn.videos), len(drawn.expressions)) == (22, 95, 357)
    assert drawn.fingerprint == dataset.draw().fingerprint
    others = [Config(seed=2), Config(plan="samm_like"), Config(tie=0.5)]
    assert len({drawn.fingerprint, *(dataset.draw(other).fingerprint for other in others)}) == 4


def test_the_same_video_plays_the_same_whatever_was_played_before(drawn):
    first = drawn.measured(3).to_bytes()
    drawn.measured(7)
    assert dataset.draw().measured(3).to_bytes() == first


def test_measured_motion_is_the_true_motion_with_noise(drawn):
    motion = drawn.measured(0)
    true = drawn.perform(0).regions * truth.crop_scale(drawn.people[0].appearance, 256)
    step = motion.stride
    expected = np.zeros_like(true)
    expected[step // 2 : len(true) - step // 2] = (true[step:] - true[:-step]) / step
    inside = motion.quality == Quality.MEASURED
    error = motion.motion[inside] - sensor.MEASURED.gain * expected[inside]
    assert motion.motion.shape == (drawn.videos[0].frames, 12, 2)
    assert 0.005 < error.std() < 0.03
    assert not motion.motion[~inside].any() and (~inside).sum() == step


def test_without_noise_only_the_gain_is_left():
    quiet = dataset.draw(Config(noise=0.0))
    motion = quiet.measured(0)
    true = quiet.perform(0).regions * truth.crop_scale(quiet.people[0].appearance, 256)
    row = motion.stride // 2
    expected = sensor.MEASURED.gain * (true[motion.stride] - true[0]) / motion.stride
    assert motion.motion[row] == pytest.approx(expected, abs=1e-6)


def test_noise_is_correlated_over_time_as_a_difference_of_places():
    still = np.zeros((20_000, 12, 2))
    motion, _ = sensor.measured(np.random.default_rng(0), still, 4, tone=0.5, head_motion=2.0)
    inside = motion[2:-2]
    jitter = (0.021 * 1.13) ** 2 + (2 * 0.0035) ** 2
    drift = 0.015**2
    variance = (2 * jitter + 4 * drift) / 16
    assert inside.var() == pytest.approx(variance, rel=0.05)
    after_one = (inside[1:] * inside[:-1]).mean() / inside.var()
    assert after_one == pytest.approx(3 * drift / 16 / variance, abs=0.02)


def test_a_video_shorter_than_the_stride_has_no_measured_row():
    motion, quality = sensor.measured(np.random.default_rng(0), np.zeros((3, 12, 2)), 4, 0.5, 1.0)
    assert motion.shape == (3, 12, 2) and (quality == Quality.END_OF_VIDEO).all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"plan": "other"}, "plan 'other': expected one of cas_like, samm_like"),
        ({"tie": 1.5}, "tie 1.5: expected a share from 0 to 1"),
        ({"noise": -1.0}, "noise -1.0: expected 0 or more"),
    ],
)
def test_what_cannot_be_drawn_is_refused(settings, message):
    with pytest.raises(CausalexError, match=message):
        Config(**settings)


def test_the_cohort_is_frozen(drawn):
    """Results are reported for these people: a change of the cohort is a new version of it."""
    assert dataset.VERSION == 1
    assert drawn.fingerprint == "3e0f5a2d46e6"
    assert dataset.draw(Config(plan="samm_like")).fingerprint == "0bdb21262c39"
    motion = drawn.measured(0).motion
    assert motion.shape == (3787, 12, 2)
    assert np.abs(motion).mean() == pytest.approx(0.01713, rel=1e-3)
