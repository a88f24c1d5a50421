"""The core without the book's packages, and what an installation from this checkout holds."""

import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from causalex_core import paths

FORBIDDEN = (
    "matplotlib", "seaborn", "plotly", "IPython", "papermill", "nbformat", "snakemake", "sphinx",
    "jupyter_book", "causallearn", "mediapipe",
)  # fmt: skip
OURS = ("causalex_book", "causalex_synthetic")
BLOCK = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in BLOCKED:
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)

sys.meta_path.insert(0, Blocked())
"""


def alone(code, blocked=FORBIDDEN + OURS, *, cwd=paths.ROOT, **changes):
    """Run Python code where some packages are not."""
    return subprocess.run(
        [sys.executable, "-c", f"BLOCKED = {blocked}\n{BLOCK}\n{code}"],
        capture_output=True, text=True, cwd=cwd, env={**os.environ, **changes},
    )  # fmt: skip


def test_every_module_of_the_core_is_imported():
    run = alone(
        "import importlib, pkgutil, causalex_core\n"
        "found = pkgutil.walk_packages(causalex_core.__path__, 'causalex_core.')\n"
        "names = [module.name for module in found]\n"
        "for name in names: importlib.import_module(name)\n"
        "for name in causalex_core.__all__: getattr(causalex_core, name)\n"
        "print(len(names))"
    )
    assert run.returncode == 0, run.stderr
    assert int(run.stdout) == sum(1 for _ in (paths.ROOT / "causalex_core").rglob("*.py")) - 1


def test_unit_tests_pass():
    """Some of them take made-up data from our other packages, which need none of the libraries."""
    run = alone(
        "import pytest; sys.exit(pytest.main(['-q', '-p', 'no:cacheprovider',"
        " 'tests/unit/graphs/test_pag.py', 'tests/unit/graphs/test_independence.py',"
        " 'tests/unit/graphs/test_separation.py', 'tests/unit/evaluation/test_uncertainty.py',"
        " 'tests/unit/test_expressions.py', 'tests/unit/test_locks.py']))",
        FORBIDDEN,
    )
    assert run.returncode == 0, run.stdout[-2000:]
    assert " passed" in run.stdout and "failed" not in run.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["extract", "clip", "-o", "out.npz", "--fps", "25"], "pip install --no-deps mediapipe=="),
        (
            ["graph", "motion.npz", "-o", "graph.json", "--effective-sample-size", "frames",
             "--backend", "causal-learn"],
            "causal-learn does not load here",
        ),
        (["spot", "motion.npz", "-o", "out.csv", "--timeline", "out.html"], "causalex[book]"),
        (["data", "prepare"], "causalex[book]"),
        (["publish", "table1"], "causalex[book]"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_named_in_one_line(words, said, tmp_path):
    run = alone(
        "import cv2, numpy as np\n"
        "from pathlib import Path\n"
        "from causalex_core import MotionRecord, cli\n"
        "from causalex_core.motion.extract import Config\n"
        "motion = np.random.default_rng(1).normal(size=(80, 12, 2))\n"
        "record = MotionRecord(motion, np.zeros(80, np.uint8), 30.0, 4, Config().to_json())\n"
        "Path('motion.npz').write_bytes(record.to_bytes())\n"
        "Path('clip').mkdir()\n"
        "for k in range(5): cv2.imwrite(f'clip/{k}.png', np.zeros((80, 80), np.uint8))\n"
        f"sys.exit(cli.main({words!r}))",
        cwd=tmp_path, PYTHONPATH=str(paths.ROOT),
    )  # fmt: skip
    assert run.returncode == 2, run.stderr
    assert run.stderr.count("\n") == 1 and said in run.stderr


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Folder of packages and their command, installed without a network from a copy."""
    pytest.importorskip("setuptools", reason="setuptools, which builds the package, is not here")
    base = tmp_path_factory.mktemp("installed")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], capture_output=True, text=True, check=True, cwd=paths.ROOT
    )
    source = base / "source"
    for name in filter(None, listed.stdout.split("\0")):
        if name.split("/")[0].startswith(("causalex_", "pyproject", "README", "LICENSE")):
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((paths.ROOT / name).read_bytes())
    target = base / "packages"
    run = subprocess.run(
        [sys.executable, "-m", "pip", "install", "--no-deps", "--no-build-isolation", "--no-index",
         "--target", str(target), str(source)],
        capture_output=True, text=True,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr[-2000:]
    return target


def test_an_installation_holds_the_packages_with_their_data(installed):
    tracked = subprocess.run(
        ["git", "ls-files", "causalex_*"], capture_output=True, text=True, cwd=paths.ROOT
    ).stdout.split()
    assert {Path(name).suffix for name in tracked} >= {".py", ".css", ".html", ".safetensors"}
    assert [name for name in tracked if not (installed / name).is_file()] == []


def test_the_core_needs_no_package_of_the_book(installed):
    found = metadata.Distribution.at(next(installed.glob("causalex-*.dist-info")))
    needs = [Requirement(text) for text in found.requires]
    core = {need.name for need in needs if need.marker is None}
    book = {need.name for need in needs if need.marker and need.marker.evaluate({"extra": "book"})}
    assert {"numpy", "torch", "click"} <= core
    assert {"matplotlib", "papermill", "snakemake", "jupyter-book", "causal-learn"} <= book - core
    points = {(point.group, point.name) for point in found.entry_points}
    assert points >= {
        ("console_scripts", "causalex"),
        *(("causalex.commands", name) for name in ("cohort", "experiment", "publish")),
        *(("causalex.hooks", name) for name in ("sources", "timeline")),
    }


def test_the_command_works_outside_a_checkout(installed, tmp_path):
    def causalex(*words):
        return subprocess.run(
            [sys.executable, str(installed / "bin" / "causalex"), *words],
            capture_output=True, text=True, cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(installed)},
        )  # fmt: skip

    shown = causalex("--help")
    assert shown.returncode == 0 and "Commands of other packages" in shown.stdout
    assert "experiment  Run the notebooks of an experiment file" in shown.stdout
    where = "import causalex_core; print(causalex_core.__file__)"
    run = subprocess.run(
        [sys.executable, "-c", where], capture_output=True, text=True, cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(installed)},
    )  # fmt: skip
    assert run.stdout.startswith(str(installed))
    for words in (["data", "list"], ["data", "show", "casme2"], ["data", "fetch", "--all"]):
        run = causalex(*words)
        assert run.returncode == 2 and run.stderr.count("\n") == 1
        assert "checkout" in run.stderr
