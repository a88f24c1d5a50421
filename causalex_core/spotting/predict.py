"""Spotting in a video: extraction, graph and network in one call."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from causalex_core.motion import alignment, video
from causalex_core.motion.alignment import LARGEST
from causalex_core.motion.extract import Config, extract, locate
from causalex_core.motion.landmarks import Given, Landmarker, face_mesh
from causalex_core.motion.record import MotionRecord, read_motion
from causalex_core.motion.video import Frames
from causalex_core.spotting import checkpoints
from causalex_core.spotting.checkpoints import Spotted, Spotter

_PER_SECOND, _MOST = 4, 600  # pictures
_PICTURE_PX, _JPEG_QUALITY = 128, 75


@dataclass(frozen=True)
class Portraits:
    """Aligned crops of the face.

    Attributes
    ----------
    every
        Frames from one to the next.
    pictures
        JPEG files, None where there is no face.
    """

    every: int
    pictures: tuple[bytes | None, ...]


def spot(
    source: str | Path | Frames | MotionRecord,
    *,
    fps: float | None = None,
    landmarker: Landmarker | Given | None = None,
    spotter: Spotter | None = None,
    debias: float = 0.0,
    face: str = LARGEST,
) -> Spotted:
    """Spot macro- and micro-expressions in a video.

    Parameters
    ----------
    source
        A video file, a folder of its pictures, a motion file that ``causalex extract`` wrote with
        its default settings, frames, or motion.
    fps
        Frames per second; a folder of pictures needs it.
    landmarker
        How the face is found; MediaPipe's face mesh if None.
    spotter
        The trained model; the one that comes with this package if None.
    debias
        See :class:`causalex_core.spotting.checkpoints.Spotter`.
    face
        Whose expressions in a video, see :func:`causalex_core.motion.alignment.follow`.

    Returns
    -------
    Spotted
        Detections, scores per frame, the graph, and the motion they come from.

    Raises
    ------
    CausalexError
        If the source cannot be read or shows no face, or its motion does not fit the model.
    """
    spotter = spotter or _shipped()
    if isinstance(source, MotionRecord):
        return spotter(source, debias)
    if isinstance(source, str | Path):
        path = Path(source)
        if path.suffix == ".npz":
            return spotter(read_motion(path), debias)
        source, name = video.open_frames(path, fps), path.resolve().stem
    else:
        name = source.name
    record = extract(source, landmarker, face=face)
    return spotter(replace(record, subject=name, video=name), debias)


def portraits(
    frames: Frames, landmarker: Landmarker | Given | None = None, face: str = LARGEST
) -> Portraits:
    """Crops of the face, some per second, and not more than a page can hold.

    Raises
    ------
    CausalexError
        If the frames cannot be read or show no face.
    """
    config = replace(Config(), crop_px=_PICTURE_PX)
    pose = locate(frames, landmarker or face_mesh(), config, face).pose
    every = max(round(frames.fps / _PER_SECOND), -(-len(pose) // _MOST), 1)
    return Portraits(every, tuple(_crops(frames, pose, every)))


def _crops(frames: Frames, pose: np.ndarray, every: int) -> Iterator[bytes | None]:
    for number, picture in frames.colour(every):
        if number >= len(pose) or not np.isfinite(pose[number]).all():
            yield None
            continue
        colours = [
            alignment.crop(np.ascontiguousarray(picture[..., k]), pose[number], _PICTURE_PX)
            for k in range(3)
        ]
        options = [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY]
        yield cv2.imencode(".jpg", np.dstack(colours), options)[1].tobytes()


@cache
def _shipped() -> Spotter:
    return checkpoints.load()
