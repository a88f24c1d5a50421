"""Real motion of both databases, its labels, and where each video ends: three public sources.

The windows hold motion and the marks that AUW-GCN was trained on; the annotation tables hold the
expressions; the published durations say where a video ends. Rates are those of the annotations:
30 frames per second for CAS(ME)^2, 25 for SAMM Long Videos.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from causalex_core.data import auw_gcn, manifest, video_lengths
from causalex_core.data.annotations import CAS, FPS, SAMM
from causalex_core.data.feature_archive import MarkedRecording, read_archive, read_windows
from causalex_core.errors import CausalexError

SOURCE = "region_motion"
SOURCES = (SOURCE, "auw_gcn_annotations", "megc_video_lengths")
FOLDERS: Mapping[str, str] = {
    CAS: "features/cas(me)^2/feature_segment/test",
    SAMM: "features/samm_25/feature_segment_25/test",
}


@dataclass(frozen=True)
class RegionMotion:
    """Motion and labels of one database."""

    database: str  # ``CAS(ME)^2`` or ``SAMM-LV``
    fps: float  # of motion and labels
    videos: Sequence[MarkedRecording]  # in the order of their names
    expressions: pd.DataFrame  # the annotation table, of all these videos


def read(database: str, folder: Path | None = None) -> RegionMotion:
    """Join motion, annotations and durations of a database.

    Parameters
    ----------
    database
        ``CAS(ME)^2`` or ``SAMM-LV``.
    folder
        ``feature_segment`` with features of one's own in the same format; None: the public ones.

    Raises
    ------
    CausalexError
        If a source is not at hand, windows cannot be used (see
        :func:`causalex_core.data.feature_archive.read_windows`), or a subject has no
        annotations.
    """
    table = annotations(database)
    lengths = motion_lengths(database)
    if folder is None:
        source = manifest.require(SOURCE)
        files = [source.path(f) for f in source.files if f.startswith(f"{FOLDERS[database]}/")]
        videos = read_windows(files, lengths, auw_gcn.FPS[database])
    else:
        videos = read_archive(folder, lengths, auw_gcn.FPS[database])
    annotated = set(table["subject"])
    for video in videos:
        if video.recording.subject not in annotated:
            raise CausalexError(
                f"subject '{video.recording.subject}' (video '{video.recording.video}') has no"
                f" annotations of {database}; expected names such as '{min(annotated)}'"
            )
    present = {video.recording.video for video in videos}
    expressions = table[table["video"].isin(present)].reset_index(drop=True)
    return RegionMotion(database, auw_gcn.FPS[database], videos, expressions)


def annotations(database: str) -> pd.DataFrame:
    """Annotated expressions, at the rate of the motion; see :mod:`causalex_core.expressions`."""
    source = manifest.require("auw_gcn_annotations")
    return auw_gcn.read(source.path(auw_gcn.FILES[database]), database)


def motion_lengths(database: str) -> dict[str, int]:
    """Rows of motion of each video: one less than its frames, at the rate of the motion."""
    source = manifest.require("megc_video_lengths")
    table = video_lengths.read(source.path(video_lengths.FILES[database]), database)
    step = FPS[database] // auw_gcn.FPS[database]
    frames = -(-table["frames"] // step)
    return dict(zip(table["video"], (frames - 1).astype(int), strict=True))
