import numpy as np

from causalex_book.spotting import scales


def test_the_level_itself_comes_first_and_a_constant_has_no_slope():
    levels = np.full((300, 2), 0.5)
    found = scales.channels(levels)
    assert found.shape == (300, 1, 22) and found.dtype == np.float32
    assert np.allclose(found[:, 0, :2], 0.5)
    slopes = found[:, 0, [4, 5, 8, 9, 12, 13, 16, 17, 20, 21]]
    assert np.allclose(slopes, 0, atol=1e-6)


def test_larger_scales_see_a_pulse_from_farther_away():
    levels = np.zeros((301, 1))
    levels[150] = 1
    found = scales.channels(levels)[:, 0]
    reach = [np.count_nonzero(found[:, 1 + 2 * k] > 1e-4) for k in range(len(scales.SCALES))]
    assert reach == sorted(reach) and reach[0] < 20 < reach[-1]


def test_one_frame():
    assert scales.channels(np.ones((1, 2))).shape == (1, 1, 22)
