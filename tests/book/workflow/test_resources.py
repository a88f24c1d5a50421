"""What runs ask for is checked when their file is read, and compared with what they used."""

import pandas as pd
import pytest
import yaml

from causalex_book.workflow import experiment, records, resources, runs, usage
from causalex_book.workflow.experiment import Experiment, Run
from causalex_core import cli, paths
from causalex_core.errors import CausalexError


@pytest.mark.parametrize(
    ("asked", "right"),
    [
        ({}, {"mem_mb": 2000, "runtime": 240}),
        ({"runtime": "4h"}, {"mem_mb": 2000, "runtime": 240}),
        ({"runtime": "2 d", "mem_mb": "800"}, {"mem_mb": 800, "runtime": 2880}),
        ({"runtime": 90.0, "slurm_partition": "7"}, {"runtime": 90, "slurm_partition": "7"}),
        ({"mem_mb_per_cpu": 300, "cpus_per_task": 2}, {"mem_mb": 600}),
        ({"gres": "gpu:a100:2", "slurm_extra": "--nice=5"}, {"gres": "gpu:a100:2"}),
    ],
)
def test_what_is_asked_for(asked, right):
    assert right.items() <= resources.checked(asked, "e").items()


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("runtime: 4:00:00", "'runtime': '4:00:00' given, expected minutes .* such as 4h"),
        ("runtime: 1-12", "'1-12' given, expected minutes"),
        ("runtime: 1.5", "1.5 given, expected minutes"),
        ("runtime: 0", "0 given, expected minutes"),
        ("runtime: true", "True given, expected minutes"),
        ("runtime:", "null given, expected minutes"),
        ("mem_mb: 2GB", "'2GB' given, expected a whole number of MB, such as 2000"),
        ("mem_mb: 1_000", "'1_000' given"),
        ("mem_mb: [1]", r"\[1\] given"),
        ("cpus_per_task: two", "'two' given, expected a whole number of at least 1"),
        ("gres: gpu=1", "'gpu=1' given, expected a text such as gpu:1"),
        ("slurm_partition: 007", r"7 given, expected a text \(a number in quotes\)"),
        ("slurm_extra: --mem=4", "'--mem=4' sets the memory, which is Snakemake's to set"),
        ("slurm_extra: --array=1-3", "'--array=1-3' sets the number of jobs"),
        ("slurm_extra: --nice -a 1-3", "'--nice -a 1-3' sets the number of jobs"),
        ('slurm_extra: "--nice=\'5"', "No closing quotation"),
        ("5", "'resources' is 5: expected names with values"),
    ],
)
def test_what_cannot_be_asked_for_is_refused_in_one_line(tmp_path, capsys, asked, message):
    file = tmp_path / "e.yml"
    asked = f"{{{asked}}}" if ":" in asked else asked
    file.write_text(f"experiment: e\nnotebook: template\ngrid: {{seed: [1]}}\nresources: {asked}\n")
    with pytest.raises(CausalexError, match=message) as raised:
        experiment.read(str(file))
    assert "\n" not in str(raised.value)


@pytest.fixture
def profile(tmp_path, monkeypatch):
    """A function that runs an experiment with a profile of a content, and tells what is said."""
    monkeypatch.setattr(paths, "BUILD", tmp_path / "_build")
    file = tmp_path / "e.yml"
    content = {"experiment": "e", "notebook": "template", "grid": {"seed": [1]}}

    def run(text, asked):
        (tmp_path / "config.yaml").write_text(text)
        file.write_text(yaml.safe_dump({**content, "resources": asked}))
        return cli.main(["experiment", "run", str(file), "--profile", str(tmp_path)])

    return run


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("set-resources: {execute: {runtime: 4:00:00}}", "reads 4:00:00 as 14400; put it in quo"),
        ("jobs: 1_6", "reads 1_6 as 16"),
        ("executor: slurm\nslurm-array-jobs: all", "leave out 'slurm-array-jobs', and say 'points"),
        ('set-resources: ["execute:cpus_per_task=2"]', 'say set-threads: ["execute=4"]'),
        ("a: [", "not YAML"),
        ("[jobs]", "expected options of Snakemake with values"),
    ],
)
def test_a_profile_that_would_do_something_else_is_refused(profile, capsys, text, message):
    assert profile(text, {}) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1


def test_flags_of_a_profile_are_what_snakemake_reads(tmp_path):
    file = tmp_path / "config.yaml"
    file.write_text("keep-going: yes\njobs: 16\nset-resources: ['execute:runtime=4']\n")
    assert runs._content(file)["jobs"] == 16


