"""Pages by name: from sources to the tables that a page shows.

The module of a page lies in the package of its subject, ``causalex_book/SUBJECT/NAME.py``. It has
``SOURCES`` (names of data cards), a frozen dataclass ``Config`` that declares every parameter,
and ``compute(config)``, which returns tidy tables of aggregates. If it takes long, ``LONG`` says
what computing it means, and its notebook shows the stored result unless ``stored`` is false.
"""

import importlib
import json
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from causalex_book.publishing import injected, results
from causalex_book.publishing.results import Result
from causalex_core import paths, provenance
from causalex_core.config import Parameter, ParameterError, checked, declared, value
from causalex_core.data import manifest


class Page(Protocol):
    """What the module of a page offers."""

    SOURCES: Sequence[str]
    Config: type
    __name__: str
    __file__: str | None

    def compute(self, config: Any) -> dict[str, pd.DataFrame]:
        """Tables of aggregates, by name."""


@dataclass(frozen=True)
class Part:
    """A page's module on a notebook, and how its parameters are called there.

    Attributes
    ----------
    page
        Name of the module.
    prefix
        Begins the names of parameters that are not shared with an earlier part.
    shares
        Whether a parameter that an earlier part has with the same default is the same parameter.
    stored
        Default of ``stored``, if the module takes long.
    optional
        In words, why it may be left out: then the prefix is a parameter of the notebook, too.
    """

    page: str
    prefix: str = ""
    shares: bool = True
    stored: bool = True
    optional: str = ""


# Notebooks with several modules; any other has that of its own name.
NOTEBOOKS: Mapping[str, tuple[Part, ...]] = {
    "counterfactuals": (
        Part("real_debiasing"),
        Part("published_debiasing", "published_", optional="Networks of the published setting"),
        Part("counterfactuals", "control_", optional="Synthetic people as a control"),
    ),
    "emotion_scores": (
        Part("emotion_scores", stored=False),
        Part("nested_emotions", "nested_", shares=False),
    ),
    "graph_spotting": (Part("real_spotting"), Part("graph_spotting", "control_")),
    "key_frames": (Part("key_frames"), Part("chain", "chain_", shares=False)),
    "published_setting": (
        Part("published_setting"),
        Part("samm_gap"),
        Part("across_databases", "crossed_"),
    ),
    "region_graphs": (Part("region_graphs"), Part("clip_graph", "clip_", shares=False)),
}


def names() -> list[str]:
    """Names of all pages, sorted."""
    return sorted(_modules())


def module(name: str) -> Any:
    """Module of a page.

    Raises
    ------
    KeyError
        If there is no such page.
    """
    return importlib.import_module(_modules()[name])


def is_page(file: Path) -> bool:
    """Whether a file of the package is the module of a page."""
    return bool(re.search(r"^SOURCES\b", file.read_text(), re.MULTILINE))


def sources() -> list[str]:
    """Names of the cards that any page needs, sorted."""
    return sorted({source for name in names() for source in module(name).SOURCES})


def _modules() -> dict[str, str]:
    """Dotted name of the module of each page; nothing is imported to find it."""
    root = Path(__file__).parent
    modules = {}
    for file in sorted(root.glob("*/**/*.py")):
        if is_page(file):
            part = file.parent if file.name == "__init__.py" else file.with_suffix("")
            modules[part.name] = ".".join(part.relative_to(root.parent).parts)
    return modules


def parts(notebook: str) -> tuple[Part, ...]:
    """Modules behind a notebook; none if it is no page of the book."""
    return NOTEBOOKS.get(notebook) or ((Part(notebook),) if notebook in _modules() else ())


def names_of(notebook: str, part: Part) -> dict[str, str]:
    """What the parameters of a part, and its ``stored``, are called on a notebook."""
    return {field: parameter.name for field, parameter in _renamed(notebook)[part.page].items()}


def declaration(notebook: str) -> dict[str, Parameter]:
    """Parameters of a notebook by name, each with type, range, default and sentence.

    Raises
    ------
    ValueError
        If two parts have different parameters of one name.
    """
    known: dict[str, Parameter] = {}
    for part in parts(notebook):
        if part.optional:
            flag = part.prefix.rstrip("_")
            known[flag] = Parameter(flag, bool, True, part.optional)
        for parameter in _renamed(notebook)[part.page].values():
            earlier = known.setdefault(parameter.name, parameter)
            if earlier.default != parameter.default:
                raise ValueError(f"{notebook}: two parameters are called '{parameter.name}'")
    return known


