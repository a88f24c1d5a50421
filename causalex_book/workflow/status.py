"""How the runs of an experiment stand: done, running, queued, failed, left."""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
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


@dataclass(frozen=True)
class Standing:
    """The state of a run, and since when and where, why it failed, or how long it took."""

    run: str
    state: str
    why: str = ""


def standings(chosen: Experiment) -> list[Standing]:
    """How each run stands now, whether anybody is at work or not."""
    try:
        jobs = {job.run: job for job in slurm.jobs(chosen.folder)}
    except CausalexError:  # it is asked for more than there may be to know
        jobs = {}
    uses = cache(experiment.state)
    return [
        _standing(chosen.folder, name, run.parameters, uses(run.notebook), jobs.get(name))
        for name, run in chosen.runs.items()
    ]


def _standing(
    folder: Path,
    run: str,
    parameters: Mapping[str, Any],
    uses: Mapping[str, str],
    job: slurm.Job | None,
) -> Standing:
    record = records.read(folder, run)
    began = record if record and record.state == "running" else None
    if locks.held(records.lock(folder, run)) or (began and job and job.state != slurm.PENDING):
        return Standing(run, RUNNING, _whereabouts(began, job))
    if job:
        return Standing(run, QUEUED, f"SLURM job {job.number}, {job.state.lower()}")
    if record is None:
        return Standing(run, LEFT)
    if not record.answers(parameters, uses):
        return Standing(run, LEFT, _changed(record, parameters, uses))
    if record.state == "done":
        return Standing(run, DONE, f"{record.seconds:.0f} s, {record.started}")
    return Standing(run, FAILED, f"{record.why or _silent(record)}; {_look_at(folder, record)}")


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


def _silent(record: records.Record) -> str:
    number = f"SLURM job {record.job}" if record.job else f"process {record.process}"
    return (
        f"ended without a word on {record.host} ({number}, begun {record.started}): killed, or out"
        " of memory or time"
    )


def _look_at(folder: Path, record: records.Record) -> str:
    if record.kept:
        return f"the notebook as far as it got: {record.kept}"
    if record.job:
        for log in folder.glob(f"logs/slurm/**/{record.job}.log"):
            return f"log: {log}"
    return f"log: {folder / 'logs' / 'workflow.log'}"


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
