import numpy as np
import pytest
from scipy import ndimage

from causalex_book.motion.warps import bumps, region_error, seen, warped
from causalex_core.motion import flow

SIZE = 128
CENTRES = np.array([[40, 45], [88, 90]])


def texture(size, seed=0):
    """Smooth shading with skin-like grain and darker marks."""
    generator = np.random.default_rng(seed)
    image = np.full((size, size), 130.0)
    for sigma, strength in ((size / 8, 25), (size / 32, 12), (2.5, 5)):
        layer = ndimage.gaussian_filter(generator.standard_normal((size, size)), sigma)
        image += strength * layer / layer.std()
    return np.clip(image, 10, 245)


def pair(length, noise=2.0, seed=0):
    image = texture(SIZE, seed)
    directions = np.array([[0.8, 0.6], [-0.6, 0.8]])
    truth = bumps(SIZE, CENTRES, length * directions, width=SIZE * 0.09)
    return seen(image, noise, 1), seen(warped(image, truth), noise, 2), truth


@pytest.mark.parametrize(
    ("method", "bound"),
    [("lucas_kanade", 0.3), ("farneback", 0.3), ("dis", 0.5), ("tv_l1", 0.8)],
)
def test_small_motion_is_found(method, bound):
    errors = []
    for picture in range(8):  # one alone says little: errors of ours go from 0.07 to 0.35
        first, second, truth = pair(0.3, seed=picture)
        found = flow.METHODS[method](first, second)
        assert found.shape == (SIZE, SIZE, 2)
        assert found.dtype == np.float32
        errors.append(region_error(found, truth, CENTRES, 5))
    assert np.mean(errors) < bound


def test_the_default_reads_small_motion_better_than_tv_l1():
    first, second, truth = pair(0.2)
    fast, slow = flow.lucas_kanade(first, second), flow.tv_l1(first, second)
    assert region_error(fast, truth, CENTRES, 5) < 0.6 * region_error(slow, truth, CENTRES, 5)


@pytest.mark.parametrize("shift", [(0.0, 0.0), (1.6, -0.8), (-2.5, 3.0)])
def test_large_motion_falls_back_to_the_pyramid(shift):
    image = texture(SIZE)
    motion = np.broadcast_to(np.array(shift), (SIZE, SIZE, 2))
    found = flow.lucas_kanade(seen(image), seen(warped(image, motion)))
    inside = found[20:-20, 20:-20]
    np.testing.assert_allclose(np.median(inside, axis=(0, 1)), shift, atol=0.06)
    assert np.percentile(
        np.linalg.norm(inside - shift, axis=-1), 95
    ) < 0.05 + 0.15 * np.linalg.norm(shift)


def test_no_texture_gives_no_motion_instead_of_noise():
    flat = np.full((SIZE, SIZE), 128.0)
    found = flow.lucas_kanade(seen(flat, 0.5, 1), seen(flat, 0.5, 2))
    assert np.isfinite(found).all()
    assert np.abs(found).max() < 0.5


def test_eight_bits_cost_what_their_step_says():
    values = np.linspace(-12, 12, 4001, dtype=np.float32).reshape(-1, 1, 1).repeat(2, axis=2)
    stored = flow.quantise(values)
    step = 20 / 255
    assert np.abs(stored - np.clip(values, -10, 10)).max() <= step / 2 + 1e-5
    assert len(np.unique(stored)) == 256
    np.testing.assert_allclose(flow.quantise(np.zeros((1, 1, 2), np.float32)), step / 2, atol=1e-5)
