"""Annotation tables of AUW-GCN (xjtupanda/AUW-GCN, ``info_csv``).

``cas(me)_new.csv`` holds the numbers of the official CAS(ME)^2 sheet (30 fps) unchanged.
``samm_new_25.csv`` holds SAMM Long Videos at 25 fps: an official number f (200 fps, first
image 1) became ``(round(f) - 1) // 8``, an official onset of 0 stayed 0, and two offsets that
lie behind the end of their video became its last frame.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from causalex_core.data.annotations import (
    CAS,
    SAMM,
    need_columns,
    numbers_and_kinds,
    to_expressions,
)
from causalex_core.expressions import read_cells

FILES = {CAS: "info_csv/cas(me)_new.csv", SAMM: "info_csv/samm_new_25.csv"}
FPS = {CAS: 30, SAMM: 25}
CONVERSION = (
    "frame numbers are used as they stand (AUW-GCN indexes its features with them); 0 and -1 in"
    " apex and offset are not annotated"
)
_NAMES = {
    "onset": "start_frame",
    "apex": "apex_frame",
    "offset": "end_frame",
    "kind": "type_idx",
    "action_units": "au",
}
_KINDS = {"1": "macro", "2": "micro"}


def is_table(columns: Iterable[str]) -> bool:
    """Whether columns are those of an annotation table, action units aside."""
    return {"subject", "video_name", *_NAMES.values()} - {"au"} <= set(columns)


def as_written(path: Path) -> pd.DataFrame:
    """Read a table with the numbers that it holds.

    Columns are ``subject, video, onset, apex, offset, kind, action_units``.

    Raises
    ------
    CausalexError
        If a column is missing, a frame is not a number, or a type is neither 1 (macro) nor 2
        (micro).
    """
    table = read_cells(path)
    need_columns(table, ("subject", "video_name", *_NAMES.values()), path)
    return numbers_and_kinds(table.rename(columns={"video_name": "video"}), _NAMES, _KINDS, path)


def read(path: Path, database: str) -> pd.DataFrame:
    """Read the file of a database in :data:`FILES` as expressions (see :data:`CONVERSION`)."""
    return to_expressions(as_written(path), database, FPS[database], 0, CONVERSION)


def intervals(path: Path) -> pd.DataFrame:
    """Read a table of whichever database: :func:`read` without what only the database tells."""
    table = to_expressions(as_written(path), "", np.nan, 0, CONVERSION)
    return table.drop(columns=["database", "fps"])
