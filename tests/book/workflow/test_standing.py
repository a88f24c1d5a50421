"""What is said of runs from the traces they left, with and without SLURM."""

import json
import os
from dataclasses import replace

import pytest

from causalex_book.workflow import experiment, logged, records, runs, slurm, status
from causalex_book.workflow.experiment import Experiment, Run
from causalex_core import locks, paths
from causalex_core.errors import CausalexError

USES = {"notebook": "1", "code": "2"}


@pytest.fixture
def chosen(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "BUILD", tmp_path)
    monkeypatch.setattr(experiment, "state", lambda _: USES)
    monkeypatch.setenv("PATH", str(tmp_path / "commands"), prepend=os.pathsep)
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    says(tmp_path, "squeue", "")
    return Experiment("e", {"a": Run("n", {"x": [1, 2]}), "b": Run("n", {"x": 2})}, ("x",))


def says(folder, command, output, status=0):
    """Put a command in the place of SLURM's."""
    file = folder / "commands" / command
    file.parent.mkdir(exist_ok=True)
    (folder / "commands" / f"{command}.says").write_text(output)
    lines = ["#!/bin/sh", f'echo "$@" >> {file}.called', f"cat {file}.says", f"exit {status}"]
    file.write_text("\n".join(lines))
    file.chmod(0o755)


def standing(chosen, run="a"):
    return next(one for one in status.standings(chosen) if one.run == run)


def begun(parameters=None):
    return records.begun({"x": (1, 2)} if parameters is None else parameters, USES)


def test_before_anything_ran(chosen):
    assert [one.state for one in status.standings(chosen)] == ["left", "left"]
    assert status.counts(status.standings(chosen)) == "2 runs: 2 left"
    assert records.controller(chosen.folder) == "nobody is at work"


def test_done_until_something_changes(chosen, monkeypatch):
    records.write(begun().ended("done", seconds=3.0), chosen.folder, "a")
    assert standing(chosen).state == "done"
    assert standing(chosen).why.startswith("3 s")
    monkeypatch.setattr(experiment, "state", lambda _: USES | {"code": "3"})
    assert standing(chosen) == status.Standing("a", "left", "ran before with other code")
    records.write(begun({"x": 5}).ended("done"), chosen.folder, "a")
    assert standing(chosen).why == "ran before with other parameters, code"


def test_running_as_long_as_its_lock_is_held(chosen):
    records.write(begun(), chosen.folder, "a")
    with locks.exclusive(records.lock(chosen.folder, "a"), ""):
        assert standing(chosen).state == "running"
        assert f"process {os.getpid()}" in standing(chosen).why
    assert standing(chosen).state == "failed"
    assert "ended without a word" in standing(chosen).why
    assert "logs/workflow.log" in standing(chosen).why


def test_failed_with_its_reason_and_where_to_look(chosen):
    records.write(begun().ended("failed", why="no", kept="/k.ipynb"), chosen.folder, "a")
    one = standing(chosen)
    assert (one.state, one.why) == ("failed", "no; the notebook as far as it got: /k.ipynb")
    line = next(line for line in status.table([one]))
    assert line == "failed   a  no; the notebook as far as it got: /k.ipynb"


def test_a_job_that_slurm_killed_names_its_log(chosen, monkeypatch):
    monkeypatch.setenv("SLURM_JOB_ID", "17")
    records.write(begun(), chosen.folder, "a")
    log = chosen.folder / "logs" / "slurm" / "rule_execute" / "a" / "17.log"
    log.parent.mkdir(parents=True)
    log.touch()
    assert standing(chosen).state == "failed"
    assert "SLURM job 17" in standing(chosen).why
    assert str(log) in standing(chosen).why


