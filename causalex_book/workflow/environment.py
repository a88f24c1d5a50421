"""The environment of the project: made from the lock, or found good as it is.

Standard library only: run.py calls it before anything is installed.
"""

import hashlib
import importlib.util
import json
import os
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import TextIO

from causalex_core import locks

ROOT = Path(__file__).resolve().parents[2]
VENV, BUILD = ROOT / ".venv", ROOT / "_build"
LOCK = ROOT / "requirements.lock"
ALONE = ROOT / "requirements-alone.lock"  # packages whose own wishes would undo the lock
STAMP = VENV / "causalex.json"  # written last: an environment without it is not finished
LOG = BUILD / "logs" / "setup.log"
HEARTBEAT = 30  # seconds between signs of life
NEEDS = ("requires-python", "dependencies", "optional-dependencies", "scripts", "entry-points")
REMEDIES = {  # what a setup's log says, and what helps then
    "No space left on device": "the disk is full: the environment needs about 3 GB",
    "Python.h: No such file": "a package has to be compiled: apt-get install python3-dev",
    "gcc": "a package has to be compiled: apt-get install build-essential",
    "ensurepip": "Python came without pip: apt-get install python3-venv",
    "NewConnectionError": "pip does not reach its package source: connect, or set PIP_INDEX_URL",
    "NameResolutionError": "pip does not reach its package source: connect, or set PIP_INDEX_URL",
    "No matching distribution": "pip's package source lacks a package that the lock names",
}
# Away from pip: what would lead it elsewhere.
AWAY = ("PYTHONPATH", "PYTHONHOME", "PIP_TARGET", "PIP_PREFIX", "PIP_REQUIRE_VIRTUALENV")
FOR_PIP = {"PIP_USER": "0", "PIP_NO_INPUT": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


class SetupError(Exception):
    """What went wrong and what to do about it, in one line."""


def python() -> Path:
    """Python of the project's environment, made first if need be; of ``CAUSALEX_VENV`` as it is."""
    given = os.environ.get("CAUSALEX_VENV")
    program = (Path(given).expanduser() if given else VENV) / "bin" / "python"
    if given:
        if not program.exists():
            raise SetupError(f"CAUSALEX_VENV={given}: there is no bin/python in it")
        return program
    with locks.exclusive(BUILD / "setup.lock", "another setup is at work: waiting for it"):
        reason = _why_not_ready(program)
        if reason:
            print(f"setup: {reason}", flush=True)
            _set_up(program)
    return program


def _why_not_ready(python: Path) -> str:
    """Why the environment has to be made, or nothing if it is good."""
    if not VENV.exists():
        return "no environment yet: making .venv (some minutes, about 3 GB)"
    try:
        made_for = json.loads(STAMP.read_text())
    except (FileNotFoundError, ValueError):  # empty if the disk was full
        return "the environment is not finished: making it anew"
    if not python.exists():
        return "the Python that the environment was made with is gone: making it anew"
    if made_for != _wanted():
        return "requirements.lock, pyproject.toml or the folder changed: making .venv anew"
    return ""


def _wanted() -> dict[str, str]:
    """What an environment is made for: the lock, the needs of the project, its folder."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    needs = {key: project["project"].get(key) for key in NEEDS} | project["build-system"]
    return {
        "lock": hashlib.sha256(LOCK.read_bytes() + ALONE.read_bytes()).hexdigest(),
        "needs": hashlib.sha256(json.dumps(needs, sort_keys=True).encode()).hexdigest(),
        "place": str(ROOT),
    }


def _set_up(python: Path) -> None:
    """Make the environment step by step, with the noise in a log."""
    if importlib.util.find_spec("ensurepip") is None:
        package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv (or python3-venv)"
        raise SetupError(f"{sys.executable} cannot make environments: apt-get install {package}")
    pins = [line for line in LOCK.read_text().splitlines() if line.startswith("torch==")]
    pip = [str(python), "-m", "pip", "install"]
    steps = {
        "an empty environment": [sys.executable, "-m", "venv", "--clear", str(VENV)],
        # First and with what it needs, so that a CUDA build finds its own libraries.
        "torch": [*pip, *pins, "--constraint", str(LOCK)],
        "all other packages": [*pip, "--requirement", str(LOCK)],
        "mediapipe, alone": [*pip, "--no-deps", "--requirement", str(ALONE)],
        "the project itself": [*pip, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)],
    }
    made_for = _wanted()
    LOG.parent.mkdir(parents=True, exist_ok=True)
    STAMP.unlink(missing_ok=True)
    with LOG.open("w") as log:
        for number, (title, command) in enumerate(steps.items(), 1):
            _step(f"[{number}/{len(steps)}] {title}", command, log)
    STAMP.write_text(json.dumps(made_for, indent=1) + "\n")


def _step(title: str, command: list[str], log: TextIO) -> None:
    """Run one step of the setup, with a sign of life now and then."""
    started = time.monotonic()
    print(f"  {title} ...", flush=True)
    print(f"\n$ {' '.join(command)}", file=log, flush=True)
    begin = log.tell()
    kept = {name: value for name, value in os.environ.items() if name not in AWAY}
    with subprocess.Popen(
        command, cwd=ROOT, env={**kept, **FOR_PIP}, stdout=log, stderr=log
    ) as run:
        try:
            while run.poll() is None:
                try:
                    run.wait(HEARTBEAT)
                except subprocess.TimeoutExpired:
                    print(f"  {title} ... {time.monotonic() - started:.0f} s", flush=True)
        except BaseException:
            run.kill()
            raise
    if run.returncode:
        raise SetupError(_explained(title, LOG.read_bytes()[begin:].decode(errors="replace")))
    print(f"  {title}: {time.monotonic() - started:.0f} s", flush=True)


def _explained(title: str, output: str) -> str:
    """A failed step's remedy, if its output tells one, and its last lines."""
    lines = [line for line in output.splitlines() if line and not line.startswith("WARNING")]
    remedy = next((f": {text}" for sign, text in REMEDIES.items() if sign in output), "")
    return "\n  ".join([f"setup failed at {title}{remedy} (log: {LOG})", *lines[-12:]])
