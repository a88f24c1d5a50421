"""Pages by name: from sources to the tables that a page shows.

The module of a page lies in the package of its subject, ``causalex_book/SUBJECT/NAME.py``. It has
``SOURCES`` (names of data cards), a frozen dataclass ``Config`` with a default for every parameter,
and ``compute(config)``, which returns tidy tables of aggregates.
"""

import importlib
import json
import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from causalex_book.publishing import injected, results
from causalex_book.publishing.results import Result
from causalex_core import paths, provenance
from causalex_core.config import ParameterError, checked, value
from causalex_core.data import manifest


class Chapter(Protocol):
    """What a chapter module offers."""

    SOURCES: Sequence[str]
    Config: type
    __name__: str
    __file__: str | None

    def compute(self, config: Any) -> dict[str, pd.DataFrame]:
        """Tables of aggregates, by name."""


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


def files() -> dict[str, Path]:
    """File of the module of each page; nothing is imported to find it."""
    modules = {name: paths.ROOT.joinpath(*dotted.split(".")) for name, dotted in _modules().items()}
    return {
        name: path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        for name, path in modules.items()
    }


def is_page(file: Path) -> bool:
    """Whether a file of the package is the module of a page."""
    return bool(re.search(r"^SOURCES\b", file.read_text(), re.MULTILINE))


def sources() -> list[str]:
    """Names of the cards that any page needs, sorted."""
    return sorted({source for name in names() for source in module(name).SOURCES})


def _modules() -> dict[str, str]:
    """Dotted name of the module of each page; nothing is imported to find it."""
    root = Path(__file__).parent
    found = {}
    for file in sorted(root.glob("*/**/*.py")):
        if is_page(file):
            part = file.parent if file.name == "__init__.py" else file.with_suffix("")
            found[part.name] = ".".join(part.relative_to(root.parent).parts)
    return found


def obtain(chapter: Chapter, *, stored: bool = False, **given: Any) -> Result:
    """Compute a chapter from its sources, or read the stored result if a source is missing.

    Parameters
    ----------
    chapter
        The chapter's module.
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
        For a parameter that the chapter does not have, or whose type or range is wrong; if a
        stored result was computed with another value; for a corrupted source, or if a source is
        missing and nothing is stored.
    """
    injected.refuse_unread(given)
    config, result = prepared(chapter, stored=stored, **given)
    if result is None:
        result = _computed(chapter, config)
    results.save_result(result)
    return result


def prepared(chapter: Chapter, *, stored: bool = False, **given: Any) -> tuple[Any, Result | None]:
    """All of :func:`obtain` before anything is computed, with the same parameters and errors.

    Returns
    -------
    config
        The chapter's ``Config``.
    result
        The stored result, or None if it is to be computed.
    """
    config = chapter.Config(**checked(chapter.Config, given))
    about = f"parameter 'stored' of the page '{_name(chapter)}'"
    missing = missing_sources(chapter)
    if not value(bool, stored, about) and not missing:
        return config, None
    result = results.read(published_path(chapter), missing)
    _refuse_other(result, config, given)
    return config, result


def missing_sources(chapter: Chapter) -> tuple[str, ...]:
    """Sources of a chapter that are not here; then its stored result is shown."""
    return tuple(name for name in chapter.SOURCES if manifest.locate(name) is None)


def publish(chapter: Chapter, **given: Any) -> Path:
    """Compute a chapter and store its aggregates with the book; returns the file written."""
    config = chapter.Config(**checked(chapter.Config, given))
    for name in chapter.SOURCES:
        manifest.require(name)
    return results.write(_computed(chapter, config), published_path(chapter))


def published_path(chapter: Chapter) -> Path:
    """File under ``book/published`` that holds the stored result of a chapter."""
    return paths.PUBLISHED / f"{_name(chapter)}.json"


def _name(chapter: Chapter) -> str:
    return chapter.__name__.rpartition(".")[2]


def _computed(chapter: Chapter, config: Any) -> Result:
    started = time.perf_counter()
    tables = chapter.compute(config)
    seconds = time.perf_counter() - started
    effective = asdict(config)
    sources = {name: manifest.require(name).fingerprint for name in chapter.SOURCES}
    stamp = provenance.Stamp(
        commit=provenance.commit(),
        configuration=provenance.digest(effective),
        data=provenance.digest(sources),
        code=provenance.code_digest(Path(str(chapter.__file__))),
        device=provenance.device(),
        seconds=round(seconds, 2),
    )
    return Result(_name(chapter), tables, effective, stamp, origin="computed")


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
