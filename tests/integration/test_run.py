"""run.py: what it decides before it spends minutes, and what it says when it cannot."""

import importlib.util
import os
import subprocess
import sys

import pytest

from causalex_core import paths

SPECIFICATION = importlib.util.spec_from_file_location("run", paths.ROOT / "run.py")
assert SPECIFICATION is not None and SPECIFICATION.loader is not None
run = importlib.util.module_from_spec(SPECIFICATION)
SPECIFICATION.loader.exec_module(run)


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project whose setup is quick: the steps write down that they were done."""
    (tmp_path / "requirements.lock").write_text("torch==1.0\nx==1\n")
    (tmp_path / "requirements-alone.lock").write_text("y==1\n")
    (tmp_path / "pyproject.toml").write_text(
        '[project]\ndependencies = ["x"]\n[build-system]\nrequires = ["setuptools"]\n'
    )
    monkeypatch.delenv("CAUSALEX_VENV", raising=False)
    monkeypatch.setattr(run, "ROOT", tmp_path)
    monkeypatch.setattr(run, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(run, "BUILD", tmp_path / "_build")
    monkeypatch.setattr(run, "LOCK", tmp_path / "requirements.lock")
    monkeypatch.setattr(run, "ALONE", tmp_path / "requirements-alone.lock")
    monkeypatch.setattr(run, "STAMP", tmp_path / ".venv" / "causalex.json")
    monkeypatch.setattr(run, "SETUP_LOG", tmp_path / "_build" / "logs" / "setup.log")
    done = []

    def step(title, command, log):
        done.append(title.split("] ")[1])
        if "venv" in command:
            (tmp_path / ".venv" / "bin").mkdir(parents=True, exist_ok=True)
            (tmp_path / ".venv" / "bin" / "python").touch()

    monkeypatch.setattr(run, "_step", step)
    return tmp_path, done


ALL = [
    "an empty environment",
    "torch",
    "all other packages",
    "mediapipe, alone",
    "the project itself",
]


def test_an_environment_is_made_once(project, capsys):
    folder, done = project
    assert run.environment() == folder / ".venv" / "bin" / "python"
    assert done == ALL
    assert "no environment yet" in capsys.readouterr().out
    run.environment()
    assert done == ALL
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda f: (f / "requirements.lock").write_text("torch==2.0\n"), "changed"),
        (lambda f: (f / "requirements-alone.lock").write_text("y==2\n"), "changed"),
        (
            lambda f: (f / "pyproject.toml").write_text(
                '[project]\ndependencies = ["y"]\n[build-system]\nrequires = ["setuptools"]\n'
            ),
            "changed",
        ),
        (lambda f: (f / ".venv" / "causalex.json").unlink(), "not finished"),
        (lambda f: (f / ".venv" / "causalex.json").write_text('{"lock": '), "not finished"),
        (lambda f: (f / ".venv" / "bin" / "python").unlink(), "is gone"),
    ],
    ids=["lock", "alone", "needs", "interrupted", "full disk", "python"],
)
def test_an_environment_is_made_anew(project, capsys, change, said):
    folder, done = project
    run.environment()
    change(folder)
    capsys.readouterr()
    run.environment()
    assert done == ALL * 2
    assert said in capsys.readouterr().out


def test_an_interrupted_setup_leaves_no_stamp(project, monkeypatch):
    folder, _ = project
    whole = run._step

    def broken(title, command, log):
        if "all other" in title:
            raise KeyboardInterrupt
        whole(title, command, log)

    monkeypatch.setattr(run, "_step", broken)
    with pytest.raises(KeyboardInterrupt):
        run.environment()
    assert (folder / ".venv").is_dir()
    assert not (folder / ".venv" / "causalex.json").exists()


def test_a_full_disk_is_one_line(project, monkeypatch, capsys):
    def full(*_):
        raise OSError(28, "No space left on device", "setup.log")

    monkeypatch.setattr(run, "_set_up", full)
    monkeypatch.setattr(sys, "argv", ["run.py", "setup"])
    assert run.main() == 2
    said = capsys.readouterr().err
    assert "No space left on device: 'setup.log'" in said and said.count("\n") == 1


@pytest.mark.parametrize("verb", ["book", "pdf"])
@pytest.mark.parametrize("device", ["cpu", None])
def test_a_device_holds_for_all_that_is_started(verb, device, monkeypatch, capsys):
    started = []

    def noted(command):
        started.append((command[2], os.environ["CAUSALEX_DEVICE"]))
        return 0

    monkeypatch.setenv("CAUSALEX_DEVICE", "auto")
    monkeypatch.setattr(run, "environment", lambda: "python")
    monkeypatch.setattr(run, "_run", noted)
    words = ["--device", device] if device else []
    monkeypatch.setattr(sys, "argv", ["run.py", verb, *words])
    assert run.main() == 0
    said = device or "auto"
    assert started == [("causalex_core.cli", said), ("causalex_book.workflow", said)]
    assert f"The {verb} is in" in capsys.readouterr().out


def test_torch_comes_first_and_pinned(project, monkeypatch):
    commands = []
    monkeypatch.setattr(run, "_step", lambda title, command, log: commands.append(command))
    monkeypatch.setattr(run, "STAMP", run.ROOT / "stamp")
    run.environment()
    assert commands[1][-3:-1] == ["torch==1.0", "--constraint"]
    assert commands[2][-2:] == ["--requirement", str(run.LOCK)]
    assert commands[3][-3:] == ["--no-deps", "--requirement", str(run.ALONE)]
    assert "--no-deps" in commands[4]


def test_own_environment_is_used_as_it_is(project, monkeypatch, tmp_path):
    own = tmp_path / "own"
    monkeypatch.setenv("CAUSALEX_VENV", str(own))
    with pytest.raises(run.RunError, match="there is no bin/python in it"):
        run.environment()
    (own / "bin").mkdir(parents=True)
    (own / "bin" / "python").touch()
    assert run.environment() == own / "bin" / "python"
    assert project[1] == []


def test_a_python_that_cannot_make_environments(project, monkeypatch):
    monkeypatch.setattr(run.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(run.RunError, match=r"apt-get install python3\.1[12]-venv"):
        run.environment()


@pytest.mark.parametrize("version", [(3, 10, 4), (3, 13, 0)])
def test_another_python_is_refused_in_one_line(monkeypatch, capsys, version):
    monkeypatch.setattr(sys, "version_info", (*version, "final", 0))
    monkeypatch.setattr(sys, "argv", ["run.py", "book"])
    assert run.main() == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert f"needs Python 3.11 or 3.12, this is {'.'.join(map(str, version))}" in said


@pytest.mark.parametrize(
    ("output", "remedy"),
    [
        ("OSError: [Errno 28] No space left on device", "the disk is full"),
        ("error: command 'gcc' failed", "apt-get install build-essential"),
        ("socket: NewConnectionError: nobody there", "connect"),
    ],
)
def test_a_failed_step_says_what_helps(output, remedy):
    said = run._explained("torch", f"WARNING: harmless\nfirst\n{output}\n")
    assert remedy in said.splitlines()[0]
    assert "harmless" not in said
    assert output in said


def test_a_step_runs_shows_and_fails(tmp_path, monkeypatch, capsys):
    log_file = tmp_path / "setup.log"
    monkeypatch.setattr(run, "SETUP_LOG", log_file)
    with log_file.open("w") as log:
        run._step("[1/2] good", [sys.executable, "-c", "print('WARNING: noise')"], log)
        assert "[1/2] good: " in capsys.readouterr().out
        failing = [sys.executable, "-c", "print('No space left on device'); raise SystemExit(3)"]
        with pytest.raises(run.RunError, match=r"setup failed at .*the disk is full"):
            run._step("[2/2] bad", failing, log)
    assert "noise" not in capsys.readouterr().out
    assert "WARNING: noise" in log_file.read_text()


def test_two_setups_at_once_make_one_environment(project, tmp_path):
    folder, _ = project
    code = f"""
