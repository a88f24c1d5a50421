"""Official annotation spreadsheet of SAMM Long Videos, 200 fps.

The sheet counts images from 1 and its column ``Duration`` is ``Offset - Onset + 1``. An onset
of 0 (10 macro-expressions) marks an expression that runs before the first image, an apex of -1
one without an annotated apex. About a third of the numbers are fractions such as 566.4.

References
----------
Yap, C. H., Kendrick, C., & Yap, M. H. (2020). SAMM Long Videos: a spontaneous facial micro- and
macro-expressions dataset. IEEE International Conference on Automatic Face and Gesture
Recognition, 771-776.
"""

from pathlib import Path

import pandas as pd

from causalex_core.data.annotations import (
    FPS,
    SAMM,
    need_columns,
    numbers_and_kinds,
    sheets,
    to_expressions,
)
from causalex_core.errors import CausalexError
from causalex_core.expressions import FRAMES

FILE = "megc2021-ground-truth/SAMMLV_gt.xlsx"
CONVERSION = (
    "images count from 1 and become 0-based, an onset of 0 becomes frame 0; fractions are rounded"
    " to the nearest frame; -1 in apex is not annotated"
)
_NAMES = {
    "onset": "Onset",
    "apex": "Apex",
    "offset": "Offset",
    "kind": "Type",
    "action_units": "Action Units",
}
_KINDS = {"Macro": "macro", "Micro - 1/2": "micro"}


def as_written(path: Path) -> pd.DataFrame:
    """Read the spreadsheet with the numbers that it holds, fractions included.

    Columns are ``subject, video, onset, apex, offset, kind, action_units``.

    Raises
    ------
    CausalexError
        If there is no header, a column is missing, a type is unknown or a frame is no number.
    """
    for cells in sheets(path).values():
        headers = cells.index[(cells == "Subject").any(axis=1)]
        if len(headers):
            break
    else:
        raise CausalexError(
            f"{path}: no row starts with 'Subject'; is this the FACS sheet of SAMM Long Videos?"
        )
    table = cells.loc[headers[0] + 1 :].dropna(how="all")
    table = table.set_axis(cells.loc[headers[0]].str.strip(), axis=1).rename_axis(columns=None)
    need_columns(table, ("Filename", *_NAMES.values()), path)
    table["video"] = "samm_" + table["Filename"].str.replace(r"_\d+$", "", regex=True)
    table["subject"] = table["video"].str.replace(r"_\d+$", "", regex=True)
    return numbers_and_kinds(table, _NAMES, _KINDS, path)


def read(path: Path) -> pd.DataFrame:
    """Read the spreadsheet as expressions (see :func:`as_written` and :data:`CONVERSION`)."""
    return to_expressions(as_written(path), SAMM, FPS[SAMM], 1, CONVERSION)


def every_nth(table: pd.DataFrame, step: int = 8) -> pd.DataFrame:
    """Expressions on every `step`-th image: frames divided by it and rounded down.

    8 turns 200 fps into the 25 fps of AUW-GCN.
    """
    frames = {name: table[name] // step for name in FRAMES}
    return table.assign(**frames, fps=table["fps"] / step)
