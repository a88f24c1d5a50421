"""Labelled intervals: the one table that truths and detections share.

A table of expressions is a DataFrame with a row per interval. Frames are 0-based and
inclusive; a frame that was not annotated is NaN. Columns:

========================  ==================================================
``subject``, ``video``    names; a video belongs to one subject
``onset``                 first frame of the expression
``apex``                  frame of strongest movement, or NaN
``offset``                last frame of the expression, or NaN
``kind``                  ``macro`` or ``micro``
``score``                 confidence of a detection (detections only)
``database``              where the interval comes from (readers only)
``action_units``          FACS string as annotated (readers only)
``fps``                   frames per second that the frames count in (readers only)
========================  ==================================================
"""

import codecs
import csv
import gzip
import io
import re
import zlib
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

import numpy as np
import pandas as pd

from causalex_core.errors import CausalexError

KINDS = ("macro", "micro")
FRAMES = ("onset", "apex", "offset")
_LONGEST = 10_000  # frames; 50 s at 200 per second
_LAST = 10_000_000
_MOST_COLUMNS = 16_384  # of a spreadsheet
_NOTHING = ("", "nan", "NaN", "<NA>", "#N/A", "None", "NULL")


class TableError(CausalexError):
    """A table of expressions that cannot be used; names file, row and column."""


class MissingOffset(StrEnum):
    """What to do with an interval whose offset was not annotated.

    The field knows all four: 44 of the 300 macro-expressions of CAS(ME)^2 have no offset.
    """

    AS_IS = "as_is"  # the interval counts but nothing can match it
    APEX = "apex"  # the apex stands for the offset
    MIRRORED = "mirrored"  # the fall lasts as long as the rise: 2 * apex - onset
    DROP = "drop"  # the interval does not count


def resolve_missing_offsets(table: pd.DataFrame, policy: MissingOffset) -> pd.DataFrame:
    """Apply a policy to the intervals that have no offset; returns a new table.

    Where a policy needs an apex that is missing too, the offset stays NaN: such an interval
    counts and is never matched.
    """
    missing = table["offset"].isna()
    if policy is MissingOffset.AS_IS or not missing.any():
        return table.copy()
    if policy is MissingOffset.DROP:
        return table[~missing].copy()
    apex = table["apex"] if "apex" in table else pd.Series(np.nan, index=table.index)
    derived = apex if policy is MissingOffset.APEX else 2 * apex - table["onset"]
    return table.assign(offset=table["offset"].where(~missing, derived))


def oddities(table: pd.DataFrame) -> pd.DataFrame:
    """List what is unusual in a table: columns ``row`` (its label in the index) and ``oddity``."""
    onset, offset = table["onset"], table["offset"]
    apex = table["apex"] if "apex" in table else pd.Series(np.nan, index=table.index)
    checks = {
        "offset not annotated": offset.isna(),
        "apex not annotated": apex.isna() & ("apex" in table),
        "onset at frame 0": onset == 0,
        "onset before frame 0": onset < 0,
        "apex before onset": apex < onset,
        "apex after offset": apex > offset,
        "offset before onset": offset < onset,
        "one or two frames long (or are these seconds?)": (offset - onset).between(0, 1),
        f"longer than {_LONGEST:,} frames": offset - onset >= _LONGEST,
        f"beyond frame {_LAST:,}": (onset > _LAST) | (offset > _LAST),
        "fractions of frames (or are these seconds?)": (
            table[["onset", "offset"]].sub(table[["onset", "offset"]].round()).abs() > 1e-6
        ).any(axis=1),
        "repeats an earlier row": table.duplicated(),
    }
    rows = [(int(row), name) for name, odd in checks.items() for row in table.index[odd.to_numpy()]]
    return pd.DataFrame(sorted(rows), columns=["row", "oddity"])


def read_expressions(path: str | Path, *, kinds: bool = True) -> pd.DataFrame:
    """Read a CSV of intervals, refusing what cannot be meant.

    Parameters
    ----------
    path
        CSV (see :func:`read_cells`) with the columns ``subject, video, onset, offset`` and, if
        `kinds`, ``kind``; ``apex`` and ``score`` may be there, other columns are left out. An
        empty or zero offset is a missing one; an empty, zero or -1 apex likewise. A file with
        only a header has zero rows. Fractions of frames are kept; a comma is read as a point.
    kinds
        Whether the kind of each interval is needed.

    Raises
    ------
    TableError
        File missing, empty or no text; a column missing or doubled; a cell that is not a
        finite number; an offset before its onset; an unknown kind. The error names file, row
        (1 = the first under the header) and column.
    """
    source = Path(path)
    cells = read_cells(source)
    required = ("subject", "video", "onset", "offset", *(("kind",) if kinds else ()))
    absent = [name for name in required if name not in cells]
    if absent:
        raise TableError(
            f"{source}: no column {_names(absent)}; needed are {_names(required)},"
            f" found {_names(cells.columns)}"
        )
    wanted = [name for name in (*required, "apex", "score") if name in cells]
    table = pd.DataFrame(index=cells.index)
    for name in wanted:
        if name in ("onset", "offset", "apex", "score"):
            table[name] = _numbers(source, cells, name)
        else:
            table[name] = _words(source, cells, name)
    if "kind" in table:
        table["kind"] = table["kind"].str.lower()
        _refuse(source, cells, "kind", ~table["kind"].isin(KINDS), "is no kind: use macro or micro")
    table["offset"] = table["offset"].mask(table["offset"] == 0)
    if "apex" in table:
        table["apex"] = table["apex"].mask(table["apex"].isin((0, -1)))
    _refuse(source, cells, "onset", table["onset"].isna(), "is empty: every interval has an onset")
    early = table["offset"] < table["onset"]
    onset = str(cells.at[early.idxmax(), "onset"]) if early.any() else ""
    _refuse(
        source, cells, "offset", early,
        f"lies before the onset {onset}: swap them or correct the row",
    )  # fmt: skip
    return table


