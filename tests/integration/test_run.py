"""run.py: what it decides before it spends minutes, and what it says when it cannot."""

import importlib.util
import os
import re
import subprocess
import sys

import pytest

from causalex_book.workflow import checks, environment
from causalex_core import paths
from causalex_core.errors import CausalexError

SPECIFICATION = importlib.util.spec_from_file_location("run", paths.ROOT / "run.py")
assert SPECIFICATION is not None and SPECIFICATION.loader is not None
run = importlib.util.module_from_spec(SPECIFICATION)
SPECIFICATION.loader.exec_module(run)


def moved(folder):
    """Names of the environment's module, and where they are in a folder."""
    return {
        "ROOT": folder,
        "VENV": folder / ".venv",
        "BUILD": folder / "_build",
        "LOCK": folder / "requirements.lock",
        "ALONE": folder / "requirements-alone.lock",
        "STAMP": folder / ".venv" / "causalex.json",
        "LOG": folder / "_build" / "logs" / "setup.log",
    }


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project whose setup is quick: the steps write down that they were done."""
    (tmp_path / "requirements.lock").write_text("torch==1.0\nx==1\n")
    (tmp_path / "requirements-alone.lock").write_text("y==1\n")
    (tmp_path / "pyproject.toml").write_text(
        '[project]\ndependencies = ["x"]\n[build-system]\nrequires = ["setuptools"]\n'
    )
    monkeypatch.delenv("CAUSALEX_VENV", raising=False)
    for name, path in moved(tmp_path).items():
        monkeypatch.setattr(environment, name, path)
    done = []

    def step(title, command, log):
        done.append(title.split("] ")[1])
        if "venv" in command:
            (tmp_path / ".venv" / "bin").mkdir(parents=True, exist_ok=True)
            (tmp_path / ".venv" / "bin" / "python").touch()

    monkeypatch.setattr(environment, "_step", step)
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
    assert environment.python() == folder / ".venv" / "bin" / "python"
    assert done == ALL
    assert "no environment yet" in capsys.readouterr().out
    environment.python()
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
    environment.python()
    change(folder)
    capsys.readouterr()
    environment.python()
    assert done == ALL * 2
    assert said in capsys.readouterr().out


def test_an_interrupted_setup_leaves_no_stamp(project, monkeypatch):
    folder, _ = project
    whole = environment._step

    def broken(title, command, log):
        if "all other" in title:
            raise KeyboardInterrupt
        whole(title, command, log)

    monkeypatch.setattr(environment, "_step", broken)
    with pytest.raises(KeyboardInterrupt):
        environment.python()
    assert (folder / ".venv").is_dir()
    assert not (folder / ".venv" / "causalex.json").exists()


def test_a_full_disk_is_one_line(project, monkeypatch, capsys):
    def full(*_):
        raise OSError(28, "No space left on device", "setup.log")

    monkeypatch.setattr(environment, "_set_up", full)
    monkeypatch.setattr(sys, "argv", ["run.py", "setup"])
    assert run.main() == 2
    said = capsys.readouterr().err
    assert "No space left on device: 'setup.log'" in said and said.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "verb", "device"),
    [
        (["book", "--device", "cpu"], ["book", "--experiment", "book"], "cpu"),
        (["pdf", "--experiment", "smoke"], ["pdf", "--experiment", "smoke"], "auto"),
        (["test", "-x", "tests/unit"], ["test", "-x", "tests/unit"], "auto"),
        (["lint"], ["lint"], "auto"),
    ],
)
def test_verbs_and_the_device_are_handed_on(words, verb, device, monkeypatch):
    started = []

    def noted(command, **how):
        started.append((command, how["env"]["CAUSALEX_DEVICE"], how["env"]["PYTHONPATH"]))
        return subprocess.CompletedProcess(command, 3)

    monkeypatch.setenv("CAUSALEX_DEVICE", "auto")
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.setattr(environment, "python", lambda: "python")
    monkeypatch.setattr(run.subprocess, "run", noted)
    monkeypatch.setattr(sys, "argv", ["run.py", *words])
    assert run.main() == 3
    command = ["python", "-m", "causalex_book.workflow", *verb]
    assert started == [(command, device, str(paths.ROOT))]


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("verb", ["book", "pdf"])
def test_a_book_is_made_of_data_that_are_here(verb, fails, tmp_path, monkeypatch, capsys):
    from causalex_book import pages
    from causalex_book.workflow import __main__ as workflow
    from causalex_book.workflow import book, pdf
    from causalex_core import cli

    done = []
    monkeypatch.setattr(cli, "main", lambda words: done.append(words) or 2 * fails)
    for module in (book, pdf):
        monkeypatch.setattr(module, "make", lambda name: done.append(name) or tmp_path / "made")
    prepare = ["data", "prepare", *pages.sources()]
    assert workflow.main([verb, "--experiment", "smoke"]) == 2 * fails
    said = capsys.readouterr()
    if fails:
        assert done == [prepare]
        assert said.err == f"causalex: error: no new {verb}: the step 'data' failed, see above\n"
    else:
        assert done == [prepare, "smoke"]
        made = rf"The {verb} is in {tmp_path} \(\d+ s\)\.\nOpen file://{tmp_path}/made"
        assert re.search(made, said.out)


def test_all_tests_are_run_side_by_side_and_named_ones_are_not(monkeypatch):
    started = []
    monkeypatch.setattr(checks, "_run", lambda *words: started.append(words) or 1)
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert checks.test(["-m", "slow"]) == 1
    checks.test(["tests/unit/test_locks.py::test_exclusive", "-x"])
    assert started == [
        ("-m", "pytest", *checks.ALL, "-m", "slow"),
        ("-m", "pytest", "tests/unit/test_locks.py::test_exclusive", "-x"),
    ]


def test_lint_goes_on_after_a_failure_and_names_it(monkeypatch, capsys):
    started = []

    def noted(*words):
        started.append(words)
        return int("mypy" in words)

    monkeypatch.setattr(checks, "_run", noted)
    with pytest.raises(CausalexError, match=r"^failed: mypy$"):
        checks.lint()
    assert started == list(checks.LINTERS.values())
    assert capsys.readouterr().out == "".join(f"{name}:\n" for name in checks.LINTERS)


def test_torch_comes_first_and_pinned(project, monkeypatch):
    commands = []
    monkeypatch.setattr(environment, "_step", lambda title, command, log: commands.append(command))
    monkeypatch.setattr(environment, "STAMP", environment.ROOT / "stamp")
    environment.python()
    assert commands[1][-3:-1] == ["torch==1.0", "--constraint"]
    assert commands[2][-2:] == ["--requirement", str(environment.LOCK)]
    assert commands[3][-3:] == ["--no-deps", "--requirement", str(environment.ALONE)]
    assert "--no-deps" in commands[4]


def test_own_environment_is_used_as_it_is(project, monkeypatch, tmp_path):
    own = tmp_path / "own"
    monkeypatch.setenv("CAUSALEX_VENV", str(own))
    with pytest.raises(environment.SetupError, match="there is no bin/python in it"):
        environment.python()
    (own / "bin").mkdir(parents=True)
    (own / "bin" / "python").touch()
    assert environment.python() == own / "bin" / "python"
    assert project[1] == []


def test_a_python_that_cannot_make_environments(project, monkeypatch):
    monkeypatch.setattr(environment.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(environment.SetupError, match=r"apt-get install python3\.1[12]-venv"):
        environment.python()


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
    said = environment._explained("torch", f"WARNING: harmless\nfirst\n{output}\n")
    assert remedy in said.splitlines()[0]
    assert "harmless" not in said
    assert output in said


def test_a_step_runs_shows_and_fails(tmp_path, monkeypatch, capsys):
    log_file = tmp_path / "setup.log"
    monkeypatch.setattr(environment, "LOG", log_file)
    with log_file.open("w") as log:
        environment._step("[1/2] good", [sys.executable, "-c", "print('WARNING: noise')"], log)
        assert "[1/2] good: " in capsys.readouterr().out
        failing = [sys.executable, "-c", "print('No space left on device'); raise SystemExit(3)"]
        with pytest.raises(environment.SetupError, match=r"setup failed at .*the disk is full"):
            environment._step("[2/2] bad", failing, log)
    assert "noise" not in capsys.readouterr().out
    assert "WARNING: noise" in log_file.read_text()


def test_two_setups_at_once_make_one_environment(project, tmp_path):
    folder, _ = project
    code = f"""
