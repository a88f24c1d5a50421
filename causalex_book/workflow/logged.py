"""Run a command into a log, and say why it failed if it did."""

import os
import re
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from causalex_book.workflow import experiment
from causalex_core import paths
from causalex_core.errors import CausalexError

# Lines of a log that say what is wrong.
COMPLAINTS = ("causalex: error:", "WARNING:", "ERROR:", "SLURM sbatch failed.")
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_MINUTE = 60.0  # seconds
_TIME = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ")


def run(
    command: Sequence[str],
    log: Path,
    what: str,
    journal: Path | None = None,
    each_minute: Callable[[], None] | None = None,
) -> None:
    """Run a command, and print what is added to a journal meanwhile; raise if it fails.

    The command writes to the file itself: Snakemake hangs if whoever reads its pipe is killed.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        output = stack.enter_context(log.open("w"))
        followed = None
        if journal:
            journal.touch()
            followed = stack.enter_context(journal.open(errors="replace"))
            followed.seek(0, os.SEEK_END)
        process = stack.enter_context(
            subprocess.Popen(
                command,
                cwd=paths.ROOT,
                env=experiment.surroundings(),
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        )
        due = time.monotonic() + _MINUTE
        while process.returncode is None:
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.5)
            for line in followed.readlines() if followed else ():
                print(f"  {_TIME.sub('', line.rstrip())}", flush=True)
            if each_minute and time.monotonic() > due:
                each_minute()
                due = time.monotonic() + _MINUTE
    if process.returncode:
        lines = COLOURS.sub("", log.read_text(errors="replace")).splitlines()
        complaints = [line.strip() for line in lines if any(sign in line for sign in COMPLAINTS)]
        reasons = "\n  ".join(dict.fromkeys(complaints or lines[-12:]))
        raise CausalexError(f"{what} failed (log: {os.path.relpath(log)}):\n  {reasons}")
