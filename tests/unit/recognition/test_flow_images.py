"""From pictures to flow images: what moves where is seen there, and nothing else."""

import cv2
import numpy as np
import pytest
from scipy import ndimage

from causalex_book.motion.warps import bumps, seen, warped
from causalex_core.errors import CausalexError
from causalex_core.motion.landmarks import Given
from causalex_core.motion.video import Folder, open_frames
from causalex_core.recognition.flow_images import (
    FlowConfig,
    face_crops,
    flow_image,
    flow_images,
    of_expressions,
    strain,
    to_image,
)

SIZE = 128
PLACE = np.array([[64, 77]])  # px of the crop; comes to row 17.6, column 14 of 28


@pytest.fixture(scope="module")
def face():
    generator = np.random.default_rng(3)
    image = np.full((SIZE, SIZE), 130.0)
    for sigma, strength in ((16, 25), (4, 12), (2, 5)):
        layer = ndimage.gaussian_filter(generator.standard_normal((SIZE, SIZE)), sigma)
        image += strength * layer / layer.std()
    return np.clip(image, 10, 245)


def moved(face, x, y, seed):
    return seen(warped(face, bumps(SIZE, PLACE, np.array([[x, y]]), width=10)), 1, seed)


@pytest.mark.parametrize("method", ["lucas_kanade", "dis", "farneback", "tv_l1"])
@pytest.mark.parametrize(("x", "y", "channel"), [(0, 1, 1), (1, 0, 2)])
def test_motion_is_seen_where_it_is(face, method, x, y, channel):
    still, there = moved(face, 0, 0, 1), moved(face, x, y, 2)
    for first, second, sign in ((still, there, 1), (there, still, -1)):
        image = flow_image(first, second, FlowConfig(SIZE, flow=method)).astype(int)
        away = sign * (image[..., channel] - np.median(image[..., channel]))
        row, column = np.unravel_index(np.argmax(away), away.shape)
        assert abs(row - 17.6) <= 2
        assert abs(column - 14) <= 2
        assert away.max() > 100


def test_each_phase_shows_its_own_motion(face):
    onset, apex, offset = moved(face, 0, 0, 1), moved(face, 0, 1, 2), moved(face, 0, 0, 3)
    rise, fall = flow_images(onset, apex, offset).astype(int)
    assert rise[17, 14, 1] - np.median(rise[..., 1]) > 60
    assert fall[17, 14, 1] - np.median(fall[..., 1]) < -60


def test_a_still_face_has_no_motion(face):
    picture = moved(face, 0, 0, 1)
    image = flow_image(picture, picture)
    assert (image[..., 0] == 0).all()
    assert (image[..., 1:] == 128).all()


def test_neither_shift_nor_turn_is_strain():
    y, x = np.mgrid[:SIZE, :SIZE].astype(np.float32)
    shift = np.stack((np.full_like(x, 3.0), np.full_like(x, -1.5)), axis=-1)
    turn = 0.02 * np.stack((-y, x), axis=-1)
    assert strain(shift).max() == 0
    assert strain(turn).max() < 1e-5
    assert (to_image(shift)[..., 0] == 0).all()


def test_strain_is_that_of_the_books():
    y, x = np.mgrid[:SIZE, :SIZE].astype(np.float32)
    np.testing.assert_allclose(strain(np.stack((0.03 * x, 0.04 * y), axis=-1)), 0.05, rtol=1e-4)
    sheared = np.stack((0.02 * y, 0 * y), axis=-1)
    np.testing.assert_allclose(strain(sheared), 0.02 / 2**0.5, rtol=1e-4)


def test_motion_fills_the_range_however_small_it_is():
    y, x = np.mgrid[:SIZE, :SIZE].astype(np.float32)
    little, much = (to_image(s * np.stack((x, y), axis=-1)) for s in (0.01, 0.1))
    np.testing.assert_array_equal(little[..., 1:], much[..., 1:])
    assert little[-1, 0, 1] > 245
    assert little[0, 0, 1] < 10
    assert little[0, -1, 2] > 245


