"""From annotated numbers to expressions: what all readers of annotation tables share.

A reader first gives the table *as written* (its own numbers, nothing interpreted) and then
converts it: which number the first image has, what stands for "not annotated", how fractions
of frames are rounded; ``attrs["conversion"]`` of the result describes it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from causalex_core.errors import CausalexError
from causalex_core.expressions import FRAMES

CAS = "CAS(ME)^2"
SAMM = "SAMM-LV"
FPS = {CAS: 30, SAMM: 200}
COLUMNS = ("database", "subject", "video", *FRAMES, "kind", "action_units", "fps")

# Numbers that stand for "not annotated": 0 in CAS(ME)^2, -1 in SAMM Long Videos.
BLANK = {"apex": (0, -1), "offset": (0, -1)}


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


def need_columns(table: pd.DataFrame, names: tuple[str, ...], source: Path) -> None:
    """Raise a :class:`CausalexError` naming the file if a table lacks a column."""
    absent = [name for name in names if name not in table]
    if absent:
        raise CausalexError(
            f"{source}: no column {', '.join(map(repr, absent))}; found"
            f" {', '.join(map(repr, table.columns))}: is this the annotation file of the card?"
        )


def kinds(column: pd.Series, names: Mapping[Any, str], source: Path) -> pd.Series:
    """Translate a column of types into ``macro`` and ``micro``, refusing any other word."""
    translated = column.map(names)
    if translated.isna().any():
        row = int(np.flatnonzero(translated.isna())[0])
        raise CausalexError(
            f"{source}, row {row + 1}: type {str(column.iloc[row])!r} is unknown; expected one of"
            f" {', '.join(map(repr, names))}"
        )
    return translated


def codes(column: pd.Series) -> pd.Series:
    """Write action units as text; a blank is an empty string."""
    return column.map(lambda cell: "" if pd.isna(cell) else str(cell))
