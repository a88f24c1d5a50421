"""Run a command into a log, and say why it failed if it did."""

import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from causalex_book.workflow import experiment
from causalex_core import paths
from causalex_core.errors import CausalexError

COMPLAINTS = ("causalex: error:", "WARNING:", "ERROR:")  # lines of a log that say what is wrong
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_TIME = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ")


def run(command: Sequence[str], log: Path, what: str, journal: Path | None = None) -> None:
    """Run a command, and print what is added to a journal meanwhile; raise if it fails.

    The command writes to the file itself: Snakemake hangs if whoever reads its pipe is killed.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as output:
        followed = _at_its_end(journal) if journal else None
        with subprocess.Popen(
            command,
            cwd=paths.ROOT,
            env=experiment.surroundings(),
            stdout=output,
            stderr=subprocess.STDOUT,
        ) as process:
            while _still_runs(process):
                _show(followed)
        _show(followed)
    if process.returncode:
        lines = COLOURS.sub("", log.read_text(errors="replace")).splitlines()
        complaints = [line.strip() for line in lines if any(sign in line for sign in COMPLAINTS)]
        reasons = "\n  ".join(dict.fromkeys(complaints or lines[-12:]))
        raise CausalexError(f"{what} failed (log: {os.path.relpath(log)}):\n  {reasons}")


def _still_runs(process: subprocess.Popen) -> bool:
    try:
        process.wait(0.5)
    except subprocess.TimeoutExpired:
        return True
    return False


def _at_its_end(journal: Path) -> TextIO:
    journal.touch()
    opened = journal.open(errors="replace")
    opened.seek(0, os.SEEK_END)
    return opened


def _show(followed: TextIO | None) -> None:
    """Print what was added since the last look."""
    for line in followed.readlines() if followed else ():
        print(f"  {_TIME.sub('', line.rstrip())}", flush=True)
