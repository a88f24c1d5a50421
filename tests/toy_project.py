"""A small copy of the project with notebooks that count their runs, to be run and killed."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import nbformat
import yaml
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from causalex_core import paths

RUN = "from causalex_book.workflow import experiment, runs; runs.run_jobs(experiment.read('toy'))"
PATIENCE = 240  # seconds until something that should happen is given up


class Project:
    """A copy of the project with toy notebooks, each of which counts its runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        unwanted = shutil.ignore_patterns("__pycache__", "experiments")
        for name in ("causalex_core", "causalex_book", "causalex_synthetic", "workflow"):
            shutil.copytree(paths.ROOT / name, folder / name, ignore=unwanted)
        for name in ("requirements.lock", "_config.yml", "pyproject.toml"):
            shutil.copy(paths.ROOT / name, folder)
        self.notebooks = folder / "notebooks"
        self.notebooks.mkdir()
        self.parameters: dict[str, dict[str, object]] = {}

    def page(self, name: str, *lines: str, **parameters: object) -> None:
        """Write a notebook with a parameter `value` and give it parameters."""
        count = f"with open('{name}.runs', 'a') as runs: print(value, file=runs)"
        notebook = new_notebook(
            cells=[
                new_markdown_cell(f"# Page {name}", id="title"),
                new_code_cell("value = 1", id="parameters", metadata={"tags": ["parameters"]}),
                new_code_cell("\n".join([count, *lines, "print('value', value)"]), id="work"),
            ]
        )
        nbformat.write(notebook, self.notebooks / f"{name}.ipynb")
        self.parameters[name] = parameters
        self.write_experiment()

    def write_experiment(self) -> None:
        self.write("toy", pages=self.parameters)

    def write(self, name: str, **content: object) -> None:
        """Write an experiment file."""
        file = self.folder / "workflow" / "experiments" / f"{name}.yml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(yaml.safe_dump({"experiment": name, **content}))

    def start(self, *command: str) -> subprocess.Popen:
        surroundings = {**os.environ, "PYTHONPATH": str(self.folder)}
        return subprocess.Popen(
            [sys.executable, *(command or ("-c", RUN))],
            cwd=self.folder,
            env=surroundings,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *command: str) -> tuple[int, str]:
        process = self.start(*command)
        output, _ = process.communicate(timeout=PATIENCE)
        return process.returncode, output

    def runs(self, name: str) -> int:
        return len(self.values(name))

    def values(self, name: str) -> list[str]:
        """Values that the runs of a notebook had, in order."""
        file = self.notebooks / f"{name}.runs"
        return file.read_text().split() if file.is_file() else []

    def causalex(self, *words: str) -> tuple[int, str]:
        return self.run("-m", "causalex_core.cli", *words)

    def printed(self, name: str) -> str:
        return self.output("toy", name)

    def output(self, experiment: str, run: str) -> str:
        """What the last cell of an executed notebook printed, progress of training aside."""
        page = nbformat.read(self.folder / "_build" / experiment / "pages" / f"{run}.ipynb", 4)
        printed = [one for one in page.cells[-1].outputs if one.get("name") != "stderr"]
        return printed[0].text


def wait_until(happened: Callable[[], bool], process: subprocess.Popen) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)
