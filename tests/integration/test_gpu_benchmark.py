"""`benchmarks/gpu.py` runs whole on a processor at toy size, with the packages it names only."""

import importlib.util
import inspect
import json
import os
import re
import subprocess
import sys
from functools import partial
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from causalex_book.publishing import results
from causalex_book.spotting import dataset, published_setting, variants
from causalex_core import paths
from causalex_core.data.annotations import SAMM
from causalex_core.spotting import training
from causalex_core.spotting.data import Video, gather, leave_one_subject_out
from causalex_core.spotting.graph import GraphConfig
from causalex_core.spotting.training import FoldTrainer, Graphs, TrainingConfig, train
from causalex_core.training import Run

SCRIPT = paths.ROOT / "benchmarks" / "gpu.py"
BLOCK = (
    "import runpy, sys\n"
    "names = 'numba llvmlite cv2 click yaml sklearn matplotlib IPython mediapipe'\n"
    "sys.modules |= dict.fromkeys(names.split())\n"
)
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def gpu():
    """The script as a module."""
    spec = importlib.util.spec_from_file_location("benchmarks_gpu", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look there for the types of their fields
    spec.loader.exec_module(module)
    return module


def alone(code, *words):
    """Run Python code where only what the script names is installed."""
    return subprocess.run(
        [sys.executable, "-c", BLOCK + code, *map(str, words)],
        capture_output=True, text=True, cwd=paths.ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""},
    )  # fmt: skip


@pytest.fixture(scope="module")
def toy_run(tmp_path_factory):
    """What a run at toy size printed, and its result."""
    out = tmp_path_factory.mktemp("gpu") / "gpu.json"
    code = f"sys.argv[0] = '{SCRIPT}'\nrunpy.run_path(sys.argv[0], run_name='__main__')"
    run = alone(code, "run", "--toy", "--out", out)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout, results.read(out)


def test_all_parts_are_run_and_written(toy_run):
    printed, result = toy_run
    tables = result.tables
    names = ["agreement", "spotting", "recognition", "extraction"]
    assert tables["parts"]["part"].tolist() == names
    assert not tables["parts"]["finished"].str.contains("FAILED|no time").any()
    assert set(tables) == {"parts", *names}
    assert (tables["agreement"]["difference"] <= tables["agreement"]["tolerance"]).all()
    spotted = tables["spotting"].set_index(["database", "network", "kind"])
    assert len(spotted) == 2 * 2 * 3 and (spotted["n_truth"] > 0).all()
    assert re.findall(r"overall: \d+ / \d+ / (\d+)", printed) == ["10"] * 4
    assert tables["recognition"][["folds", "epochs"]].to_numpy().tolist() == [[2, 2]]
    assert 0 <= tables["recognition"]["uf1"][0] <= 1
    assert tables["extraction"]["frames_per_second"][0] > 0
    assert result.parameters["toy"] and result.parameters["torch"] == torch.__version__
    assert result.stamp.commit and result.stamp.device


def test_a_part_that_fails_or_disagrees_is_named_and_the_others_are_kept(
    gpu, tmp_path, monkeypatch, capsys
):
    def fails(*_):
        raise RuntimeError("no memory left")

    row = {"quantity": "flow", "difference": 1.0, "tolerance": 1e-3}
    monkeypatch.setattr(gpu, "agreement", lambda *_: ([row], f"{gpu.DISAGREES} in flow"))
    for part in ("spotting", "extraction"):
        monkeypatch.setattr(gpu, part, lambda *_: ([], "done"))
    monkeypatch.setattr(gpu, "recognition", fails)
    assert gpu.run(None, tmp_path / "gpu.json", 8, True, False) == 1
    parts = json.loads((tmp_path / "gpu.json").read_text())["tables"]["parts"]["rows"]
    assert [row[1] for row in parts] == [
        "DISAGREES with the processor in flow", "done",
        "FAILED: RuntimeError: no memory left", "done",
    ]  # fmt: skip
    assert "FAILED" in capsys.readouterr().out


