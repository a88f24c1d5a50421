"""Notebooks as a reader runs them: with papermill or Jupyter, from any folder, without data."""

import ast
import importlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pandas as pd
import papermill
import pytest
from toy_project import Project

from causalex_book.workflow import parameters
from causalex_core import paths

NOTEBOOKS = sorted(paths.NOTEBOOKS.glob("*.ipynb"))
TEMPLATE = paths.NOTEBOOKS / "template.ipynb"


def code(file: Path) -> ast.Module:
    cells = nbformat.read(file, as_version=4).cells
    return ast.parse("\n".join(cell.source for cell in cells if cell.cell_type == "code"))


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_papermill_knows_every_parameter(file):
    assert list(papermill.inspect_notebook(str(file))) == list(parameters.names(file))


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_a_notebook_does_not_depend_on_where_it_is_run(file):
    """It imports what is there, and opens nothing."""
    for node in ast.walk(code(file)):
        if isinstance(node, ast.ImportFrom):
            module = importlib.import_module(node.module)
            for alias in node.names:
                if not hasattr(module, alias.name):
                    importlib.import_module(f"{node.module}.{alias.name}")
        elif isinstance(node, ast.Call):
            forbidden = {"open", "Path", "os.chdir", "os.getcwd", "get_ipython"}
            assert ast.unparse(node.func) not in forbidden


def test_the_template_runs_from_another_folder_without_data(tmp_path):
    small = {"n_graphs": "3", "frames": "[200, 500]", "n_bootstrap": "20", "alpha": "0.2"}
    surroundings = os.environ | {
        **{"PYTHONPATH": str(paths.ROOT), "CAUSALEX_MIRROR": "", "CAUSALEX_OFFLINE": "1"},
        "CAUSALEX_DATA": str(tmp_path / "none"),
    }
    given = [word for name, value in small.items() for word in ("-y", f"{name}: {value}")]
    ran = subprocess.run(
        [sys.executable, "-m", "papermill", str(TEMPLATE), "out.ipynb", "-k", "python3", *given],
        cwd=tmp_path,
        env=surroundings,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    assert "unknown parameter" not in ran.stderr
    cells = {cell.id: cell for cell in nbformat.read(tmp_path / "out.ipynb", 4).cells}
    assert "image/png" in cells["recovery-figure"].outputs[0].data
    table, page = cells["recovery-table"].outputs[0], cells["summary-text"].outputs
    assert table.data["text/markdown"].count("| smooth | ") == 2
    assert "With 200 frames FCI finds" in page[0].data["text/markdown"]
    assert "| `alpha` | `0.2` | Level of the tests. |" in page[1].data["text/markdown"]


def test_the_ten_lines_of_the_page_work_as_they_stand(tmp_path):
    page = (paths.BOOK / "ablations.md").read_text()
    (name,) = re.findall(r"write a file such as `(\S+\.yml)`", page)
    file, commands = re.findall(r"```(?:yaml|bash)\n(.*?)```", page, re.S)[:2]
    assert len((file + commands).splitlines()) == 10
    project = Project(tmp_path)
    project.write("another", pages={})  # there are experiments already
    compiled = Path("causalex_core", "graphs", "__pycache__")
    shutil.copytree(paths.ROOT / compiled, tmp_path / compiled)  # machine code, for speed only
    (project.notebooks / TEMPLATE.name).write_bytes(TEMPLATE.read_bytes())
    (tmp_path / name).write_text(file)
    for command in commands.splitlines():
        program, *words = command.split()
        assert program == ".venv/bin/causalex"
        status, said = project.causalex(*words)
        assert status == 0, said
    assert said.startswith("my_ablation: 4 runs: 4 done; nobody is at work")
    folder = tmp_path / "_build" / "my_ablation"
    table = pd.read_csv(folder / "results.csv")
    assert (
        table.groupby(["alpha", "sample_size"])["frames"].apply(list).tolist() == [[200, 1000]] * 4
    )
    assert "4 of 4 runs of the notebook template" in (folder / "comparison.html").read_text()
    assert len(list((folder / "readable").glob("*.html"))) == 4


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["-p", "n_graphs", "-5"], "'n_graphs' of the page 'template': -5 given, expected a whole"),
        (["-p", "frames", "[3]"], "3 in '[3]' given, expected a whole number of at least 30"),
        (["-y", "alpha: null"], "null given, expected a number above 0 and below 1"),
        (["-p", "n_grphs", "5"], "has no parameter 'n_grphs'; did you mean 'n_graphs'?"),
    ],
)
def test_papermill_ends_with_one_line_on_a_parameter(tmp_path, given, said):
    ran = subprocess.run(
        [sys.executable, "-m", "papermill", str(TEMPLATE), "out.ipynb", "-k", "python3", *given],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(paths.ROOT)},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 1
    shown = ran.stderr.partition('Exception encountered at "In [3]":\n')[2].strip()
    assert shown.startswith("causalex: error: ") and said in shown and "\n" not in shown
