"""Grids as a whole: added to, failing, killed, at once, out of disk; the ten lines of the page."""

import os
import re
import signal
import subprocess
from pathlib import Path
from urllib.parse import quote

import pandas as pd
import pytest

from causalex_book.workflow import experiment
from causalex_core import paths

PAGE = '''
from dataclasses import dataclass

import pandas as pd

SOURCES = ()


@dataclass(frozen=True)
class Config:
    value: int = 1


def compute(config):
    """Powers of a number."""
    return {"powers": pd.DataFrame({"n": [1, 2], "result": [config.value, config.value**2]})}
'''
CALL = """\
import os, pathlib
from causalex_book.graphs import powers
from causalex_book.pages import obtain

assert not pathlib.Path(f'refuse {value}').exists(), 'that is too much'
obtain(powers, value=value)
print(os.environ['OMP_NUM_THREADS'], 'threads')"""
PLAIN = ("-m", "snakemake", "--snakefile", "workflow/Snakefile", "--cores", "1", "--keep-going")


@pytest.fixture(scope="module")
def powers(project) -> Path:
    """Module of a page that is cheap, and a notebook that calls it unless it is to refuse."""
    module = project.folder / "causalex_book" / "graphs" / "powers.py"
    module.write_text(PAGE)
    project.notebook("n", CALL)
    return module


def results(folder: Path) -> list[tuple[int, int]]:
    table = pd.read_csv(folder / "results.csv")
    assert list(table) == ["run", "value", "page", "table", "origin", "n", "result"]
    return [(row.value, row.result) for row in table.query("n == 2").itertuples()]


def readable(folder: Path) -> dict[str, int]:
    return {file.name: file.stat().st_mtime_ns for file in (folder / "readable").iterdir()}


def forget(folder: Path) -> None:
    """As if a controller was killed before it noted what its jobs were given."""
    for file in (folder / ".snakemake" / "metadata").iterdir():
        file.unlink()


def test_only_what_is_new_changed_or_failed_is_run(project, powers, monkeypatch):
    def write(values, **more):
        return project.experiment("grid", notebook="n", grid={"value": values}, **more)

    folder = write([2, 1], points_per_job=2)  # one fails, the other in its job is done
    (project.notebooks / "refuse 2").touch()
    status, said = project.run(*PLAIN, "--configfile", "workflow/experiments/grid.yml")
    assert status != 0
    status, said = project.causalex("experiment", "status", "grid")
    assert said.startswith("grid: 2 runs: 1 done, 1 failed; nobody is at work")
    assert "AssertionError: that is too much" in said
    assert (project.folder / said.splitlines()[1].rpartition(": ")[2]).is_file()

    forget(folder)
    powers.write_text(PAGE.replace("value**2", "value**3"))
    (project.notebooks / "refuse 2").unlink()
    write([3, 2])
    monkeypatch.setenv("HOME", "/proc/1")  # there, nothing can be written
    status, said = project.causalex("experiment", "run", "workflow/experiments/grid.yml")
    assert status == 0, said
    assert "grid: 2 runs: 2 left" in said and "grid: 2 runs: 2 done" in said
    assert results(folder) == [(3, 27), (2, 8)]
    page = (folder / "comparison.html").read_text()
    for place in ("finished/value=2.ipynb", "readable/value=2.html"):
        assert f'href="{quote(place)}"' in page and (folder / place).is_file()
    assert sorted(project.values("n")) == ["1", "2", "2", "3"]

    before = readable(folder)
    forget(folder)
    (project.notebooks / "refuse 4").touch()
    write([1, 2, 4, 3], resources={"runtime": 5, "cpus_per_task": 2})
    status, said = project.causalex("experiment", "status", "grid")
    assert said.startswith("grid: 4 runs: 2 done, 2 left; nobody is at work")
    assert "ran before with other code" in said
    status, said = project.causalex("experiment", "run", "grid")
    assert status == 2
    assert "1 of 4 runs failed" in said and "AssertionError: that is too much" in said
    assert results(folder) == [(1, 1), (2, 8), (3, 27)]
    assert "3 of 4 runs" in (folder / "comparison.html").read_text()
    now = readable(folder)
    assert now.keys() - before.keys() == {"value=1.html"} and before.items() <= now.items()
    assert sorted(project.values("n")[4:]) == ["1", "4"]
    threads = min(2, os.cpu_count() or 1)
    assert project.printed("grid", "value=1").startswith(f"{threads} threads")
    assert pd.read_csv(folder / "usage.csv")["asked_cores"].tolist() == [2, 2, 2, 2]
    assert "  5 minutes " in said and "  2000 MB " in said and "  2 cores " in said


