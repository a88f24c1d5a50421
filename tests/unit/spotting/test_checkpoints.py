"""Checkpoints: what is read, what is refused, and what is written."""

import pickle
import zipfile
from dataclasses import asdict

import numpy as np
import pytest
import safetensors.torch
import torch

from causalex_core.motion.record import MotionRecord
from causalex_core.spotting import checkpoints
from causalex_core.spotting.checkpoints import (
    SHIPPED,
    load,
    load_checkpoint,
    load_network,
    save,
    save_network,
)
from causalex_core.spotting.model import PAPER, Network, NetworkConfig
from causalex_core.tensors import WeightsError, read_about, write_tensors


def norm(name, channels):
    return {
        f"{name}.weight": np.ones(channels, np.float32),
        f"{name}.bias": np.zeros(channels, np.float32),
        f"{name}.running_mean": np.zeros(channels, np.float32),
        f"{name}.running_var": np.ones(channels, np.float32),
        f"{name}.num_batches_tracked": np.array(7),
    }


@pytest.fixture
def checkpoint():
    generator = np.random.default_rng(1)
    graph = "graph_embedding.0"
    state = {
        f"{graph}.gc1.weight": generator.normal(size=(2, 16)),
        f"{graph}.gc1.bias": generator.normal(size=16),
        f"{graph}.gc1.adj": np.eye(12),
        "_classification.weight": generator.normal(size=(10, 64, 3)),
    }
    state |= norm(f"{graph}.bn1", 16)
    for position, shape in ((0, (64, 192, 1)), (3, (64, 64, 3)), (6, (64, 64, 3))):
        state[f"_sequential.{position}.weight"] = generator.normal(size=shape)
        state |= norm(f"_sequential.{position + 1}", 64)
    return {name: np.asarray(value, np.float32) for name, value in state.items()}


def tensors(checkpoint):
    return {name: torch.from_numpy(value) for name, value in checkpoint.items()}


def test_every_form_gives_the_same_network(checkpoint, tmp_path):
    motion = torch.randn(1, 270, 12, 2, generator=torch.Generator().manual_seed(1))
    expected = load_checkpoint(checkpoint, kind="auw_gcn")(motion)
    assert expected.shape == (1, 10, 270)
    safetensors.torch.save_file(tensors(checkpoint), tmp_path / "a.safetensors")
    torch.save(tensors(checkpoint), tmp_path / "a.pth")
    for source in (tensors(checkpoint), tmp_path / "a.safetensors", str(tmp_path / "a.pth")):
        assert torch.equal(load_checkpoint(source, kind="auw_gcn")(motion), expected)


def test_a_matrix_that_is_given_goes_before(checkpoint):
    motion = torch.randn(1, 270, 12, 2, generator=torch.Generator().manual_seed(1))
    kept = load_checkpoint(checkpoint, kind="auw_gcn")(motion)
    other = load_checkpoint(checkpoint, kind="auw_gcn", prior=np.ones((12, 12)))(motion)
    assert not torch.allclose(kept, other)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"_sequential.3.weight": np.zeros((64, 64, 5))},
            r"shape \(64, 64, 1, 5\).*\(64, 64, 1, 3\)",
        ),
        ({"_sequential.3.weight": np.array("no number")}, "'_sequential.3.weight' is no array"),
        ({"_sequential.4.bias": np.full(64, np.nan)}, "'_sequential.4.bias' has values that"),
        ({"_sequential.9.weight": np.zeros(3)}, "unknown entries.*_sequential.9"),
    ],
)
def test_entries_that_do_not_fit(checkpoint, change, message):
    with pytest.raises(WeightsError, match=message):
        load_checkpoint(checkpoint | change, kind="auw_gcn")


def test_entries_that_are_missing(checkpoint):
    del checkpoint["_classification.weight"]
    with pytest.raises(WeightsError, match=r"lacks entries.*_classification"):
        load_checkpoint(checkpoint, kind="auw_gcn")
    with pytest.raises(WeightsError, match=r"causal_ex.*lacks entries"):
        load_checkpoint(checkpoint, kind="causal_ex")
    with pytest.raises(WeightsError, match=r"'causalnet'.*expected one of"):
        load_checkpoint(checkpoint, kind="causalnet")


class Trap:
    def __reduce__(self):
        return (pytest.fail, ("a pickle was opened",))


