import cv2
import numpy as np
import pytest

from causalex_book.motion.warps import seen, warped
from causalex_core.motion import compiled, head_motion
from causalex_core.motion.flow import at, lucas_kanade

SIZE = 200  # px of the frame of `face` and `layout`


def field(a, b):
    y, x = np.mgrid[:SIZE, :SIZE]
    motion = a * (x + 1j * y) + b
    return np.stack((motion.real, motion.imag), axis=-1)


HEAD = (0.004 - 0.012j, 0.9 + 0.5j)


def fitted(flow, layout):
    """Similarity of a flow field."""
    return head_motion.similarity(at(flow, head_motion.rigid_pixels(layout, SIZE, SIZE)), layout)


def test_a_similarity_is_found_exactly(layout):
    found = fitted(field(*HEAD), np.round(layout))
    np.testing.assert_allclose(found, HEAD, atol=1e-9)
    moved = head_motion.moved_by(found, np.array([[100.0, 50.0]]))
    np.testing.assert_allclose(moved[0], field(*HEAD)[50, 100], rtol=1e-6)


def test_an_expression_hardly_disturbs_it(layout):
    flow = field(*HEAD)
    flow[135:] += (0.0, 1.5)  # the mouth opens
    found = head_motion.moved_by(fitted(flow, np.round(layout)), layout[17:36])
    expected = head_motion.moved_by(HEAD, layout[17:36])
    assert np.abs(found - expected).max() < 0.25


def test_what_the_head_did_is_undone(face, layout):
    first, second = seen(face), seen(warped(face, 2 * field(*HEAD)))
    inside = np.s_[40:-40, 40:-40]
    before = np.linalg.norm(lucas_kanade(first, second)[inside], axis=-1)
    laid = head_motion.stabilise(first, second, layout)
    after = np.linalg.norm(lucas_kanade(first, laid)[inside], axis=-1)
    assert np.median(before) > 1.5
    assert np.median(after) < 0.15


def test_a_head_at_rest_is_left_alone(face, layout):
    second = seen(face, 1, 2)
    assert head_motion.stabilise(seen(face, 1, 1), second, layout) is second


@pytest.mark.parametrize("name", head_motion.ESTIMATES)
def test_every_estimate_speaks_of_each_centre(name, layout):
    centres = layout[[18, 30, 48]]
    pixels, motion = head_motion.ESTIMATES[name]
    found = motion(at(field(0, 0.5 - 0.25j), pixels(layout, SIZE, SIZE)), layout, centres)
    expected = (0, 0) if name == "none" else (0.5, -0.25)
    np.testing.assert_allclose(found, [expected] * 3, atol=1e-5)


@pytest.mark.parametrize(
    "matrix",
    [
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]],
        [[1.004, 0.013, 1.2], [-0.013, 1.004, 0.37]],
        [[0.8, 0.5, -70.3], [-0.5, 0.8, 40.8]],  # most of it lies outside
        [[3.0, -0.1, -330.2], [2.1, -1.0, 20.4]],
    ],
)
def test_an_image_is_warped_as_opencv_does(face, matrix):
    image, matrix = seen(face)[:, :180].copy(), np.array(matrix)
    expected = cv2.warpAffine(
        image,
        matrix,
        image.shape[::-1],
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    differing = np.abs(compiled.warped(image, matrix).astype(int) - expected)
    # OpenCV 4 samples images at 32nds of a pixel.
    exact = int(cv2.__version__.split(".")[0]) >= 5
    assert differing.max() <= (1 if exact else 12)
    assert not exact or np.mean(differing > 0) < 3e-3
