"""One module per chapter: from sources to the tables that its page shows.

A chapter module has ``SOURCES`` (names of data cards), a frozen dataclass ``Config`` with a
default for every parameter, and ``compute(config)``, which returns tidy tables of aggregates.
"""

import time
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from causalex_core import paths, provenance
from causalex_core.datasets import manifest
from causalex_core.errors import CausalexError, did_you_mean
from causalex_core.report import results
from causalex_core.report.results import Result


class Chapter(Protocol):
    """What a chapter module offers."""

    SOURCES: Sequence[str]
    Config: type
    __name__: str
    __file__: str | None

    def compute(self, config: Any) -> dict[str, pd.DataFrame]:
        """Tables of aggregates, by name."""


def obtain(chapter: Chapter, *, stored: bool = False, **parameters: Any) -> Result:
    """Compute a chapter from its sources, or read the stored result if a source is missing.

    Parameters
    ----------
    chapter
        The chapter's module.
    stored
        Read the stored result even if all sources are here: for runs that take long.
    parameters
        Fields of its ``Config``; the others keep their defaults.

    Returns
    -------
    Result
        With ``origin`` saying which of the two it is. A stored result keeps the parameters it
        was computed with.

    Raises
    ------
    CausalexError
        For a parameter that the chapter does not have, for a corrupted source, or if a source
        is missing and nothing is stored.
    """
    _refuse_unknown(chapter, parameters)
    missing = tuple(name for name in chapter.SOURCES if manifest.locate(name) is None)
    if missing or stored:
        result = results.read(published_path(chapter), missing)
    else:
        result = _computed(chapter, chapter.Config(**parameters))
    results.hand_over(result)
    return result


def publish(chapter: Chapter, **parameters: Any) -> Path:
    """Compute a chapter and store its aggregates with the book; returns the file written."""
    for name in chapter.SOURCES:
        manifest.require(name)
    _refuse_unknown(chapter, parameters)
    return results.write(_computed(chapter, chapter.Config(**parameters)), published_path(chapter))


def published_path(chapter: Chapter) -> Path:
    """File under ``book/published`` that holds the stored result of a chapter."""
    return paths.PUBLISHED / f"{_name(chapter)}.json"


def _name(chapter: Chapter) -> str:
    return chapter.__name__.rpartition(".")[2]


def _computed(chapter: Chapter, config: Any) -> Result:
    started = time.perf_counter()
    tables = chapter.compute(config)
    seconds = time.perf_counter() - started
    parameters = asdict(config)
    sources = {name: manifest.require(name).fingerprint for name in chapter.SOURCES}
    stamp = provenance.Stamp(
        commit=provenance.commit(),
        configuration=provenance.digest(parameters),
        data=provenance.digest(sources),
        code=provenance.code_digest(Path(str(chapter.__file__))),
        device=provenance.device(),
        seconds=round(seconds, 2),
    )
    return Result(_name(chapter), tables, parameters, stamp, origin="computed")


def _refuse_unknown(chapter: Chapter, parameters: dict[str, Any]) -> None:
    known = [field.name for field in fields(chapter.Config)]
    for name in parameters:
        if name not in known:
            raise CausalexError(
                f"chapter '{_name(chapter)}' has no parameter '{name}'"
                f"{did_you_mean(name, known)} (it has: {', '.join(known) or 'none'})"
            )
