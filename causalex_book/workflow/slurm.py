"""What SLURM knows about the jobs of an experiment."""

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

from causalex_core.errors import CausalexError

PENDING = "PENDING"
_ANSWER_WITHIN = 60  # seconds
_GONE_WITHIN = 180  # seconds; SLURM gives jobs some time before it kills them
_LOOK_AGAIN = 1.0  # seconds
_COMMENT = "rule_execute_wildcards_"  # Snakemake's executor puts the name of the run after it


@dataclass(frozen=True)
class Job:
    """A job that waits or runs."""

    number: str
    state: str
    node: str
    run: str


def jobs(folder: Path) -> list[Job]:
    """Jobs of this user that an experiment's Snakemake has in SLURM; none where there is no SLURM.

    Raises
    ------
    CausalexError
        If there is SLURM but it does not answer.
    """
    if shutil.which("squeue") is None:
        return []
    listed = _run("squeue", "--me", "--noheader", "--format=%i|%T|%N|%k|%Z")
    listed_jobs = []
    for line in listed.splitlines():
        number, state, node, comment, working_folder = line.split("|", 4)
        if Path(working_folder).resolve() == folder.resolve() and comment.startswith(_COMMENT):
            listed_jobs.append(Job(number, state, node, comment.removeprefix(_COMMENT)))
    return listed_jobs


def cancel(listed_jobs: Sequence[Job], folder: Path) -> None:
    """Cancel jobs, and wait until they have ended."""
    numbers = {job.number for job in listed_jobs}
    _run("scancel", *sorted(numbers))
    deadline = monotonic() + _GONE_WITHIN
    while left := numbers & {job.number for job in jobs(folder)}:
        if monotonic() > deadline:
            raise CausalexError(
                f"SLURM jobs {', '.join(sorted(left))} were cancelled {_GONE_WITHIN} s ago and"
                " still run: end them by hand, then give the same command again"
            )
        sleep(_LOOK_AGAIN)


def _run(*command: str) -> str:
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=_ANSWER_WITHIN)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CausalexError(f"SLURM does not answer: {error}") from error
    if ended.returncode:
        reason = " ".join(ended.stderr.split())
        raise CausalexError(f"SLURM does not answer: {command[0]}: {reason}")
    return ended.stdout
