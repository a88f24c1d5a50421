"""What a sequence of frames is, and what those of video files and of pictures share."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from causalex_core.errors import CausalexError, warn
from causalex_core.motion.landmarks import Given
from causalex_core.motion.rows import Rows

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


@dataclass(frozen=True, eq=False)
class Stored(ABC):
    """Frames of a video file or of a folder of pictures.

    They are upright, with square pixels of 8 bits. Landmarks are in pixels of these pictures.
    """

    path: Path
    rows: Rows
    bits: int  # that a picture of 16 bits makes use of

    @property
    def name(self) -> str:
        """See :class:`Frames`."""
        return str(self.path)

    @property
    def fps(self) -> float:
        """See :class:`Frames`."""
        return self.rows.fps

    def colour(self, every: int) -> Iterator[tuple[int, Picture]]:
        """See :class:`Frames`."""
        for number, picture in enumerate(self._shown(self.rows.frames[::every], self._colour)):
            yield number * every, picture

    def grey(self) -> Iterator[Picture]:
        """See :class:`Frames`."""
        # A picture in colour is kept until the next one is there (in `_shown`): memory that is
        # given back each time is mapped anew, which takes as long as decoding.
        return map(grey, self._shown(self.rows.frames, self._colour))

    @abstractmethod
    def digest(self) -> str:
        """SHA-256 of the content of a file; of a folder, of the names and contents of pictures."""

    @abstractmethod
    def _read(self, numbers: NDArray[np.int32]) -> Iterator[Any]:
        """Frames of some numbers, which ascend, in the form that the two below take."""

    @abstractmethod
    def _colour(self, frame: Any) -> Picture:
        """A picture, blue first."""

    def _shown(
        self, wanted: NDArray[np.int32], convert: Callable[[Any], Picture]
    ) -> Iterator[Picture]:
        """Pictures of the wanted frames, whose numbers ascend or repeat."""
        numbers, repeats = np.unique(wanted, return_counts=True)
        size = None
        for number, repeat, frame in zip(numbers, repeats, self._read(numbers), strict=True):
            picture = convert(frame)
            if size not in (None, picture.shape[1::-1]):
                raise CausalexError(
                    f"{self.name}: {self._called(number)} has {picture.shape[1]} x"
                    f" {picture.shape[0]} px, the frames before it {size[0]} x {size[1]}: expected"
                    " one size in a video"
                )
            size = picture.shape[1::-1]
            for _ in range(repeat):
                yield picture

    def _called(self, number: int) -> str:
        """A frame in a message."""
        return f"frame {number}"


def check_given(frames: Frames, landmarks: Given) -> None:
    """Refuse landmarks of another number of frames, or where some are missing or shown twice."""
    if not isinstance(frames, Stored):
        return
    if not frames.rows.even:
        raise CausalexError(
            f"{frames.name}: landmarks have a row for each of its frames, but these are not evenly"
            " spaced, and were resampled: make them even first, and find the landmarks anew"
        )
    landmarks.check_count(frames.name, len(frames.rows.frames))


def grey(picture: Picture) -> Picture:
    """Luma (H, W) of a picture, blue first: .299 R + .587 G + .114 B, in OpenCV's fixed point.

    All grey comes from 8-bit colours by this one rule, so that a film and the pictures written
    from it give the same grey to the bit; it is the same in OpenCV 4.11 to 5.0. Only of JPEG the
    luma is taken as it is stored. Taking it from films as well would save 0.15 ms a frame of
    640 x 480 (of 0.5 ms), but colours are rounded and clipped, and lead to another luma.
    """
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), dtype=np.uint8)


def used_bits(name: str, picture: NDArray[Any]) -> int:
    """Bits that a first picture of 16 bits makes use of, with a warning; 8 of one of 8 bits.

    Cameras of 10, 12 or 14 bits write such pictures, which would be nearly black in 16 bits.
    """
    if picture.dtype != np.uint16:
        return 8
    bits = next(bits for bits in (8, 10, 12, 14, 16) if not picture.max() >> bits)
    warn(
        f"{name}: pictures of 16 bits, the first with values up to {picture.max()}: taken as"
        f" {bits} bits of grey"
    )
    return bits


def eight_bits(name: str, picture: NDArray[Any], bits: int) -> Picture:
    """A picture of 8 bits, from one of 8 bits or of some bits within 16."""
    if picture.dtype == np.uint8:
        return picture
    if picture.dtype != np.uint16 or picture.max() >> bits:
        raise CausalexError(
            f"{name} has values up to {picture.max():g} ({picture.dtype}), where the first picture"
            f" has {bits} bits: store all with 8 bits, with one factor for all"
        )
    return np.asarray(picture >> (bits - 8), dtype=np.uint8)


def sha256(file: Path) -> str:
    """Hex digest of the content of a file."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