def test_a_setting_from_outside_has_a_folder_of_its_own(project, powers):
    project.experiment("set", notebook="n", grid={"value": [1, 2]})
    status, said = project.causalex("experiment", "status", "set", "--set", "value=7")
    assert (status, said.splitlines()[0]) == (0, "set+value=7: 1 runs: 1 left; nobody is at work")


def children(process: int) -> list[int]:
    listed = subprocess.run(["pgrep", "-P", str(process)], capture_output=True, text=True)
    return [int(line) for line in listed.stdout.split()]


def test_who_comes_second_waits_and_takes_over_what_a_killed_run_left_alive(project, powers):
    project.notebook("gated", project.GATE)
    folder = project.experiment("waits", notebook="gated", grid={"value": [1]})
    project.experiment("other", notebook="n", grid={"value": [9]})
    first = project.start_experiment("waits")
    project.wait_until(lambda: len(project.values("gated")) == 1, first)
    second = project.start_experiment("waits")
    assert second.stdout is not None
    assert "waits: 1 runs: 1 running" in second.stdout.readline()
    assert "another run of waits is at work" in second.stdout.readline()
    status, said = project.causalex("experiment", "run", "other")
    assert status == 0, said  # two experiments do not meet
    said = project.causalex("experiment", "status", "waits")[1]
    assert "1 runs: 1 running; at work since" in said and "process" in said
    assert first.poll() is None and second.poll() is None

    (snakemake,) = children(first.pid)
    first.kill()
    assert "an earlier run is still at work" in second.stdout.readline()
    os.kill(snakemake, signal.SIGKILL)
    first.communicate()
    assert "a run was killed: going on where it ended" in second.stdout.readline()
    project.open("gated", 1)
    status, said = project.ended(second)
    assert status == 0, said
    assert "waits: 1 runs: 1 done" in said
    assert project.values("gated") == ["1"], "the notebook outlived its controller"
    assert "took over value=1" in (folder / "journal.log").read_text()


FULL = """
import os, resource, runpy, sys
os.environ["PYTHONDONTWRITEBYTECODE"] = "1"  # Python does not notice that its files are cut off
sys.dont_write_bytecode = True
resource.setrlimit(resource.RLIMIT_FSIZE, (1500, resource.RLIM_INFINITY))
sys.argv = ["causalex", "experiment", "run", "full"]
runpy.run_module("causalex_core.cli", run_name="__main__")
"""


def test_goes_on_after_a_full_disk(project, powers):
    folder = project.experiment("full", notebook="n", grid={"value": [5]})
    status, said = project.run("-c", FULL)
    assert status == 2, said
    assert "causalex: error:" in said
    assert not list((folder / "finished").glob("*.ipynb"))
    ran = project.values("n").count("5")
    status, said = project.causalex("experiment", "run", "full")
    assert status == 0, said
    assert [value for value, _ in results(folder)] == [5]
    assert project.values("n").count("5") == ran + 1


@pytest.fixture(scope="module")
def ten_lines() -> tuple[str, str, list[list[str]]]:
    """Name and content of the experiment file of the page on ablations, and its commands."""
    page = (paths.BOOK / "ablations.md").read_text()
    (name,) = re.findall(r"write a file such as `(\S+\.yml)`", page)
    content, commands = re.findall(r"```(?:yaml|bash)\n(.*?)```", page, re.S)[:2]
    assert len((content + commands).splitlines()) == 10
    words = [command.split() for command in commands.splitlines()]
    assert {program for program, *_ in words} == {".venv/bin/causalex"}
    return name, content, [rest for _, *rest in words]


def test_the_ten_lines_of_the_page_are_a_grid_of_the_template(ten_lines, tmp_path):
    name, content, commands = ten_lines
    (tmp_path / name).write_text(content)
    chosen = experiment.read(str(tmp_path / name))
    assert len(chosen.runs) == 4 and chosen.varied == ("alpha", "sample_size")
    assert [words[:2] for words in commands] == [["experiment", "run"], ["experiment", "status"]]


@pytest.mark.slow
def test_the_ten_lines_of_the_page_work_as_they_stand(ten_lines, project):
    name, content, commands = ten_lines
    template = paths.NOTEBOOKS / "template.ipynb"
    (project.notebooks / template.name).write_bytes(template.read_bytes())
    (project.folder / name).write_text(content)
    for words in commands:
        status, said = project.causalex(*words)
        assert status == 0, said
    assert said.startswith("my_ablation: 4 runs: 4 done; nobody is at work")
    folder = project.folder / "_build" / "my_ablation"
    table = pd.read_csv(folder / "results.csv")
    frames = table.groupby(["alpha", "sample_size"])["frames"].apply(list).tolist()
    assert frames == [[200, 1000]] * 4
    assert "4 of 4 runs of the notebook template" in (folder / "comparison.html").read_text()
    assert len(list((folder / "readable").glob("*.html"))) == 4
