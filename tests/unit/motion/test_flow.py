import cv2
import numpy as np
import pytest
from scipy import ndimage

from causalex_book.motion.warps import bumps, region_error, seen, warped
from causalex_core.motion import compiled, flow

SIZE = 128
OPENCV_5 = int(cv2.__version__.split(".")[0]) >= 5  # OpenCV 4 samples at 32nds of a pixel
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


def by_opencv(first, second, weights=None):
    """Lucas-Kanade's flow with OpenCV's filters, each over the whole image."""
    counts = np.ones(first.shape, np.float32) if weights is None else weights
    pyramid = [(first.astype(np.float32), second.astype(np.float32), counts)]
    for _ in range(flow.COARSER):
        pyramid.append(tuple(map(flow.halve, pyramid[-1])))
    found = None
    for before, after, counts in reversed(pyramid):
        known = np.zeros((*before.shape, 2), np.float32)
        if found is not None and flow._is_large(found, flow.LARGE / 2):
            known = 2 * cv2.resize(found, before.shape[::-1])
            rows, columns = np.indices(before.shape, np.float32)
            source = known + np.stack((columns, rows), axis=-1)
            after = cv2.remap(after, source, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        found = known + one_step(before, after, counts)
    return found


def one_step(before, after, weights):
    side = (flow.window_side(len(before)),) * 2
    along_x, along_y = (
        weights * cv2.Scharr(before + after, cv2.CV_32F, *along, scale=1 / 64)
        for along in ((1, 0), (0, 1))
    )
    change = after - before
    xx, yy, xy, xt, yt = (
        cv2.blur(flow.halve(one * other), side)
        for one, other in (
            (along_x, along_x),
            (along_y, along_y),
            (along_x, along_y),
            (along_x, change),
            (along_y, change),
        )
    )
    xx, yy = xx + flow.RIDGE, yy + flow.RIDGE
    solved = np.stack((xy * yt - yy * xt, xy * xt - xx * yt), axis=-1)
    return cv2.resize(solved / (xx * yy - xy * xy)[..., None], before.shape[::-1])


@pytest.mark.parametrize("size", [64, 90, 100, 161, 256])  # 161 cannot be halved evenly, nor 90 / 2
@pytest.mark.parametrize("length", [0.3, 2.5])
def test_compiled_loops_give_the_flow_of_opencvs_filters(size, length):
    first, second, weights = moved(size, length)
    expected = by_opencv(first, second, weights)
    assert (np.abs(expected).max() > 1) == (length > 1)
    np.testing.assert_allclose(flow.lucas_kanade(first, second, weights), expected, atol=1e-3)


@pytest.mark.parametrize("size", [64, 90, 161, 256])
@pytest.mark.parametrize("length", [0.3, 2.5])
@pytest.mark.parametrize("seed", range(4))
def test_flow_at_some_pixels_is_that_of_the_dense_field(size, length, seed):
    first, second, weights = moved(size, length)
    dense = flow.lucas_kanade(first, second, weights)
    generator = np.random.default_rng(seed)
    centre, spread = generator.integers(0, size, 2), generator.integers(1, size)
    pixels = np.clip(centre + generator.integers(-spread, spread, (50, 2)), 0, size - 1)
    pixels[:2] = centre  # alone, and at a corner of the image
    for some in (pixels, pixels[:1], np.array([[0, 0], [size - 1, size - 1]])):
        found = flow.lucas_kanade_at(first, second, some, weights)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, flow.at(dense, some), atol=1e-4)


def moved(size, length):
    image = cv2.resize(texture(256), (size, size))
    motion = bumps(size, CENTRES * size / SIZE, length * np.array([[0.8, 0.6], [-0.6, 0.8]]), 30)
    weights = np.ones((size, size), np.float32)
    weights[size // 3 : size // 2, size // 4 : size // 3] = 0
    everywhere = motion + length * np.array([0.6, -0.4])
    return seen(image, 1, 1), seen(warped(image, everywhere), 1, 2), weights


def test_an_image_smaller_than_the_window_is_refused():
    with pytest.raises(ValueError, match="smaller than the window"):
        flow.lucas_kanade(*np.zeros((2, 8, 8), np.uint8))


def test_eight_bits_cost_what_their_step_says():
    values = np.linspace(-12, 12, 4001, dtype=np.float32).reshape(-1, 1, 1).repeat(2, axis=2)
    stored = flow.quantise(values)
    step = 20 / 255
    assert np.abs(stored - np.clip(values, -10, 10)).max() <= step / 2 + 1e-5
    assert len(np.unique(stored)) == 256
    np.testing.assert_allclose(flow.quantise(np.zeros((1, 1, 2), np.float32)), step / 2, atol=1e-5)


@pytest.mark.parametrize("length", [0.4, 3, 60])  # far within the picture, and beyond its border
def test_what_moved_is_moved_back_as_opencv_does(length):
    image = texture(SIZE).astype(np.float32)
    motion = np.array([length, -length / 2])
    motion = bumps(SIZE, CENTRES, np.array([motion, -motion]), width=SIZE * 0.2).astype(np.float32)
    top, left = 12, 20
    part = np.ascontiguousarray(motion[top:100, left:115])
    places = part + np.stack(np.meshgrid(np.arange(left, 115), np.arange(top, 100)), axis=-1)
    expected = cv2.remap(
        image, places.astype(np.float32), None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    moved = compiled.moved_back(image, part, (top, left))
    np.testing.assert_allclose(moved, expected, atol=1e-2 if OPENCV_5 else 2)
