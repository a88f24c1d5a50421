"""Recognise the emotions of expressions of a video."""

from functools import cache
from pathlib import Path

import pandas as pd

from causalex_core.data.causalnet import EMOTIONS
from causalex_core.errors import CausalexError
from causalex_core.expressions import FRAMES
from causalex_core.motion import video
from causalex_core.motion.landmarks import Given, Landmarker, face_mesh
from causalex_core.motion.video import Frames
from causalex_core.recognition import checkpoints, key_frames
from causalex_core.recognition.checkpoints import Recogniser, named
from causalex_core.recognition.flow_images import face_crops, of_expressions

COLUMNS = ("emotion", *EMOTIONS)


def recognise(
    source: str | Path | Frames,
    intervals: pd.DataFrame,
    *,
    fps: float | None = None,
    landmarker: Landmarker | Given | None = None,
    recogniser: Recogniser | None = None,
) -> pd.DataFrame:
    """Name the emotion of expressions of a video whose key frames are known.

    Parameters
    ----------
    source
        A video file, a folder of its pictures, or frames.
    intervals
        Expressions of this video: ``onset, apex, offset`` in frames from 0, such as those of
        :func:`causalex_core.spotting.predict.spot`.
    fps
        Frames per second; a folder of pictures needs it.
    landmarker
        Of the face; MediaPipe's face mesh if None.
    recogniser
        The shipped one if None.

    Returns
    -------
    DataFrame
        :data:`COLUMNS`, with the index of `intervals`: the likeliest emotion, and the probability
        of each.

    Raises
    ------
    CausalexError
        If the source cannot be read or shows no face at a key frame, or a key frame is missing,
        no whole number, outside the video or in the wrong order.
    """
    recogniser = recogniser or _shipped()
    frames = video.open_frames(Path(source), fps) if isinstance(source, str | Path) else source
    expressions = whole_frames(intervals)
    if not len(expressions):
        return pd.DataFrame({name: [] for name in COLUMNS}, index=intervals.index)
    numbers = set(expressions.ravel().tolist())
    crops = face_crops(frames, landmarker or face_mesh(), numbers, recogniser.flow)
    probabilities = recogniser(of_expressions(crops, expressions, recogniser.flow))
    table = pd.DataFrame(probabilities, columns=list(EMOTIONS), index=intervals.index)
    table.insert(0, "emotion", named(probabilities))
    return table


def whole_frames(intervals: pd.DataFrame) -> key_frames.KeyFrames:
    """Key frames (N, 3) of a table with ``onset, apex, offset``.

    Raises
    ------
    CausalexError
        If one is missing or no whole number, or onset < apex < offset does not hold.
    """
    absent = [name for name in FRAMES if name not in intervals]
    if absent:
        raise CausalexError(
            f"intervals without {', '.join(map(repr, absent))}: expected the frames of onset,"
            f" apex and offset, found {', '.join(map(repr, intervals.columns))}"
        )
    table = intervals[list(FRAMES)].to_numpy(float)
    wrong = table != table.round()  # NaN is unlike itself
    if wrong.any():
        row = int(wrong.any(axis=1).argmax())
        written = ", ".join(f"{value:g}" for value in table[row])
        raise CausalexError(
            f"expression {row + 1} has onset, apex and offset {written}: expected whole frames,"
            " none of them missing"
        )
    return key_frames.checked(table.astype(int))


@cache
def _shipped() -> Recogniser:
    return checkpoints.load()
