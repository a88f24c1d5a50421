"""What the files at the root say of each other, and what the notebooks promise the book."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from causalex_book.workflow import book, experiment, parameters
from causalex_core import __version__, paths, provenance

PROJECT = tomllib.loads((paths.ROOT / "pyproject.toml").read_text())["project"]
RANGES = [
    Requirement(text)
    for needs in [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()]
    for text in needs
]
NOTEBOOKS = sorted(paths.NOTEBOOKS.glob("*.ipynb"))
CONTENTS = list(book.contents(yaml.safe_load((paths.ROOT / "_toc.yml").read_text())))


def pins() -> dict[str, str]:
    lines = (paths.ROOT / "requirements.lock").read_text().splitlines()
    pairs = [line.split("==") for line in lines if not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in pairs}


def alone() -> dict[str, str]:
    """Pins of the packages that are installed without what they ask for."""
    lines = (paths.ROOT / "requirements-alone.lock").read_text().splitlines()
    return dict(line.split("==") for line in lines if not line.startswith("#"))


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "-C", str(paths.ROOT), "ls-files", "-z"], capture_output=True, text=True
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    names = [paths.ROOT / name for name in listed.stdout.split("\0") if name]
    return [file for file in names if file.is_file() and "vendor" not in file.parts]


def test_the_lock_satisfies_the_ranges():
    locked = pins()
    outside = [
        f"{need}: {locked.get(canonicalize_name(need.name), 'not locked')}"
        for need in RANGES
        if canonicalize_name(need.name) not in locked
        or Version(locked[canonicalize_name(need.name)]) not in need.specifier
    ]
    assert outside == []


def test_the_lock_names_no_build_and_no_source():
    assert all(re.fullmatch(r"[0-9][0-9a-z.]*", version) for version in pins().values())
    hosts = re.compile(r"--(extra-)?index-url|--find-links|https?://[^\s]*(pypi|simple)")
    for name in ("requirements.lock", "pyproject.toml", "environment.yml", "run.py", ".ci/run"):
        assert not hosts.search((paths.ROOT / name).read_text()), name


def test_every_imported_package_is_declared():
    # Names under which packages are imported, where they differ from the packages' own.
    renamed = {
        "cv2": "opencv-contrib-python-headless",
        "IPython": "ipython",
        "sklearn": "scikit-learn",
        "yaml": "PyYAML",
        "causallearn": "causal-learn",
        "markdown_it": "markdown-it-py",
    }
    declared = {canonicalize_name(need.name) for need in RANGES} | alone().keys()
    missing = set()
    files = [file for name in provenance.PACKAGES for file in (paths.ROOT / name).rglob("*.py")]
    for file in files:
        for node in ast.walk(ast.parse(file.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            for name in {name.split(".")[0] for name in names}:
                if name in sys.stdlib_module_names or name in provenance.PACKAGES:
                    continue
                if canonicalize_name(renamed.get(name, name)) not in declared:
                    missing.add(f"{name} in {file.relative_to(paths.ROOT)}")
    assert missing == set()


def test_conda_gets_the_same_lock_and_nothing_else():
    dependencies = yaml.safe_load((paths.ROOT / "environment.yml").read_text())["dependencies"]
    assert dependencies == ["python=3.11", "pip", {"pip": ["-r requirements.lock"]}]


def test_the_readme_names_both_commands():
    readme = (paths.ROOT / "README.md").read_text()
    assert "python3 run.py book" in readme
    assert "python3 run.py test" in readme
    assert "opencv-contrib-python-headless" in readme


def test_citation_and_project_agree():
    citation = yaml.safe_load((paths.ROOT / "CITATION.cff").read_text())
    assert citation["version"] == __version__
    assert citation["license"] == PROJECT["license"]


@pytest.mark.parametrize(
    "name", [name for name in experiment.names() if not experiment.read(name).varied]
)
def test_experiments_and_contents_list_the_same_pages(name):
    listed = {entry.removeprefix("pages/") for entry in CONTENTS if entry.startswith("pages/")}
    chosen = experiment.read(name)
    assert chosen.name == name
    assert chosen.runs.keys() == listed


def test_every_prose_page_is_in_the_contents():
    prose = {file.stem for file in paths.BOOK.glob("*.md")}
    assert prose == {entry for entry in CONTENTS if "/" not in entry}


def test_every_citation_of_a_card_is_in_the_bibliography():
    known = set(re.findall(r"^@\w+\{([^,]+),", (paths.BOOK / "references.bib").read_text(), re.M))
    cards = [yaml.safe_load(file.read_text()) for file in paths.MANIFEST.glob("*.yml")]
    assert {card["citation"]["key"] for card in cards} <= known


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_notebook_is_ready_for_the_book(file):
    notebook = nbformat.read(file, as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) >= (4, 5)
    assert notebook.metadata.kernelspec.name == "python3"
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(not cell.outputs and cell.execution_count is None for cell in code)
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9-]*", cell.id) for cell in notebook.cells)
    assert notebook.cells[0].source.startswith("# ")
    tagged = [cell for cell in code if "parameters" in cell.metadata.get("tags", [])]
    assert len(tagged) == 1
    source = "\n".join(cell.source for cell in code)
    shown = source.count("show.parameters(")
    assert shown == (1 if parameters.names(file) else shown)
    for cell in code:
        if "figure" in cell.metadata.get("mystnb", {}):
            assert cell.metadata.mystnb.image.alt
            assert cell.metadata.mystnb.figure.caption


def test_no_path_of_a_machine_is_committed():
    places = re.compile(r"/(work|tmp/dev|home/\w+|root)/(main|shared|mirror)")
    named = []
    for file in tracked():
        if file.suffix in {".png", ".svg", ".ico"}:
            continue
        if places.search(file.read_text(errors="ignore")):
            named.append(str(file.relative_to(paths.ROOT)))
    assert named == []


def test_stored_results_are_json_with_a_stamp():
    for file in paths.PUBLISHED.glob("*.json"):
        stored = json.loads(file.read_text())
        assert stored["stamp"]["commit"], file.name
        assert stored["tables"], file.name
