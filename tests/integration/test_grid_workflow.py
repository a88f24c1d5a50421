"""Grids as a whole, in a small copy of the project: added to, killed, at once, out of disk."""

import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import pandas as pd
import pytest
from toy_project import PATIENCE, Project, wait_until

PAGE = '''
from dataclasses import dataclass

import pandas as pd

SOURCES = ()


@dataclass(frozen=True)
class Config:
    value: int = 1
    power: int = 2


def compute(config):
    """Powers of a number."""
    return {"powers": pd.DataFrame({"n": [1, 2], "result": [config.value, config.value**2]})}
'''
CALL = """\
from causalex_book.graphs import toy
from causalex_book.pages import obtain

obtain(toy, value=value)"""
GATE = """\
import pathlib, time
while not (pathlib.Path('open') / str(value)).exists(): time.sleep(0.05)"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path)
    (tmp_path / "causalex_book" / "graphs" / "toy.py").write_text(PAGE)
    (made.notebooks / "open").mkdir()
    return made


def grid(project: Project, values: Sequence[int], name: str = "grid", page: str = "n") -> Path:
    project.write(name, notebook=page, grid={"value": list(values)})
    return project.folder / "_build" / name


def run(*words: str) -> tuple[str, ...]:
    return ("-m", "causalex_core.cli", "experiment", "run", *words)


def children(process: int) -> list[int]:
    listed = subprocess.run(["pgrep", "-P", str(process)], capture_output=True, text=True)
    return [int(number) for number in listed.stdout.split()]


def test_a_new_value_runs_only_its_own_job(project: Project) -> None:
    project.page("n", CALL)
    folder = grid(project, [1, 2])
    status, said = project.run(*run("grid"))
    assert status == 0, said
    assert "grid: 2 runs: 2 left" in said and "grid: 2 runs: 2 done" in said
    assert sorted(project.values("n")) == ["1", "2"]
    table = pd.read_csv(folder / "results.csv")
    assert list(table) == ["run", "value", "page", "table", "origin", "n", "result"]
    assert table["result"].tolist() == [1, 1, 2, 4]
    page = (folder / "comparison.html").read_text()
    for place in ("finished/value=2.ipynb", "readable/value=2.html"):
        assert f'href="{quote(place)}"' in page and (folder / place).is_file()
    read = {file.name: file.stat().st_mtime_ns for file in (folder / "readable").iterdir()}

    grid(project, [1, 3, 2])
    status, said = project.causalex("experiment", "status", "grid")
    assert (status, said.splitlines()[0]) == (0, "grid: 3 runs: 2 done, 1 left; nobody is at work")
    project.run(*run("grid"))
    assert project.values("n")[2:] == ["3"]
    now = {file.name: file.stat().st_mtime_ns for file in (folder / "readable").iterdir()}
    assert now.keys() - read.keys() == {"value=3.html"} and read.items() <= now.items()
    assert pd.read_csv(folder / "results.csv")["value"].tolist() == [1, 1, 3, 3, 2, 2]

    grid(project, [3])
    project.run(*run("workflow/experiments/grid.yml"))
    assert len(project.values("n")) == 3
    assert set(pd.read_csv(folder / "results.csv")["value"]) == {3}

    status, said = project.run(*run("grid", "--set", "value=7"))
    assert status == 0, said
    assert project.values("n")[3:] == ["7"]
    assert set(pd.read_csv(folder / "results.csv")["value"]) == {3}
    apart = folder.with_name("grid+value=7")
    assert set(pd.read_csv(apart / "results.csv")["value"]) == {7}
    assert "1 done" in project.causalex("experiment", "status", "grid+value=7")[1]


def test_plain_snakemake_and_a_lost_memory_of_snakemake(project: Project) -> None:
    project.page("n", CALL)
    folder = grid(project, [1, 2])
    plain = (
        *("-m", "snakemake", "--snakefile", "workflow/Snakefile", "--cores", "1"),
        *("--configfile", "workflow/experiments/grid.yml"),
    )
    status, said = project.run(*plain)
    assert status == 0, said
    assert len(pd.read_csv(folder / "results.csv")) == 4

    for file in (folder / ".snakemake" / "metadata").iterdir():
        file.unlink()  # as if a controller was killed before it noted what jobs were given
    project.write("grid", notebook="n", fixed={}, grid={"value": [1, 2]}, resources={"runtime": 5})
    assert project.run(*run("grid"))[0] == 0
    assert len(project.values("n")) == 2, "nothing that counts has changed"
    module = project.folder / "causalex_book" / "graphs" / "toy.py"
    module.write_text(module.read_text().replace("value**2", "value**3"))
    status, said = project.run(*run("grid"))
    assert status == 0, said
    assert pd.read_csv(folder / "results.csv")["result"].tolist() == [1, 1, 2, 8]


def test_what_ended_after_its_controller_was_killed_is_taken_over(project: Project) -> None:
    project.page("n", GATE)
    folder = grid(project, [1])
    journal = folder / "journal.log"
    first = project.start(*run("grid"))
    wait_until(lambda: project.runs("n") == 1, first)
    (snakemake,) = children(first.pid)
    said = project.causalex("experiment", "status", "grid")[1]
    assert "1 runs: 1 running; at work since" in said and "process" in said
    for process in (first.pid, snakemake):
        os.kill(process, signal.SIGKILL)
    first.wait()
    said = project.causalex("experiment", "status", "grid")[1]
    assert "1 running" in said and "was killed" in said, "the notebook outlives its controller"

    (project.notebooks / "open" / "1").touch()
    waiting = subprocess.Popen(["sleep", "1000"])
    wait_until(lambda: "executed value=1" in journal.read_text(), waiting)
    waiting.kill()
    waiting.wait()
    first.communicate()
    status, said = project.run(*run("grid"))
    assert status == 0, said
    assert "a run was killed: going on where it ended" in said
    assert project.runs("n") == 1
    assert "took over value=1" in journal.read_text()
    assert "1 done; nobody is at work" in project.causalex("experiment", "status", "grid")[1]


def test_two_at_once_do_not_meet(project: Project) -> None:
    project.page("slow", GATE)
    project.page("n", CALL)
    grid(project, [1, 2], "waits", "slow")
    grid(project, [3, 4], "other")
    first = project.start(*run("waits"))
    wait_until(lambda: project.runs("slow") > 0, first)
    second = project.start(*run("waits"))
    assert second.stdout is not None
    assert "waits: 2 runs:" in second.stdout.readline()
    assert "another run of waits is at work" in second.stdout.readline()
    status, said = project.run(*run("other"))
    assert status == 0, said
    assert first.poll() is None and second.poll() is None

    for value in ("1", "2"):
        (project.notebooks / "open" / value).touch()
    for process in (first, second):
        said = process.communicate(timeout=PATIENCE)[0]
        assert process.returncode == 0, said
        assert "waits: 2 runs: 2 done" in said
    assert sorted(project.values("slow")) == ["1", "2"]
    assert sorted(project.values("n")) == ["3", "4"]


def test_one_that_fails_leaves_the_others_and_says_why(project: Project) -> None:
    project.page("n", CALL, "assert value != 2, 'two is too much'")
    folder = grid(project, [1, 2])
    status, said = project.run(*run("grid"))
    assert status == 2
    assert "1 of 2 runs failed" in said and "AssertionError: two is too much" in said
    assert set(pd.read_csv(folder / "results.csv")["value"]) == {1}
    assert "1 of 2 runs" in (folder / "comparison.html").read_text()
    _, said = project.causalex("experiment", "status", "grid")
    assert "1 done, 1 failed" in said
    kept = Path(said.splitlines()[2].rpartition(": ")[2])
    assert (project.folder / kept).is_file()

    project.page("n", CALL)
    assert project.run(*run("grid"))[0] == 0
    assert set(pd.read_csv(folder / "results.csv")["value"]) == {1, 2}


FULL = """
import resource, runpy, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (1500, resource.RLIM_INFINITY))
sys.argv = ["causalex", "experiment", "run", "grid"]
runpy.run_module("causalex_core.cli", run_name="__main__")
"""


def test_goes_on_after_a_full_disk(project: Project) -> None:
    project.page("n", CALL)
    folder = grid(project, [1, 2])
    status, said = project.run("-c", FULL)
    assert status == 2, said
    assert "causalex: error:" in said
    assert not list((folder / "finished").glob("*.ipynb"))
    ran = project.runs("n")

    status, said = project.run(*run("grid"))
    assert status == 0, said
    assert pd.read_csv(folder / "results.csv")["result"].tolist() == [1, 1, 2, 4]
    assert project.runs("n") == ran + 2
