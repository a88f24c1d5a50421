import numpy as np
import pytest

from causalex_core.errors import CausalexError
from causalex_synthetic.camera import record


def flat(level):
    return np.full((128, 128, 3), level, np.float32)


def test_without_noise_only_jpeg_changes_the_picture():
    ramp = np.repeat(np.linspace(20, 230, 128, dtype=np.float32)[None, :, None], 128, 0)
    ramp = np.repeat(ramp, 3, axis=2)
    seen = record(ramp, np.random.default_rng(0), noise=0, jpeg_quality=95)
    assert seen.dtype == np.uint8 and seen.shape == ramp.shape
    assert np.abs(seen - ramp).mean() < 1


def test_noise_is_as_strong_as_asked_and_grows_with_light():
    spread = {}
    for level in (20, 128, 235):
        seen = record(flat(level), np.random.default_rng(1), noise=4, jpeg_quality=100)
        spread[level] = seen.astype(float).mean(axis=2).std()
    assert spread[128] == pytest.approx(4, rel=0.15)
    assert spread[20] < spread[128] < spread[235]


def test_the_generator_decides():
    first, again, other = (
        record(flat(100), np.random.default_rng(seed), 2, 90) for seed in (3, 3, 4)
    )
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_what_is_too_bright_is_white():
    assert record(flat(400), np.random.default_rng(0), 1, 95).min() > 250


@pytest.mark.parametrize(("noise", "quality"), [(-1, 90), (1, 0), (1, 101)])
def test_settings_out_of_range(noise, quality):
    with pytest.raises(CausalexError, match="expected 0 or more, and 1 to 100"):
        record(flat(1), np.random.default_rng(0), noise, quality)
