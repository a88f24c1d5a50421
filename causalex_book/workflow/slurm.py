"""What SLURM knows about the jobs of an experiment."""

import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

from causalex_core.errors import CausalexError

PENDING = "PENDING"
_ANSWER_WITHIN = 60  # seconds
_GONE_WITHIN = 180  # seconds; SLURM gives jobs some time before it kills them
_LOOK_AGAIN = 1.0  # seconds
# Number, state, node, comment of Snakemake's executor, folder; other lines are notices of a site.
_JOB = re.compile(r"(\d+)\|([A-Z_]+)\|([^|]*)\|rule_execute(?:_together)?_wildcards_([^|]+)\|(.+)")
_OPTIONS = {  # of sbatch, by the resource that Snakemake's executor makes them from
    **{"mem_mb": "mem", "mem_mb_per_cpu": "mem-per-cpu", "runtime": "time", "gres": "gres"},
    **{"cpus_per_task": "cpus-per-task", "tasks": "ntasks", "nodes": "nodes", "qos": "qos"},
    **{"constraint": "constraint", "slurm_partition": "partition", "slurm_account": "account"},
}
_PERHAPS_LATER = "node configuration is not available"  # said of drained nodes, too


@dataclass(frozen=True)
class Job:
    """A job that waits or runs: `name` is that of its run, or that of several runs."""

    number: str
    state: str
    node: str
    name: str


def jobs(folder: Path, *states: str) -> list[Job]:
    """Jobs of this user that an experiment's Snakemake has in SLURM; none where there is no SLURM.

    Those that wait or run, or that are in one of the given states.

    Raises
    ------
    CausalexError
        If there is SLURM but it does not answer.
    """
    if shutil.which("squeue") is None:
        return []
    chosen = [f"--states={','.join(states)}"] if states else []
    listed = _run("squeue", "--me", "--noheader", "--format=%i|%T|%N|%k|%Z", *chosen)
    listed_jobs = []
    for line in filter(None, map(_JOB.fullmatch, listed.splitlines())):
        number, state, node, name, working_folder = line.groups()
        if Path(working_folder).resolve() == folder.resolve():
            listed_jobs.append(Job(number, state, node, name))
    return listed_jobs


def refuse_impossible(asked: Mapping[str, int | str]) -> None:
    """Ask SLURM whether it takes jobs that ask for this, and submit none.

    Raises
    ------
    CausalexError
        With SLURM's answer, for a partition, account or limit that it refuses.
    """
    if shutil.which("sbatch") is None:
        raise CausalexError("there is no SLURM here (no sbatch): take --profile local")
    left_out = {"mem_mb"} if "mem_mb_per_cpu" in asked else set()  # as Snakemake's executor does
    names = [name for name in asked if name in _OPTIONS.keys() - left_out]
    options = [f"--{_OPTIONS[name]}={asked[name]}" for name in names]
    options += shlex.split(str(asked.get("slurm_extra", "")))
    answer = _ended("sbatch", "--test-only", "--wrap=true", *options)
    if answer.returncode and _PERHAPS_LATER not in answer.stderr:
        reason = " ".join(answer.stderr.replace("sbatch: error: ", "").split())
        raise CausalexError(f"SLURM takes no job with {' '.join(options)}: {reason}")


def ending(number: str) -> str:
    """State in which SLURM says that a job ended; empty where it does not know."""
    for command in (
        ("sacct", "--allocations", "--noheader", "--parsable2", "--format=State", "--jobs", number),
        ("squeue", "--noheader", "--states=all", "--format=%T", "--jobs", number),
    ):
        with suppress(CausalexError):
            if state := _run(*command).strip():
                return state
    return ""


def accounted(numbers: Sequence[str]) -> dict[str, tuple[float, float, int]]:
    """Seconds, seconds of all processors and most MB of jobs; empty without accounting."""
    if not numbers or shutil.which("sacct") is None:
        return {}
    columns = "--format=JobIDRaw,ElapsedRaw,TotalCPU,MaxRSS"
    try:
        listed = _run("sacct", "--noheader", "--parsable2", columns, "--jobs", ",".join(numbers))
    except CausalexError:
        return {}
    # Slow to import, and not needed without accounting.
    from snakemake_executor_plugin_slurm.efficiency_report import parse_maxrss
    from snakemake_executor_plugin_slurm.utils import time_to_seconds

    used: dict[str, tuple[float, float, int]] = {}
    for line in listed.splitlines():
        step, _, rest = line.partition("|")
        job, fields = step.partition(".")[0], rest.split("|")
        if job in numbers and len(fields) == 3:  # the job, then its steps, which know the memory
            seconds, cpu, mb = used.get(job, (0.0, 0.0, 0))
            used[job] = (
                max(seconds, float(fields[0] or 0)),
                max(cpu, time_to_seconds(fields[1])),
                max(mb, round(parse_maxrss(fields[2]))),
            )
    return {job: values for job, values in used.items() if all(values)}


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


def requeue_preempted(folder: Path) -> list[Job]:
    """Queue jobs again that were ended to make room for others, and return them.

    Snakemake waits for such a job, and where preemption cancels it, it would wait for ever.
    """
    preempted = jobs(folder, "PREEMPTED")
    for job in preempted:
        _run("scontrol", "requeue", job.number)
    return preempted


def _run(*command: str) -> str:
    ended = _ended(*command)
    if ended.returncode:
        reason = " ".join(ended.stderr.split())
        raise CausalexError(f"SLURM does not answer: {command[0]}: {reason}")
    return ended.stdout


def _ended(*command: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=_ANSWER_WITHIN
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CausalexError(f"SLURM does not answer: {error}") from error
