import math

import cv2
import numpy as np
import pytest

from causalex_core.motion.alignment import align, crop, given_track

CROP = 128


def posed(layout, turns, sizes, shifts):
    """The layout turned (radians), scaled and shifted, one row per frame."""
    shape = layout @ (1, 1j)
    series = np.array([
        size * np.exp(1j * turn) * shape + complex(*shift)
        for turn, size, shift in zip(turns, sizes, shifts, strict=True)
    ])  # fmt: skip
    return np.stack((series.real, series.imag), axis=-1)


def test_pose_is_undone_frame_by_frame(layout):
    count = 9
    points = posed(
        layout,
        np.linspace(-0.3, 0.4, count),
        np.linspace(0.8, 1.3, count),
        np.linspace((0, 0), (40, -30), count),
    )
    placed = align(given_track(points), CROP, smoothing=0)
    eyes = [placed.points[:, part].mean(axis=1) for part in (slice(36, 42), slice(42, 48))]
    np.testing.assert_allclose(placed.points, placed.points[:1].repeat(count, axis=0), atol=1e-6)
    np.testing.assert_allclose((eyes[0] + eyes[1]) / 2 - (CROP / 2, 0.4 * CROP), 0, atol=1e-6)
    np.testing.assert_allclose(eyes[1] - eyes[0], [(0.28 * CROP, 0)] * count, atol=1e-6)


def test_one_place_for_all_frames(layout):
    points = layout + np.random.default_rng(0).normal(0, 2, (20, 1, 2))
    placed = align(given_track(points), CROP, smoothing=math.inf)
    np.testing.assert_allclose(placed.pose, placed.pose[:1].repeat(20, axis=0), atol=1e-9)


def test_smoothing_takes_jitter_out_of_the_place(layout):
    points = layout + np.random.default_rng(0).normal(0, 0.3, (120, 68, 2))
    steps = {
        sigma: np.abs(np.diff(align(given_track(points), CROP, sigma).pose[:, 1])).std()
        for sigma in (0, 15)
    }
    assert steps[15] < steps[0] / 20


def test_a_jump_is_not_smoothed_over(layout):
    points = np.concatenate((np.tile(layout, (10, 1, 1)), np.tile(layout + 90, (10, 1, 1))))
    placed = align(given_track(points), CROP, smoothing=5)
    before, after = placed.pose[:10, 1], placed.pose[10:, 1]
    assert np.ptp(np.abs(before)) < 1e-6
    np.testing.assert_allclose(after - before[0], 90 + 90j, atol=1e-6)


def test_no_face_at_all(layout):
    placed = align(given_track(np.full((6, 68, 2), np.nan)), CROP, smoothing=5)
    assert np.isnan(placed.pose).all()


@pytest.mark.parametrize("scale", [0.7, 1.0, 2.6, 5.2])
def test_the_crop_shows_what_its_pose_says(scale):
    size = round(CROP * scale)
    y, x = np.mgrid[:size, :size]
    grey = (40 + 150 * x / size + 50 * y / size).astype(np.uint8)
    pose = np.array([scale, 3 + 2j], dtype=complex)
    inside = np.s_[5:100, 5:100]
    row, column = np.mgrid[:CROP, :CROP]
    expected = 40 + (150 * (scale * column + 3) + 50 * (scale * row + 2)) / size
    assert np.abs(crop(grey, pose, CROP)[inside] - expected[inside]).max() < 1.6


def test_fine_texture_is_averaged_not_aliased():
    grey = np.zeros((600, 600), np.uint8)
    grey[:, ::2] = 200
    cut = crop(grey, np.array([4.0, 20 + 20j]), CROP)
    assert np.ptp(cut.astype(int)) <= 1
    np.testing.assert_allclose(cut.mean(), 100, atol=1)


def test_a_turned_crop_is_upright():
    picture = np.zeros((200, 200), np.uint8)
    cv2.line(picture, (60, 100), (140, 100), 255, 5)
    upright = crop(picture, np.array([1, 36 + 36j]), CROP)
    matrix = cv2.getRotationMatrix2D((100, 100), -30, 1)  # clockwise on the image
    turned = cv2.warpAffine(picture, matrix, (200, 200))
    a = np.exp(1j * np.radians(30))
    again = crop(turned, np.array([a, 100 + 100j - a * (64 + 64j)]), CROP)
    assert np.abs(again.astype(float) - upright).mean() < 6
