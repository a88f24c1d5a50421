import numpy as np
import pytest

from causalex_synthetic.warp import REACH, Field, at, inverted

SIZE = 96
PIXELS = np.stack(np.meshgrid(*[np.arange(SIZE, dtype=np.float32)] * 2), axis=-1)


def test_a_field_interpolates_and_ends():
    controls, fixed = np.array([[0.0, 0.0], [0.3, 0.1]]), np.array([[0.0, 0.4]])
    field = Field(controls, fixed)
    assert np.allclose(field.influence(controls), np.eye(2))
    assert np.allclose(field.influence(fixed), 0)
    assert not field.influence(np.array([[0.3 + REACH, 0.6], [-2.0, 0.0]])).any()


def test_a_field_has_no_corners():
    field = Field(np.zeros((1, 2)), np.empty((0, 2)))
    line = np.stack((np.linspace(-1.2 * REACH, 1.2 * REACH, 4001), np.zeros(4001)), axis=1)
    slope = np.gradient(field.influence(line)[0], line[:, 0])
    assert np.abs(np.diff(slope)).max() < 0.03


@pytest.mark.parametrize(("peak", "width"), [(1.0, 12.0), (9.0, 12.0), (14.0, 8.0)])
def test_inversion_holds_where_skin_is_stretched_far(peak, width):
    """The last one stretches by more than its own length: a fixed-point iteration diverges."""
    across, down = np.moveaxis(PIXELS - SIZE / 2, -1, 0)
    tall = np.where(down < 0, width, 2 * width)
    forward = np.zeros((SIZE, SIZE, 2), np.float32)
    forward[..., 1] = peak * np.exp(-((across / 20) ** 2 + (down / tall) ** 2) / 2)
    back = inverted(forward, PIXELS)
    landed = back + at(forward, PIXELS + back)
    assert np.abs(landed).max() < 0.05
    assert np.abs(landed).mean() < 0.005


def test_values_between_pixels_lie_on_the_ramp():
    ramp = (2 * PIXELS[..., 0] - 3 * PIXELS[..., 1])[..., None]
    places = PIXELS[1:-1, 1:-1] + np.float32((0.013, 0.31))
    expected = 2 * places[..., 0] - 3 * places[..., 1]
    assert np.abs(at(ramp, places).reshape(expected.shape) - expected).max() < 1e-3
