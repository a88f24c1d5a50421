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

from causalex_core.data.annotations import CAS, FPS, numbers_and_kinds, sheets, to_expressions
from causalex_core.errors import CausalexError
from causalex_core.expressions import FRAMES

FILE = "megc2021-ground-truth/CASME_sq_gt.xlsx"
CONVERSION = (
    "image numbers are used as they stand (the sheet does not say whether the first image is 0 or"
    " 1); 0 in apex and offset is not annotated"
)
_SHEETS = {"CASFEcode_final": 9, "naming rule1": 3, "naming rule2": 2}  # and columns of each
_COLUMNS = (
    "number", "clip", "onset", "apex", "offset", "action_units", "estimated", "kind", "reported"
)  # fmt: skip
_KINDS = {"macro-expression": "macro", "micro-expression": "micro"}


def as_written(path: Path) -> pd.DataFrame:
    """Read the spreadsheet with the numbers that it holds.

    Columns are ``subject, video, onset, apex, offset, kind, action_units``; remarks to the right
    are passed over.

    Raises
    ------
    CausalexError
        If a sheet or column is missing, a subject, video or type has no translation, or a frame
        is no number.
    """
    book = sheets(path)
    for name, width in _SHEETS.items():
        if name not in book:
            raise CausalexError(f"{path}: no sheet {name!r}; found {', '.join(map(repr, book))}")
        if book[name].shape[1] < width:
            raise CausalexError(
                f"{path}: {book[name].shape[1]} columns in the sheet {name!r}, expected {width}"
            )
    table, people, films = (
        book[name].iloc[:, :width].dropna(how="all").apply(lambda column: column.str.strip())
        for name, width in _SHEETS.items()
    )
    table.columns = pd.Index(_COLUMNS)
    for name, pairs in (("naming rule1", people[[2, 0]]), ("naming rule2", films[[1, 0]])):
        keys = pairs.drop_duplicates().iloc[:, 0]
        if (again := keys[keys.duplicated()]).size:
            raise CausalexError(f"{path}: {again.iloc[0]!r} has two names in the sheet {name!r}")
    folders = dict(zip(people[2], people[0], strict=True))
    codes_of_films = dict(zip(films[1], films[0].str.zfill(4), strict=True))
    emotions = table["clip"].str.replace(r"_\d+$", "", regex=True)
    subject, film = table["number"].map(folders), emotions.map(codes_of_films)
    unknown = subject.isna() | film.isna()
    if unknown.any():
        row = unknown.idxmax()
        raise CausalexError(
            f"{path}, row {row + 1}: subject {table['number'][row]} or video"
            f" {table['clip'][row]!r} is not in the sheets 'naming rule1' and 'naming rule2'"
        )
    table["subject"] = "casme_" + subject.str.zfill(3)
    table["video"] = table["subject"] + "_" + film
    names = {name: name for name in (*FRAMES, "kind", "action_units")}
    return numbers_and_kinds(table, names, _KINDS, path)


def read(path: Path) -> pd.DataFrame:
    """Read the spreadsheet as expressions (see :func:`as_written` and :data:`CONVERSION`)."""
    return to_expressions(as_written(path), CAS, FPS[CAS], 0, CONVERSION)
