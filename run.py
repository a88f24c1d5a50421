#!/usr/bin/env python3
"""Environment, book and checks of this project, with nothing but Python itself.

python3 run.py book      makes the environment if need be, then the book in _build/html
python3 run.py test      runs the tests
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BUILD = ROOT / "_build"
LOCK = ROOT / "requirements.lock"
ALONE = ROOT / "requirements-alone.lock"  # packages whose own wishes would undo the lock
STAMP = VENV / "causalex.json"  # written last: an environment without it is not finished
SETUP_LOG = BUILD / "logs" / "setup.log"
HEARTBEAT = 30  # seconds between signs of life where the output is no terminal

# What a setup's log says, and what helps then.
REMEDIES = {
    "No space left on device": "the disk is full: the environment needs about 3 GB",
    "Python.h: No such file": "a package has to be compiled: apt-get install python3-dev",
    "gcc": "a package has to be compiled: apt-get install build-essential",
    "ensurepip": "Python came without pip: apt-get install python3-venv",
    "NewConnectionError": "pip does not reach its package source: connect, or set PIP_INDEX_URL",
    "NameResolutionError": "pip does not reach its package source: connect, or set PIP_INDEX_URL",
    "No matching distribution": "pip's package source lacks a package that the lock names",
}


class RunError(Exception):
    """What went wrong and what to do about it, in one line."""


def main() -> int:
    """Run the verb given on the command line."""
    started = time.monotonic()
    try:
        _check_python()
        options, rest = _parser().parse_known_args()
        if rest and options.verb != "test":
            _parser().error(f"unrecognised arguments: {' '.join(rest)}")
        if options.verb == "setup":
            print(f"environment: {environment()}")
        elif options.verb in ("book", "pdf"):
            if options.device:
                os.environ["CAUSALEX_DEVICE"] = options.device
            book(options.verb, options.experiment, started)
        elif options.verb == "test":
            return _run([environment(), "-m", "pytest", *rest])
        elif options.verb == "lint":
            return lint()
        else:
            clean(options.all)
    except RunError as error:
        print(f"run.py: error: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(
            f"run.py: error: {error}; once that is mended, the same command goes on",
            file=sys.stderr,
        )
        return 2
    except KeyboardInterrupt:
        print("\nrun.py: interrupted; the same command goes on from here", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("setup", help="make .venv from requirements.lock, or reuse it")
    files = (ROOT / "workflow" / "experiments").glob("*.yml")
    kinds = sorted(file.stem for file in files if "\npages:" in file.read_text())  # no grids
    for verb, what in (("book", "the book in _build/html"), ("pdf", "it, and _build/causalex.pdf")):
        made = verbs.add_parser(verb, help=f"make {what}")
        made.add_argument("--experiment", choices=kinds, default="book", help="default: book")
        made.add_argument(
            "--device",
            choices=("auto", "cpu", "cuda"),
            help="where networks are trained; default: $CAUSALEX_DEVICE, else auto: a GPU if there"
            " is one",
        )
    verbs.add_parser("test", help="run the tests; further arguments go to pytest")
    verbs.add_parser("lint", help="check style, types and layers")
    cleaned = verbs.add_parser("clean", help="remove what was built, never data")
    cleaned.add_argument("--all", action="store_true", help="the environment too")
    return parser


def book(verb: str, experiment: str, started: float) -> None:
    """Look for the data, run the notebooks whose inputs changed, and render or print the book."""
    python = environment()
    for title, command in (
        ("data", ["-m", "causalex_core.cli", "data", "prepare"]),
        (verb, ["-m", "causalex_book.workflow", verb, "--experiment", experiment]),
    ):
        print(f"{title}:", flush=True)
        if _run([python, *command]):
            raise RunError(f"no new {verb}: the step '{title}' failed, see above")
    page = BUILD / ("html/index.html" if verb == "book" else "causalex.pdf")
    print(f"The {verb} is in {page.parent} ({time.monotonic() - started:.0f} s).")
    print(f"Open {page.as_uri()}")


def lint() -> int:
    """Check style, format, types and layers; all of them, even after a failure."""
    python = environment()
    checks = {
        "ruff check": ["-m", "ruff", "check"],
        "ruff format": ["-m", "ruff", "format", "--check"],
        "mypy": ["-m", "mypy"],
        "import-linter": ["-c", "from importlinter.cli import lint_imports_command as c; c()"],
    }
    failed = []
    for name, command in checks.items():
        print(f"{name}:", flush=True)
        if _run([python, *command]):
            failed.append(name)
    if failed:
        raise RunError(f"failed: {', '.join(failed)}")
    return 0


def clean(everything: bool) -> None:
    """Remove what was built; the environment only if asked for, data never."""
    for folder in [BUILD, ROOT / ".snakemake", *([VENV] if everything else [])]:
        if folder.exists():
            shutil.rmtree(folder)
            print(f"removed {folder}")


def environment() -> Path:
    """Python of the project's environment, which is made first if it is not there.

    ``CAUSALEX_VENV`` names an environment of one's own instead (conda's, say), which is used
    as it is and never changed.
    """
    own = os.environ.get("CAUSALEX_VENV")
    if own:
        python = Path(own).expanduser() / "bin" / "python"
        if not python.exists():
            raise RunError(f"CAUSALEX_VENV={own}: there is no bin/python in it")
        return python
    from causalex_core import locks

    python = VENV / "bin" / "python"
    with locks.exclusive(BUILD / "setup.lock", "another setup is at work: waiting for it"):
        reason = _why_not_ready(python)
        if reason:
            print(f"setup: {reason}", flush=True)
            _set_up(python)
    return python


def _why_not_ready(python: Path) -> str:
    """Why the environment has to be made, or nothing if it is good."""
    if not VENV.exists():
        return "no environment yet: making .venv (some minutes, about 3 GB)"
    made_for = _made_for()
    if made_for is None:
        return "the environment is not finished: making it anew"
    if not python.exists():
        return "the Python that the environment was made with is gone: making it anew"
    if made_for != _wanted():
        return "requirements.lock, pyproject.toml or the folder changed: making .venv anew"
    return ""


def _made_for() -> dict[str, str] | None:
    """What the environment at hand was made for, or None if it is not finished."""
    try:
        return json.loads(STAMP.read_text())
    except (FileNotFoundError, ValueError):  # empty if the disk was full
        return None


def _wanted() -> dict[str, str]:
    """What an environment was made for: the lock, the needs of the project, the place."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    needs = {key: project["project"].get(key) for key in _NEEDS} | project["build-system"]
    return {
        "lock": hashlib.sha256(LOCK.read_bytes() + ALONE.read_bytes()).hexdigest(),
        "needs": hashlib.sha256(json.dumps(needs, sort_keys=True).encode()).hexdigest(),
        "place": str(ROOT),
    }