import time
from pathlib import Path, PosixPath
from causalex_book.workflow import environment
vars(environment).update({moved(folder)})
def step(title, command, log):
    with open({str(folder / "steps")!r}, "a") as steps: print(title, file=steps)
    (environment.VENV / "bin").mkdir(parents=True, exist_ok=True)
    (environment.VENV / "bin" / "python").touch()
    time.sleep(0.3)
environment._step = step
environment.python()
"""
    surroundings = {**os.environ, "PYTHONPATH": str(paths.ROOT)}
    started = [subprocess.Popen([sys.executable, "-c", code], env=surroundings) for _ in range(3)]
    assert [process.wait(60) for process in started] == [0, 0, 0]
    assert len((folder / "steps").read_text().splitlines()) == len(ALL)


def test_clean_keeps_data_and_environment(tmp_path, monkeypatch):
    for name in ("_build", ".snakemake", ".venv", "data"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(run, "ROOT", tmp_path)
    run.clean(everything=False)
    assert {file.name for file in tmp_path.iterdir()} == {".venv", "data"}
    run.clean(everything=True)
    assert {file.name for file in tmp_path.iterdir()} == {"data"}


def test_verbs(capsys):
    completed = subprocess.run(
        [sys.executable, "run.py", "--help"], cwd=paths.ROOT, capture_output=True, text=True
    )
    assert completed.returncode == 0
    for verb in ("setup", "book", "pdf", "test", "lint", "clean"):
        assert verb in completed.stdout


def test_only_the_standard_library_is_needed():
    code = "import run; from causalex_book.workflow import environment as e; e._wanted(); run.main"
    completed = subprocess.run(
        [sys.executable, "-S", "-c", code], cwd=paths.ROOT, capture_output=True, text=True
    )
    assert completed.returncode == 0, completed.stderr