def script(folder, name, *lines):
    file = folder / "commands" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text("\n".join(["#!/bin/sh", *lines]))
    file.chmod(0o755)


@pytest.fixture
def slurm(tmp_path, monkeypatch):
    """Scripts in the place of SLURM's commands."""
    monkeypatch.setenv("PATH", str(tmp_path / "commands"), prepend=":")
    script(tmp_path, "squeue", "exit 0")
    return lambda name, *lines: script(tmp_path, name, *lines)


@pytest.mark.parametrize(
    ("answer", "status", "refused"),
    [
        ("sbatch: error: invalid partition specified: gone", 1, True),
        ("allocation failure: Requested node configuration is not available", 1, False),
        ("sbatch: Job 7 to start at 2026-11-28T10:51:04", 0, False),
    ],
)
def test_slurm_is_asked_before_anything_runs(
    profile, slurm, capsys, monkeypatch, answer, status, refused
):
    ran = []
    monkeypatch.setattr(runs, "_run_snakemake", lambda *_: ran.append(1))
    slurm("sbatch", f'echo "$@" > {paths.BUILD}.asked', f"echo '{answer}' >&2", f"exit {status}")
    assert profile("executor: slurm", {"slurm_partition": "gone", "slurm_extra": "--nice=2"}) == (
        2 if refused else 0
    )
    words = (paths.BUILD.parent / "_build.asked").read_text()
    assert words == "--test-only --wrap=true --mem=2000 --time=240 --partition=gone --nice=2\n"
    error = capsys.readouterr().err
    assert ("--partition=gone --nice=2: invalid partition specified: gone" in error) == refused
    assert bool(ran) != refused


def test_a_profile_that_asks_for_itself_is_not_judged_by_the_file(profile, slurm, monkeypatch):
    monkeypatch.setattr(runs, "_run_snakemake", lambda *_: None)
    slurm("sbatch", "exit 1")
    assert profile("executor: slurm\ndefault-resources: {slurm_account: a}", {}) == 0


@pytest.fixture
def chosen(tmp_path, monkeypatch):
    """Three runs that ended, the last two of them in one job, and one that did not begin."""
    monkeypatch.setattr(paths, "BUILD", tmp_path)
    monkeypatch.setattr(experiment, "state", lambda _: {"code": "1"})
    asked = resources.checked({"cpus_per_task": 2}, "e")
    chosen = Experiment("e", {name: Run("n", {"x": name}) for name in "abcd"}, ("x",), asked)
    for name, job, mb in (("a", "17", 100), ("b", "18", 300), ("c", "18", 200)):
        monkeypatch.setenv("SLURM_JOB_ID", job)
        record = records.begun({"x": name}, {"code": "1"})
        record = record.ended("done", seconds=60.0, cpu_seconds=90.0, peak_mb=mb)
        records.write(record, chosen.folder, name)
    return chosen


def test_what_was_asked_for_beside_what_was_measured(chosen, slurm):
    slurm("sacct", "echo Slurm accounting storage is disabled >&2", "exit 1")
    assert usage.lines(chosen) == [
        "asked for and used at most, of 3 runs (usage.csv has each):",
        "     240 minutes        1 used by a",
        "    2000 MB           300 used by b",
        "       2 cores        1.5 used by a",
    ]
    table = pd.read_csv(chosen.folder / "usage.csv")
    assert table["used_mb"].tolist() == [100, 300, 200]
    assert set(table["asked_minutes"]) == {240}


def test_the_accounting_of_slurm_counts_where_a_job_is_one_run(chosen, slurm):
    rows = ["NOTICE", "17|120|00:40.500|", "17.batch|120|00:01.000|2048K", "17.0|120|39.5|0.5G"]
    slurm("sacct", "case $* in *,18*) exit 1;; esac", *(f"echo '{row}'" for row in rows))
    table = usage.measured(chosen).set_index("run")
    assert table.loc["a", ["used_minutes", "used_mb", "used_cores"]].tolist() == [2, 512, 0.34]
    assert table.loc["b", "used_mb"] == 300


def test_nothing_ran_and_nothing_is_said(chosen, slurm, monkeypatch):
    monkeypatch.setattr(experiment, "state", lambda _: {"code": "2"})
    assert usage.lines(chosen) == []
    assert not (chosen.folder / "usage.csv").exists()
