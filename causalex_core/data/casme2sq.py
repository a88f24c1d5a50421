"""Official annotation spreadsheet of CAS(ME)^2, 30 fps.

The main sheet numbers subjects 1 to 22 and names videos by the emotion they should elicit; two
further sheets translate both into the names of the image folders (``s15``, ``0401``). Videos
are named here as in AUW-GCN: ``casme_015_0401``.

References
----------
Qu, F., Wang, S.-J., Yan, W.-J., Li, H., Wu, S., & Fu, X. (2018). CAS(ME)^2: a database for
spontaneous macro-expression and micro-expression spotting and recognition. IEEE Transactions
on Affective Computing, 9(4), 424-436.
"""

from pathlib import Path

import pandas as pd

from causalex_core.data.annotations import CAS, FPS, codes, kinds, to_expressions
from causalex_core.errors import CausalexError
from causalex_core.expressions import FRAMES

FILE = "megc2021-ground-truth/CASME_sq_gt.xlsx"
CONVERSION = (
    "image numbers are used as they stand (the sheet does not say whether the first image is 0 or"
    " 1); 0 in apex and offset is not annotated"
)
_SHEETS = ("CASFEcode_final", "naming rule1", "naming rule2")
_COLUMNS = (
    "number", "clip", "onset", "apex", "offset", "action_units", "estimated", "kind", "reported"
)  # fmt: skip
_KINDS = {"macro-expression": "macro", "micro-expression": "micro"}


def as_written(path: Path) -> pd.DataFrame:
    """Read the spreadsheet with the numbers that it holds.

    Columns are ``subject, video, onset, apex, offset, kind, action_units``.

    Raises
    ------
    CausalexError
        If a sheet is missing, or a subject, video or type has no translation.
    """
    sheets = pd.read_excel(path, sheet_name=None, header=None, dtype=str)
    absent = [name for name in _SHEETS if name not in sheets]
    if absent:
        raise CausalexError(
            f"{path}: no sheet {', '.join(map(repr, absent))}; found {', '.join(map(repr, sheets))}"
        )
    table, people, films = (sheets[name] for name in _SHEETS)
    table = table.set_axis(_COLUMNS, axis=1)
    folders = dict(zip(people[2], people[0], strict=True))
    codes_of_films = dict(zip(films[1].str.strip(), films[0], strict=True))
    emotions = table["clip"].str.strip().str.replace(r"_\d+$", "", regex=True)
    subject, film = table["number"].map(folders), emotions.map(codes_of_films)
    unknown = subject.isna() | film.isna()
    if unknown.any():
        row = int(unknown.to_numpy().argmax())
        raise CausalexError(
            f"{path}, row {row + 1}: subject {table['number'][row]} or video"
            f" {table['clip'][row]!r} is not in the sheets 'naming rule1' and 'naming rule2'"
        )
    table["subject"] = "casme_" + subject.str.zfill(3)
    table["video"] = table["subject"] + "_" + film
    table["kind"] = kinds(table["kind"].str.strip(), _KINDS, path)
    table["action_units"] = codes(table["action_units"])
    for name in FRAMES:
        table[name] = pd.to_numeric(table[name])
    return table[["subject", "video", "onset", "apex", "offset", "kind", "action_units"]]


def read(path: Path) -> pd.DataFrame:
    """Read the spreadsheet as expressions (see :func:`as_written` and :data:`CONVERSION`)."""
    return to_expressions(as_written(path), CAS, FPS[CAS], 0, CONVERSION)
