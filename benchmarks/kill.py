"""Kill ``causalex extract`` and a grid at random moments, and start the same command again.

    python benchmarks/kill.py [--kills 50] [--seed 1] [--only extract|grid]

First each command runs undisturbed, and what it makes is kept. Then it is started over and over,
first in an empty place, and killed (SIGKILL) at a moment drawn evenly from the time that it took,
by turns alone and with all processes that it started, until it comes to its end. What it has made
by then has to be equal to the byte: all motion files, or ``results.csv`` of the grid. This goes on
until it was killed so often. Films are painted, the grid is one of four runs in a copy of the
project; both are made here and thrown away.
"""

import argparse
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "integration")]

from conftest import Project  # noqa: E402
from mutations import paint  # noqa: E402
from test_grid_workflow import CALL, PAGE  # noqa: E402

VIDEOS, FRAMES, POINTS = 6, 60, 4
PATIENCE = 600  # seconds


class Extraction:
    """Six films, two at the same time."""

    def __init__(self, folder: Path) -> None:
        self.output = folder / "motion"
        for number in range(VIDEOS):
            paint(folder / "films", folder / "points", f"v{number}", FRAMES, number)
        self.words = [
            "extract", folder / "films", "--landmarks", folder / "points", "-o", self.output,
            "--crop", "128", "--processes", "2",
        ]  # fmt: skip

    def start(self) -> subprocess.Popen:
        """Start the command."""
        return subprocess.Popen(
            [sys.executable, "-m", "causalex_core.cli", *map(str, self.words)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def forget(self) -> None:
        """Throw away what was made."""
        shutil.rmtree(self.output, ignore_errors=True)

    def result(self) -> dict[str, str]:
        """Digests of all that lies in the output."""
        files = sorted(file for file in self.output.rglob("*") if not file.name.startswith("."))
        return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


class Grid:
    """Four runs of a notebook."""

    def __init__(self, folder: Path) -> None:
        self.project = Project(folder / "project")
        module = self.project.folder / "causalex_book" / "graphs" / "powers.py"
        module.write_text(PAGE)
        self.project.notebook("n", CALL)
        values = list(range(1, POINTS + 1))
        self.output = self.project.experiment("killed", notebook="n", grid={"value": values})

    def start(self) -> subprocess.Popen:
        """Start the command."""
        return self.project.start_experiment("killed")

    def forget(self) -> None:
        """Throw away what was made."""
        shutil.rmtree(self.output, ignore_errors=True)

    def result(self) -> dict[str, str]:
        """The table of all runs."""
        return {"results.csv": (self.output / "results.csv").read_text()}


def ended(process: subprocess.Popen) -> None:
    """Wait until a command ends by itself, with status 0."""
    said, _ = process.communicate(timeout=PATIENCE)
    if process.returncode:
        raise SystemExit(f"status {process.returncode}:\n{said}")


def survived(command: Extraction | Grid, kills: int, generator: np.random.Generator) -> int:
    """Kill a command so often; how often it came to its end in between, with equal results."""
    began = time.monotonic()
    ended(command.start())
    seconds, expected = time.monotonic() - began, command.result()
    command.forget()
    killed = ends = 0
    pending = False  # whether what a killed run left lies there
    while killed < kills or ends == 0 or pending:
        process = command.start()
        pending = True
        try:
            moment = generator.uniform(0, seconds) if killed < kills else PATIENCE
            said, _ = process.communicate(timeout=moment)
        except subprocess.TimeoutExpired:
            killed += 1
            alone: Callable[[int, int], None] = os.kill if killed % 2 else os.killpg
            alone(process.pid, signal.SIGKILL)
            process.wait()
            continue
        if process.returncode:
            raise SystemExit(f"after {killed} kills: status {process.returncode}:\n{said}")
        if command.result() != expected:
            raise SystemExit(f"after {killed} kills: {command.result()}\nexpected {expected}")
        ends, pending = ends + 1, False
        command.forget()
    return ends


def main() -> None:
    """Print how often each command was killed and ended."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=["extract", "grid"])
    given = parser.parse_args()
    print("| Command | Killed | Came to its end | Other results |\n|:--|--:|--:|--:|", flush=True)
    for name, kind in {"extract": Extraction, "grid": Grid}.items():
        if given.only in (None, name):
            with tempfile.TemporaryDirectory() as folder:
                generator = np.random.default_rng([given.seed, len(name)])
                ends = survived(kind(Path(folder)), given.kills, generator)
            print(f"| {name} | {given.kills} | {ends} | 0 |", flush=True)


if __name__ == "__main__":
    main()
