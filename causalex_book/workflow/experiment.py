"""Experiments: which notebooks run, with which parameters, and what each depends on."""

import hashlib
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from causalex_book import pages
from causalex_book.workflow import grid, parameters
from causalex_core import paths, provenance
from causalex_core.config import core_yaml
from causalex_core.data import manifest
from causalex_core.errors import CausalexError, did_you_mean

EXPERIMENTS = paths.WORKFLOW / "experiments"
BOOK, GRID = {"experiment", "pages"}, {"experiment", "notebook", "fixed", "grid", "points"}
# What a run may ask for. Snakemake hands any name on, and a cluster never sees a misspelt one.
RESOURCES = (
    *("mem_mb", "mem_mb_per_cpu", "disk_mb", "runtime", "gres", "gpu", "gpu_model"),
    *("cpus_per_task", "tasks", "nodes", "constraint", "qos"),
    *("slurm_partition", "slurm_account", "slurm_extra"),
)
NEEDED: Mapping[str, int | str] = {"mem_mb": 2000, "runtime": 240}  # MB; minutes
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.=+-]*")
_TAKEN = ("html", "html.previous", "logs")  # beside the experiments' folders


@dataclass(frozen=True)
class Run:
    """One execution of a notebook (its name without ending) with some parameters."""

    notebook: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True)
