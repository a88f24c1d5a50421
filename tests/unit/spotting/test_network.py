"""The network against the reference's outputs, against torch's own layers, and fold by fold."""

import numpy as np
import pytest
import torch
from torch import nn

from causalex_core.errors import CausalexError
from causalex_core.spotting import load_checkpoint
from causalex_core.spotting.network import AUW_GCN, PAPER, RELEASED, Network, NetworkConfig
from causalex_core.spotting.operations import MaxPool, NormaliseRelu


def arrays(file, prefix=""):
    with np.load(file) as archive:
        return {n.removeprefix(prefix): archive[n] for n in archive.files if n.startswith(prefix)}


def test_auw_gcn_forward(oracles):
    for database in ("cas(me)^2", "samm"):
        case = arrays(oracles / "auw_gcn" / "model_forward.npz", f"{database}/")
        state = {n.removeprefix("state/"): v for n, v in case.items() if n.startswith("state/")}
        network = load_checkpoint(state, kind="auw_gcn")
        found = network(torch.from_numpy(case["input"])).detach().numpy()
        np.testing.assert_allclose(found, case["output_logits"], rtol=1e-4, atol=1e-5)


def test_causal_ex_forward(oracles):
    case = arrays(oracles / "causal_ex" / "forward.npz")
    state = {n.removeprefix("state/"): v for n, v in case.items() if n.startswith("state/")}
    network = load_checkpoint(
        state, kind="causal_ex", compound=case["compound"], prior=case["prior"]
    )
    motion = torch.from_numpy(case["input"])
    found = network(motion).detach().numpy()
    np.testing.assert_allclose(found, case["output"], rtol=1e-4, atol=1e-5)
    without = load_checkpoint(state, kind="causal_ex", prior=case["prior"])
    each = torch.from_numpy(case["compound"]).float().expand(2, 12, 12)
    np.testing.assert_array_equal(without(motion, compound=each).detach().numpy(), found)
    with pytest.raises(CausalexError, match="compound matrix"):
        without(motion)


@pytest.mark.parametrize(
    ("config", "count"),
    [
        (PAPER, 39_552),
        (RELEASED, 39_552),
        (AUW_GCN, 39_248),
        (NetworkConfig(graph=("identity",)), 39_248),
        (NetworkConfig(graph=(), nodes=1), 128 + 3 * 128 + 2 * 12_288 + 1_920),
    ],
)
def test_number_of_parameters(config, count):
    assert sum(p.numel() for p in Network(config).parameters()) == count
    assert sum(p.numel() for p in Network(config, folds=3).parameters()) == 3 * count


class Plain(nn.Module):
    """The paper's network from torch's own layers, as a reader of the paper would write it."""

    def __init__(self, network, matrix):
        super().__init__()
        self.matrix = matrix
        self.graph = [(layer.weight[0], layer.bias[0]) for layer in network.graph_layers]
        self.graph_norms = nn.ModuleList([nn.BatchNorm1d(16) for _ in self.graph])
        self.kernels = []
        for layer in network.convolutions:
            taps = 3 if layer.distance else 1
            kernel = layer.weight[0].detach().unflatten(0, (taps, -1)).permute(2, 1, 0)
            self.kernels.append(kernel.clone().requires_grad_())
        self.graph = [(w.detach().clone().requires_grad_(), b.detach()) for w, b in self.graph]
        self.norms = nn.ModuleList([nn.BatchNorm1d(64) for _ in range(3)])
        self.pooling = network.config.pooling

    def forward(self, x):
        for (weight, bias), norm in zip(self.graph, self.graph_norms, strict=True):
            x = self.matrix @ (x @ weight) + bias
            x = norm(x.flatten(0, 2)).view_as(x).relu()
        x = x.flatten(2).transpose(1, 2)
        for i, (pad, dilation) in enumerate(((0, 1), (1, 1), (2, 2))):
            x = nn.functional.conv1d(x, self.kernels[i], padding=pad, dilation=dilation)
            x = self.norms[i](x).relu()
            if self.pooling and i < 2:
                x = nn.functional.max_pool1d(x, 2, stride=1, padding=1, dilation=2)
        return nn.functional.conv1d(x, self.kernels[3], padding=2, dilation=2)


@pytest.mark.parametrize("config", [PAPER, NetworkConfig(graph=("compound",), pooling=False)])
def test_training_step_is_that_of_torchs_own_layers(config):
    generator = torch.Generator().manual_seed(3)
    motion = torch.randn(4, 30, 12, 2, generator=generator)
    matrix = torch.rand(12, 12, generator=generator)
    weights = torch.randn(4, 10, 30, generator=generator)
    network = Network(config, compound=matrix)
    plain = Plain(network, matrix)
    ours, theirs = network(motion), plain(motion)
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)
    (ours * weights).sum().backward()
    (theirs * weights).sum().backward()
    for layer, (weight, _) in zip(network.graph_layers, plain.graph, strict=True):
        torch.testing.assert_close(layer.weight.grad[0], weight.grad, rtol=1e-3, atol=1e-3)
    for layer, kernel in zip(network.convolutions, plain.kernels, strict=True):
        ours_grad = layer.weight.grad[0].unflatten(0, (kernel.shape[2], -1)).permute(2, 1, 0)
        torch.testing.assert_close(ours_grad, kernel.grad, rtol=1e-3, atol=1e-3)
    # running statistics: what evaluation uses afterwards
    torch.testing.assert_close(network.eval()(motion), plain.eval()(motion), rtol=1e-4, atol=1e-4)


