"""Changes of motion."""

import numpy as np
import pytest
import torch

from causalex_core.recognition.data import Augmentation, Changes, apply_changes, draw_changes

TRAIN = np.arange(100, 400)


def changes(mirrored=False, down=0, right=0, gain=1.0):
    one = (mirrored, down, right, torch.full((2, 16), gain).tolist(), 0, 1.0)
    return Changes(*(torch.tensor([value]) for value in one))


def draw(config, seed=1, epoch=0, name="s1"):
    return draw_changes(config, TRAIN, 500, seed, epoch, name)


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
    assert set(found.partner.tolist()) <= set(TRAIN.tolist())
    assert 0.4 < found.share.mean() < 0.6 and found.share.std() > 0.3