class Experiment:
    """Notebooks to run: the pages of a book, or one notebook at the points of a grid.

    Attributes
    ----------
    name
        Name of the experiment; its files go to ``_build/<name>``.
    runs
        By name: that of the page, or one made of the point's values.
    varied
        Parameters that differ between the runs of a grid; empty for a book.
    resources
        What each run asks for, such as memory (``mem_mb``) or a GPU (``gres: gpu:1``).
    content
        The content of its file.
    """

    name: str
    runs: Mapping[str, Run]
    varied: tuple[str, ...] = ()
    resources: Mapping[str, int | str] = field(default_factory=dict)
    content: Mapping[str, Any] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Folder of everything this experiment makes."""
        return paths.BUILD / self.name

    def page(self, name: str) -> Path:
        """Executed notebook of one run."""
        return self.folder / "pages" / f"{name}.ipynb"


def names() -> list[str]:
    """Names of all experiment files."""
    return sorted(file.stem for file in EXPERIMENTS.glob("*.yml"))


def read(name: str, settings: Sequence[str] = ()) -> Experiment:
    """Experiment of a name or a file, changed by settings ``key=value``.

    A name is that of a file in ``workflow/experiments``, or of a folder in ``_build`` that an
    earlier run left; a file ends in ``.yml``.

    Raises
    ------
    CausalexError
        If there is no such experiment, or its file cannot be understood.
    """
    candidates = [EXPERIMENTS / f"{name}.yml", paths.BUILD / name / f"{name}.yml"]
    if name.endswith((".yml", ".yaml")):
        candidates = [Path(name)]
    file = next((candidate for candidate in candidates if candidate.is_file()), None)
    if file is None:
        raise CausalexError(
            f"no experiment '{name}'{did_you_mean(name, names())} (there are: {', '.join(names())})"
        )
    content = core_yaml.load(file)
    called = content.get("experiment") if isinstance(content, Mapping) else None
    if called is not None and str(called) != file.stem:
        raise CausalexError(
            f"{file}: says 'experiment: {called}'; give it the name of its file, '{file.stem}', so"
            " that no two experiments share a folder"
        )
    return parse(_changed(content, settings) if settings else content)


def _changed(content: Any, settings: Sequence[str]) -> Any:
    _understood(content)  # first say what is wrong with the file itself
    return grid.changed(content, settings)


def parse(content: Any) -> Experiment:
    """Experiment from the content of its file, with every notebook and parameter known to fit.

    A page of a book whose data are not here shows its stored result, and takes no parameters.

    Raises
    ------
    CausalexError
        If a key is missing or unknown, or a run asks for a notebook, a parameter, a value or a
        resource that there is not.
    """
    parsed = _understood(content)
    runs = {}
    for name, run in parsed.runs.items():
        given = run.parameters
        if not parsed.varied:
            given = parameters.without_stored(run.notebook, given)
        parameters.check(run.notebook, given)
        runs[name] = Run(run.notebook, given)
    return replace(parsed, runs=runs)


def _understood(content: Any) -> Experiment:
    """Experiment whose notebooks and names of parameters are known, but not yet their values."""
    kinds = {"pages": BOOK, "notebook": GRID}
    kind = [key for key in kinds if isinstance(content, Mapping) and key in content]
    if len(kind) != 1 or "experiment" not in content:
        raise CausalexError(
            "an experiment file needs the keys 'experiment' and 'pages', or for a grid"
            " 'experiment', 'notebook' and 'grid'; take one of"
            f" {', '.join(f'workflow/experiments/{name}.yml' for name in names())}"
        )
    name = str(content["experiment"])
    if not _NAME.fullmatch(name) or name in _TAKEN:
        raise CausalexError(
            f"an experiment cannot be called '{name}': give letters, digits and _.=+- only, and"
            f" none of {', '.join(_TAKEN)}"
        )
    _refuse_unknown(content, kinds[kind[0]] | {"resources"}, f"experiment '{name}'", "key")
    resources = dict(content.get("resources") or {})
    _refuse_unknown(resources, RESOURCES, f"experiment '{name}'", "resource")
    varied: tuple[str, ...] = ()
    if kind == ["pages"]:
        pages = content["pages"] or {}
        runs = {page: Run(page, dict(given or {})) for page, given in pages.items()}
    else:
        points = grid.points(content)
        fixed = dict(grid.fixed(content))
        varied = tuple(dict.fromkeys(key for point in points for key in point))
        runs = {grid.label(point): Run(str(content["notebook"]), fixed | point) for point in points}
    _refuse_unrunnable(runs, f"experiment '{name}'")
    return Experiment(name, runs, varied, {**NEEDED, **resources}, content)


def _refuse_unrunnable(runs: Mapping[str, Run], who: str) -> None:
    """Refuse notebooks that do not exist, and parameters that a notebook does not have."""
    known: dict[str, tuple[str, ...]] = {}
    for run in runs.values():
        if run.notebook not in known:
            file = notebook(run.notebook)
            if not file.is_file():
                there = sorted(file.stem for file in paths.NOTEBOOKS.glob("*.ipynb"))
                raise CausalexError(
                    f"{who} lists '{run.notebook}', but there is no notebooks/{file.name}"
                    f"{did_you_mean(run.notebook, there)}"
                )
            known[run.notebook] = parameters.names(file) if run.parameters else ()
        refuse_unknown_parameters(run.notebook, run.parameters, known[run.notebook], who)


def refuse_unknown_parameters(
    notebook: str, given: Iterable[str], known: Sequence[str], who: str = ""
) -> None:
    """Refuse parameters that a notebook does not have, naming the nearest one that it has."""
    _refuse_unknown(given, known, f"{who}: {notebook}.ipynb" if who else f"{notebook}.ipynb")


def _refuse_unknown(
    given: Iterable[str], known: Iterable[str], who: str, what: str = "parameter"
) -> None:
    there = sorted(known) if what == "key" else list(known)
    for name in given:
        if name not in there:
            raise CausalexError(
                f"{who} has no {what} '{name}'{did_you_mean(str(name), there)}"
                f" (it has: {', '.join(there) or 'none'})"
            )


def surroundings() -> dict[str, str]:
    """Environment in which notebooks and the book are run, the same on every machine."""
    before = os.environ.get("PYTHONPATH")
    search_path = f"{paths.ROOT}{os.pathsep}{before}" if before else str(paths.ROOT)
    return {**os.environ, "PYTHONPATH": search_path, "PYTHONHASHSEED": "0"}


def notebook(page: str) -> Path:
    """Notebook that makes a page."""
    return paths.NOTEBOOKS / f"{page}.ipynb"


def state(page: str) -> dict[str, str]:
    """Digests of all that a page's results depend on besides its parameters.

    ``notebook``; ``code`` (package modules imported, directly or not, and the YAML files beside
    them that they name); ``data`` (fingerprints of the sources of its pages, or their absence with
    the stored result that is read instead); ``packages`` (the lock).
    """
    file = notebook(page)
    modules = provenance.code_files(file)
    tables = sorted({table for module in modules for table in _tables(module)})
    data = {name: _data(name) for name in pages.names() if _file(name) in modules}
    return {
        "notebook": _sha256(file),
        "code": provenance.digest([provenance.code_digest(file), *map(_sha256, tables)]),
        "data": provenance.digest(data),
        "packages": _sha256(paths.ROOT / "requirements.lock"),
    }


def _file(page: str) -> Path:
    return Path(str(pages.module(page).__file__))


def _tables(module: Path) -> list[Path]:
    text = module.read_text()
    return [table for table in module.parent.glob("*.yml") if table.name in text]


def _data(name: str) -> dict[str, str | None]:
    page = pages.module(name)
    sources = {source: manifest.locate(source) for source in page.SOURCES}
    prints = {key: source.fingerprint if source else None for key, source in sources.items()}
    stored = paths.PUBLISHED / f"{name}.json"
    shown = None in prints.values() or getattr(page, "LONG", False)
    if shown and stored.is_file():
        prints["stored"] = _sha256(stored)
    return prints


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12]
