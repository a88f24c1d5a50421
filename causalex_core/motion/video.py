"""Frames of a video file or of a folder of pictures, one after the other."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from causalex_core.errors import CausalexError

# FFmpeg and OpenCV log nothing about a broken file: the errors below name it in one line.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)

PICTURES = {".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff"}
VIDEOS = {".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v", ".wmv", ".mpg", ".mpeg"}
_LEAST_DECODED = 0.95  # of the frames that a file announces; announced counts are estimates

Picture = NDArray[np.uint8]


class Frames(Protocol):
    """A sequence of frames at a constant rate."""

    @property
    def name(self) -> str:
        """For messages."""
        ...

    @property
    def fps(self) -> float:
        """Frames per second, of those that are handed out."""
        ...

    def colour(self, every: int) -> Iterator[tuple[int, Picture]]:
        """Number and picture (H, W, 3), blue first, of each `every`-th frame from 0."""
        ...

    def grey(self) -> Iterator[Picture]:
        """All frames, (H, W)."""
        ...


@dataclass(frozen=True)
class Folder:
    """Pictures of one folder, in the order of the numbers in their names."""

    name: str
    fps: float
    files: tuple[Path, ...]  # without those left out by subsampling, which are never decoded

    def colour(self, every: int) -> Iterator[tuple[int, Picture]]:
        """See :class:`Frames`."""
        for index in range(0, len(self.files), every):
            yield index, _decoded(self.files[index], cv2.IMREAD_COLOR)

    def grey(self) -> Iterator[Picture]:
        """See :class:`Frames`."""
        shape = None
        for file in self.files:
            picture = _decoded(file, cv2.IMREAD_GRAYSCALE)
            if shape not in (None, picture.shape):
                raise CausalexError(
                    f"{file} has {_size(picture.shape)} px, the frames before it {_size(shape)}:"
                    " one folder holds the frames of one video"
                )
            shape = picture.shape
            yield picture


@dataclass(frozen=True)
class VideoFile:
    """A video file; a rotation noted in the file is applied."""

    name: str
    fps: float
    path: Path
    every: int = 1

    def colour(self, every: int) -> Iterator[tuple[int, Picture]]:
        """See :class:`Frames`."""
        for number, capture in self._grabbed(self.every * every):
            yield number * every, self._retrieved(capture)

    def grey(self) -> Iterator[Picture]:
        """See :class:`Frames`."""
        for _, capture in self._grabbed(self.every):
            yield np.asarray(cv2.cvtColor(self._retrieved(capture), cv2.COLOR_BGR2GRAY))

    def _grabbed(self, every: int) -> Iterator[tuple[int, cv2.VideoCapture]]:
        """Step through the file; each `every`-th frame is ready to be retrieved."""
        capture = _opened(self.path)
        try:
            index = 0
            while capture.grab():
                if index % every == 0:
                    yield index // every, capture
                index += 1
            announced = capture.get(cv2.CAP_PROP_FRAME_COUNT)
        finally:
            capture.release()
        if index < _LEAST_DECODED * announced:
            raise CausalexError(
                f"{self.path} breaks off after {index} of {announced:.0f} frames: get the whole"
                " file, or re-encode what there is of it"
            )

    def _retrieved(self, capture: cv2.VideoCapture) -> Picture:
        intact, picture = capture.retrieve()
        if not intact:
            raise CausalexError(f"{self.path}: a frame cannot be decoded: re-encode the file")
        return np.asarray(picture, dtype=np.uint8)


def open_frames(path: Path, fps: float | None = None, every: int = 1) -> Frames:
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
    if path.is_dir():
        pictures = sorted(
            (file for file in path.iterdir() if file.suffix.lower() in PICTURES),
            key=lambda file: _natural(file.name),
        )
        if not pictures:
            raise CausalexError(f"{path} holds no pictures ({', '.join(sorted(PICTURES))})")
        if fps is None:
            raise CausalexError(f"{path} is a folder of pictures: give their rate (--fps)")
        return Folder(str(path), fps / every, tuple(pictures[::every]))
    if not path.is_file():
        raise CausalexError(f"{path} does not exist: expected a video file or a folder of frames")
    if path.stat().st_size == 0:
        raise CausalexError(f"{path} is empty (0 bytes)")
    capture = _opened(path)
    rate = fps if fps is not None else capture.get(cv2.CAP_PROP_FPS)
    capture.release()
    if not (np.isfinite(rate) and rate > 0):
        raise CausalexError(f"{path} does not say its frame rate: give it (--fps)")
    return VideoFile(str(path), rate / every, path, every)


def _opened(path: Path) -> cv2.VideoCapture:
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    if not capture.isOpened():
        raise CausalexError(f"{path} cannot be read as a video: it is damaged or no video file")
    return capture


def _decoded(file: Path, mode: int) -> Picture:
    content = np.fromfile(file, dtype=np.uint8)
    picture = cv2.imdecode(content, mode) if content.size else None
    if picture is None:
        raise CausalexError(f"{file} cannot be read as a picture: it is damaged or empty")
    return np.asarray(picture, dtype=np.uint8)


def _natural(name: str) -> list[tuple[int, str]]:
    """Sorting key under which img9 comes before img10."""
    parts = re.split(r"(\d+)", name.lower())
    return [(int(part), "") if part.isdigit() else (-1, part) for part in parts]


def _size(shape: tuple[int, ...] | None) -> str:
    return f"{shape[1]} x {shape[0]}" if shape else "no"