import importlib.util, time
from pathlib import Path
spec = importlib.util.spec_from_file_location("run", {str(paths.ROOT / "run.py")!r})
run = importlib.util.module_from_spec(spec); spec.loader.exec_module(run)
root = Path({str(folder)!r})
run.ROOT, run.VENV, run.BUILD = root, root / ".venv", root / "_build"
run.LOCK, run.STAMP = root / "requirements.lock", run.VENV / "causalex.json"
run.ALONE = root / "requirements-alone.lock"
run.SETUP_LOG = run.BUILD / "setup.log"
def step(title, command, log):
    with (root / "steps").open("a") as steps: print(title, file=steps)
    (run.VENV / "bin").mkdir(parents=True, exist_ok=True); (run.VENV / "bin" / "python").touch()
    time.sleep(0.3)
run._step = step
run.environment()
"""
    surroundings = {**os.environ, "PYTHONPATH": str(paths.ROOT)}
    started = [subprocess.Popen([sys.executable, "-c", code], env=surroundings) for _ in range(3)]
    assert [process.wait(60) for process in started] == [0, 0, 0]
    assert len((folder / "steps").read_text().splitlines()) == len(ALL)


def test_clean_keeps_data_and_environment(project, capsys):
    folder, _ = project
    for name in ("_build", ".snakemake", ".venv", "data"):
        (folder / name).mkdir()
    run.clean(everything=False)
    assert {file.name for file in folder.iterdir() if file.is_dir()} == {".venv", "data"}
    run.clean(everything=True)
    assert {file.name for file in folder.iterdir() if file.is_dir()} == {"data"}


def test_verbs(capsys):
    completed = subprocess.run(
        [sys.executable, "run.py", "--help"], cwd=paths.ROOT, capture_output=True, text=True
    )
    assert completed.returncode == 0
    for verb in ("setup", "book", "test", "lint", "clean"):
        assert verb in completed.stdout


def test_only_the_standard_library_is_needed():
    code = "import run, causalex_core.locks; run._parser(); run._wanted()"
    completed = subprocess.run(
        [sys.executable, "-S", "-c", code], cwd=paths.ROOT, capture_output=True, text=True
    )
    assert completed.returncode == 0, completed.stderr
