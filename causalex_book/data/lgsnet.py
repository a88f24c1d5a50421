"""LGSNet's published detections on CAS(ME)^2: 30 epochs for each of 22 held-out subjects.

Frames keep the numbering of the database in detections and in the authors' annotation table
alike, as in their own scoring; no protocol depends on where counting starts.
"""

import io
import re

import numpy as np
import pandas as pd

from causalex_core.data.annotations import CAS
from causalex_core.data.manifest import Source
from causalex_core.data.names import subject_name, video_name
from causalex_core.errors import CausalexError

ANNOTATIONS = "casme2_annotation_357.csv"
DETECTIONS = re.compile(r".*/subject_s(?P<subject>\d+)/test_detection/test_(?P<epoch>\d+)\.txt")
# A clip such as 15_0401girlcrashing: subject, number, and a title that is not needed.
CLIP = re.compile(r"(?P<subject>\d+)_(?P<number>\d{4})[^/]*$")
# The operating point of the authors' README: chosen by them on these test subjects.
EPOCH, THRESHOLD, TOP = 23, 0.485, 14


def detections(source: Source) -> pd.DataFrame:
    """All detections of all epochs: ``epoch, subject, video, onset, offset, score``.

    Frames are fractional as published. Some detections end before they begin (104 of 85,140);
    they are kept, count, and can match nothing.

    Raises
    ------
    CausalexError
        If a file does not hold four columns of the expected kind.
    """
    parts = []
    for name in source.files:
        if match := DETECTIONS.fullmatch(name):
            part = _detections(name, source.read_bytes(name))
            subject = subject_name(CAS, match["subject"])
            parts.append(part.assign(epoch=int(match["epoch"]), subject=subject))
    table = pd.concat(parts, ignore_index=True)
    return table[["epoch", "subject", "video", "onset", "offset", "score"]]


def annotations(source: Source) -> pd.DataFrame:
    """The authors' true intervals: ``subject, video, onset, offset, kind``.

    Offsets missing in the database are apex + 20 frames here.
    """
    table = pd.read_csv(io.BytesIO(source.read_bytes(ANNOTATIONS)))
    return pd.DataFrame(
        {
            "subject": [subject_name(CAS, n) for n in table["video"].str.extract(CLIP)["subject"]],
            "video": _videos(table["video"]),
            "onset": table["startFrame"].astype(float),
            "offset": table["endFrame"].astype(float),
            "kind": table["type"].str.removesuffix("-expression"),
        }
    )


def kept(table: pd.DataFrame, threshold: float, top: int = TOP) -> pd.DataFrame:
    """Detections of one epoch that the authors' scoring keeps.

    Scores are cut (not rounded) to three decimals and must exceed the threshold; of these the
    `top` best per video stay, the first in the file among equals; onsets and offsets are cut to
    integers.
    """
    # the small addend keeps a score such as 0.486 from being cut to 0.485 by binary fractions
    cut = np.floor(table["score"] * 1000 + 1e-6) / 1000
    ranked = table[cut > threshold + 1e-9].sort_values("score", ascending=False, kind="stable")
    best = ranked.groupby(["subject", "video"], sort=False).head(top).sort_index()
    return best.assign(onset=np.trunc(best["onset"]), offset=np.trunc(best["offset"]))


def _videos(clips: pd.Series) -> list[str]:
    return [video_name(CAS, *row) for row in clips.str.extract(CLIP).itertuples(index=False)]


def _detections(name: str, content: bytes) -> pd.DataFrame:
    columns = ["video", "onset", "offset", "score"]
    try:
        table = pd.read_csv(io.BytesIO(content), sep="\t", header=None, names=columns)
        table[columns[1:]] = table[columns[1:]].astype(float)
    except ValueError as error:
        expected = "expected video, onset, offset, score in four columns"
        raise CausalexError(f"{name}: {expected} ({error})") from error
    return table.assign(video=_videos(table["video"]))