def test_without_time_nothing_is_begun(gpu):
    clock = gpu.Clock(0)
    for part in (
        gpu.spotting(gpu.toy(), CPU, gpu.TOY, clock, True),
        gpu.recognition(gpu.toy(), CPU, gpu.TOY, clock),
    ):
        assert part[0] == []
        assert part[1].startswith(("0 spotters", "no time was left"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run"], "no GPU that torch can use"),
        (["run", "--toy", "--out", "/dev/null/gpu.json"], "/dev/null"),
        (["pack", "real.npz"], r"expected a name that ends in \.gpu\.npz"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(gpu, words, said, monkeypatch, capsys):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(gpu, "collect", gpu.toy)
    monkeypatch.setattr(sys, "argv", [str(SCRIPT), *words])
    assert gpu.main() == 2
    error = capsys.readouterr().err
    assert re.search(said, error)
    assert error.count("\n") == 1


def test_packed_data_are_read_back_and_others_refused(gpu, tmp_path, monkeypatch):
    arrays, path = gpu.toy(), tmp_path / "a.gpu.npz"
    gpu.write(arrays, path)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    again = gpu.read(path)
    assert gpu.digest_of(again) == gpu.digest_of(arrays)
    monkeypatch.setattr(gpu, "MOST_BYTES", 1000)
    with pytest.raises(gpu.CausalexError, match="expected at most 0 MB"):
        gpu.write(arrays, path)
    monkeypatch.undo()
    del again["SAMM-LV.pags"]
    gpu.write(again, path)
    with pytest.raises(gpu.CausalexError, match=r"no 'SAMM-LV\.pags' in it"):
        gpu.read(path)
    path.write_text("nothing")
    for file in (path, tmp_path / "absent.gpu.npz"):
        with pytest.raises(gpu.CausalexError, match="no packed data"):
            gpu.read(file)


def test_packed_data_are_never_committed():
    ignored = (paths.ROOT / ".gitignore").read_text().splitlines()
    assert "*.gpu.npz" in ignored


def test_a_database_is_packed_as_the_book_trains_on_it(gpu, mirror):
    data = dataset.read(SAMM, {}, GraphConfig(alpha=0.01), targets="marks")
    windows, truth, graphs = gpu.spotting_data(gpu.collect_database(SAMM), SAMM)
    assert torch.equal(windows.motion, data.windows.motion)
    for values, expected in zip(windows.targets, data.windows.targets, strict=True):
        assert torch.equal(values, expected)
    for name in ("video", "first", "with_expression"):
        assert np.array_equal(getattr(windows, name), getattr(data.windows, name))
    assert windows.names == data.windows.names and windows.subjects == data.windows.subjects
    assert truth.equals(data.truth[list(truth)].astype(truth.dtypes))
    setting = published_setting.Config().setting
    folds = leave_one_subject_out(windows)[:1]
    for network in gpu.NETWORKS:
        variant = published_setting.NETWORKS[network]
        expected = variants.graphs(data, variant, folds, 1, setting)
        assert torch.equal(graphs.compound, expected.compound[0])
        assert torch.equal(graphs.prior, expected.prior[0])
        ours = gpu.spotter_setting(SAMM, network, gpu.Sizes(), "bfloat16")
        assert ours == variants.training(data, variant, setting)


def test_detections_are_read_out_as_in_the_book(gpu):
    assert {name: one.rules for name, one in gpu.DATABASES.items()} == published_setting.READ_OUT


@pytest.fixture
def of_a_fold(gpu):
    windows, _, graphs = gpu.spotting_data(gpu.toy(), SAMM)
    fold = leave_one_subject_out(windows)[0]
    config = gpu.spotter_setting(SAMM, "Causal-Ex", gpu.TOY, "float32")
    return [Run(fold, 3)], gpu.on_device(windows, graphs, CPU), (), config


def test_a_captured_step_can_be_taken_back_and_trains_as_the_plain_one(gpu, of_a_fold):
    plain = FoldTrainer(*of_a_fold)
    captured = gpu.CapturedTrainer(*of_a_fold)
    assert len(captured.batches) == 2  # the last batch is smaller
    changed = [*captured.progress_in_memory(), captured.total]
    before = [values.clone() for values in changed]
    captured.rate.fill_(0.1)
    for index in captured.batches.values():
        captured.step(index)
    assert not all(map(torch.equal, changed, before))
    for values, old in zip(changed, before, strict=True):
        values.copy_(old)
    assert all(parameter.grad is None for parameter in captured.network.parameters())
    assert [captured.advance() for _ in range(2)] == [plain.advance() for _ in range(2)]
    for name, values in plain.weights().items():
        assert torch.equal(values, captured.weights()[name])


def test_steps_are_plain_where_captured_ones_fail_or_differ(gpu, of_a_fold, monkeypatch):
    (run,), data, _, _ = of_a_fold
    chosen = partial(gpu.trainer_of_spotters, data, run.fold, gpu.TOY)
    assert chosen(False)[0] is gpu.CapturedTrainer
    assert chosen(True) == (FoldTrainer, "plain steps, as asked")

    class SameRate(gpu.CapturedTrainer):
        def lr(self):
            return 0.01

    monkeypatch.setattr(gpu, "CapturedTrainer", SameRate)
    trainer, why = chosen(False)
    assert trainer is FoldTrainer and "losses of captured ones differ by" in why

    class Fails(gpu.CapturedTrainer):
        def step(self, index):
            raise RuntimeError("operation not permitted when stream is capturing")

    monkeypatch.setattr(gpu, "CapturedTrainer", Fails)
    trainer, why = chosen(False)
    assert trainer is FoldTrainer and why.endswith("not permitted when stream is capturing")


class NothingFromTheProcessor(TorchDispatchMode):
    """Refuses what no graph can capture: tensors of the processor, and reading a value."""

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor)]
        assert all(tensor.is_meta for tensor in tensors), operation
        assert operation.overloadpacket not in (
            torch.ops.aten._local_scalar_dense, torch.ops.aten.nonzero,
        ), operation  # fmt: skip
        result = operation(*args, **(kwargs or {}))
        made = [leaf for leaf in tree_leaves(result) if isinstance(leaf, torch.Tensor)]
        assert all(tensor.is_meta for tensor in made), operation
        return result


def test_a_step_of_a_spotter_can_be_captured(gpu, monkeypatch):
    meta = torch.device("meta")
    monkeypatch.setattr(torch.optim, "AdamW", lambda *_, **__: SimpleNamespace(state={}))
    windows, _, graphs = gpu.spotting_data(gpu.toy(), SAMM)
    config = gpu.spotter_setting(SAMM, "Causal-Ex", gpu.TOY, "float32")
    run = Run(leave_one_subject_out(windows)[0], 1)
    trainer = FoldTrainer([run], gpu.on_device(windows, graphs, meta), (), config)
    index = torch.from_numpy(run.fold.train).to(meta)
    with NothingFromTheProcessor():
        trainer.loss(index).backward()


def losses_of_spotter():
    """Of two epochs, on a processor."""
    generator = torch.Generator().manual_seed(1)
    motion = torch.rand(300, 12, 2, generator=generator).numpy()
    rows = [("a", "1", 20, 30, 40, "macro"), ("b", "2", 20, 30, 40, "micro")]
    table = pd.DataFrame(rows, columns=["subject", "video", "onset", "apex", "offset", "kind"])
    windows = gather([Video("a", "1", motion), Video("b", "2", motion)], table)
    config = TrainingConfig(epochs=2)
    graphs = Graphs(torch.full((12, 12), 1 / 12))
    folds = leave_one_subject_out(windows)[:1]
    return train(windows, folds, config, graphs=graphs, keep=[], device="cpu").losses[0].tolist()


def test_spotters_are_trained_without_numba_in_the_plain_form(monkeypatch):
    run = alone(
        "from causalex_core.spotting.training import *\n"
        "from causalex_core.spotting.data import *\n"
        f"{inspect.getsource(losses_of_spotter)}\n"
        "print(fused, *losses_of_spotter())"
    )
    assert run.returncode == 0, run.stderr
    monkeypatch.setattr(training, "fused", None)
    assert run.stdout.split() == ["None", *map(str, losses_of_spotter())]
