"""How the runs of an experiment stand: done, running, queued, failed, left."""

import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from causalex_book.workflow import experiment, records, slurm
from causalex_book.workflow.experiment import Experiment
from causalex_core import locks
from causalex_core.errors import CausalexError

DONE, RUNNING, QUEUED, FAILED, LEFT = "done", "running", "queued", "failed", "left"
STATES = (DONE, RUNNING, QUEUED, FAILED, LEFT)
_ENDS = {  # in a job's log, or the state that SLURM gives it
    r"DUE TO TIME LIMIT|TIMEOUT": "reached its time limit ({runtime} min asked for)",
    r"(?i)oom[-_ ]kill|out[-_ ]of[-_ ]memory|memory limit": "out of memory ({mem_mb} MB asked for)",
    r"DUE TO PREEMPTION|PREEMPTED": "preempted by another job",
    r"DUE TO NODE FAILURE|NODE_FAIL": "its node failed",
    r"CANCELLED": "cancelled",
}


@dataclass(frozen=True)
class Standing:
    """The state of a run, and since when and where, why it failed, or how long it took."""

    run: str
    state: str
    why: str = ""


def standings(chosen: Experiment) -> list[Standing]:
    """How each run stands now, whether anybody is at work or not."""
    of_job = chosen.jobs
    try:
        jobs = {run: job for job in slurm.jobs(chosen.folder) for run in of_job.get(job.name, ())}
    except CausalexError:  # it is asked for more than there may be to know
        jobs = {}
    uses = cache(experiment.state)
    return [
        _standing(chosen, name, uses(run.notebook), jobs.get(name))
        for name, run in chosen.runs.items()
    ]


def _standing(
    chosen: Experiment, run: str, uses: Mapping[str, str], job: slurm.Job | None
) -> Standing:
    folder, parameters = chosen.folder, chosen.runs[run].parameters
    record = records.read(folder, run)
    began = record if record and record.state == "running" else None
    in_job = bool(record and job and record.job == job.number)  # of several runs of the job
    works = in_job and began and job and job.state != slurm.PENDING
    if works or locks.held(records.lock(folder, run)):
        return Standing(run, RUNNING, _whereabouts(began, job))
    answered = bool(record and record.answers(parameters, uses))
    ended = answered and record and (record.state == "done" or (in_job and not began))
    if job and not ended:
        return Standing(run, QUEUED, f"SLURM job {job.number}, {job.state.lower()}")
    if record is None:
        return Standing(run, LEFT)
    if not answered:
        return Standing(run, LEFT, _changed(record, parameters, uses))
    if record.state == "done":
        return Standing(run, DONE, f"{record.seconds:.0f} s, {record.started}")
    why = record.why or _silent(chosen, run, record)
    return Standing(run, FAILED, f"{why}; {_look_at(folder, record)}")


def _whereabouts(record: records.Record | None, job: slurm.Job | None) -> str:
    if record is None:
        return "just began"
    number = record.job or (job.number if job else None)
    cluster = f", SLURM job {number}" if number else f", process {record.process}"
    return f"since {record.started} on {record.host}{cluster}"


def _changed(record: records.Record, parameters: Mapping[str, Any], uses: Mapping[str, str]) -> str:
    known = {"parameters": record.parameters, **(record.uses or {})}
    now = {"parameters": parameters, **uses}
    return f"ran before with other {', '.join(key for key in now if known.get(key) != now[key])}"


def _silent(chosen: Experiment, run: str, record: records.Record) -> str:
    """Why a run ended that could not say it: from its job's log, and from what SLURM says."""
    number = f"SLURM job {record.job}" if record.job else f"process {record.process}"
    traces = ""
    if record.job:
        traces = "\n".join(log.read_text(errors="replace") for log in _logs(chosen.folder, record))
        traces += slurm.ending(record.job)
    ends = (words for sign, words in _ENDS.items() if re.search(sign, traces))
    why = next(ends, "ended without a word: killed, or out of memory or time")
    cell = records.cell_at_work(chosen.folder, run)
    return (
        f"{f'cell {cell}: ' if cell else ''}{why.format_map(chosen.job_resources)}"
        f" (on {record.host}, {number}, begun {record.started})"
    )


def _look_at(folder: Path, record: records.Record) -> str:
    if record.kept:
        return f"the notebook as far as it got: {record.kept}"
    log = next(_logs(folder, record), folder / "logs" / "workflow.log")
    return f"log: {log}"


def _logs(folder: Path, record: records.Record) -> Iterator[Path]:
    return folder.glob(f"logs/slurm/**/{record.job}.log")


def counts(standings: Sequence[Standing]) -> str:
    """Such as ``6 runs: 4 done, 1 running, 1 left``."""
    number = Counter(standing.state for standing in standings)
    listed = ", ".join(f"{number[state]} {state}" for state in STATES if number[state])
    return f"{len(standings)} runs: {listed}"


def table(standings: Sequence[Standing]) -> list[str]:
    """One line per run, with paths as they look from here."""
    width = max((len(standing.run) for standing in standings), default=0)
    here = f"{os.getcwd()}{os.sep}"
    return [
        f"{standing.state:<8} {standing.run:<{width}}  {standing.why.replace(here, '')}".rstrip()
        for standing in standings
    ]
