"""Open a video file or a folder of pictures."""

from dataclasses import replace
from pathlib import Path

from causalex_core.errors import CausalexError
from causalex_core.motion import picture_folder, video_file
from causalex_core.motion.frames import Frames, Picture, Stored
from causalex_core.motion.picture_folder import Folder
from causalex_core.motion.rows import check_rate

__all__ = ["PICTURES", "VIDEOS", "Folder", "Frames", "Picture", "Stored", "open_frames"]

PICTURES, VIDEOS = picture_folder.ENDINGS, video_file.ENDINGS


def open_frames(path: Path, fps: float | None = None, every: int = 1) -> Stored:
    """Open a video file or a folder of pictures.

    Parameters
    ----------
    path
        Video file, or folder that holds the frames of one video.
    fps
        Frames per second before subsampling. A folder needs it; a file knows its own, and a
        value given overrules it.
    every
        Keep each `every`-th frame; 8 brings SAMM Long Videos from 200 to 25 frames per second.

    Raises
    ------
    CausalexError
        If there is nothing to read, or no rate is known.
    """
    if fps is not None:
        check_rate(str(path), fps)
    if path.is_dir():
        frames: Stored = picture_folder.open_folder(path, fps)
    elif path.is_file():
        frames = video_file.open_file(path, fps)
    else:
        raise CausalexError(f"{path} does not exist: expected a video file or a folder of frames")
    check_rate(frames.name, frames.fps)
    return replace(frames, rows=frames.rows.every(every))
