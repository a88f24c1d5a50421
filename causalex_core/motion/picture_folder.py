"""Frames that are pictures in a folder, numbered or timed by their names."""

import hashlib
import itertools
import math
import os
import re
from collections import Counter
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from causalex_core.errors import CausalexError, warn
from causalex_core.motion.frames import Picture, Stored, eight_bits, grey, sha256, used_bits
from causalex_core.motion.landmarks import silent
from causalex_core.motion.rows import Rows, nearest, of_times

ENDINGS = {".bmp", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}
_JPEG = {".jpeg", ".jpg"}
_LOST = 0.5  # share of the numbers from first to last that may be missing; more are no numbers


@dataclass(frozen=True, eq=False)
class Folder(Stored):
    """Pictures of one folder; those that no row shows are never decoded."""

    files: tuple[Path, ...]

    def grey(self) -> Iterator[Picture]:
        """See :class:`Frames`."""
        return self._shown(self.rows.frames, self._grey)

    def digest(self) -> str:
        """See :class:`Stored`."""
        lines = [f"{sha256(file)} {file.name}\n" for file in self.files]
        return hashlib.sha256(os.fsencode("".join(lines))).hexdigest()

    def _read(self, numbers: NDArray[np.int32]) -> Iterator[Path]:
        return (self.files[number] for number in numbers)

    def _called(self, number: int) -> str:
        return self.files[number].name

    def _colour(self, frame: Path) -> Picture:
        decoded = _decoded(frame, cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH)
        return eight_bits(str(frame), decoded, self.bits)

    def _grey(self, frame: Path) -> Picture:
        if frame.suffix.lower() in _JPEG:  # its luma as it is stored, at half the time
            return _decoded(frame, cv2.IMREAD_GRAYSCALE)
        return grey(self._colour(frame))


def pictures_in(folder: Path) -> list[Path]:
    """Pictures, without hidden files, which other systems leave behind (``._img001.jpg``)."""
    return [
        file
        for file in sorted(folder.iterdir())
        if file.suffix.lower() in ENDINGS and not file.name.startswith(".") and file.is_file()
    ]


def open_folder(path: Path, fps: float | None = None) -> Folder:
    """Open a folder of pictures, whose names hold the numbers of frames, or times in seconds.

    Parameters
    ----------
    path
        The folder.
    fps
        Pictures per second, or numbers: missing numbers are missing frames. Only pictures with
        times can do without it.

    Raises
    ------
    CausalexError
        If there are no pictures, their names do not tell their order, or their rate is not known.
    """
    pictures = pictures_in(path)
    if not pictures:
        raise CausalexError(f"{path} holds no pictures ({', '.join(sorted(ENDINGS))})")
    values, resolution = _values(path, pictures)
    order = sorted(range(len(values)), key=values.__getitem__)
    files = tuple(pictures[k] for k in order)
    values = [values[k] for k in order]
    for k in range(1, len(files)):
        if values[k] == values[k - 1]:
            raise CausalexError(
                f"{path}: '{files[k - 1].name}' and '{files[k].name}' are two files for one frame:"
                " keep one"
            )
    if resolution:
        rows = _timed(str(path), np.array(values) - values[0], fps, resolution)
    elif fps is None:
        raise CausalexError(f"{path} is a folder of pictures: give their rate (--fps)")
    else:
        rows = _numbered(path, files, values, fps)
    bits = 8
    if files[0].suffix.lower() not in _JPEG:
        first = _decoded(files[0], cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH)
        bits = used_bits(str(path), first)
    return Folder(path, rows, bits, files)


