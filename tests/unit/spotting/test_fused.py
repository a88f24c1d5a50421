"""The fused form of the network and its loss, against the plain ones."""

import copy
from dataclasses import replace

import pytest
import torch

from causalex_core.spotting import fused
from causalex_core.spotting.data import Targets
from causalex_core.spotting.losses import CAS, SAMM, terms, total
from causalex_core.spotting.model import AUW_GCN, PAPER, RELEASED, Network, NetworkConfig

WINDOWS, FRAMES = 3, 45
CONFIGS = {
    "paper": PAPER,
    "released": RELEASED,
    "auw_gcn": AUW_GCN,
    "no graph": NetworkConfig(graph=()),
    "identity": NetworkConfig(graph=("identity", "identity"), pooling=False),
    "eight regions of three": NetworkConfig(nodes=8, channels=3),
}


def network(config):
    """A network whose normalisations are not those of its start."""
    made = Network(config)
    made.initialise(3)
    generator = torch.Generator().manual_seed(5)
    for layer in made.modules():
        if hasattr(layer, "running_mean"):
            for values in (layer.weight.data, layer.running_var):
                values.uniform_(0.5, 1.5, generator=generator)
            for values in (layer.bias.data, layer.running_mean):
                values.normal_(0, 0.3, generator=generator)
    return made


def inputs(config):
    """Motion of windows, matrices of each window and of all, and a gradient of the logits."""
    generator = torch.Generator().manual_seed(7)
    motion = torch.randn(WINDOWS, FRAMES, config.nodes, config.channels, generator=generator)
    compound = torch.rand(WINDOWS, config.nodes, config.nodes, generator=generator) / config.nodes
    prior = torch.eye(config.nodes) + 1 / config.nodes
    gradient = torch.randn(WINDOWS, 10, FRAMES, generator=generator)
    return motion, {"compound": compound, "prior": prior}, gradient


def logits(model, motion, given, precision=torch.float32):
    matrices = model.matrices(**given)
    prepared = fused.Inputs.of(motion, matrices)
    y = fused.logits(model, prepared, torch.arange(len(motion)), matrices, precision)
    return y.transpose(1, 2).float()


def doubled(model, motion, given):
    return model.double(), motion.double(), {name: one.double() for name, one in given.items()}


@pytest.mark.parametrize("name", CONFIGS)
def test_logits_gradients_and_running_statistics_are_those_of_the_plain_network(name):
    """In float64 the plain network says what both should give."""
    config = CONFIGS[name]
    motion, given, gradient = inputs(config)
    model = network(config)
    exact, *of_doubles = doubled(copy.deepcopy(model), motion, given)
    y, expected = logits(model, motion, given), exact(of_doubles[0], **of_doubles[1])
    torch.testing.assert_close(y, expected.float(), rtol=1e-3, atol=1e-3)
    y.backward(gradient)
    expected.backward(gradient)
    for (parameter, ours), plain in zip(model.named_parameters(), exact.parameters(), strict=True):
        if parameter.endswith("linear.bias"):  # changes nothing behind a normalisation
            assert ours.grad is None
            assert plain.grad.abs().max() < 1e-4
            continue
        scale = float(plain.grad.abs().max())
        torch.testing.assert_close(ours.grad, plain.grad.float(), rtol=0, atol=3e-3 * scale)
    for ours, plain in zip(model.buffers(), exact.buffers(), strict=True):
        torch.testing.assert_close(ours, plain.to(ours.dtype), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", CONFIGS)
def test_a_trained_network_predicts_the_same(name):
    config = CONFIGS[name]
    motion, given, _ = inputs(config)
    model = network(config).eval()
    with torch.no_grad():
        expected = model(motion, **given)
        torch.testing.assert_close(logits(model, motion, given), expected, rtol=1e-4, atol=1e-4)
        rough = logits(model, motion, given, torch.bfloat16)
    assert (rough - expected).abs().mean() < 0.02 * expected.abs().mean()


def test_windows_of_a_batch_are_those_at_the_index():
    motion, given, _ = inputs(PAPER)
    model = network(PAPER).eval()
    index = torch.tensor([2, 0])
    prepared = fused.Inputs.of(motion, model.matrices(**given))
    matrices = model.matrices(given["compound"][index], given["prior"])
    with torch.no_grad():
        y = fused.logits(model, prepared, index, matrices, torch.float32).transpose(1, 2)
    torch.testing.assert_close(y, logits(model, motion, given)[index].detach())


@pytest.mark.parametrize("config", [CAS, SAMM, replace(CAS, action=0.7, micro=0.3)])
def test_loss_and_its_gradient_are_those_of_torch(config):
    generator = torch.Generator().manual_seed(2)
    y = torch.randn(WINDOWS, 64 + 14, 10, generator=generator) * 3
    score = torch.rand(WINDOWS, 2, 64, generator=generator)
    phase = torch.randint(0, 3, (WINDOWS, 2, 64), generator=generator)
    targets = Targets(phase, (score - 0.6).clamp(min=0), (score > 0.7).float())
    ours, plain = y.clone().requires_grad_(), y.clone().requires_grad_()
    loss = fused.loss(ours, targets, config)
    expected = total(terms(plain.transpose(1, 2)[..., 7:-7], targets), config)
    torch.testing.assert_close(loss, expected, rtol=1e-6, atol=0)
    loss.backward()
    expected.backward()
    torch.testing.assert_close(ours.grad, plain.grad, rtol=1e-5, atol=1e-9)


def test_the_loss_of_what_is_no_number_is_none():
    y = torch.zeros(1, 30, 10)
    y[0, 15, 4] = torch.nan
    targets = Targets(torch.zeros(1, 2, 16).long(), torch.zeros(1, 2, 16), torch.zeros(1, 2, 16))
    assert fused.loss(y, targets, CAS).isnan()


def test_at_a_tie_the_earlier_frame_is_pooled_as_in_torch():
    values = torch.tensor([1.0, 2, 1, 2, 2, 3, 2, 3]).repeat_interleave(2)
    y = values[None, :, None].repeat(1, 1, 16)
    gradient = torch.rand(y.shape, generator=torch.manual_seed(3))
    batch = torch.nn.BatchNorm1d(16)
    torch.nn.init.ones_(batch.bias)  # the tied values are above 0
    ours, plain = y.clone().requires_grad_(), y.clone().requires_grad_()
    fused._NormReluPool.apply(ours, batch, True, batch.weight, batch.bias).backward(gradient)
    image = torch.relu(batch(plain.transpose(1, 2)))[:, :, None]
    pooled = torch.nn.functional.max_pool2d(image, (1, 2), 1, (0, 1), (1, 2))
    pooled[:, :, 0].transpose(1, 2).backward(gradient)
    torch.testing.assert_close(ours.grad, plain.grad, rtol=1e-4, atol=1e-5)


def test_it_fits_the_networks_of_both_papers_only():
    assert all(fused.fits(Network(config)) for config in CONFIGS.values())
    for config in (
        NetworkConfig(graph=("prior",) * 3),
        NetworkConfig(width=40),
        NetworkConfig(hidden=8),
        NetworkConfig(nodes=10),
    ):
        assert not fused.fits(Network(config))