def _renamed(notebook: str) -> dict[str, dict[str, Parameter]]:
    """Parameters of each part of a notebook by their names in its ``Config``."""
    defaults: dict[str, Any] = {}
    renamed = {}
    for part in parts(notebook):
        page = module(part.page)
        parameters = declared(page.Config)
        if long := getattr(page, "LONG", ""):
            sentence = f"Show the stored result; to compute it takes {long}"
            parameters.insert(0, Parameter("stored", bool, part.stored, sentence))
        renamed[part.page] = {
            parameter.name: parameter
            if part.shares and defaults.get(parameter.name) == parameter.default
            else replace(parameter, name=f"{part.prefix}{parameter.name}")
            for parameter in parameters
        }
        for parameter in parameters:
            defaults.setdefault(parameter.name, parameter.default)
    return renamed


def parameters(page: Page, variables: Mapping[str, Any], notebook: str = "") -> dict[str, Any]:
    """Parameters of a page as the variables of its notebook say, for :func:`obtain`.

    Parameters
    ----------
    page
        The page's module.
    variables
        Those of the notebook, ``globals()``.
    notebook
        Its name, if it is not that of the module.
    """
    notebook = notebook or _name(page)
    (part,) = (part for part in parts(notebook) if part.page == _name(page))
    called = names_of(notebook, part)
    return {field: variables[name] for field, name in called.items() if name in variables}


def obtain(page: Page, *, stored: bool = False, **given: Any) -> Result:
    """Compute a page from its sources, or read the stored result if a source is missing.

    Parameters
    ----------
    page
        The page's module.
    stored
        Read the stored result even if all sources are here: for runs that take long.
    given
        Fields of its ``Config``; the others keep their defaults.

    Returns
    -------
    Result
        With ``origin`` saying which of the two it is. A stored result was computed with the
        parameters that are given.

    Raises
    ------
    CausalexError
        For a parameter that the page does not have, or whose type or range is wrong; if a
        stored result was computed with another value; for a corrupted source, or if a source is
        missing and nothing is stored.
    """
    injected.refuse_unread(given)
    config, result = prepared(page, stored=stored, **given)
    if result is None:
        result = _computed(page, config)
    results.save_result(result)
    return replace(
        result,
        sentences={parameter.name: parameter.sentence for parameter in declared(page.Config)},
    )


def prepared(page: Page, *, stored: bool = False, **given: Any) -> tuple[Any, Result | None]:
    """All of :func:`obtain` before anything is computed, with the same parameters and errors.

    Returns
    -------
    config
        The page's ``Config``.
    result
        The stored result, or None if it is to be computed.
    """
    config = page.Config(**checked(page.Config, given))
    about = f"parameter 'stored' of the page '{_name(page)}'"
    missing = missing_sources(page)
    if not value(bool, stored, about) and not missing:
        return config, None
    result = results.read(published_path(page), missing)
    _refuse_other(result, config, given)
    return config, result


def missing_sources(page: Page) -> tuple[str, ...]:
    """Sources of a page that are not here; then its stored result is shown."""
    return tuple(name for name in page.SOURCES if manifest.locate(name) is None)


def publish(page: Page, **given: Any) -> Path:
    """Compute a page and store its aggregates with the book; returns the file written."""
    config = page.Config(**checked(page.Config, given))
    for name in page.SOURCES:
        manifest.require(name)
    return results.write(_computed(page, config), published_path(page))


def published_path(page: Page) -> Path:
    """File under ``book/published`` that holds the stored result of a page."""
    return paths.PUBLISHED / f"{_name(page)}.json"


def _name(page: Page) -> str:
    return page.__name__.rpartition(".")[2]


def _computed(page: Page, config: Any) -> Result:
    started = time.perf_counter()
    tables = page.compute(config)
    seconds = time.perf_counter() - started
    effective = asdict(config)
    sources = {name: manifest.require(name).fingerprint for name in page.SOURCES}
    stamp = provenance.Stamp(
        commit=provenance.commit(),
        configuration=provenance.digest(effective),
        data=provenance.digest(sources),
        code=provenance.code_digest(Path(str(page.__file__))),
        device=provenance.device(),
        seconds=round(seconds, 2),
    )
    return Result(_name(page), tables, effective, stamp, origin="computed")


def _refuse_other(result: Result, config: Any, given: Iterable[str]) -> None:
    """Refuse parameters that a stored result was not computed with."""
    wanted = json.loads(json.dumps(asdict(config)))
    of_stored = json.loads(json.dumps(asdict(type(config)()))) | dict(result.parameters)
    how = "set stored to false"
    if result.missing:
        how = f"add the sources with `causalex data fetch {' '.join(result.missing)}`"
    for name in given:
        if wanted[name] != of_stored[name]:
            raise ParameterError(
                f"parameter '{name}' of the page '{result.name}': {wanted[name]!r} given, but the"
                f" stored result was computed with {of_stored[name]!r}; to compute, {how}"
            )
