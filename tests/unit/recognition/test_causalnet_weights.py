"""Checkpoints of CausalNet: what is read, what is refused."""

import pickle

import numpy as np
import pytest
import safetensors.torch
import torch

from causalex_core.recognition import load_checkpoint
from causalex_core.recognition.model import neighbours, penalties
from causalex_core.tensors import WeightsError

MATRICES = ("CrossAttention.layers.0.1", "cab.layers.0.1")


@pytest.fixture
def expected(checkpoint, samples):
    with torch.no_grad():
        return load_checkpoint(checkpoint)(samples)


@torch.no_grad()
def test_every_form_gives_the_same_network(checkpoint, samples, expected, tmp_path):
    tensors = {name: torch.from_numpy(value) for name, value in checkpoint.items()}
    name = "to_patch_embedding.1.weight"  # convolutions over one place are stored as such
    tensors[name] = tensors[name][:, :, None, None]
    tensors["layers.0.1.1.g"] = tensors["layers.0.1.1.g"][None, :, None, None]
    safetensors.torch.save_file(tensors, tmp_path / "a.safetensors")
    torch.save(tensors, tmp_path / "a.pth")
    for source in (tensors, tmp_path / "a.safetensors", str(tmp_path / "a.pth")):
        network = load_checkpoint(source)
        assert not network.training
        assert torch.equal(network(samples), expected)


@torch.no_grad()
def test_the_checkpoint_stays_as_it_is(checkpoint, samples, expected):
    network = load_checkpoint(checkpoint)
    for parameter in network.parameters():
        parameter.zero_()
    assert torch.equal(load_checkpoint(checkpoint)(samples), expected)


@torch.no_grad()
def test_layers_are_counted(checkpoint, samples, expected):
    deeper = dict(checkpoint)
    for name, value in checkpoint.items():
        for stage in ("layers.0.0.layers", "layers1.0.0.layers"):
            if name.startswith(f"{stage}.0."):
                # a layer that adds nothing
                last = "to_out" in name or "net.3" in name
                deeper[name.replace(f"{stage}.0.", f"{stage}.1.")] = value * (not last)
    network = load_checkpoint(deeper)
    assert network.config.repeats == (2, 1, 1)
    torch.testing.assert_close(network(samples), expected, rtol=0, atol=5e-5)


@torch.no_grad()
def test_matrices_of_the_checkpoint_go_before(checkpoint, samples, expected):
    held = dict(checkpoint)
    for name in MATRICES:
        held |= {f"{name}.M_mask": neighbours(), f"{name}.P_matrix": penalties(0.3)}
    network = load_checkpoint(held)
    assert network.config.gamma == 0.3
    found = network(samples)
    assert not torch.equal(found, expected)
    assert torch.equal(load_checkpoint(checkpoint, gamma=0.3)(samples), found)
    assert torch.equal(load_checkpoint(held, gamma=0.9)(samples), found)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mlp_head.1.weight": np.zeros((7, 2048))}, r"'mlp_head.1.weight' has shape \(7, 2048\)"),
        ({"mlp_head.1.bias": np.array("no number")}, "'mlp_head.1.bias' is no array"),
        ({"mlp_head.1.bias": np.full(3, np.nan)}, "'mlp_head.1.bias' has values that are not"),
        ({"mlp_head.2.weight": np.zeros(3)}, r"unknown entries \['mlp_head.2.weight'\]"),
        ({"layers1.0.0.layers.1.0.norm.g": np.ones(256)}, r"unknown entries \['layers1.0.0.l"),
        ({"layers.0.0.layers.999999999.0.norm.g": np.ones(256)}, r"lacks entries \['layers.0.0.l"),
        ({f"{MATRICES[0]}.P_matrix": np.zeros((9, 9))}, r"P_matrix' has shape \(9, 9\)"),
    ],
)
def test_entries_that_do_not_fit(checkpoint, change, message):
    with pytest.raises(WeightsError, match=message) as caught:
        load_checkpoint(checkpoint | change)
    assert "\n" not in str(caught.value)


def test_entries_that_are_missing(checkpoint):
    less = {name: value for name, value in checkpoint.items() if name != "layers.1.0.pos_emb"}
    with pytest.raises(WeightsError, match=r"lacks entries \['layers.1.0.pos_emb'\]"):
        load_checkpoint(less)
    gap = checkpoint | {"layers.2.0.layers.2.0.norm.g": np.ones(1024)}
    with pytest.raises(WeightsError, match=r"lacks entries \['CrossAttention.layers.1.0.bias'"):
        load_checkpoint(gap)
    with pytest.raises(WeightsError, match=r"no CausalNet checkpoint: it lacks entries"):
        load_checkpoint({})


class Trap:
    def __reduce__(self):
        return (pytest.fail, ("a pickle was opened",))


def test_files_that_cannot_be_used(tmp_path):
    (tmp_path / "pickle.pth").write_bytes(pickle.dumps({"weights": Trap()}))
    torch.save({"weights": Trap()}, tmp_path / "objects.pth")
    (tmp_path / "text.txt").write_text("epoch,loss")
    messages = {
        "pickle.pth": "pickles are never opened",
        "objects.pth": "pickled objects",
        "text.txt": "neither safetensors nor",
        "absent.pth": "cannot be read",
    }
    for name, message in messages.items():
        with pytest.raises(WeightsError, match=message) as caught:
            load_checkpoint(tmp_path / name)
        assert name in str(caught.value)
        assert "\n" not in str(caught.value)
