"""What the network does that the published one does not."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as nnf

from causalex_core.errors import CausalexError
from causalex_core.recognition.causalnet_text import (
    COMPACT,
    CausalNetText,
    CausalNetTextConfig,
    averaged,
    centred,
    directions,
    quarters,
)
from causalex_core.recognition.data import mosaic
from causalex_core.recognition.model import PositionAttention
from causalex_core.recognition.ststnet import Ststnet

PUBLISHED_PARAMETERS = 276_590_089
CAUSAL_EX = CausalNetTextConfig(
    widths=(8, 12), heads=(2, 2), repeats=(1, 1), exchanges=1, fused=8, fused_heads=2, hidden=8,
    stitched=False,
)  # fmt: skip


@pytest.fixture
def network():
    torch.manual_seed(3)
    return CausalNetText(CAUSAL_EX)


@pytest.fixture
def motion():
    return torch.randn(4, 2, 3, 28, 28, generator=torch.Generator().manual_seed(1))


def parameters(config):
    with torch.device("meta"):
        return sum(parameter.numel() for parameter in CausalNetText(config).parameters())


def test_sizes():
    assert parameters(CausalNetTextConfig()) == pytest.approx(PUBLISHED_PARAMETERS, rel=0.03)
    assert parameters(COMPACT) < 0.01 * PUBLISHED_PARAMETERS


def test_every_weight_learns_queries_and_keys_among_them(network, motion):
    for position in (network.flow.position, network.direction.position):
        torch.nn.init.normal_(position)
    nnf.cross_entropy(network(motion), torch.tensor([0, 1, 2, 0])).backward()
    still = [name for name, value in network.named_parameters() if not value.grad.ne(0).any()]
    assert not still
    width = CAUSAL_EX.widths[0]
    gradient = network.flow.within[0].attention.query_key_value.weight.grad
    assert gradient[: 2 * width].abs().max() > 1e-6


@torch.no_grad()
def test_a_token_is_a_quarter_of_the_face(network, motion):
    """Before quarters attend to one another, what moves in one reaches its own token alone."""
    network.flow.across = torch.nn.Identity()
    other = motion.clone()
    other[:, :, :, 16:20, 3:6] += 1  # below, on the left
    before, after = (network.flow(each[:, 0]) for each in (motion, other))
    differs = (before - after).abs().amax(dim=(0, 2)) > 1e-6
    assert differs.tolist() == [False, False, True, False]


@torch.no_grad()
def test_patches_are_cut_row_by_row():
    image = torch.arange(28.0 * 28).view(1, 1, 28, 28)
    cut = quarters(image, 7)
    assert cut.shape == (1, 4, 4, 49)
    assert cut[0, 1, 2].view(7, 7)[0].tolist() == list(range(7 * 28 + 14, 7 * 28 + 21))


@torch.no_grad()
def test_tokens_across_corners_are_left_out_for_good():
    attention = PositionAttention(8, 2, float("inf"), 1.0)
    x = torch.randn(2, 4, 8)
    other = x.clone()
    other[:, 3] += 1
    moved = (attention(x, x) - attention(x, other)).abs().amax(dim=(0, 2))
    assert moved[0] == 0 and moved[1] > 1e-4
    torch.nn.init.zeros_(attention.key_value.weight)
    torch.nn.init.eye_(attention.out.weight)
    torch.nn.init.zeros_(attention.out.bias)
    value = attention.key_value.bias[8:]
    # weights of a token sum to one
    torch.testing.assert_close(attention(x, x), value.expand(2, 4, 8))


@torch.no_grad()
def test_the_head_is_no_linear_map(network):
    x = torch.randn(5, 3 * 4 * 8)
    ends, middle = network.head(x) + network.head(-x), 2 * network.head(0 * x)
    assert (ends - middle).abs().max() > 1e-3


@torch.no_grad()
def test_the_order_of_the_phases_matters(network, motion):
    assert (network(motion) - network(motion.flip(1))).abs().max() > 1e-3


def test_direction_goes_all_around_and_vanishes_with_motion():
    flow = torch.zeros(5, 3, 1, 1)
    flow[1:, 1, 0, 0] = torch.tensor([2.0, -2.0, 0.0, 0.0])
    flow[1:, 2, 0, 0] = torch.tensor([0.0, 0.0, 2.0, 0.01])
    length, v, u = directions(flow)[..., 0, 0].unbind(1)
    torch.testing.assert_close(v, torch.tensor([0, 1, -1, 0, 0.0]), atol=2e-3, rtol=0)
    torch.testing.assert_close(u, torch.tensor([0, 0, 0, 1, 0.0995]), atol=2e-3, rtol=0)
    assert length[0] < length[4] < length[1]


def test_flow_has_its_zero_at_zero():
    flow = np.random.default_rng(2).integers(0, 256, (3, 2, 28, 28, 3)).astype(np.uint8)
    found = centred(flow)
    assert found.dtype == np.float32 and found.shape == (3, 2, 3, 28, 28)
    np.testing.assert_allclose(np.median(found[:, :, 1:], axis=(3, 4)), 0, atol=1e-6)
    np.testing.assert_allclose(found[:, :, 0], flow[..., 0] / 64)
    brighter = flow.copy()
    brighter[..., 1:] = flow[..., 1:] // 2 + 100
    lifted = centred(brighter - np.uint8([0, 50, 50]))
    np.testing.assert_allclose(lifted, centred(brighter), atol=1e-6)
    with pytest.raises(CausalexError, match=r"flow of shape \(3, 28, 28, 3\)"):
        centred(flow[:, 0])


def test_stitched_images_are_those_of_the_published_network():

    image = np.random.default_rng(4).integers(0, 256, (28, 28, 1))
    index = CausalNetText(replace(CAUSAL_EX, stitched=True)).index
    np.testing.assert_array_equal(image.ravel()[index], mosaic(image)[..., 0])


@torch.no_grad()
def test_motion_is_averaged_over_squares(motion):
    torch.manual_seed(3)
    smoothing = CausalNetText(replace(CAUSAL_EX, smoothed=3))
    torch.manual_seed(3)
    plain = CausalNetText(CAUSAL_EX)
    mean = nnf.avg_pool2d(nnf.pad(motion.flatten(0, 2), (1, 1, 1, 1)), 3, stride=1) * 9
    mean = mean / nnf.avg_pool2d(nnf.pad(torch.ones(1, 28, 28), (1, 1, 1, 1)), 3, stride=1) / 9
    torch.testing.assert_close(smoothing(motion), plain(mean.view(motion.shape)))
    assert not torch.allclose(smoothing(motion), plain(motion), atol=1e-3)
    with pytest.raises(CausalexError, match="smoothed over 2 px"):
        CausalNetText(replace(CAUSAL_EX, smoothed=2))


@torch.no_grad()
@pytest.mark.parametrize("stitched", [False, True])
def test_motion_is_seen_in_cells(motion, stitched):
    network = CausalNetText(replace(CAUSAL_EX, cells=2, straight=True, stitched=stitched))
    torch.nn.init.normal_(network.straight.weight)
    seen = motion.flatten(-2)[..., network.index].flatten(0, 1)
    expected = nnf.avg_pool2d(seen, 2)
    torch.testing.assert_close(averaged(seen, 2), expected)
    coarse = nnf.interpolate(expected, scale_factor=2).view(motion.shape)
    plain = CausalNetText(replace(network.config, stitched=False))
    plain.load_state_dict(network.state_dict() | {"index": plain.index})
    torch.testing.assert_close(plain(coarse), network(motion), atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_the_linear_path_sees_the_first_phase_alone(motion):
    torch.manual_seed(3)
    network = CausalNetText(replace(CAUSAL_EX, straight=True))
    for last in (network.head[-1].weight, network.head[-1].bias):
        torch.nn.init.zeros_(last)
    bias = network.straight.bias.expand(4, 3)
    torch.testing.assert_close(network(motion), bias)  # it starts at nothing
    torch.nn.init.normal_(network.straight.weight)
    double, other = network(2 * motion), motion.clone()
    torch.testing.assert_close(double - bias, 2 * (network(motion) - bias), atol=1e-4, rtol=1e-4)
    assert (double - bias).abs().min() > 1e-3
    other[:, 1] += 1
    assert torch.equal(network(other), network(motion))


@pytest.mark.parametrize(
    "changes",
    [{"patch": 4}, {"patch": 0}, {"cells": 0}, {"cells": 4}, {"fused": 10, "fused_heads": 4}],
)
def test_shapes_of_it_that_cannot_be(changes):
    with pytest.raises(CausalexError, match="expected divisors of 14"):
        CausalNetText(CausalNetTextConfig(**changes))


@torch.no_grad()
def test_ststnet_sees_the_first_phase_alone(motion):
    network = Ststnet()
    other = motion.clone()
    other[:, 1] += 1
    assert network(motion).shape == (4, 3)
    assert torch.equal(network(motion), network(other))
    assert not torch.equal(network(motion), network(motion.flip(0)))
