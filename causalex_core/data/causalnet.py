"""Micro-expressions of CASME II, SAMM and SMIC as flow images: cards of CausalNet and of HTNet.

Both list the same clips in the same table; HTNet has only the flow from onset to apex.
Everything here is of people who were recorded under licence: no image and no row is ever shown.
"""

import io
from collections.abc import Iterable

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from causalex_core.data.manifest import Source
from causalex_core.errors import CausalexError

TABLE = "combined_3_class2_for_optical_flow.csv"
FOLDER = "datasets/STSNet_whole_norm_u_v_os"
DATABASES = ("casme2", "samm", "smic")
EMOTIONS = ("negative", "positive", "surprise")  # a label is the position in it
SIDE = 28  # px
# What each image of a clip shows, and how its name ends.
IMAGES = {
    "onset_apex": " .png",
    "apex_offset": "_1 .png",
    "onset_apex_direction": "_2 .png",
    "apex_offset_direction": "_3 .png",
}
FLOW = ("onset_apex", "apex_offset")


def clips(source: Source) -> pd.DataFrame:
    """All clips in the order of the published table: ``database, subject, clip, label``.

    Names are as published, a label is a position in :data:`EMOTIONS`.

    Raises
    ------
    CausalexError
        If a column is missing, a database or label is unknown, a subject or clip has no name,
        a clip stands there twice, or a subject belongs to two databases.
    """
    written = pd.read_csv(io.BytesIO(source.read_bytes(TABLE)), dtype=str, keep_default_na=False)
    columns = {"dataset": "database", "sub": "subject", "filename_o": "clip", "label": "label"}
    absent = [name for name in columns if name not in written]
    if absent:
        raise CausalexError(
            f"{TABLE}: no column {', '.join(map(repr, absent))}; found"
            f" {', '.join(map(repr, written.columns))}"
        )
    table = written[list(columns)].rename(columns=columns)
    _known(table["database"], DATABASES)
    _known(table["label"], [str(label) for label in range(len(EMOTIONS))])
    for name in ("subject", "clip"):
        _refuse(table[name] == "", f"no {name}", "give each clip both")
    twice = table.duplicated(["subject", "clip"])
    _refuse(twice, "a clip that stands there before", "keep one of the two")
    databases = table.groupby("subject")["database"].transform("nunique")
    _refuse(databases > 1, "a subject of two databases", "give people different names")
    return table.assign(label=table["label"].astype(int))


def images(source: Source, table: pd.DataFrame, which: Iterable[str] = FLOW) -> NDArray[np.uint8]:
    """Images (N, M, 28, 28, 3) of the clips of :func:`clips`, M keys of :data:`IMAGES` each.

    Channels are blue, green, red: strain, v and u of the flow. An image that is missing, cannot be
    read or has another size raises a CausalexError.
    """
    keys = table["subject"] + "_" + table["clip"]
    endings = [IMAGES[name] for name in which]
    read = [_image(source, f"{FOLDER}/{key}{ending}") for key in keys for ending in endings]
    return np.reshape(read, (len(table), len(endings), SIDE, SIDE, 3)).astype(np.uint8)


def _known(column: pd.Series, words: Iterable[str]) -> None:
    """Refuse a column with another word."""
    words = list(words)
    unknown = ~column.isin(words)
    first = repr(column[unknown].iloc[0]) if unknown.any() else ""
    _refuse(unknown, f"{column.name} {first} is unknown", f"expected one of {', '.join(words)}")


def _refuse(rows: pd.Series, what: str, expected: str) -> None:
    """Raise for the first row that is marked, if any."""
    if rows.any():
        raise CausalexError(f"{TABLE}, row {int(np.argmax(rows)) + 2}: {what}; {expected}")


def _image(source: Source, name: str) -> NDArray[np.uint8]:
    content = np.frombuffer(source.read_bytes(name), np.uint8)
    image = cv2.imdecode(content, cv2.IMREAD_COLOR) if content.size else None
    if image is None:
        raise CausalexError(f"{name}: no image that can be read; expected a PNG file")
    if image.shape != (SIDE, SIDE, 3):
        height, width = image.shape[:2]
        raise CausalexError(f"{name}: {width} x {height} pixels; expected {SIDE} x {SIDE}")
    return image.astype(np.uint8, copy=False)
