"""Experiments: which notebooks run, with which parameters, and what each depends on."""

import hashlib
import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from causalex_core import paths, provenance
from causalex_core.datasets import manifest
from causalex_core.errors import CausalexError

EXPERIMENTS = paths.WORKFLOW / "experiments"


@dataclass(frozen=True)
class Experiment:
    """One way to run the notebooks of the book.

    Attributes
    ----------
    name
        Name of the experiment; its files go to ``_build/<name>``.
    pages
        For each notebook (by its name without ending) the parameters that it gets.
    """

    name: str
    pages: Mapping[str, Mapping[str, Any]]

    @property
    def folder(self) -> Path:
        """Folder of everything this experiment makes."""
        return paths.BUILD / self.name

    def page(self, name: str) -> Path:
        """Executed notebook of one page."""
        return self.folder / "pages" / f"{name}.ipynb"


def names() -> list[str]:
    """Names of all experiment files."""
    return sorted(file.stem for file in EXPERIMENTS.glob("*.yml"))


def read(name: str) -> Experiment:
    """Experiment of a name.

    Raises
    ------
    CausalexError
        If there is no such experiment, or its file cannot be understood.
    """
    file = EXPERIMENTS / f"{name}.yml"
    if not file.is_file():
        raise CausalexError(f"no experiment '{name}' (there are: {', '.join(names())})")
    return parse(yaml.safe_load(file.read_text()))


def parse(content: Any) -> Experiment:
    """Experiment from the content of its file, with every notebook known to exist.

    Raises
    ------
    CausalexError
        If a key is missing or a page has no notebook.
    """
    if not isinstance(content, Mapping) or not {"experiment", "pages"} <= content.keys():
        raise CausalexError(
            "an experiment file needs the keys 'experiment' and 'pages'; give one of"
            f" {', '.join(f'workflow/experiments/{name}.yml' for name in names())}"
        )
    pages = {page: dict(given or {}) for page, given in (content["pages"] or {}).items()}
    for page in pages:
        if not notebook(page).is_file():
            raise CausalexError(
                f"experiment '{content['experiment']}' lists the page '{page}', but there is no"
                f" notebooks/{page}.ipynb"
            )
    return Experiment(content["experiment"], pages)


def notebook(page: str) -> Path:
    """Notebook that makes a page."""
    return paths.NOTEBOOKS / f"{page}.ipynb"


def state(page: str) -> dict[str, str]:
    """Digests of everything a page's results depend on besides its parameters.

    Parameters
    ----------
    page
        Name of the page.

    Returns
    -------
    dict
        ``notebook``; ``code`` (package modules imported, directly or not, and the YAML files
        beside them that they name); ``data`` (fingerprints of the sources of its chapters, or
        their absence with the stored result that is read instead); ``packages`` (the lock).
    """
    file = notebook(page)
    modules = provenance.code_files(file)
    tables = sorted({table for module in modules for table in _tables(module)})
    data = {module.stem: _data(module) for module in modules if _is_chapter(module)}
    return {
        "notebook": _sha256(file),
        "code": provenance.digest([provenance.code_digest(file), *map(_sha256, tables)]),
        "data": provenance.digest(data),
        "packages": _sha256(paths.ROOT / "requirements.lock"),
    }


def _is_chapter(module: Path) -> bool:
    return module.parent.name == "chapters" and module.name != "__init__.py"


def _tables(module: Path) -> list[Path]:
    text = module.read_text()
    return [table for table in module.parent.glob("*.yml") if table.name in text]


def _data(module: Path) -> dict[str, str | None]:
    chapter = importlib.import_module(f"causalex_core.chapters.{module.stem}")
    found = {name: manifest.locate(name) for name in chapter.SOURCES}
    prints = {name: source.fingerprint if source else None for name, source in found.items()}
    stored = paths.PUBLISHED / f"{module.stem}.json"
    shown = None in prints.values() or getattr(chapter, "LONG", False)
    if shown and stored.is_file():
        prints["stored"] = _sha256(stored)
    return prints


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12]
