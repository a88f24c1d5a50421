"""Recognise the emotions of expressions of a video."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from causalex_core.data.causalnet import EMOTIONS
from causalex_core.errors import CausalexError
from causalex_core.expressions import FRAMES
from causalex_core.motion import video
from causalex_core.motion.alignment import LARGEST
from causalex_core.motion.landmarks import Given, Landmarker, face_mesh
from causalex_core.motion.video import Frames, Picture
from causalex_core.recognition import checkpoints
from causalex_core.recognition.checkpoints import Recogniser, named
from causalex_core.recognition.flow_images import face_crops, of_expressions

COLUMNS = ("emotion", *EMOTIONS, "skipped")
_LEAST_MEASURED = 0.5  # of the frames of an expression
_CUT = "scene cut"  # among the reasons of causalex spot


def recognise(
    source: str | Path | Frames,
    intervals: pd.DataFrame,
    *,
    fps: float | None = None,
    landmarker: Landmarker | Given | None = None,
    recogniser: Recogniser | None = None,
    face: str = LARGEST,
) -> pd.DataFrame:
    """Name the emotion of expressions of a video whose key frames are known.

    Parameters
    ----------
    source
        A video file, a folder of its pictures, or frames.
    intervals
        Expressions of this video: ``onset, apex, offset`` in frames from 0, such as those of
        :func:`causalex_core.spotting.predict.spot`; its columns ``measured_share`` and ``reasons``
        are heeded.
    fps
        Frames per second; a folder of pictures needs it.
    landmarker
        Of the face; MediaPipe's face mesh if None.
    recogniser
        The shipped one if None.
    face
        Whose expressions, see :func:`causalex_core.motion.alignment.follow`.

    Returns
    -------
    DataFrame
        :data:`COLUMNS`, with the index of `intervals`: the likeliest emotion, the probability of
        each, and why a row has none of these: key frames that are missing, not whole, outside the
        video, in the wrong order, or without a face, a scene cut within it, or too few frames that
        were measured.

    Raises
    ------
    CausalexError
        If the source cannot be read, or a column of key frames is missing.
    """
    recogniser = recogniser or _shipped()
    frames = video.open_frames(Path(source), fps) if isinstance(source, str | Path) else source
    skipped = _faults(intervals)
    valid = [row for row, reason in enumerate(skipped) if not reason]
    wanted = intervals[list(FRAMES)].to_numpy(float)[valid].astype(int)
    crops: dict[int, Picture] = {}
    missing: dict[int, str] = {}
    if valid:  # else there is nothing to read the video for
        crops, missing = face_crops(
            frames, landmarker or face_mesh(), wanted.ravel().tolist(), recogniser.flow, face
        )
    for row, numbers in zip(valid, wanted.tolist(), strict=True):
        skipped[row] = next((missing[number] for number in numbers if number in missing), "")
    kept = np.array([not skipped[row] for row in valid], dtype=bool)
    rows = np.array(valid, dtype=int)[kept]
    probabilities = np.full((len(intervals), len(EMOTIONS)), np.nan)
    emotions = np.full(len(intervals), None, dtype=object)
    if kept.any():
        images = of_expressions(crops, wanted[kept], recogniser.flow)
        probabilities[rows] = recogniser(images)
        emotions[rows] = named(probabilities[rows])
    table = pd.DataFrame(probabilities, columns=list(EMOTIONS), index=intervals.index)
    table.insert(0, "emotion", emotions)
    return table.assign(skipped=skipped)


def _faults(intervals: pd.DataFrame) -> list[str]:
    """Why the key frames of each row cannot be used; empty where they can."""
    absent = [name for name in FRAMES if name not in intervals]
    if absent:
        raise CausalexError(
            f"intervals without {', '.join(map(repr, absent))}: expected the frames of onset,"
            f" apex and offset, found {', '.join(map(repr, intervals.columns))}"
        )
    shares = pd.to_numeric(
        intervals.get("measured_share", pd.Series(1.0, intervals.index)), errors="coerce"
    )
    reasons = intervals.get("reasons", pd.Series("", intervals.index))
    faults = []
    for key_frames, share, reason in zip(
        intervals[list(FRAMES)].to_numpy(float), shares, reasons, strict=True
    ):
        written = ", ".join(f"{value:g}" for value in key_frames)
        if (key_frames != key_frames.round()).any():  # NaN is unlike itself
            faults.append(f"onset, apex, offset {written}: expected whole frames, none missing")
        elif key_frames[0] < 0 or (np.diff(key_frames) <= 0).any():
            faults.append(f"onset, apex, offset {written}: expected 0 <= onset < apex < offset")
        elif share < _LEAST_MEASURED or _CUT in str(reason):
            faults.append(f"of its frames {share:.0%} were measured; {reason}")
        else:
            faults.append("")
    return faults


@cache
def _shipped() -> Recogniser:
    return checkpoints.load()