def test_a_fold_among_others_is_the_fold_alone():
    generator = torch.Generator().manual_seed(5)
    motion = torch.randn(3, 5, 40, 12, 2, generator=generator)
    matrix = torch.rand(3, 5, 12, 12, generator=generator)
    sizes = [5, 3, 0]  # windows of each fold that count
    real = torch.tensor([[float(i < size) for i in range(5)] for size in sizes])
    among = Network(PAPER, folds=3)
    among.initialise([1, 2, 3])
    untouched = {n: v[2].clone() for n, v in among.state_dict().items()}
    among(motion, compound=matrix, real=real)
    out = among(motion, compound=matrix, real=real)
    (out * real[..., None, None]).square().sum().backward()
    for fold, (size, seed) in enumerate(zip(sizes[:2], (1, 2), strict=True)):
        alone = Network(PAPER)
        alone.initialise([seed])
        for _ in range(2):
            single = alone(motion[fold, :size], compound=matrix[fold, :size])
        single.square().sum().backward()
        torch.testing.assert_close(out[fold, :size], single, rtol=1e-4, atol=1e-4)
        for one, two in zip(alone.parameters(), among.parameters(), strict=True):
            if one.grad is not None and two.grad is not None:
                torch.testing.assert_close(two.grad[fold], one.grad[0], rtol=2e-3, atol=2e-3)
        for (name, one), two in zip(alone.named_buffers(), among.buffers(), strict=True):
            torch.testing.assert_close(two[fold], one[0], rtol=1e-4, atol=1e-5, msg=name)
    for name, value in among.state_dict().items():
        assert torch.equal(value[2], untouched[name]), name
    assert all(torch.all(p.grad[2] == 0) for p in among.parameters() if p.grad is not None)


def test_a_null_input_gives_an_output_constant_in_time():
    network = Network(PAPER, compound=torch.rand(12, 12)).eval()
    middle = network(torch.zeros(1, 270, 12, 2))[0, :, 7:263]
    torch.testing.assert_close(middle, middle[:, :1].expand_as(middle), rtol=0, atol=1e-6)


def test_the_distances_say_how_far_the_network_sees():
    network = Network(NetworkConfig(graph=(), nodes=1, pooling=False, distances=(0, 1, 4, 16)))
    motion = torch.zeros(1, 101, 1, 2)
    still = network.eval()(motion)
    motion[0, 50] = 5
    moved = (network(motion) - still).abs().amax(dim=(0, 1)).nonzero()[:, 0]
    assert (moved[0], moved[-1]) == (50 - 21, 50 + 21)


def test_half_precision_stays_near():
    motion = torch.randn(8, 60, 12, 2, generator=torch.Generator().manual_seed(1))
    whole = Network(PAPER, compound=torch.eye(12))
    half = Network(PAPER, compound=torch.eye(12), precision=torch.bfloat16)
    difference = (whole(motion) - half(motion)).abs()
    assert difference.mean() < 0.02 * whole(motion).abs().mean() + 0.02


def test_backward_passes_against_finite_differences():
    generator = torch.Generator().manual_seed(1)
    options = {"dtype": torch.float64, "generator": generator}
    x = torch.rand(2, 3, 9, 4, **options).requires_grad_()
    assert torch.autograd.gradcheck(MaxPool.apply, (x,))
    z = torch.randn(2, 3, 4, 4, **options).requires_grad_()
    scale, shift = (torch.randn(2, 4, **options).requires_grad_() for _ in range(2))
    count = torch.full((2, 1), 12.0, dtype=torch.float64)

    def normalised(*inputs):
        return NormaliseRelu.apply(*inputs, count, None, 1e-5)[0]

    assert torch.autograd.gradcheck(normalised, (z, scale, shift))


def test_pool_is_torchs_pool():
    x = torch.rand(2, 3, 9, 4, generator=torch.Generator().manual_seed(1))
    expected = nn.functional.max_pool1d(
        x.flatten(0, 1).transpose(1, 2), 2, stride=1, padding=1, dilation=2
    )
    torch.testing.assert_close(MaxPool.apply(x), expected.transpose(1, 2).view_as(x))


def test_motion_of_another_shape_is_refused():
    with pytest.raises(CausalexError, match=r"\(2, 270, 11, 2\).*12, 2"):
        Network(AUW_GCN, prior=torch.eye(12))(torch.zeros(2, 270, 11, 2))
