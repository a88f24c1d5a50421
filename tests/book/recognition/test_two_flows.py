"""Differences of two flows that can be aligned without labels."""

import numpy as np
import pytest
from scipy import ndimage

from causalex_book.recognition.two_flows import (
    AS_IS,
    BOTH,
    PLACED,
    SCALED,
    FacePosition,
    align,
    correlation,
    face_position,
    scale,
)
from causalex_core.recognition.data import from_median, leave_one_subject_out

COUNT = 40


@pytest.fixture(scope="module")
def faces():
    """Flow of faces that share where they move, (N, 28, 28, 3)."""
    generator = np.random.default_rng(0)
    where = np.zeros((28, 28, 1))
    for row, column in ((10, 7), (10, 20), (19, 10), (19, 18)):
        where[row, column] = 1
    where = ndimage.gaussian_filter(where, (1.5, 1.5, 0)) * 10
    flow = generator.standard_normal((COUNT, 28, 28, 3))
    flow = 60 * ndimage.gaussian_filter(flow, (0, 2, 2, 0)) * where
    flow[..., 0] = np.abs(flow[..., 0])
    return flow.astype(np.float32)


@pytest.mark.parametrize(("zoom", "rows"), [(1.15, -3.0), (0.9, 2.0), (1.0, 0.0)])
def test_a_face_that_lies_elsewhere_is_found(faces, zoom, rows):
    # larger and lower here is smaller and higher seen from there
    moved = FacePosition(1 / zoom, -rows / zoom).warp(faces)
    found = face_position(moved, faces)
    assert found.zoom == pytest.approx(zoom, abs=0.06)
    assert found.rows == pytest.approx(rows, abs=0.6)
    back = found.warp(moved)
    assert correlation(faces, back).mean() > 0.9


def test_no_change_of_place_changes_nothing(faces):
    np.testing.assert_array_equal(FacePosition(1.0, 0.0).warp(faces), faces)


def test_what_is_undone_comes_near(faces):
    moved = FacePosition(0.87, 2.6).warp(faces) * np.float32([3, 2, 0.5])
    folds = leave_one_subject_out([f"s{number % 4}" for number in range(COUNT)])
    found = align(moved, faces, folds)
    far = {name: np.abs(each - faces).mean() for name, each in found.items()}
    np.testing.assert_array_equal(found[AS_IS], moved)
    assert far[BOTH] < 0.5 * min(far[AS_IS], far[SCALED], far[PLACED])
    np.testing.assert_allclose(scale(found[BOTH], faces), 1, atol=0.15)


def test_who_is_held_out_has_no_say(faces):
    folds = leave_one_subject_out([f"s{number % 4}" for number in range(COUNT)])
    moved = FacePosition(0.87, 2.6).warp(faces)
    held = folds.held_out[0]
    spoilt = np.where(held[:, None, None, None], np.float32(100), faces)
    whole, without = (align(moved, target, folds) for target in (faces, spoilt))
    for name in whole:
        np.testing.assert_array_equal(whole[name][held], without[name][held])
    assert (whole[SCALED][~held] != without[SCALED][~held]).any()


def test_channels_are_compared_clip_by_clip(faces):
    assert correlation(faces, faces) == pytest.approx(1, abs=1e-5)
    turned = faces * np.float32([1, -1, 1])
    np.testing.assert_allclose(correlation(faces, turned)[:, 1], -1, atol=1e-5)


def test_motion_is_taken_from_the_median():
    images = np.full((1, 28, 28, 3), 90, np.uint8)
    images[0, 3, 4] = 100
    flow = from_median(images)
    np.testing.assert_array_equal(flow[0, 3, 4], [100, 10, 10])
    np.testing.assert_array_equal(flow[0, 0, 0], [90, 0, 0])