def test_files_that_cannot_be_used(checkpoint, tmp_path):
    whole = safetensors.torch.save(tensors(checkpoint))
    torch.save(tensors(checkpoint), tmp_path / "whole.pth")
    torch.save({"weights": Trap()}, tmp_path / "objects.pth")
    torch.save([1, 2], tmp_path / "list.pth")
    with (
        zipfile.ZipFile(tmp_path / "whole.pth") as whole_file,
        zipfile.ZipFile(tmp_path / "other.pth", "w") as damaged,
    ):
        for name in whole_file.namelist():
            content = b"\x80\x02." if name.endswith("data.pkl") else whole_file.read(name)
            damaged.writestr(name, content)
    contents = {
        "short.safetensors": (whole[: len(whole) // 2], "truncated"),
        "short.pth": ((tmp_path / "whole.pth").read_bytes()[:20_000], "truncated"),
        "pickle.pth": (pickle.dumps({"weights": Trap()}), "pickles are never opened"),
        "text.txt": (b"epoch,loss", "neither safetensors nor"),
        "empty.pth": (b"", "neither safetensors nor"),
        "objects.pth": (None, "pickled objects"),
        "list.pth": (None, "holds a list"),
        "other.pth": (None, "truncated or damaged"),
        "absent.pth": (None, "cannot be read"),
    }
    for name, (content, message) in contents.items():
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(WeightsError, match=message) as caught:
            load_checkpoint(tmp_path / name, kind="auw_gcn")
        assert name in str(caught.value)
        assert "\n" not in str(caught.value)


def trained(config):
    """A network whose running statistics have moved, and motion."""
    network = Network(config, compound=torch.rand(12, 12) if config.graph else None)
    network.initialise(4)
    motion = torch.randn(2, 20, config.nodes, 2)
    network(motion)
    return network.eval(), motion


CONFIGS = [PAPER, NetworkConfig(graph=(), nodes=1, distances=(1, 2))]


@pytest.mark.parametrize("config", CONFIGS)
def test_own_networks_come_back(config, tmp_path):
    network, motion = trained(config)
    save_network(network, tmp_path / "own.safetensors", {"mean": [0.5, 1.0]})
    back, notes = load_network(tmp_path / "own.safetensors")
    assert notes == {"mean": [0.5, 1.0]}
    assert back.config == config
    assert torch.equal(back(motion), network(motion))


def earlier(network):
    """Entries as files of this project had them once: the fold first, other names and layouts."""
    entries = {}
    for name, value in network.state_dict().items():
        if name == "compound":
            entries[name] = value
            continue
        if name.startswith("convolutions"):
            value = value[:, :, 0].permute(2, 1, 0).flatten(0, 1)
        if name.endswith("linear.weight"):
            value = value.T
        name = name.replace(".linear", "").replace("running_var", "running_variance")
        if "norm" in name:
            name = name.replace(".weight", ".scale").replace(".bias", ".shift")
        if "num_batches" not in name:
            entries[name] = value[None].contiguous()
    return entries


@pytest.mark.parametrize("config", CONFIGS)
def test_files_with_earlier_names_still_load(config, tmp_path):
    network, motion = trained(config)
    about = {"folds": 1, "config": asdict(config), "notes": {}}
    write_tensors(tmp_path / "old.safetensors", earlier(network), about)
    assert torch.equal(load_network(tmp_path / "old.safetensors")[0](motion), network(motion))
    two = {name: value.repeat_interleave(2, 0) for name, value in earlier(network).items()}
    write_tensors(tmp_path / "two.safetensors", two, {**about, "folds": 2})
    with pytest.raises(WeightsError, match=r"two\.safetensors: holds 2 models; expected 1"):
        load_network(tmp_path / "two.safetensors")


def test_the_shipped_spotter_is_read_by_its_earlier_names(tmp_path):
    notes = read_about(SHIPPED)["notes"]["settings"]
    spotter = load(device="cpu")
    assert spotter.settings.min_score == notes["least"]
    for kind in ("micro", "macro"):
        rule = getattr(spotter.settings.rules, kind)
        assert list(rule.search_window) == notes["rules"][kind]["reach"]
        assert rule.top_k == notes["rules"][kind]["keep"]
    save(spotter, tmp_path / "new.safetensors", {})
    again = load(tmp_path / "new.safetensors", device="cpu")
    assert again.settings.notes() == spotter.settings.notes()
    for name, value in spotter.network.state_dict().items():
        assert torch.equal(again.network.state_dict()[name], value)


def test_a_foreign_file_is_no_network(checkpoint, tmp_path):
    safetensors.torch.save_file(tensors(checkpoint), tmp_path / "a.safetensors")
    with pytest.raises(WeightsError, match="configuration is missing"):
        load_network(tmp_path / "a.safetensors")
    torch.save(tensors(checkpoint), tmp_path / "a.pth")
    with pytest.raises(WeightsError, match="safetensors"):
        load_network(tmp_path / "a.pth")


def test_the_same_network_is_the_same_file(tmp_path):
    notes = {"rules": [1, 2], "mean": 0.5, "cohort": "x"}
    written = []
    for number in range(6):
        path = tmp_path / f"{number}.safetensors"
        save_network(Network(PAPER, compound=torch.eye(12)), path, notes)
        written.append(path.read_bytes())
    assert len(set(written)) == 1


@pytest.mark.parametrize(
    ("quality", "faceless"),
    [
        ("2200022", "0000000"),
        ("2233022", "1111000"),
        ("2230322", "1110111"),
        ("2222222", "1111111"),
    ],
)
def test_the_ends_of_a_video_are_as_what_lies_beside_them(quality, faceless):
    codes = np.array([int(code) for code in quality], dtype=np.uint8)
    record = MotionRecord(np.zeros((7, 12, 2), np.float32), codes)
    assert "".join(map(str, checkpoints._faceless(record).astype(int))) == faceless