def read_cells(path: str | Path) -> pd.DataFrame:
    """Cells of a CSV, plain or ``.gz``, as stripped text; short rows get empty cells.

    UTF-8, or UTF-16 with its mark; columns are parted by commas, semicolons or tabs. Columns
    without a name and empty rows are passed over; the index counts the latter, too. A file that is
    missing, damaged, empty or no text, a column that stands twice, and a row with too many cells
    raise a TableError.
    """
    source = Path(path)
    text = _text(source)
    if not text:
        raise TableError(f"{source}: the file is empty; expected at least a header line")
    lines = text.split("\n")
    separator = max(",;\t", key=lines[0].count)  # of equals the first
    try:
        names = [name.strip() for name in next(csv.reader(lines, delimiter=separator))]
        width = max(len(names), *(line.count(separator) + 1 for line in lines))
        if width > _MOST_COLUMNS:
            raise TableError(f"{source}: not a CSV table, {width} cells in a row")
        cells = pd.read_csv(
            io.StringIO(text), sep=separator, header=None, names=range(width), index_col=False,
            dtype=str, keep_default_na=False, skip_blank_lines=False,
        )  # fmt: skip
    except (csv.Error, pd.errors.ParserError) as error:
        raise TableError(f"{source}: not a CSV table ({str(error).strip()})") from error
    if doubled := sorted({name for name in names if name and names.count(name) > 1}):
        raise TableError(f"{source}: column {_names(doubled)} stands twice in the header")
    cells = cells.iloc[1:].apply(lambda column: column.fillna("").str.strip())
    filled = cells != ""
    more = filled.iloc[:, len(names) :].any(axis=1)
    if more.any():
        raise TableError(
            f"{source}, row {more.idxmax()}: not a CSV table; every row needs as many cells as the"
            f" header, {len(names)}"
        )
    named = {column: name for column, name in enumerate(names) if name}
    cells = cells.set_axis(cells.index - 1).loc[filled.any(axis=1).to_numpy(), list(named)]
    return cells.rename(columns=named)


def _text(source: Path) -> str:
    """Text of a file without marks and blank lines around it."""
    try:
        content = source.read_bytes()
        if source.suffix == ".gz":
            content = gzip.decompress(content)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise TableError(
            f"{source}: damaged, or not compressed with gzip ({error}); compress the table again"
        ) from error
    except OSError as error:
        raise TableError(f"{source}: cannot be read ({error.strerror})") from error
    if content.startswith(b"PK\x03\x04"):
        raise TableError(f"{source}: a workbook or archive, no CSV; save its sheet as CSV UTF-8")
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise TableError(
            f"{source}, line {line}: byte 0x{content[error.start]:02x} is not UTF-8;"
            " save the file as UTF-8"
        ) from error
    if "\0" in text:
        raise TableError(f"{source}: zero bytes in it, so no UTF-8 text; save it as CSV UTF-8")
    text = re.sub(r"\r\n?", "\n", text)
    text = re.sub(r"\Asep=.\n", "", text)  # which spreadsheets write and read
    return text.strip("\n") if text.strip() else ""


def _numbers(source: Path, cells: pd.DataFrame, name: str) -> pd.Series:
    """Column as float, empty cells as NaN; text and non-finite numbers are refused."""
    text = cells[name]
    empty = text == ""
    if text.str.contains(",", regex=False).any():
        unclear = text.str.fullmatch(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+")
        _refuse(
            source, cells, name, unclear, "is a thousand or a fraction: write 1234 or 1.234"
        )  # fmt: skip
        text = text.str.replace(r"^([+-]?\d+),(\d+)$", r"\1.\2", regex=True)
    values = pd.to_numeric(text.mask(empty), errors="coerce").astype(float)
    _refuse(source, cells, name, ~empty & ~np.isfinite(values), "is not a finite number")
    return values


def _words(source: Path, cells: pd.DataFrame, name: str) -> pd.Series:
    """Column of names, none of them empty or what programs write for nothing."""
    _refuse(source, cells, name, cells[name].isin(_NOTHING), "is empty: expected a name")
    return cells[name]


def _refuse(source: Path, cells: pd.DataFrame, name: str, bad: pd.Series, reason: str) -> None:
    """Raise for the first row marked bad."""
    if bad.any():
        row = int(bad.to_numpy().argmax())
        more = int(bad.sum()) - 1
        also = f" (and {more} more)" if more else ""
        raise TableError(
            f"{source}, row {cells.index[row] + 1}, column '{name}': {cells[name].iloc[row][:60]!r}"
            f" {reason}{also}"
        )


def _names(columns: Sequence[str] | pd.Index) -> str:
    return ", ".join(f"'{name}'" for name in columns)
