"""A small copy of the project whose notebooks count their runs and wait at gates, to be killed."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
import yaml
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from causalex_core import paths


class Project:
    """The packages and the workflow in a folder of their own, with notebooks made here."""

    PATIENCE = 240  # seconds until something that should happen is given up
    GATE = """\
import pathlib, time
while not pathlib.Path('open', f'{name} {value}').exists(): time.sleep(0.05)"""

    def __init__(self, folder: Path) -> None:
        self.folder, self.notebooks = folder, folder / "notebooks"
        unwanted = shutil.ignore_patterns("__pycache__", "experiments", "data_manifest")
        for name in ("causalex_core", "causalex_book", "causalex_synthetic", "workflow"):
            shutil.copytree(paths.ROOT / name, folder / name, ignore=unwanted)
        for name in ("requirements.lock", "_config.yml", "pyproject.toml"):
            shutil.copy(paths.ROOT / name, folder)
        (folder / "workflow" / "experiments").mkdir()
        (self.notebooks / "open").mkdir(parents=True)

    def notebook(self, name: str, *lines: str) -> None:
        """Write a notebook with a parameter `value` that notes each of its runs."""
        count = (
            f"name = '{name}'\nwith open(f'{{name}}.runs', 'a') as runs: print(value, file=runs)"
        )
        notebook = new_notebook(
            cells=[
                new_markdown_cell(f"# Page {name}", id="title"),
                new_code_cell("value = 1", id="parameters", metadata={"tags": ["parameters"]}),
                new_code_cell("\n".join([count, *lines, "print('value', value)"]), id="work"),
            ]
        )
        nbformat.write(notebook, self.notebooks / f"{name}.ipynb")

    def experiment(self, name: str, **content: object) -> Path:
        """Write an experiment file; where its runs go."""
        file = self.folder / "workflow" / "experiments" / f"{name}.yml"
        file.write_text(yaml.safe_dump({"experiment": name, **content}))
        return self.folder / "_build" / name

    def open(self, name: str, *values: object) -> None:
        """Let runs of a notebook that wait at its gate go on."""
        for value in values:
            (self.notebooks / "open" / f"{name} {value}").touch()

    def start(self, *command: str) -> subprocess.Popen:
        """Start Python in the project."""
        surroundings = {**os.environ, "PYTHONPATH": str(self.folder)}
        surroundings.pop("PYTHONDONTWRITEBYTECODE", None)  # compiled once for all
        return subprocess.Popen(
            [sys.executable, *command],
            cwd=self.folder,
            env=surroundings,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def start_experiment(self, *words: str) -> subprocess.Popen:
        """Start ``causalex experiment run``."""
        return self.start("-m", "causalex_core.cli", "experiment", "run", *words)

    def ended(self, process: subprocess.Popen) -> tuple[int, str]:
        """Exit status of a process and all that it has said since it was last heard."""
        output, _ = process.communicate(timeout=self.PATIENCE)
        return process.returncode, output

    def run(self, *command: str) -> tuple[int, str]:
        """Run Python in the project."""
        return self.ended(self.start(*command))

    def causalex(self, *words: str) -> tuple[int, str]:
        """Run the command."""
        return self.run("-m", "causalex_core.cli", *words)

    def values(self, name: str) -> list[str]:
        """Values that the runs of a notebook had, in order."""
        file = self.notebooks / f"{name}.runs"
        return file.read_text().split() if file.is_file() else []

    def printed(self, experiment: str, run: str) -> str:
        """What the last cell of an executed notebook printed, progress of training aside."""
        page = nbformat.read(self.folder / "_build" / experiment / "pages" / f"{run}.ipynb", 4)
        return next(one.text for one in page.cells[-1].outputs if one.get("name") != "stderr")

    def wait_until(self, happened: Callable[[], bool], process: subprocess.Popen | None) -> None:
        """Wait, but not when a process that should bring it about has ended."""
        deadline = time.monotonic() + self.PATIENCE
        while not happened():
            assert process is None or process.poll() is None, process.communicate()[0]
            assert time.monotonic() < deadline, "it did not happen"
            time.sleep(0.05)


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """One for all tests: each has notebooks and experiments of its own names."""
    return Project(tmp_path_factory.mktemp("project"))
