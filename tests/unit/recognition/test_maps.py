"""Inputs of CausalNet: direction and mosaic against the published images and by hand."""

import numpy as np
import pytest

from causalex_core.data import causalnet, manifest
from causalex_core.errors import CausalexError
from causalex_core.recognition import data


def test_directions_of_all_published_clips(mirror):
    source = manifest.require("causalnet_flow")
    table = causalnet.clips(source)
    flow = causalnet.images(source, table)
    published = causalnet.images(source, table, ("onset_apex_direction", "apex_offset_direction"))
    assert int((data.direction(flow) != published).any(-1).sum()) == 0


def test_inputs_are_those_of_the_public_code(oracles):
    with np.load(oracles / "causalnet" / "preprocess_cases.npz") as case:
        raw, expected = case["raw_bgr"], case["composite_bgr"]
    np.testing.assert_array_equal(data.inputs(raw[:, :2]), np.moveaxis(expected, -1, 2))


@pytest.mark.parametrize(
    ("v", "u", "colour"),
    [
        (0, 255, (0, 0, 255)),  # to the right: red
        (0, 0, (0, 0, 255)),
        (100, 100, (0, 187, 255)),  # 45 degrees, hue 22 of 2 degrees each
        (255, 0, (0, 255, 127)),  # down: half of the way from yellow to green
        (173, 100, (0, 247, 255)),  # 59.97 degrees
        (174, 100, (0, 255, 255)),  # 60.11 degrees: yellow
    ],
)
def test_direction_by_hand(v, u, colour):
    flow = np.array([77, v, u], np.uint8)  # strain has no say
    assert tuple(data.direction(flow)) == colour


def test_direction_follows_the_angle():
    v, u = np.mgrid[:256, :256]
    made = data.direction(np.stack([0 * u, v, u], axis=-1).astype(np.uint8)).astype(int)
    hue = np.round(made[..., 1] / 8.5 + (255 - made[..., 2]) / 8.5)
    angle = np.degrees(np.arctan2(v, u))
    assert (made[..., 0] == 0).all()
    assert np.abs(angle / 2 - (hue + 0.5)).max() < 0.506  # the polynomial's 0.01 degrees
    differing = hue != np.trunc(angle / 2)
    assert differing.sum() == 60


def test_mosaic_takes_each_patch_from_its_place():
    rows, columns = np.mgrid[:28, :28].astype(np.uint8)
    made = data.mosaic(np.stack([rows, columns], axis=-1)[None])[0]
    corners = [tuple(made[row, column]) for row in (0, 14) for column in (0, 14)]
    assert corners == [(2, 4), (14, 3), (3, 14), (13, 14)]
    for row in (0, 14):
        for column in (0, 14):
            patch = made[row : row + 14, column : column + 14].astype(int)
            assert (np.diff(patch[..., 0], axis=0) == 1).all()
            assert (np.diff(patch[..., 1], axis=1) == 1).all()


def test_inputs_are_flow_then_its_direction():
    flow = np.random.default_rng(0).integers(0, 256, (3, 2, 28, 28, 3), dtype=np.uint8)
    made = data.inputs(flow)
    assert (made.shape, made.dtype) == ((3, 4, 3, 28, 28), np.uint8)
    first = np.moveaxis(made[:, :2], 2, -1)
    np.testing.assert_array_equal(first, data.mosaic(flow))
    np.testing.assert_array_equal(np.moveaxis(made[:, 2:], 2, -1), data.direction(first))


@pytest.mark.parametrize(
    "flow",
    [
        np.zeros((3, 2, 28, 28), np.uint8),
        np.zeros((3, 4, 28, 28, 3), np.uint8),
        np.zeros((3, 2, 56, 56, 3), np.uint8),
        np.zeros((3, 2, 28, 28, 3), np.float32),
    ],
)
def test_flow_of_another_shape_or_type_is_refused(flow):
    with pytest.raises(CausalexError, match=r"expected uint8 \(N, 2, 28, 28, 3\)"):
        data.inputs(flow)
