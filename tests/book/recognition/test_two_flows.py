"""Differences of two flows that can be undone without labels."""

import numpy as np
import pytest
from scipy import ndimage

from causalex_book.recognition.two_flows import (
    AS_IS,
    BOTH,
    PLACED,
    SCALED,
    Place,
    alike,
    from_median,
    place,
    remedied,
    scale,
)
from causalex_core.recognition.data import leave_one_subject_out

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
    moved = Place(1 / zoom, -rows / zoom).undone(faces)
    found = place(moved, faces)
    assert found.zoom == pytest.approx(zoom, abs=0.06)
    assert found.rows == pytest.approx(rows, abs=0.6)
    back = found.undone(moved)
    assert alike(faces, back).mean() > 0.9


def test_no_change_of_place_changes_nothing(faces):
    np.testing.assert_array_equal(Place(1.0, 0.0).undone(faces), faces)


def test_what_is_undone_comes_near(faces):
    moved = Place(0.87, 2.6).undone(faces) * np.float32([3, 2, 0.5])
    folds = leave_one_subject_out([f"s{number % 4}" for number in range(COUNT)])
    found = remedied(moved, faces, folds)
    far = {name: np.abs(each - faces).mean() for name, each in found.items()}
    np.testing.assert_array_equal(found[AS_IS], moved)
    assert far[BOTH] < 0.5 * min(far[AS_IS], far[SCALED], far[PLACED])
    np.testing.assert_allclose(scale(found[BOTH], faces), 1, atol=0.15)


def test_who_is_held_out_has_no_say(faces):
    folds = leave_one_subject_out([f"s{number % 4}" for number in range(COUNT)])
    moved = Place(0.87, 2.6).undone(faces)
    held = folds.held_out[0]
    spoilt = np.where(held[:, None, None, None], np.float32(100), faces)
    whole, without = (remedied(moved, target, folds) for target in (faces, spoilt))
    for name in whole:
        np.testing.assert_array_equal(whole[name][held], without[name][held])
    assert (whole[SCALED][~held] != without[SCALED][~held]).any()


def test_channels_are_compared_clip_by_clip(faces):
    assert alike(faces, faces) == pytest.approx(1, abs=1e-5)
    turned = faces * np.float32([1, -1, 1])
    np.testing.assert_allclose(alike(faces, turned)[:, 1], -1, atol=1e-5)


def test_motion_is_taken_from_the_median():
    images = np.full((1, 28, 28, 3), 90, np.uint8)
    images[0, 3, 4] = 100
    flow = from_median(images)
    np.testing.assert_array_equal(flow[0, 3, 4], [100, 10, 10])
    np.testing.assert_array_equal(flow[0, 0, 0], [90, 0, 0])
