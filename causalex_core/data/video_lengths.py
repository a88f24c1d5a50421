"""Numbers of frames of the long videos (zzy188zzy/megc_spotting_code, ``labels``)."""

from pathlib import Path

import pandas as pd

from causalex_core.data.annotations import CAS, FPS, SAMM, need_columns

FILES = {CAS: "labels/cas_duration.csv", SAMM: "labels/samm_duration.csv"}
_NAME_COLUMN = {CAS: "vid", SAMM: "sub_name"}


def read(path: Path, database: str) -> pd.DataFrame:
    """Read how many frames each long video of a database has, from its file in :data:`FILES`.

    Columns are ``database, subject, video, frames, fps``, named as in the annotation tables.
    Videos without any expression are among them.
    """
    table = pd.read_csv(path)
    need_columns(table, (_NAME_COLUMN[database], "duration"), path)
    parts = table[_NAME_COLUMN[database]].str.split("_", expand=True)
    subject = parts[0] + "_" + parts[1].str.zfill(3)
    return pd.DataFrame(
        {
            "database": database,
            "subject": subject,
            "video": subject + "_" + parts[2],
            "frames": table["duration"],
            "fps": float(FPS[database]),
        }
    )
