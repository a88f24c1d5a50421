"""Inputs of the networks, folds, and augmentation."""

import numpy as np
import pytest
import torch

from causalex_core.data import causalnet, manifest
from causalex_core.errors import CausalexError
from causalex_core.recognition import data
from causalex_core.recognition.data import (
    Augmentation,
    Changes,
    apply_changes,
    draw_changes,
    leave_one_subject_out,
)


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


def test_every_subject_is_held_out_once_with_all_its_samples():
    folds = leave_one_subject_out(["b", "a", "b", "c"])
    assert folds.subjects == ("a", "b", "c")
    expected = [[0, 1, 0, 0], [1, 0, 1, 0], [0, 0, 0, 1]]  # a and c have one sample
    np.testing.assert_array_equal(folds.held_out, np.array(expected, bool))


@pytest.mark.parametrize("subjects", [[], ["a"], ["a", "a"]])
def test_one_subject_cannot_be_left_out(subjects):
    with pytest.raises(CausalexError, match="needs at least two"):
        leave_one_subject_out(subjects)


def test_published_folds(mirror):
    table = causalnet.clips(manifest.require("causalnet_flow"))
    folds = leave_one_subject_out(table["subject"].to_numpy())
    assert folds.held_out.shape == (68, 442)
    assert (folds.held_out.sum(axis=0) == 1).all()
    trained = (~folds.held_out).sum(axis=1)
    assert (trained.min(), trained.max()) == (403, 441)
    sizes = folds.held_out.sum(axis=1)
    assert ((sizes <= 4).sum(), (sizes == 1).sum()) == (36, 8)
    labels = table["label"].to_numpy()
    single = [len(np.unique(labels[held])) == 1 for held in folds.held_out]
    assert sum(single) == 23


TRAINING_SAMPLES = np.arange(100, 400)


def changes(mirrored=False, down=0, right=0, gain=1.0):
    one = (mirrored, down, right, torch.full((2, 16), gain).tolist(), 0, 1.0)
    return Changes(*(torch.tensor([value]) for value in one))


def draw(config, seed=1, epoch=0, name="s1"):
    return draw_changes(config, TRAINING_SAMPLES, 500, seed, epoch, name)


@pytest.fixture
def motion():
    return torch.randn(1, 2, 3, 28, 28, generator=torch.Generator().manual_seed(6))


def test_nothing_to_do_changes_nothing(motion):
    assert torch.equal(apply_changes(motion, changes()), motion)


def test_in_a_mirror_u_points_to_the_other_side(motion):
    found = apply_changes(motion, changes(mirrored=True))
    assert torch.equal(found[:, :, :2], motion[:, :, :2].flip(-1))
    assert torch.equal(found[:, :, 2], -motion[:, :, 2].flip(-1))
    assert torch.equal(apply_changes(found, changes(mirrored=True)), motion)


def test_what_moves_goes_down_and_to_the_right(motion):
    found = apply_changes(motion, changes(down=2, right=3, gain=0.5))
    torch.testing.assert_close(found[..., 2:, 3:], 0.5 * motion[..., :-2, :-3])
    torch.testing.assert_close(found[..., 0, 3:], 0.5 * motion[..., 0, :-3])


def test_draws_depend_on_the_model_and_the_epoch_alone():
    first = draw(Augmentation())
    for one, two in zip(first, draw(Augmentation()), strict=True):
        assert torch.equal(one, two)
    for other in ({"seed": 2}, {"epoch": 1}, {"name": "s2"}):
        assert not torch.equal(draw(Augmentation(), **other).gain, first.gain)
    assert 200 < int(first.mirrored.sum()) < 300
    assert sorted(set(first.down.tolist())) == [-2, -1, 0, 1, 2]
    assert first.gain.log().abs().max() <= 0.2
    assert torch.equal(first.gain, first.gain[:, :1, :1].expand(500, 2, 16))
    assert first.share.eq(1).all()
    assert not draw(Augmentation(mirror=False)).mirrored.any()


def test_squares_and_the_relaxation_are_hidden(motion):
    squares = draw(Augmentation(gain=0, cutout=0.25)).gain
    assert set(squares.unique().tolist()) == {0, 1}
    assert squares.mean().item() == pytest.approx(0.75, abs=0.02)
    assert torch.equal(squares[:, 0], squares[:, 1])
    short = draw(Augmentation(gain=0, drop_relaxation=0.4)).gain
    assert short[:, 0].eq(1).all() and short[:, 1].mean().item() == pytest.approx(0.6, abs=0.05)
    hiding = changes()
    hiding.gain[0, 1, 6] = 0  # second row of squares, third column
    found = apply_changes(motion, hiding)
    assert found[0, 1, :, 7:14, 14:21].eq(0).all()
    found[0, 1, :, 7:14, 14:21] = motion[0, 1, :, 7:14, 14:21]
    assert torch.equal(found, motion)


def test_partners_are_trained_on():
    found = draw(Augmentation(mixup=0.4))
    assert set(found.partner.tolist()) <= set(TRAINING_SAMPLES.tolist())
    assert 0.4 < found.share.mean() < 0.6 and found.share.std() > 0.3
