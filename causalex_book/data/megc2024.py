"""Spotting logs of a MEGC2024 entry on both databases: truths, detections and its own verdicts.

Frames keep the numbering of the databases (SAMM at 200 frames per second). Kinds are not given.
"""

import io
from collections.abc import Mapping

import pandas as pd

from causalex_core.data.annotations import CAS, SAMM
from causalex_core.data.manifest import Source
from causalex_core.data.names import subject_name, video_name

LOGS: Mapping[str, str] = {
    CAS: "label/labeled_spot_result_for_train/my_casme.csv",
    SAMM: "label/labeled_spot_result_for_train/my_samm.csv",
}
CLIPS: Mapping[str, str] = {
    CAS: r"/(?P<subject>\d+)_(?P<number>\d{4})",
    SAMM: r"^(?P<subject>\d+)_(?P<number>\d+)",
}
COLUMNS = ["name", "truth_onset", "truth_offset", "onset", "offset", "verdict"]


def log(source: Source, database: str) -> pd.DataFrame:
    """One log: a row per true interval that is detected (TP) or missed (FN), or false one (FP).

    Columns ``subject, video, truth_onset, truth_offset, onset, offset, verdict``; frames that a
    row does not have are NaN.
    """
    content, used = io.BytesIO(source.read_bytes(LOGS[database])), range(len(COLUMNS))
    table = pd.read_csv(content, header=None, usecols=used, names=COLUMNS, dtype={"name": str})
    clips = table.pop("name").str.extract(CLIPS[database])
    table.insert(0, "subject", [subject_name(database, digits) for digits in clips["subject"]])
    videos = [video_name(database, *row) for row in clips.itertuples(index=False)]
    table.insert(1, "video", videos)
    return table


def truths(table: pd.DataFrame) -> pd.DataFrame:
    """True intervals of a log: columns ``subject, video, onset, offset``."""
    rows = table[table["verdict"] != "FP"]
    renamed = {"truth_onset": "onset", "truth_offset": "offset"}
    return rows[["subject", "video", *renamed]].rename(columns=renamed)


def detections(table: pd.DataFrame) -> pd.DataFrame:
    """Detections of a log: columns ``subject, video, onset, offset``."""
    return table.loc[table["verdict"] != "FN", ["subject", "video", "onset", "offset"]]