@pytest.mark.parametrize(
    ("log", "state", "why"),
    [
        (
            "error: *** JOB 17 ON a CANCELLED AT 11:09 DUE TO TIME LIMIT ***",
            "",
            "its time limit (9",
        ),
        ("slurmstepd: error: Detected 1 oom_kill event in StepId=17.0", "", "memory (500 MB asked"),
        ("error: JobId=17 exceeded memory limit (9 > 5), being killed", "", "out of memory"),
        (
            "*** JOB 17 ON a CANCELLED AT 11:09 DUE TO PREEMPTION ***",
            "",
            "preempted by another job",
        ),
        ("*** JOB 17 ON a CANCELLED AT 11:09 ***", "", "cell 2: cancelled (on "),
        ("", "OUT_OF_MEMORY", "out of memory"),
        ("", "NODE_FAIL", "its node failed"),
        ("", "CANCELLED by 1000", "cancelled"),
        ("", "TIMEOUT", "reached its time limit"),
        ("", "", "ended without a word: killed, or out of memory or time"),
    ],
)
def test_how_a_job_ended_that_could_not_say_it(chosen, tmp_path, monkeypatch, log, state, why):
    monkeypatch.setenv("SLURM_JOB_ID", "17")
    chosen = replace(chosen, resources={"mem_mb": 500, "runtime": 9})
    records.write(begun(), chosen.folder, "a")
    file = chosen.folder / "logs" / "slurm" / "rule_execute" / "a" / "17.log"
    file.parent.mkdir(parents=True)
    file.write_text(f"Select jobs to execute...\n{log}\n")
    says(tmp_path, "sacct", f"{state}\n", status=int(not state))
    cells = [{"metadata": {"papermill": {"start_time": time}}} for time in ("11:08", "11:09", None)]
    paths.atomic_write(chosen.folder / "running" / "a.ipynb", json.dumps({"cells": cells}))
    line = standing(chosen).why
    assert line.startswith("cell 2: ") and why in line and "SLURM job 17" in line
    assert "\n" not in line and str(file) in line


def test_runs_that_share_a_job(chosen, tmp_path, monkeypatch):
    chosen = replace(chosen, points_per_job=2)
    chosen.folder.mkdir()
    line = f"17|RUNNING|node1|rule_execute_together_wildcards_points1|{chosen.folder}"
    says(tmp_path, "squeue", "")
    notice = f"HINWEIS: Wartung f\xfcr | alle | am | Mon|tag |\n\n{line}\n"
    (tmp_path / "commands" / "squeue.says").write_bytes(notice.encode("latin-1"))
    assert [standing(chosen, run).state for run in "ab"] == ["queued", "queued"]
    monkeypatch.setenv("SLURM_JOB_ID", "17")
    records.write(begun(), chosen.folder, "a")
    assert [standing(chosen, run).state for run in "ab"] == ["running", "queued"]
    records.write(begun().ended("failed", why="no"), chosen.folder, "a")
    assert [standing(chosen, run).state for run in "ab"] == ["failed", "queued"]
    records.write(begun().ended("done"), chosen.folder, "a")
    assert [standing(chosen, run).state for run in "ab"] == ["done", "queued"]
    monkeypatch.setenv("SLURM_JOB_ID", "9")  # of an earlier job, which was killed
    records.write(begun(), chosen.folder, "a")
    assert [standing(chosen, run).state for run in "ab"] == ["queued", "queued"]


def test_a_notice_of_squeue_is_passed_over(chosen, cases, monkeypatch):
    monkeypatch.setenv("PATH", str(cases / "squeue_notice"), prepend=os.pathsep)
    assert [one.state for one in status.standings(chosen)] == ["left", "left"]
    assert slurm.jobs(chosen.folder) == []


