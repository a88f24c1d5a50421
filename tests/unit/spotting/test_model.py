"""The network against the reference's outputs, and against the paper's equations written out."""

import numpy as np
import pytest
import torch

from causalex_core.errors import CausalexError
from causalex_core.spotting.checkpoints import load_checkpoint
from causalex_core.spotting.model import AUW_GCN, PAPER, RELEASED, Network, NetworkConfig


def arrays(file, prefix=""):
    with np.load(file) as archive:
        return {n.removeprefix(prefix): archive[n] for n in archive.files if n.startswith(prefix)}


def test_auw_gcn_forward(oracles):
    for database in ("cas(me)^2", "samm"):
        case = arrays(oracles / "auw_gcn" / "model_forward.npz", f"{database}/")
        state = {n.removeprefix("state/"): v for n, v in case.items() if n.startswith("state/")}
        network = load_checkpoint(state, kind="auw_gcn")
        logits = network(torch.from_numpy(case["input"])).detach().numpy()
        np.testing.assert_allclose(logits, case["output_logits"], rtol=1e-4, atol=1e-5)


def test_causal_ex_forward(oracles):
    case = arrays(oracles / "causal_ex" / "forward.npz")
    state = {n.removeprefix("state/"): v for n, v in case.items() if n.startswith("state/")}
    network = load_checkpoint(
        state, kind="causal_ex", compound=case["compound"], prior=case["prior"]
    )
    motion = torch.from_numpy(case["input"])
    logits = network(motion).detach().numpy()
    np.testing.assert_allclose(logits, case["output"], rtol=1e-4, atol=1e-5)
    without = load_checkpoint(state, kind="causal_ex", prior=case["prior"])
    of_windows = torch.from_numpy(case["compound"]).float().expand(2, 12, 12)
    given = without(motion, compound=of_windows).detach().numpy()
    np.testing.assert_allclose(given, logits, rtol=1e-5, atol=1e-6)
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


def written_out(network, motion, matrix):
    """Logits (10, T) of one window, frame by frame, in the words of the paper."""
    state = {name: value.double().numpy() for name, value in network.state_dict().items()}

    def normalised(y, layer):
        """Batch normalisation of the last axis with the running statistics, and ReLU."""
        mean, variance = state[f"{layer}.running_mean"], state[f"{layer}.running_var"]
        y = (y - mean) / np.sqrt(variance + 1e-5) * state[f"{layer}.weight"]
        return np.maximum(y + state[f"{layer}.bias"], 0)

    h = motion.astype(np.float64)
    for number in range(len(network.graph_layers)):
        layer = f"graph_layers.{number}"
        weight, bias = state[f"{layer}.linear.weight"].T, state[f"{layer}.linear.bias"]
        h = np.stack([normalised(matrix @ frame @ weight + bias, f"{layer}.norm") for frame in h])
    y = h.reshape(len(h), -1)
    for number, distance in enumerate(network.config.distances):
        kernel = state[f"convolutions.{number}.weight"][:, :, 0]
        taps = [-distance, 0, distance] if distance else [0]
        before, y = y, np.zeros((len(y), len(kernel)))
        for frame in range(len(y)):
            for tap, step in enumerate(taps):
                if 0 <= frame + step < len(y):
                    y[frame] += kernel[:, :, tap] @ before[frame + step]
        if number < len(network.norms):
            y = normalised(y, f"norms.{number}")
        if network.config.pooling and number < 2:
            around = np.pad(y, ((1, 1), (0, 0)))
            y = np.maximum(around[:-2], around[2:])
    return y.T


@pytest.mark.parametrize("config", [PAPER, NetworkConfig(graph=("compound",), pooling=False)])
def test_the_network_is_the_papers_equations(config):
    generator = torch.Generator().manual_seed(3)
    matrix = torch.rand(12, 12, generator=generator)
    motion = torch.randn(3, 30, 12, 2, generator=generator)
    network = Network(config, compound=matrix)
    network(motion)  # moves the running statistics
    logits = network.eval()(motion).detach().numpy()
    expected = [written_out(network, window, matrix.numpy()) for window in motion.numpy()]
    np.testing.assert_allclose(logits, expected, rtol=1e-4, atol=1e-4)


def test_weights_follow_from_the_seed():
    first, again, other = Network(), Network(), Network()
    other.initialise(1)
    weights = [dict(network.named_parameters()) for network in (first, again, other)]
    for name, value in weights[0].items():
        assert torch.equal(value, weights[1][name])
        assert torch.equal(value, weights[2][name]) == ("norm" in name), name
    assert first.graph_layers[0].linear.weight.abs().max() <= 0.25  # uniform, 1 / sqrt(16)
    deviation = first.convolutions[1].weight.std().item()
    assert deviation == pytest.approx((2 / (3 * 64)) ** 0.5, rel=0.05)


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
    network = Network(PAPER, compound=torch.eye(12))
    whole = network(motion)
    with torch.autocast("cpu", torch.bfloat16):
        half = network(motion)
    assert half.dtype == torch.float32
    assert (whole - half).abs().mean() < 0.02 * whole.abs().mean() + 0.02


def test_a_tie_in_pooling_belongs_to_the_earlier_frame():
    network = Network(NetworkConfig(graph=(), nodes=1, distances=(0, 0, 0, 0))).eval()
    for norm in network.norms:
        torch.nn.init.ones_(norm.bias)
    torch.nn.init.zeros_(network.norms[1].weight)  # its output is 1 in all frames
    outputs = []
    network.norms[1].register_forward_hook(lambda *call: outputs.append(call[2]))
    for dtype in (torch.float32, torch.bfloat16):
        with torch.autocast("cpu", dtype, enabled=dtype != torch.float32):
            logits = network(torch.randn(1, 9, 1, 2))
        (gradient,) = torch.autograd.grad(logits[..., 4].sum(), outputs[-1])
        assert outputs[-1].dtype == dtype
        assert gradient.abs().amax(dim=(0, 1, 2)).nonzero()[:, 0].tolist() == [3]  # not 5


@pytest.mark.parametrize("name", ["compound", "prior"])
def test_a_matrix_with_gaps_is_refused(name):
    with pytest.raises(CausalexError, match=f"the {name} matrix: expected finite"):
        Network(RELEASED, **{name: torch.full((12, 12), torch.nan)})


def test_motion_of_another_shape_is_refused():
    with pytest.raises(CausalexError, match=r"\(2, 270, 11, 2\).*12, 2"):
        Network(AUW_GCN, prior=torch.eye(12))(torch.zeros(2, 270, 11, 2))
