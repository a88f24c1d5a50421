"""From annotated numbers to expressions: what all readers of annotation tables share.

A reader first gives the table *as written* (its own numbers, nothing interpreted) and then
converts it: which number the first image has, what stands for "not annotated", how fractions
of frames are rounded; ``attrs["conversion"]`` of the result describes it.
"""

from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from causalex_core.action_units import is_date
from causalex_core.errors import CausalexError, warn
from causalex_core.expressions import FRAMES

CAS = "CAS(ME)^2"
SAMM = "SAMM-LV"
FPS = {CAS: 30, SAMM: 200}
COLUMNS = ("database", "subject", "video", *FRAMES, "kind", "action_units", "fps")

# Numbers that stand for "not annotated": 0 in CAS(ME)^2, -1 in SAMM Long Videos.
BLANK = {"apex": (0, -1), "offset": (0, -1)}
DASHES = ("", "/", "\\", "-", "\N{EN DASH}", "\N{EM DASH}", "n/a", "na", "nan", "none")


def to_expressions(
    written: pd.DataFrame, database: str, fps: float, first: int, conversion: str
) -> pd.DataFrame:
    """Turn annotated numbers into expressions: 0-based inclusive frames, NaN for a blank.

    Parameters
    ----------
    written
        Columns ``subject, video, onset, apex, offset, kind, action_units``, numbers as in the
        source. Its rows keep their order, none is left out.
    database, fps
        Name of the database, and frames per second that the numbers count in.
    first
        Number of a video's first image in the source. An onset before it means that the
        expression was already running: it becomes frame 0.
    conversion
        What was done, in words.
    """
    table = written.assign(database=database, fps=float(fps))
    for name in FRAMES:
        numbers = written[name].astype(float)
        blank = numbers.isin(BLANK.get(name, ()))
        table[name] = (numbers.round() - first).mask(blank)
    table["onset"] = table["onset"].clip(lower=0)
    table = table[list(COLUMNS)].reset_index(drop=True)
    table.attrs["conversion"] = conversion
    return table


def sheets(path: Path) -> dict[str, pd.DataFrame]:
    """Cells of every sheet of a workbook as text, without a header."""
    try:
        return pd.read_excel(path, sheet_name=None, header=None, dtype=str)
    except OSError:
        raise
    except Exception as error:  # whatever openpyxl meets in a file that is damaged
        raise CausalexError(f"{path}: not an .xlsx workbook, or damaged ({error})") from error


def need_columns(table: pd.DataFrame, names: Collection[str], source: Path) -> None:
    """Raise a :class:`CausalexError` naming the file if a table has not one column of each name."""
    for times, problem in ((0, "no column"), (2, "twice the column")):
        wrong = [name for name in names if min(list(table.columns).count(name), 2) == times]
        if wrong:
            raise CausalexError(
                f"{source}: {problem} {', '.join(map(repr, wrong))}; found"
                f" {', '.join(map(repr, table.columns))}: is this the annotation file of the card?"
            )


def numbers_and_kinds(
    table: pd.DataFrame, columns: Mapping[str, str], types: Mapping[str, str], source: Path
) -> pd.DataFrame:
    """Table as written, of cells of text: its numbers, nothing interpreted.

    An empty cell or a dash in apex or offset is NaN. A frame that is no number and an unknown type
    are refused by row, which is the label in the index and one; a date among the action units is
    warned of, since a spreadsheet made it of them (``7/43``), and stays what it is.

    Parameters
    ----------
    table
        With ``subject`` and ``video``.
    columns
        What its other columns are called, by ``onset, apex, offset, kind, action_units``.
    types
        Kind of each type.
    """

    def refuse(bad: pd.Series, name: str, reason: str) -> None:
        if bad.any():
            row = int(bad.to_numpy().argmax())
            cell = cells[name].iloc[row] if name in cells else ""
            raise CausalexError(f"{source}, row {cells.index[row] + 1}{reason.format(cell)}")

    cells = pd.DataFrame(
        {name: table[column].fillna("").str.strip() for name, column in columns.items()}
    )
    result = table[["subject", "video"]].fillna("")
    for name in ("subject", "video"):
        refuse(result[name] == "", name, f": no {name}")
    for name in FRAMES:
        blank = cells[name].str.lower().isin(DASHES) & (name != "onset")
        result[name] = pd.to_numeric(cells[name].mask(blank), errors="coerce")
        bad = ~blank & ~np.isfinite(result[name])
        refuse(bad, name, f", column '{columns[name]}': {{!r}} is not a number of a frame")
    result["kind"] = cells["kind"].map(types)
    known = ", ".join(types)
    refuse(result["kind"].isna(), "kind", f": type {{!r}} is unknown; expected one of {known}")
    result["action_units"] = cells["action_units"]
    for row, cell in zip(cells.index, cells["action_units"], strict=True):
        if is_date(cell):
            warn(
                f"{source}, row {row + 1}: {cell!r} is a date, time or number that a spreadsheet"
                " made of action units; they are taken as unknown"
            )
    return result.reset_index(drop=True)
