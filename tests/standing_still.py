"""For tests that kill a process at a known moment."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from causalex_core import paths


def stand_still_in(owner: object, name: str, call: int) -> None:
    """Let one call of a function never return: it says so and waits to be killed."""
    real, calls = getattr(owner, name), []

    def counted(*given):
        calls.append(1)
        if len(calls) == call:
            print("now", flush=True)
            sys.stdin.read()
        return real(*given)

    setattr(owner, name, counted)


def kill_when_it_stands_still(script: str, *arguments: str) -> None:
    """Run a script until it says that it stands still, and kill it."""
    process = subprocess.Popen(
        [sys.executable, script, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(paths.ROOT), str(Path(__file__).parent)]),
        },
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "now\n"
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
