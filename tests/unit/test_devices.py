"""Which device is taken, and where that is said."""

import os
import subprocess
import sys
from dataclasses import fields

import pytest
import torch

from causalex_book import pages
from causalex_book.workflow import experiment, parameters, runs, slurm
from causalex_core import cli, devices, paths, provenance
from causalex_core.devices import VARIABLE, choose_device, chosen
from causalex_core.errors import CausalexError


@pytest.fixture(autouse=True)
def free(monkeypatch):
    """Nothing said, and nothing left behind by the option."""
    monkeypatch.setenv(VARIABLE, "auto")


@pytest.fixture(params=[False, True], ids=["no GPU", "GPU"])
def gpu(request, monkeypatch):
    """A machine that has a GPU, and one that has none."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: request.param)
    return request.param


@pytest.mark.parametrize("said", ["", "auto"])
def test_auto_is_a_gpu_if_there_is_one(gpu, monkeypatch, said):
    monkeypatch.setenv(VARIABLE, said)
    assert chosen() == choose_device().type == ("cuda" if gpu else "cpu")
    monkeypatch.delenv(VARIABLE)
    assert chosen() == ("cuda" if gpu else "cpu")


def test_auto_follows_the_variable_and_a_name_does_not(gpu, monkeypatch):
    monkeypatch.setenv(VARIABLE, "cpu")
    assert choose_device("auto").type == "cpu"
    if gpu:
        assert choose_device("cuda").type == "cuda"
    monkeypatch.setenv(VARIABLE, "cuda")
    assert choose_device("cpu").type == "cpu"
    if gpu:
        assert choose_device("auto").type == "cuda"
    else:
        with pytest.raises(CausalexError, match="device 'cuda': no GPU that torch can use; take"):
            choose_device("auto")


def test_a_wrong_variable_is_named(gpu, monkeypatch):
    monkeypatch.setenv(VARIABLE, "gpu")
    for look in (chosen, choose_device, devices.check):
        with pytest.raises(CausalexError, match=r"^CAUSALEX_DEVICE=gpu: expected auto,"):
            look()
    assert chosen("cpu") == "cpu"


def test_float32_is_float32_on_a_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    choose_device("cpu")
    assert torch.backends.cudnn.allow_tf32
    choose_device("cuda")
    assert not torch.backends.cudnn.allow_tf32


def test_the_stamp_names_what_was_used(monkeypatch):
    processor = provenance.device()
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "NVIDIA H200")
    monkeypatch.setenv(VARIABLE, "cpu")
    choose_device("auto")
    assert provenance.device() == processor
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    assert provenance.device() == f"NVIDIA H200 with {processor}"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU that torch can use here")
@pytest.mark.parametrize("name", ["cpu", "cuda"])
def test_the_stamp_of_a_process_on_a_machine_with_a_gpu(name):
    code = (
        "import torch; from causalex_core import devices, provenance\n"
        "torch.ones(2).to(devices.choose_device()); print(provenance.device())"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {VARIABLE: name},
        cwd=paths.ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert (torch.cuda.get_device_name() in run.stdout) == (name == "cuda")


NO_GPU = "causalex: error: device 'cuda': no GPU that torch can use; take auto or cpu\n"
COMMANDS = {
    "extract": ["extract", "no.mp4", "-o", "out.npz"],
    "spot": ["spot", ".", "-o", "out.csv"],
    "recognise": ["recognise", ".", "-o", "out.csv", "--intervals", "table.csv"],
    "publish": ["publish", "table1"],
    "experiment": ["experiment", "run", "toy"],
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a video that is none, a table, and an experiment whose runs would fail."""
    (tmp_path / "clip.mp4").write_bytes(b"")
    header = "subject,video,onset,apex,offset,kind"
    (tmp_path / "table.csv").write_text(f"{header}\nclip,clip,1,2,3,micro\n")
    monkeypatch.chdir(tmp_path)
    toy = experiment.Experiment(str(tmp_path / "toy"), {}, varied=("x",))
    monkeypatch.setattr(experiment, "read", lambda name, settings: toy)
    monkeypatch.setattr(pages, "publish", lambda page: pytest.fail("published"))
    monkeypatch.setattr(runs, "_run_snakemake", lambda *_: pytest.fail("ran"))
    return tmp_path


@pytest.mark.parametrize("command", COMMANDS)
def test_a_gpu_that_is_not_there_is_missed_before_any_work(command, folder, monkeypatch, capsys):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert cli.main([*COMMANDS[command], "--device", "cuda"]) == 2
    assert capsys.readouterr().err == NO_GPU
    monkeypatch.setenv(VARIABLE, "gpu")
    assert cli.main(COMMANDS[command]) == 2
    assert capsys.readouterr().err.startswith("causalex: error: CAUSALEX_DEVICE=gpu: expected")


@pytest.mark.parametrize("command", COMMANDS)
def test_only_three_names_are_known(command, folder, capsys):
    assert cli.main([*COMMANDS[command], "--device", "tpu"]) == 2
    assert "'tpu' is not one of 'auto', 'cpu', 'cuda'" in capsys.readouterr().err


def test_jobs_of_a_cluster_decide_themselves(folder, monkeypatch):
    seen = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(slurm, "jobs", lambda folder: [])
    monkeypatch.setattr(slurm, "refuse_impossible", lambda asked: None)
    monkeypatch.setattr(
        runs, "_run_snakemake", lambda *_: seen.append(experiment.surroundings()[VARIABLE])
    )
    assert cli.main(["experiment", "run", "toy", "--profile", "slurm", "--device", "cuda"]) == 0
    assert cli.main(["experiment", "run", "toy", "--device", "cpu"]) == 0
    assert seen == ["cuda", "cpu"]


def test_a_device_is_no_parameter_of_a_page():
    for file in paths.NOTEBOOKS.glob("*.ipynb"):
        assert "device" not in parameters.names(file)
    for name in pages.names():
        assert "device" not in {field.name for field in fields(pages.module(name).Config)}