def _numbered(path: Path, files: Sequence[Path], numbers: Sequence[float], fps: float) -> Rows:
    """Rows of all numbers from the first to the last, in steps that all of them have."""
    steps = [int(b - a) for a, b in itertools.pairwise(numbers)]
    step = math.gcd(*steps) or 1
    count = sum(steps) // step + 1
    if len(files) < (1 - _LOST) * count:
        raise CausalexError(
            f"{path}: {len(files)} pictures with numbers from '{files[0].name}' to"
            f" '{files[-1].name}': expected those of successive frames"
        )
    if step > 1:
        warn(
            f"{path}: numbers from '{files[0].name}' on come in steps of {step}: they are taken as"
            f" successive frames, {fps:g} per second (--fps)"
        )
    if lost := count - len(files):
        gap = next(k for k, width in enumerate(steps) if width > step)
        warn(
            f"{path}: {lost} of {count} numbers are missing, the first after '{files[gap].name}':"
            " frames keep their numbers, and are not measured there"
        )
    places = np.array([int(number - numbers[0]) // step for number in numbers])
    return nearest(places / fps, fps)


def _timed(name: str, times: NDArray[np.float64], fps: float | None, resolution: float) -> Rows:
    rows = of_times(name, times, [fps] if fps else [], resolution)
    if fps and abs(rows.fps / fps - 1) > 0.01:
        raise CausalexError(
            f"{name}: {rows.fps:.4g} pictures per second by the seconds in their names; given is"
            f" {fps:g} (--fps)"
        )
    return rows


def _values(path: Path, pictures: Sequence[Path]) -> tuple[list[float], float]:
    """Numbers in the names, or times in seconds and what these are rounded to.

    All names are alike but for one number, or two with a point between.
    """
    names = [_parts(file.stem) for file in pictures]
    plain = {texts for texts, _ in names}
    names = [_with_sign(texts, digits, plain) for texts, digits in names]
    templates = [texts for texts, _ in names]
    usual, count = Counter(templates).most_common(1)[0]
    if count < len(names):
        odd = next(k for k, texts in enumerate(templates) if texts != usual)
        raise CausalexError(
            f"{path}: '{pictures[odd].name}' is not numbered like"
            f" '{pictures[templates.index(usual)].name}': leave one picture for each frame, and"
            " nothing else"
        )
    columns = list(zip(*(digits for _, digits in names), strict=True))
    if not columns:
        return [0], 0  # one picture without a number
    numbers = [[int(text) for text in column] for column in columns]
    varying = [k for k, column in enumerate(numbers) if len(set(column)) > 1] or [-1]
    counting = [
        column
        for column in (numbers[k] for k in varying)
        if not _sparse(column) and (len(varying) == 1 or len(set(column)) == len(column))
    ]
    last = varying[-1]
    minutes = set(varying) - {last - 1, last}  # beside seconds nothing else may change
    if last > 0 and usual[last] == "." and not minutes and (last - 1 in varying or not counting):
        whole, part = columns[last - 1 : last + 1]
        seconds = [float(f"{a}.{b}") for a, b in zip(whole, part, strict=True)]
        return seconds, 1.01 * 10.0 ** -max(map(len, part))
    if len(varying) > 1 and not counting:
        raise CausalexError(
            f"{path}: of {len(varying)} numbers in '{pictures[0].name}' and others, none counts the"
            " frames: rename the pictures to 1, 2, 3 ..."
        )
    return [*(counting[0] if counting else numbers[last])], 0


def _parts(stem: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Texts before, between and after the numbers of a name, and the numbers."""
    parts = re.split(r"(\d+)", stem.lower())
    return tuple(parts[::2]), tuple(parts[1::2])


def _with_sign(
    texts: tuple[str, ...], numbers: tuple[str, ...], known: Container[tuple[str, ...]]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """A minus before a number is its sign if nothing else stands before it, or others lack it."""
    for k in range(len(numbers)):
        without = (*texts[:k], texts[k].removesuffix("-"), *texts[k + 1 :])
        if texts[k].endswith("-") and (texts[k] == "-" or without in known):
            return without, (*numbers[:k], f"-{numbers[k]}", *numbers[k + 1 :])
    return texts, numbers


def _sparse(numbers: Sequence[int]) -> bool:
    """Whether these are no numbers of successive frames, as most between them are missing."""
    span = max(numbers) - min(numbers)
    step = math.gcd(*(number - numbers[0] for number in numbers)) or 1
    return len(numbers) < (1 - _LOST) * (span // step + 1)


def _decoded(file: Path, mode: int) -> NDArray[Any]:
    content = np.frombuffer(file.read_bytes(), dtype=np.uint8)
    with silent():
        picture = cv2.imdecode(content, mode) if content.size else None
    if picture is None:
        raise CausalexError(f"{file} cannot be read as a picture: it is damaged or empty")
    return picture
