"""A page's result: tidy tables of aggregates with a stamp, and its JSON form."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from causalex_book.publishing import detections
from causalex_core import paths
from causalex_core.errors import CausalexError
from causalex_core.provenance import Stamp

Frame = Any  # a data frame or a part of it; type checkers do not know what its cells hold
Tables = Mapping[str, Frame]
WANTED = "CAUSALEX_RESULTS"  # environment variable: the folder where a batch run wants results


@dataclass(frozen=True)
class Result:
    """The result of a page.

    Attributes
    ----------
    name
        Name of the page.
    tables
        Tidy tables of aggregates, by name.
    parameters
        The effective parameters of the computation.
    stamp
        Where the numbers come from.
    origin
        ``computed`` now from the data, or ``stored`` with the book and read back.
    missing
        Sources that were not here (only when stored).
    sentences
        What each parameter is.
    """

    name: str
    tables: Tables
    parameters: Mapping[str, Any]
    stamp: Stamp
    origin: Literal["computed", "stored"]
    missing: tuple[str, ...] = ()
    sentences: Mapping[str, str] = field(default_factory=dict)


def write(result: Result, path: Path) -> Path:
    """Store a result as JSON, atomically; the same result gives the same bytes.

    A table ``detections`` goes into files of its own, see `causalex_book.publishing.detections`.
    """
    if detections.TABLE in result.tables:
        detections.write(result.tables[detections.TABLE], detections.folder(path))
    return _written(_content(result), path)


def joined(*shown: Result) -> dict[str, pd.DataFrame]:
    """Tables of several results under each other, by name; rows that repeat are left out."""
    names = dict.fromkeys(name for result in shown for name in result.tables)
    return {
        name: pd.concat(
            [result.tables[name] for result in shown if name in result.tables], ignore_index=True
        ).drop_duplicates(ignore_index=True)
        for name in names
    }


def save_result(result: Result) -> None:
    """Write a result where a batch run wants it, if one does: into ``$CAUSALEX_RESULTS``.

    So notebooks need not know by whom they are run.
    """
    folder = os.environ.get(WANTED)
    if folder:
        content = {"origin": result.origin, "missing": list(result.missing), **_content(result)}
        _written(content, Path(folder) / f"{result.name}.json")


def saved(folder: Path) -> list[Result]:
    """Results that :func:`save_result` wrote into a folder, by name."""
    return [read(file) for file in sorted(folder.glob("*.json"))]


def _written(content: Mapping[str, Any], path: Path) -> Path:
    return paths.atomic_write(path, json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def _content(result: Result) -> dict[str, Any]:
    return {
        "name": result.name,
        "parameters": dict(result.parameters),
        "stamp": asdict(result.stamp),
        "tables": {
            name: _plain(frame) for name, frame in result.tables.items() if name != detections.TABLE
        },
    }


def read(path: Path, missing: tuple[str, ...] = ()) -> Result:
    """Read back what :func:`write` stored or :func:`save_result` wrote.

    Raises
    ------
    CausalexError
        If the file is absent or is not a stored result.
    """
    try:
        content = json.loads(path.read_text())
        return Result(
            name=content["name"],
            tables={name: _frame(table) for name, table in content["tables"].items()},
            parameters=content["parameters"],
            stamp=Stamp(**content["stamp"]),
            origin=content.get("origin", "stored"),
            missing=tuple(content.get("missing", missing)),
        )
    except OSError as error:
        absent = f"{path}: no stored result here ({error.strerror})"
        raise CausalexError(
            f"{absent} and the sources {', '.join(missing)} are missing; add them with"
            f" `causalex data fetch {' '.join(missing)}`"
            if missing
            else f"{absent}; set stored to false to compute it"
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise CausalexError(
            f"{path}: not a stored result ({type(error).__name__}: {error}); write it anew with"
            " `causalex publish`"
        ) from error


def _plain(frame: pd.DataFrame) -> dict[str, list]:
    """Columns and rows as plain numbers, text and None."""
    plain = frame.astype(object).where(frame.notna(), None)
    return {"columns": [str(name) for name in frame.columns], "rows": plain.to_numpy().tolist()}


def _frame(table: Mapping[str, list]) -> pd.DataFrame:
    return pd.DataFrame(table["rows"], columns=table["columns"])