_NEEDS = ("requires-python", "dependencies", "optional-dependencies", "scripts", "entry-points")


def _set_up(python: Path) -> None:
    """Make the environment step by step, with the noise in a log."""
    wanted = _wanted()
    if importlib.util.find_spec("ensurepip") is None:
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        raise RunError(
            f"{sys.executable} cannot make environments: apt-get install python{version}-venv"
            " (or python3-venv)"
        )
    pins = [line for line in LOCK.read_text().splitlines() if line.startswith("torch==")]
    pip = [str(python), "-m", "pip", "install"]
    editable = ["--no-deps", "--no-build-isolation", "--editable", str(ROOT)]
    steps = (
        ("an empty environment", [sys.executable, "-m", "venv", "--clear", str(VENV)]),
        # First and with what it needs, so that a CUDA build finds its own libraries.
        ("torch", [*pip, *pins, "--constraint", str(LOCK)]),
        ("all other packages", [*pip, "--requirement", str(LOCK)]),
        ("mediapipe, alone", [*pip, "--no-deps", "--requirement", str(ALONE)]),
        ("the project itself", [*pip, *editable]),
    )
    SETUP_LOG.parent.mkdir(parents=True, exist_ok=True)
    STAMP.unlink(missing_ok=True)
    with SETUP_LOG.open("w") as log:
        for number, (title, command) in enumerate(steps, 1):
            _step(f"[{number}/{len(steps)}] {title}", command, log)
    STAMP.write_text(json.dumps(wanted, indent=1) + "\n")


def _step(title: str, command: list[str], log: TextIO) -> None:
    """Run one step of the setup, showing how long it takes."""
    started = time.monotonic()
    screen = sys.stdout.isatty()
    print(f"  {title} ...", end="" if screen else "\n", flush=True)
    log.write(f"\n$ {' '.join(command)}\n")
    log.flush()
    begin = log.tell()
    with subprocess.Popen(
        command, cwd=ROOT, env=_pip_surroundings(), stdout=log, stderr=subprocess.STDOUT
    ) as process:
        try:
            shown = 0
            while True:
                try:
                    process.wait(1)
                    break
                except subprocess.TimeoutExpired:
                    seconds = int(time.monotonic() - started)
                    if screen:
                        print(f"\r  {title} ... {seconds} s", end="", flush=True)
                    elif seconds >= shown + HEARTBEAT:
                        shown = seconds
                        print(f"  {title} ... {seconds} s", flush=True)
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        raise RunError(_explained(title, SETUP_LOG.read_bytes()[begin:].decode(errors="replace")))
    done = f"  {title}: {time.monotonic() - started:.0f} s"
    print(f"\r{done}   " if screen else done, flush=True)


def _explained(title: str, output: str) -> str:
    """A failed step's remedy, if its output tells one, and its last lines."""
    lines = [line for line in output.splitlines() if line and not line.startswith("WARNING")]
    remedy = next((text for sign, text in REMEDIES.items() if sign in output), "")
    head = f"setup failed at {title}" + (f": {remedy}" if remedy else "")
    return "\n  ".join([f"{head} (log: {SETUP_LOG})", *lines[-12:]])


def _pip_surroundings() -> dict[str, str]:
    """Environment variables for pip, without those that would lead it elsewhere."""
    away = {"PYTHONPATH", "PYTHONHOME", "PIP_TARGET", "PIP_PREFIX", "PIP_REQUIRE_VIRTUALENV"}
    kept = {name: value for name, value in os.environ.items() if name not in away}
    return {**kept, "PIP_USER": "0", "PIP_NO_INPUT": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def _run(command: Sequence[str | Path]) -> int:
    """Run a command in the project's folder and return its exit status."""
    before = os.environ.get("PYTHONPATH")
    found = f"{ROOT}{os.pathsep}{before}" if before else str(ROOT)
    surroundings = {**os.environ, "PYTHONPATH": found}
    return subprocess.run([str(part) for part in command], cwd=ROOT, env=surroundings).returncode


def _check_python() -> None:
    if os.name != "posix":
        raise RunError("needs Linux or macOS (on Windows: the Windows Subsystem for Linux)")
    if sys.version_info[:2] in ((3, 11), (3, 12)):
        return
    found = shutil.which("python3.12") or shutil.which("python3.11")
    advice = f"{found} run.py" if found else "apt-get install python3.11 python3.11-venv"
    version = ".".join(str(number) for number in sys.version_info[:3])
    raise RunError(f"needs Python 3.11 or 3.12, this is {version}; try: {advice}")


if __name__ == "__main__":
    sys.exit(main())
