"""Changes of motion."""

import pytest
import torch

from causalex_core.recognition.augmentation import Augmentation, Changes, changed, drawn


def changes(mirrored=False, down=0, right=0, gain=1.0):
    return Changes(*(torch.tensor([value]) for value in (mirrored, down, right, gain)))


@pytest.fixture
def motion():
    return torch.randn(1, 2, 3, 28, 28, generator=torch.Generator().manual_seed(6))


def test_nothing_to_do_changes_nothing(motion):
    assert torch.equal(changed(motion, changes()), motion)


def test_in_a_mirror_u_points_to_the_other_side(motion):
    found = changed(motion, changes(mirrored=True))
    assert torch.equal(found[:, :, :2], motion[:, :, :2].flip(-1))
    assert torch.equal(found[:, :, 2], -motion[:, :, 2].flip(-1))
    assert torch.equal(changed(found, changes(mirrored=True)), motion)


def test_what_moves_goes_down_and_to_the_right(motion):
    found = changed(motion, changes(down=2, right=3, gain=0.5))
    torch.testing.assert_close(found[..., 2:, 3:], 0.5 * motion[..., :-2, :-3])
    torch.testing.assert_close(found[..., 0, 3:], 0.5 * motion[..., 0, :-3])


def test_draws_depend_on_the_model_and_the_epoch_alone():
    config = Augmentation()
    first = drawn(config, 500, 1, 0, "s1")
    for one, two in zip(first, drawn(config, 500, 1, 0, "s1"), strict=True):
        assert torch.equal(one, two)
    for other in ((2, 0, "s1"), (1, 1, "s1"), (1, 0, "s2")):
        assert not torch.equal(drawn(config, 500, *other).gain, first.gain)
    assert 200 < int(first.mirrored.sum()) < 300
    assert sorted(set(first.down.tolist())) == [-2, -1, 0, 1, 2]
    assert first.gain.log().abs().max() <= 0.2
    assert not drawn(Augmentation(mirror=False), 500, 1, 0, "s1").mirrored.any()