def test_what_slurm_says_counts_where_locks_cannot_be_seen(chosen, tmp_path, monkeypatch):
    chosen.folder.mkdir()
    jobs = [
        f"17|RUNNING|node1|rule_execute_wildcards_a|{chosen.folder}",
        f"18|PENDING||rule_execute_wildcards_b|{chosen.folder}",
        f"19|RUNNING|node1|rule_execute_wildcards_b|{tmp_path}",
        f"20|RUNNING|node1|(null)|{chosen.folder}",
    ]
    says(tmp_path, "squeue", "\n".join(jobs))
    assert [job.number for job in slurm.jobs(chosen.folder)] == ["17", "18"]
    monkeypatch.setenv("SLURM_JOB_ID", "17")
    records.write(begun(), chosen.folder, "a")
    assert standing(chosen).state == "running"
    assert "SLURM job 17" in standing(chosen).why
    assert standing(chosen, "b") == status.Standing("b", "queued", "SLURM job 18, pending")


def test_slurm_that_does_not_answer(chosen, tmp_path):
    says(tmp_path, "squeue", "no controller", status=1)
    assert [one.state for one in status.standings(chosen)] == ["left", "left"]
    with pytest.raises(CausalexError, match="SLURM does not answer"):
        slurm.jobs(chosen.folder)


def test_cancelling_waits_until_jobs_are_gone(chosen, tmp_path, monkeypatch):
    chosen.folder.mkdir()
    line = f"17|COMPLETING|node1|rule_execute_wildcards_a|{chosen.folder}"
    says(tmp_path, "squeue", line)
    says(tmp_path, "scancel", "")
    found = slurm.jobs(chosen.folder)
    looked = []

    def look_again(_):
        looked.append(len(looked))
        if len(looked) == 2:
            says(tmp_path, "squeue", "")

    monkeypatch.setattr(slurm, "sleep", look_again)
    slurm.cancel(found, chosen.folder)
    assert len(looked) == 2
    assert (tmp_path / "commands" / "scancel.called").read_text() == "17\n"

    says(tmp_path, "squeue", line)
    monkeypatch.setattr(slurm, "_GONE_WITHIN", -1)
    with pytest.raises(CausalexError, match="SLURM jobs 17 were cancelled"):
        slurm.cancel(found, chosen.folder)


def test_preempted_jobs_are_queued_again(chosen, tmp_path):
    chosen.folder.mkdir()
    says(tmp_path, "squeue", f"17|PREEMPTED|node1|rule_execute_wildcards_a|{chosen.folder}")
    says(tmp_path, "scontrol", "")
    runs._queue_again(chosen.folder)
    assert "--states=PREEMPTED" in (tmp_path / "commands" / "squeue.called").read_text()
    assert (tmp_path / "commands" / "scontrol.called").read_text() == "requeue 17\n"
    journal = (chosen.folder / records.JOURNAL).read_text()
    assert "queued a again (SLURM job 17 was preempted)" in journal
    says(tmp_path, "squeue", "no controller", status=1)
    runs._queue_again(chosen.folder)


def test_what_is_done_each_minute_while_a_command_runs(tmp_path, monkeypatch):
    monkeypatch.setattr(logged, "_MINUTE", 0.0)
    asked = []
    logged.run(["sleep", "0.1"], tmp_path / "log", "sleep", each_minute=lambda: asked.append(1))
    assert asked


def test_who_is_at_work(chosen):
    folder = chosen.folder
    with locks.exclusive(records.controller_lock(folder), ""), records.pidfile(folder, "slurm"):
        message = records.controller(folder)
        assert message.startswith("at work since") and "profile slurm" in message
        word = (folder / "controller.json").read_text()
    assert records.controller(folder) == "nobody is at work"
    assert not records.was_killed(folder)
    (folder / "controller.json").write_text(word)
    assert records.was_killed(folder)
    assert "was killed" in records.controller(folder)
    assert json.loads(word)["process"] == os.getpid()


def test_a_record_that_the_disk_cut_off_counts_for_nothing(chosen):
    file = chosen.folder / "records" / "a.json"
    file.parent.mkdir(parents=True)
    file.write_text('{"state": "do')
    assert standing(chosen).state == "left"