@pytest.fixture(scope="module")
def filmed(face, tmp_path_factory):
    """Five pictures of a smiling texture, and where its landmarks are."""
    place = tmp_path_factory.mktemp("smile")
    for number, far in enumerate((0, 0.5, 1, 0.5, 0)):
        cv2.imwrite(str(place / f"{number}.png"), moved(face, 0, far, number))
    generator = np.random.default_rng(0)
    points = generator.uniform(0.2, 0.8, (68, 2)) * SIZE
    points[36:42] = (0.36 * SIZE, 0.4 * SIZE)
    points[42:48] = (0.64 * SIZE, 0.4 * SIZE)
    return open_frames(place, 30.0), np.tile(points, (5, 1, 1))


class Finder:
    """Finds what is known, and counts how often it is asked."""

    name = "finder"

    def __init__(self, points):
        self.points, self.asked = points, 0

    def find(self, frame):
        self.asked += 1
        return self.points[None]


def test_crops_of_a_video(filmed):
    frames, points = filmed
    config = FlowConfig(SIZE)
    known, _ = face_crops(frames, Given(points), (0, 2, 4), config)
    finder = Finder(points[0])
    found, missing = face_crops(frames, finder, (4, 2, 0, 2), config)
    assert list(known) == list(found) == [0, 2, 4] and not missing
    assert finder.asked == 1  # one frame each half second
    for number in known:
        np.testing.assert_array_equal(known[number], found[number])
    image = of_expressions(known, np.array([[0, 2, 4]]), config)
    assert image.shape == (1, 2, 28, 28, 3)
    np.testing.assert_array_equal(image[0], flow_images(known[0], known[2], known[4], config))
    assert image[0, 0, 17, 14, 1] - np.median(image[0, 0, ..., 1]) > 60


def test_a_video_is_read_once(filmed):
    frames, points = filmed
    reads = []

    class Counted(Folder):
        def colour(self, every):
            reads.append(every)
            return super().colour(every)

        def grey(self):
            raise AssertionError("read again")

    counted = Counted(frames.path, frames.rows, frames.bits, frames.files)
    face_crops(counted, Finder(points[0]), (0, 3), FlowConfig(SIZE))
    assert reads == [1]


def test_frames_that_cannot_be_cut_are_left_out_with_the_reason(filmed):
    frames, points = filmed
    hidden = points.copy()
    hidden[3] = np.nan
    cropped, missing = face_crops(frames, Given(hidden), (-1, 0, 3, 5))
    assert list(cropped) == [0]
    assert missing == {
        -1: "no frame -1; it has 5, counted from 0",
        3: "no face in frame 3",
        5: "no frame 5; it has 5, counted from 0",
    }
    cropped, missing = face_crops(frames, Given(points[:4], numbered=True), (0, 4))
    assert missing == {4: "no face in frame 4"}


def test_an_apex_at_the_onset_is_refused(face):
    picture = moved(face, 0, 0, 1)
    with pytest.raises(CausalexError, match="expected 0 <= onset < apex < offset"):
        of_expressions({2: picture, 4: picture}, np.array([[2, 2, 4]]))


def test_crops_of_different_size_are_refused(face):
    picture = moved(face, 0, 0, 1)
    with pytest.raises(CausalexError, match="squares of one size"):
        flow_image(picture, picture[:100, :100])


@pytest.mark.parametrize(
    "wrong",
    [
        {"flow": "magic"},
        {"crop_px": 20},
        {"crop_px": 999_999_999},
        {"smoothing": 1e5},
        {"sampling": 0.0},
        {"smoothing": -1.0},
        {"smoothed": -0.1},
    ],
)
def test_settings_that_make_no_image_are_refused(wrong):
    with pytest.raises(CausalexError, match=r"expected|at least"):
        FlowConfig(**wrong)
