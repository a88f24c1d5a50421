"""The network against the public code's outputs, gradients and steps; and without its dead part."""

import json

import numpy as np
import pytest
import torch
import torch.nn.functional as nnf

from causalex_core.errors import CausalexError
from causalex_core.recognition import load_checkpoint
from causalex_core.recognition.model import CausalNet, CausalNetConfig, folded
from causalex_core.recognition.weights import published_names

RATE = 5e-5  # of the published training


@pytest.fixture(scope="module")
def public(oracles):
    """Weights made by the oracle's recipe, and what the public code does with them."""
    folder = oracles / "causalnet"
    shapes = json.loads((folder / "model_111_shapes.json").read_text())
    generator = np.random.RandomState(21)
    weights = {}
    for name in sorted(name for name in shapes if not name.endswith(("M_mask", "P_matrix"))):
        shape = shapes[name]
        values = generator.standard_normal(shape).astype(np.float32)
        if len(shape) > 1 and not name.endswith((".g", ".b")):
            values *= 1 / np.sqrt(np.prod(shape[1:]))
        elif name.endswith(".g") or (len(shape) == 1 and name.endswith("weight")):
            values = 1 + 0.1 * values
        else:
            values *= 0.1
        weights[name] = values.astype(np.float16)
    with np.load(folder / "model_111_g0.5_io.npz") as archive:
        case = {name: archive[name] for name in archive.files}
    with np.load(folder / "model_111_g0.5_logits_float64.npz") as archive:
        case["logits in float64"] = archive["logits"]
    norms = json.loads((folder / "model_111_gradnorms_step0.json").read_text())
    return weights, case, norms


@pytest.fixture
def network(public):
    return load_checkpoint(public[0])


@torch.no_grad()
def test_logits(public, network):
    case = public[1]
    maps = torch.from_numpy(case["img"])
    found = network(maps.float())
    assert found.dtype == torch.float32
    np.testing.assert_allclose(found, case["logits"], rtol=0, atol=5e-5)
    assert torch.equal(network(maps), found)
    np.testing.assert_allclose(folded(network)(maps), case["logits"], rtol=0, atol=5e-5)
    exact = case["logits in float64"]
    np.testing.assert_allclose(network.double()(maps.double()), exact, rtol=0, atol=1e-10)
    np.testing.assert_allclose(folded(network)(maps.double()), exact, rtol=0, atol=1e-10)


@torch.no_grad()
def test_what_every_part_gives(public, network):
    case, seen = public[1], {}

    def keep(name):
        return lambda module, given, made: seen.__setitem__(name, made)

    for ours in ("flow", "direction"):
        encoder = getattr(network, ours)
        encoder.embed.register_forward_hook(keep(f"{ours} embed"))
        encoder.stages[2].register_forward_hook(keep(f"{ours} last"))
        for stage, shrink in enumerate(encoder.shrinks):
            shrink.register_forward_hook(keep(f"{ours} shrink {stage}"))
    network.positions[-1].register_forward_hook(keep("positions"))
    network.causal.register_forward_hook(keep("causal"))
    network.head[0].register_forward_hook(keep("hidden"))
    network(torch.from_numpy(case["img"]))
    images = {
        "flow embed": "to_patch_embedding",
        "flow shrink 0": "layers.0.1",
        "flow shrink 1": "layers.1.1",
        "flow last": "layers.2.0",
        "direction embed": "to_patch_embedding1",
        "direction last": "layers1.2.0",
    }
    for ours, theirs in images.items():
        for phase in range(2):
            found = seen[ours].unflatten(0, (-1, 2))[:, phase].permute(0, 3, 1, 2)
            expected = case[f"act/{theirs}/call{phase}/out0"]
            scale = np.abs(expected).max()
            np.testing.assert_allclose(found / scale, expected / scale, rtol=0, atol=1e-5)
    for phase in range(2):
        found = seen["positions"][phase].mT.unflatten(2, (2, 2))
        expected = case[f"act/CrossAttention/call0/out{phase}"]
        np.testing.assert_allclose(found, expected, rtol=0, atol=5e-5)
    np.testing.assert_allclose(seen["causal"], case["act/cab/call0/out0"], rtol=0, atol=5e-5)
    np.testing.assert_allclose(seen["hidden"], case["act/mlp_head.0/call0/out0"], rtol=0, atol=5e-5)


