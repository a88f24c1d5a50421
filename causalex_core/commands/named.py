"""Videos on the command line, and what they are called in tables of intervals."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from causalex_core.errors import CausalexError


@dataclass(frozen=True)
class Job:
    """One video: where it or its motion is, and what it is called."""

    place: Path
    subject: str
    name: str


def jobs(inputs: Iterable[Path], found: Callable[[Path], Iterator[tuple[Path, Path]]]) -> list[Job]:
    """All videos that are given, named after file and folder.

    Parameters
    ----------
    inputs
        As on the command line.
    found
        What there is in one of them: each place, and its name relative to the input.

    Raises
    ------
    CausalexError
        If two would have the same name.
    """
    given = [
        Job(place, relative.parent.name or relative.name, relative.name)
        for one in inputs
        for place, relative in found(one)
    ]
    named = pd.Series([(job.subject, job.name) for job in given], dtype=object)
    if named.duplicated().any():
        subject, name = named[named.duplicated()].iloc[0]
        raise CausalexError(
            f"two videos are called '{name}' of subject '{subject}': give one of them another name"
        )
    return given
