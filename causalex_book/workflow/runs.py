"""Run the jobs of an experiment that are not done, on this machine or on a cluster."""

import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from causalex_book.workflow import logged, records, slurm, status, usage
from causalex_book.workflow.experiment import Experiment
from causalex_core import devices, locks, paths
from causalex_core.config import core_yaml
from causalex_core.errors import CausalexError, did_you_mean

PROFILES = paths.WORKFLOW / "profiles"
SNAKEFILE = paths.WORKFLOW / "Snakefile"
LOCAL = "local"
_SET_RESOURCES = ("set-resources", "default-resources")  # then it is not the file that asks


def run_jobs(chosen: Experiment, profile: str = LOCAL) -> None:
    """Execute the runs whose inputs changed or that were not finished.

    A second call for the same experiment waits for the first. What a killed one left behind is put
    in order: its jobs in SLURM are cancelled, and Snakemake's lock is taken away, but only once
    every other run is known to have ended. What was finished stays finished.

    Raises
    ------
    CausalexError
        If a run fails, with each reason; the others are done nevertheless. Before any of them if
        there is no such profile, or no such device on this machine where it is to run them.
    """
    folder = chosen.folder
    settings = _profile(profile)
    content = _content(settings / "config.yaml")
    on_this_machine = content.get("executor", LOCAL) == LOCAL
    if on_this_machine:
        devices.check()
        alone = {key: value for key, value in chosen.content.items() if key != "points_per_job"}
        chosen = replace(chosen, points_per_job=1, content=alone)
    elif content["executor"] == "slurm" and not any(key in content for key in _SET_RESOURCES):
        slurm.refuse_impossible(chosen.job_resources)
    busy = f"another run of {chosen.name} is at work: waiting for it"
    alive = "an earlier run is still at work: waiting for it"
    with locks.exclusive(records.controller_lock(folder), busy):
        with locks.exclusive(records.snakemake_lock(folder), alive):
            _put_in_order(folder, profile)
            _discard(chosen)
        with records.pidfile(folder, profile):
            try:
                watch = None if on_this_machine else partial(_queue_again, folder)
                _run_snakemake(chosen, settings, watch)
            finally:
                with suppress(OSError):  # a full disk is told by who needs it
                    print(*(f"{line}\n" for line in usage.lines(chosen)), sep="", end="")


def _profile(profile: str) -> Path:
    """Folder of a profile."""
    for folder in (PROFILES / profile, Path(profile).absolute()):
        if (folder / "config.yaml").is_file():
            return folder
    known = sorted(file.parent.name for file in PROFILES.glob("*/config.yaml"))
    raise CausalexError(
        f"no profile '{profile}'{did_you_mean(profile, known)} (there are: {', '.join(known)};"
        " or give a folder with a config.yaml)"
    )


def _content(file: Path) -> Mapping[str, Any]:
    """Settings of a profile; what Snakemake would misread, or does wrong, is refused."""
    content = core_yaml.load(file) or {}
    if not isinstance(content, Mapping):
        raise CausalexError(f"{file}: expected options of Snakemake with values, such as jobs: 16")
    _refuse_misread(content, yaml.safe_load(file.read_text()) or {}, file)
    if "slurm-array-jobs" in content:
        raise CausalexError(
            f"{file}: SLURM's arrays give all runs the name of the first, so that none is found"
            " again: leave out 'slurm-array-jobs', and say 'points_per_job: 10' in the grid's file"
            " to make few jobs of many runs"
        )
    if "cpus_per_task" in json.dumps([content.get(key) for key in _SET_RESOURCES]):
        raise CausalexError(
            f"{file}: runs would ask for cpus_per_task and use one thread: say set-threads:"
            ' ["execute=4"] instead, or cpus_per_task in the experiment\'s file'
        )
    return content


def _refuse_misread(content: Any, by_snakemake: Any, file: Path) -> None:
    """Refuse what YAML 1.1, which Snakemake reads, takes for another number: 4:00:00, 1_000."""
    if isinstance(content, Mapping) and isinstance(by_snakemake, Mapping):
        for key in content:
            _refuse_misread(content[key], by_snakemake.get(key), file)
    elif isinstance(content, list):
        for items in zip(content, by_snakemake, strict=True):
            _refuse_misread(*items, file)
    elif isinstance(content, str) and type(by_snakemake) in (int, float):
        raise CausalexError(
            f"{file}: Snakemake reads {content} as {by_snakemake}; put it in quotes, or write a"
            " plain number"
        )


def _put_in_order(folder: Path, profile: str) -> None:
    """Cancel what a killed run left in SLURM, and take its lock of Snakemake away."""
    if records.was_killed(folder):
        records.note(folder, "resuming: an earlier run was killed")
        print("  a run was killed: going on where it ended", flush=True)
    orphans = _orphans(folder, profile)
    if orphans:
        names = ", ".join(f"{job.name} (SLURM job {job.number})" for job in orphans)
        print(f"  cancelling what it left in SLURM: {names}", flush=True)
        slurm.cancel(orphans, folder)
        for job in orphans:
            records.note(folder, f"cancelled {job.name} (SLURM job {job.number}), an orphan")
    shutil.rmtree(folder / ".snakemake" / "locks", ignore_errors=True)


def _discard(chosen: Experiment) -> None:
    """Remove what an earlier run made of something else than what is wanted now.

    Snakemake would keep it if a controller was killed before it noted what its jobs were given.
    """
    for standing in status.standings(chosen):
        if standing.state != status.DONE:
            (chosen.folder / chosen.made(standing.run)).unlink(missing_ok=True)


def _orphans(folder: Path, profile: str) -> list[slurm.Job]:
    try:
        return slurm.jobs(folder)
    except CausalexError:
        if profile == LOCAL:  # SLURM that does not answer is of no concern here
            return []
        raise


def _queue_again(folder: Path) -> None:
    with suppress(CausalexError):  # SLURM that does not answer now may do so later
        for job in slurm.requeue_preempted(folder):
            records.note(folder, f"queued {job.name} again (SLURM job {job.number} was preempted)")


def _run_snakemake(
    chosen: Experiment, settings: Path, each_minute: Callable[[], None] | None
) -> None:
    folder = chosen.folder
    # A copy: the file may be edited while jobs wait in a queue. JSON is YAML whose texts and
    # numbers nobody confuses.
    content = json.dumps(chosen.content, indent=1, ensure_ascii=False)
    file = paths.atomic_write(folder / f"{chosen.name}.yml", content + "\n")
    command = [
        *(sys.executable, "-m", "snakemake", "--snakefile", str(SNAKEFILE)),
        *("--directory", str(folder), "--configfile", str(file)),
        *("--workflow-profile", str(settings)),
        *("--slurm-logdir", str(folder / "logs" / "slurm")),
    ]
    log = folder / "logs" / "workflow.log"
    try:
        logged.run(command, log, "the workflow", folder / records.JOURNAL, each_minute)
    except CausalexError as error:
        if chosen.varied:
            from causalex_book.workflow import comparison  # slow to import, and seldom needed

            comparison.write(chosen)
        failed = [
            standing for standing in status.standings(chosen) if standing.state == status.FAILED
        ]
        if not failed:
            raise
        reasons = "\n  ".join(f"{standing.run} failed: {standing.why}" for standing in failed)
        raise CausalexError(
            f"{len(failed)} of {len(chosen.runs)} runs failed (log: {os.path.relpath(log)}):"
            f"\n  {reasons}"
        ) from error
