"""Each block against the public code's outputs, and against what it is said to do."""

import numpy as np
import torch
import torch.nn.functional as nnf
from torch import nn

from causalex_core.recognition.model import (
    CAB,
    CMPLM,
    BlockAttention,
    CausalNetConfig,
    Downsample,
    PositionAttention,
    Stage,
    TemporalAttention,
    neighbours,
    patches,
    penalties,
)
from causalex_core.recognition.weights import published_names

CLOSE = {"rtol": 0, "atol": 2e-5}


def arrays(file):
    with np.load(file) as archive:
        return {name: torch.from_numpy(archive[name]).float() for name in archive.files}


def fill(module, case, ours, theirs):
    """Put the published weights ``w/...`` of a part of the network into it."""
    names = published_names(CausalNetConfig(repeats=(1, 1, 2)))
    shapes = {name: value.shape for name, value in module.state_dict().items()}
    state = {
        mine.removeprefix(ours): case[f"w/{other.removeprefix(theirs)}"]
        for mine, other in names.items()
        if mine.startswith(ours)
    }
    module.load_state_dict({name: value.view(shapes[name]) for name, value in state.items()})
    return module


def tokens(x):
    return x.flatten(2).mT


@torch.no_grad()
def test_stage(oracles):
    case = arrays(oracles / "causalnet" / "enc_transformer_d256_h3_depth1.npz")
    stage = fill(Stage(256, 3, 1, 1, False), case, "flow.stages.0.", "layers.0.0.")
    made = stage(case["x"].permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
    torch.testing.assert_close(made, case["out"], **CLOSE)


@torch.no_grad()
def test_shrink(oracles):
    case = arrays(oracles / "causalnet" / "enc_aggregate_256_512.npz")
    shrink = fill(Downsample(256), case, "flow.shrinks.0.", "layers.0.1.")
    made = shrink(case["x"].permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
    torch.testing.assert_close(made, case["out"], **CLOSE)


@torch.no_grad()
def test_motion_position(oracles):
    case = arrays(oracles / "causalnet" / "cmplm_depth2_g0.5.npz")
    layers = [fill(CMPLM(0.5), case, f"positions.{i}.", "CrossAttention.") for i in range(2)]
    first, second = tokens(case["x1"]), tokens(case["x2"])
    found = layers[0].attention(first, second)
    torch.testing.assert_close(found, case["apca0_x1_ctx_x2"], **CLOSE)
    for layer in layers:
        first, second = layer(first, second)
    torch.testing.assert_close(first, tokens(case["out1"]), **CLOSE)
    torch.testing.assert_close(second, tokens(case["out2"]), **CLOSE)


@torch.no_grad()
def test_causal_attention(oracles):
    case = arrays(oracles / "causalnet" / "cab_g0.5.npz")
    block = fill(CAB(0.5), case, "causal.", "cab.")
    first, second = block.norm(case["x1"]), block.norm(case["x2"])
    torch.testing.assert_close(first, case["ln_x1"], **CLOSE)
    torch.testing.assert_close(second, case["ln_x2"], **CLOSE)
    spatial = block.spatial(first, first)
    torch.testing.assert_close(spatial, case["spatial_of_ln_x1"], **CLOSE)
    temporal = block.temporal(first, second)
    torch.testing.assert_close(temporal, case["temporal_of_ln_x1_ln_x2"], **CLOSE)
    earlier, later = block.in_time(first, second)
    torch.testing.assert_close(earlier.chunk(2)[0], case["stca_y1"], **CLOSE)
    torch.testing.assert_close(later.chunk(2)[0], case["stca_y2"], **CLOSE)
    related = block.relation(case["x1"], case["x2"])
    torch.testing.assert_close(related, case["crm_of_x1_x2"], **CLOSE)
    torch.testing.assert_close(block(case["x1"], case["x2"]), case["out"], **CLOSE)


def test_fixed_matrices_are_the_published_ones(oracles):
    case = arrays(oracles / "causalnet" / "cab_g0.5.npz")
    assert torch.equal(neighbours(), case["w/layers.0.1.M_mask"])
    assert torch.equal(penalties(0.5), case["w/layers.0.1.P_matrix"])


@torch.no_grad()
def test_patches_hold_rows_then_columns_then_channels():
    image = torch.rand(1, 3, 28, 28, generator=torch.Generator().manual_seed(1))
    made = patches(image)
    assert made.shape == (1, 4, 4, 147)
    assert made[0, 1, 2, (5 * 7 + 3) * 3 + 2] == image[0, 2, 7 + 5, 14 + 3]
    as_convolution = nnf.unfold(image, 7, stride=7).unflatten(1, (3, 49)).transpose(1, 2)
    assert torch.equal(made.flatten(1, 2), as_convolution.flatten(1, 2).mT)


@torch.no_grad()
def test_attention_in_blocks_is_torchs_own():
    torch.manual_seed(3)
    attention, x = BlockAttention(256, 3), torch.randn(5, 4, 256)
    parts = attention.query_key_value(x).unflatten(-1, (3, 3, 85)).permute(2, 0, 3, 1, 4)
    expected = nnf.scaled_dot_product_attention(*parts).transpose(1, 2).flatten(2)
    torch.testing.assert_close(attention(x), attention.out(expected))


@torch.no_grad()
def test_tokens_see_those_of_their_block_alone():
    torch.manual_seed(4)
    stage, x = Stage(256, 3, 1, 2, False), torch.randn(1, 4, 4, 256)
    before = stage(x)
    x[0, 1, 2] += 1  # in the block on the upper right
    touched = (stage(x) != before).any(-1)[0]
    expected = torch.zeros(4, 4, dtype=torch.bool)
    expected[:2, 2:] = True
    assert torch.equal(touched, expected)


@torch.no_grad()
def test_places_of_a_block_have_their_own_number():
    stage, x = Stage(256, 3, 1, 2, False), torch.zeros(1, 4, 4, 256)
    stage.layers = nn.Sequential()
    stage.position.copy_(torch.tensor([1.0, 2.0, 3.0, 4.0]))
    expected = torch.tensor([[1.0, 2.0], [3.0, 4.0]]).repeat(2, 2)
    assert torch.equal(stage(x)[0, :, :, 7], expected)


@torch.no_grad()
def test_weights_of_non_neighbours_take_their_share_and_vanish():
    torch.manual_seed(6)
    attention = PositionAttention(16, 2, gamma=0.5, scale=0.3).double()
    x, context = torch.randn(2, 1, 4, 16, dtype=torch.float64)
    query, key, value = attention.query(x), *attention.key_value(context).chunk(2, dim=-1)
    expected = torch.zeros(4, 16, dtype=torch.float64)
    for token in range(4):
        for head in (slice(0, 8), slice(8, 16)):
            shares = []
            for other in range(4):
                across = token + other == 3
                score = 0.3 * (query[0, token, head] @ key[0, other, head])
                shares.append(torch.exp(score.new_tensor(-0.5 * (other + 1)) if across else score))
            for other in range(4):
                if token + other != 3:
                    expected[token, head] += shares[other] / sum(shares) * value[0, other, head]
    torch.testing.assert_close(attention(x, context)[0], attention.out(expected))


@torch.no_grad()
def test_the_earlier_phase_never_sees_the_later():
    torch.manual_seed(7)
    block = CAB(0.5)
    contraction, relaxation, other = torch.randn(3, 2, 4, 256)
    made, changed = block(contraction, relaxation), block(contraction, other)
    assert torch.equal(made[:, 1], changed[:, 1])  # contraction
    assert (made[:, [0, 2]] != changed[:, [0, 2]]).any(-1).all()
    earlier, later = block.in_time(contraction, relaxation)
    forward, backward = earlier.chunk(2), later.chunk(2)
    swapped_earlier, swapped_later = block.in_time(relaxation, contraction)
    torch.testing.assert_close(swapped_earlier, torch.cat(forward[::-1]))
    torch.testing.assert_close(swapped_later, torch.cat(backward[::-1]))


@torch.no_grad()
def test_time_joins_each_token_with_its_like():
    torch.manual_seed(8)
    temporal = TemporalAttention()
    earlier, later = torch.randn(2, 3, 4, 256)
    before = temporal(earlier, later)
    earlier[:, 1] += 1
    touched = (temporal(earlier, later) != before).any(-1)
    assert torch.equal(touched, torch.tensor([[False, True, False, False]]).expand(3, 4))


def test_a_tie_in_pooling_belongs_to_the_first_cell():
    block = Downsample(2)
    nn.init.zeros_(block.norm.weight)
    nn.init.ones_(block.norm.bias)
    normed = []
    block.norm.register_forward_hook(lambda *call: normed.append(call[2]))
    y = block(torch.randn(1, 4, 4, 2))
    (gradient,) = torch.autograd.grad(y[0, 1, 1].sum(), normed[0])
    assert gradient[0, ..., 0].nonzero().tolist() == [[1, 1]]  # of rows and columns 1 to 3
