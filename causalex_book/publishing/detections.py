"""Our own detections, to be taken away: a compressed CSV per system, rule of selection and seed."""

import gzip
import re
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from causalex_core import paths

TABLE = "detections"  # of a page's result
COLUMNS = ("subject", "video", "onset", "apex", "offset", "kind", "score")
# What tells one table from another, besides which it is one that `causalex score` reads.
KEYS = ("database", "variant", "rule", "protocol", "missing_offset", "seed")
INDEX = "index.csv"


def folder(result: Path) -> Path:
    """Where the detections of a stored result lie."""
    return result.parent / TABLE / result.stem


def write(table: pd.DataFrame, target: Path) -> None:
    """Store every table in a file of its own, with an index; the same rows give the same bytes.

    Parameters
    ----------
    table
        Columns `KEYS` and `COLUMNS`.
    place
        Folder; what it held before and is not among the tables is removed.
    """
    index = []
    for keys, rows in table.groupby(list(KEYS), sort=False):
        name = _file_name(keys)
        text = rows[list(COLUMNS)].to_csv(index=False, float_format="%.4f", lineterminator="\n")
        paths.atomic_write(target / name, gzip.compress(text.encode(), mtime=0))
        index.append({"file": name, **dict(zip(KEYS, keys, strict=True))})
    listed = pd.DataFrame(index, columns=["file", *KEYS])
    paths.atomic_write(target / INDEX, listed.to_csv(index=False, lineterminator="\n"))
    for file in target.glob("*.csv.gz"):
        if file.name not in set(listed["file"]):
            file.unlink()


def stored(result: Path) -> Mapping[str, bytes]:
    """Files of a stored result's detections by name, the index first; none if it has none."""
    target = folder(result)
    if not (target / INDEX).is_file():
        return {}
    files = sorted(target.glob("*.csv.gz"))
    return {file.name: file.read_bytes() for file in (target / INDEX, *files)}


def _file_name(keys: tuple[object, ...]) -> str:
    parts = [re.sub(r"[^a-z0-9]+", "_", str(key).lower()).strip("_") for key in keys]
    return f"{'-'.join(parts)}.csv.gz"