def test_gradients_and_three_steps(public, network):
    _, case, norms = public
    maps, labels = torch.from_numpy(case["img"]), torch.from_numpy(case["label"])
    optimiser = torch.optim.Adam(network.parameters(), lr=RATE)
    for step, expected in enumerate(case["loss_steps"]):
        loss = nnf.cross_entropy(network(maps), labels)
        assert loss.item() == pytest.approx(expected, rel=5e-5)
        optimiser.zero_grad()
        loss.backward()
        if step == 0:
            _check_gradients(network, case, norms)
        optimiser.step()
    # Adam's first steps have one size whatever the gradient: rounding turns the smallest around
    with torch.no_grad():
        expected = case["logits_after_3_adam_steps"]
        np.testing.assert_allclose(network(maps), expected, rtol=0, atol=2e-3)


def _check_gradients(network, case, norms):
    names = published_names(network.config)
    entire = 0
    for ours, parameter in network.named_parameters():
        theirs, found = names[ours], parameter.grad
        # norms of millions of float32 are summed in float32 there; two are zero but for rounding
        assert found.double().norm().item() == pytest.approx(norms[theirs], rel=1e-3, abs=1e-6)
        if f"grad/{theirs}" in case:
            expected = case[f"grad/{theirs}"].reshape(found.shape)
            np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
            entire += 1
    assert entire == 9


@pytest.mark.parametrize(
    ("config", "count"),
    [
        (CausalNetConfig(), 276_590_089),
        (CausalNetConfig(folded=True), 235_072_009),
        (CausalNetConfig(repeats=(2, 3, 7)), 223_128_585),
        (CausalNetConfig(repeats=(3, 3, 10)), 302_532_873),
    ],
)
def test_number_of_parameters(config, count):
    with torch.device("meta"):
        network = CausalNet(config)
    assert sum(parameter.numel() for parameter in network.parameters()) == count


def test_queries_and_keys_of_one_token_never_learn(checkpoint, samples):
    network = load_checkpoint(checkpoint)
    without = folded(network)
    for each in (network, without):
        nnf.cross_entropy(each(samples), torch.tensor([0, 1, 2, 0])).backward()
    learned = dict(without.named_parameters())
    for name, parameter in network.named_parameters():
        found, other = parameter.grad, learned.get(name)
        if other is None:
            other = learned[name.replace("query_key_value", "value")]
            assert found[: -len(other)].eq(0).all()
        # one number for all channels, before nothing but normalisations: it cannot learn either
        idle = name == "flow.stages.2.position"
        assert idle or other.grad.ne(0).any()
        torch.testing.assert_close(found[-len(other) :], other.grad, rtol=1e-5, atol=1e-6)


@torch.no_grad()
def test_folded_is_the_same_and_its_own(checkpoint, samples):
    network = load_checkpoint(checkpoint)
    without = folded(network)
    expected = network(samples)
    torch.testing.assert_close(without(samples), expected, rtol=1e-6, atol=1e-6)
    assert not any("query_key_value" in name for name in without.state_dict())
    assert not without.training and folded(network.train()).training
    assert all(parameter.requires_grad for parameter in without.parameters())
    torch.testing.assert_close(folded(without)(samples), expected, rtol=1e-6, atol=1e-6)
    without.head[1].bias += 1
    assert torch.equal(network(samples), expected)


def test_attention_of_more_tokens_is_not_folded():
    with torch.device("meta"):
        network = folded(CausalNet(CausalNetConfig(repeats=(1, 1, 1), blocks=(2, 2, 1))))
    kept = [name for name in network.state_dict() if "query_key_value" in name]
    assert kept == [
        f"{name}.stages.0.layers.0.attention.query_key_value.weight"
        for name in ("flow", "direction")
    ]


@torch.no_grad()
def test_samples_are_judged_one_by_one(checkpoint, samples):
    network = load_checkpoint(checkpoint)
    together = network(samples)
    alone = torch.cat([network(sample[None]) for sample in samples])
    torch.testing.assert_close(alone, together, rtol=0, atol=5e-5)
    assert network(samples[:0]).shape == (0, 3)


@pytest.mark.parametrize("shape", [(4, 3, 28, 28), (2, 3, 3, 28, 28), (2, 4, 3, 28, 30), (2, 28)])
def test_maps_of_another_shape_are_refused(checkpoint, shape):
    with pytest.raises(CausalexError, match=r"expected \(N, 4, 3, 28, 28\)"):
        load_checkpoint(checkpoint)(torch.zeros(shape))


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (CausalNetConfig(repeats=(1, 0, 1)), "at least one layer"),
        (CausalNetConfig(blocks=(3, 2, 1)), r"divisors of \(4, 2, 1\)"),
        (CausalNetConfig(blocks=(0, 2, 1)), r"divisors of \(4, 2, 1\)"),
    ],
)
def test_shapes_that_cannot_be(config, message):
    with pytest.raises(CausalexError, match=message):
        CausalNet(config)
