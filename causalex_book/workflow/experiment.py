"""Experiments: which notebooks run, with which parameters, and what each depends on."""

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from causalex_book import pages
from causalex_book.workflow import grid, parameters, resources
from causalex_core import paths, provenance
from causalex_core.config import Count, core_yaml, value
from causalex_core.data import manifest
from causalex_core.errors import CausalexError, did_you_mean

EXPERIMENTS = paths.WORKFLOW / "experiments"
BOOK = {"experiment", "resources", "pages"}
GRID = {"experiment", "resources", "notebook", "fixed", "grid", "points", "points_per_job"}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.=+-]*")
_TAKEN = ("html", "html.previous", "logs", "cache")  # beside the experiments' folders


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
    points_per_job
        How many runs of a grid are done one after the other in one job of a cluster.
    content
        The content of its file.
    """

    name: str
    runs: Mapping[str, Run]
    varied: tuple[str, ...] = ()
    resources: Mapping[str, int | str] = field(default_factory=lambda: dict(resources.DEFAULTS))
    points_per_job: int = 1
    content: Mapping[str, Any] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Folder of everything this experiment makes."""
        return paths.BUILD / self.name

    def page(self, name: str) -> Path:
        """Executed notebook of one run."""
        return self.folder / "pages" / f"{name}.ipynb"

    @property
    def jobs(self) -> dict[str, list[str]]:
        """Runs of each job of a cluster; a job of one run has its name."""
        runs, size = list(self.runs), self.points_per_job
        if size == 1:
            return {run: [run] for run in runs}
        return {f"points{n // size + 1}": runs[n : n + size] for n in range(0, len(runs), size)}

    @property
    def job_resources(self) -> dict[str, int | str]:
        """What a job of a cluster asks for: the memory of one run, and the time of all."""
        return {**self.resources, "runtime": int(self.resources["runtime"]) * self.points_per_job}

    def made(self, run: str) -> str:
        """File in the folder that Snakemake takes for the result of a run."""
        if self.points_per_job == 1:
            return f"pages/{run}.ipynb"
        return next(f"jobs/{job}.done" for job, runs in self.jobs.items() if run in runs)


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
    if isinstance(content, dict) and "experiment" in content:
        called = content["experiment"]
        if called not in (file.stem, _as_value(file.stem)):  # 2024 and 1e3 are values and names
            raise CausalexError(
                f"{file}: says 'experiment: {called}'; give it the name of its file, '{file.stem}',"
                " so that no two experiments share a folder"
            )
        content["experiment"] = file.stem
    if settings:
        _understood(content)  # first say what is wrong with the file itself
        content = grid.changed(content, settings)
    return parse(content)


def _as_value(name: str) -> Any:
    try:
        return core_yaml.loads(name)
    except CausalexError:
        return name


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
    who = f"experiment '{name}'"
    if not _NAME.fullmatch(name) or name in _TAKEN:
        raise CausalexError(
            f"an experiment cannot be called '{name}': give letters, digits and _.=+- only, and"
            f" none of {', '.join(_TAKEN)}"
        )
    try:
        json.dumps(content, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise CausalexError(
            f"{who}: {error}; expected finite numbers, texts, true, false, null, and lists of them"
        ) from error
    refuse_unknown(content, kinds[kind[0]], who, "key")
    asked = _mapping(content.get("resources"), f"{who}: 'resources'")
    refuse_unknown(asked, resources.KINDS, who, "resource")
    varied: tuple[str, ...] = ()
    if kind == ["pages"]:
        pages = _mapping(content["pages"], f"{who}: 'pages'")
        runs = {
            str(page): Run(str(page), _mapping(given, f"{who}: page '{page}'"))
            for page, given in pages.items()
        }
    else:
        points = grid.points(content)
        fixed = dict(grid.fixed(content))
        varied = tuple(dict.fromkeys(key for point in points for key in point))
        runs = {grid.label(point): Run(str(content["notebook"]), fixed | point) for point in points}
    _refuse_unrunnable(runs, who)
    together = value(Count, content.get("points_per_job", 1), f"{who}: 'points_per_job'")
    return Experiment(name, runs, varied, resources.checked(asked, who), together, content)


def _mapping(given: Any, who: str) -> dict[Any, Any]:
    """Names with values; nothing at all is none of them."""
    if given is not None and not isinstance(given, Mapping):
        raise CausalexError(f"{who} is {given!r}: expected names with values, such as {{seed: 1}}")
    return dict(given or {})


def _refuse_unrunnable(runs: Mapping[str, Run], who: str) -> None:
    """Refuse notebooks that do not exist, and parameters that a notebook does not have."""
    readable, known = cache(parameters.tagged_source), cache(parameters.names)
    for run in runs.values():
        file = notebook(run.notebook)
        if "/" in run.notebook or not file.is_file():
            notebooks = sorted(file.stem for file in paths.NOTEBOOKS.glob("*.ipynb"))
            raise CausalexError(
                f"{who} lists '{run.notebook}', but there is no notebooks/{file.name}"
                f"{did_you_mean(run.notebook, notebooks)}"
            )
        readable(file)
        if run.parameters:
            refuse_unknown(run.parameters, known(file), f"{who}: {file.name}")


def refuse_unknown(
    given: Iterable[str], known: Iterable[str], who: str, what: str = "parameter"
) -> None:
    """Refuse a name that is not known, naming the nearest one that is."""
    known = sorted(known) if what == "key" else list(known)
    for name in given:
        if name not in known:
            raise CausalexError(
                f"{who} has no {what} '{name}'{did_you_mean(str(name), known)}"
                f" (it has: {', '.join(known) or 'none'})"
            )


def surroundings() -> dict[str, str]:
    """Environment in which notebooks and the book are run, the same on every machine."""
    before = os.environ.get("PYTHONPATH")
    search_path = f"{paths.ROOT}{os.pathsep}{before}" if before else str(paths.ROOT)
    return {
        **os.environ,
        "PYTHONPATH": search_path,
        "PYTHONHASHSEED": "0",
        "XDG_CACHE_HOME": str(paths.BUILD / "cache"),  # a home may be there that nobody can write
    }


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
    data = {name: _data(name) for name, module in pages.files().items() if module in modules}
    return {
        "notebook": _sha256(file),
        "code": provenance.digest([provenance.code_digest(file), *map(_sha256, tables)]),
        "data": provenance.digest(data),
        "packages": _sha256(paths.ROOT / "requirements.lock"),
    }


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
