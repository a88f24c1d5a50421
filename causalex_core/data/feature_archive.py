"""AUW-GCN's archive of features, windows put together again.

``feature_segment/{train,test}/<subject>/<video>_<offset>.npz``, offset being the first of the 256
frames that a window judges; each sees 7 more on both sides. ``feature`` is (270, 12, 2), motion of
the regions from each frame to the next in units of 20 px, zero beyond the video; ``label`` is
(270, 8), marks of onset, apex, offset and action of micro-, then of macro-expressions;
``video_name`` a word.
"""

import re
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from causalex_core import regions
from causalex_core.errors import CausalexError
from causalex_core.motion.record import MotionRecord, Quality

UNIT_PX = 20  # flow was clipped to +-10 px and mapped to a range of 1
_STEP, _CONTEXT = 256, 7
_KINDS, _MARKS = 2, 4
_PARTS = ("test", "train")
_SHAPES = {
    "feature": (_STEP + 2 * _CONTEXT, regions.COUNT, 2),
    "label": (_STEP + 2 * _CONTEXT, _KINDS * _MARKS),
}
_NAME = re.compile(r"(?P<video>.+)_(?P<offset>\d{4,})")


@dataclass(frozen=True)
class MarkedRecording:
    """One video of the archive."""

    recording: MotionRecord  # in the archive's unit; rows after the last nonzero are not measured
    marks: NDArray[np.bool_]  # (T, 2, 4): micro and macro; onset, apex, offset, action


def is_archive(folder: Path) -> bool:
    """Whether a folder has the parts of an archive, ``train`` or ``test``."""
    return any((folder / part).is_dir() for part in _PARTS)


def window_files(path: Path) -> list[Path]:
    """Windows of an archive, of a part or subject of it, or a single one, in the order of names.

    None if the path holds something else.
    """
    if path.is_file():
        files = [path]
    elif is_archive(path):
        files = sorted(_part(path).glob("*/*.npz"))
    else:
        files = sorted([*path.glob("*.npz"), *path.glob("*/*.npz")])
    return files if any(map(_is_window, files)) else []


def _is_window(file: Path) -> bool:
    """Whether a file has the arrays of a window; their content is not looked at."""
    try:
        with zipfile.ZipFile(file) as content:
            return {f"{name}.npy" for name in _SHAPES} <= set(content.namelist())
    except (OSError, zipfile.BadZipFile):
        return False


def _part(folder: Path) -> Path:
    """The part of an archive that is read."""
    return next(folder / name for name in _PARTS if (folder / name).is_dir())


def read_archive(
    folder: Path, lengths: Mapping[str, int] | None = None, fps: float | None = None
) -> list[MarkedRecording]:
    """Read the folder ``feature_segment`` as whole videos, see :func:`read_windows`.

    Its parts ``train`` and ``test`` hold the same windows, as everybody is left out once: one of
    them is read, ``test`` if it is there.
    """
    if not is_archive(folder):
        raise CausalexError(
            f"{folder} holds neither test nor train: expected the folder feature_segment of"
            " AUW-GCN's features"
        )
    part = _part(folder)
    files = sorted(part.glob("*/*.npz"))
    if not files:
        raise CausalexError(f"{part} holds no windows: expected <subject>/<video>_<offset>.npz")
    return read_windows(files, lengths, fps)


def read_windows(
    files: Iterable[Path],
    lengths: Mapping[str, int] | None = None,
    fps: float | None = None,
    gaps: bool = False,
) -> list[MarkedRecording]:
    """Put windows together to videos.

    Parameters
    ----------
    files
        ``<subject>/<video>_<offset>.npz``.
    lengths
        Rows of motion of each video, by name. None: a video ends with its last row that is not
        zero, since how many zeros belong to it the archive does not tell.
    fps
        Frames per second of all videos, which the archive does not tell either.
    gaps
        Whether windows may be missing: their rows are then not measured.

    Returns
    -------
    list of MarkedRecording
        One per video, in the order of the files.

    Raises
    ------
    CausalexError
        If a window is missing, a video is longer than its length or has none, neighbours disagree
        where they overlap, or a file is damaged, pickled, called otherwise, of another video or
        shape, or not finite.
    """
    windows: dict[tuple[str, str], dict[int, Path]] = defaultdict(dict)
    for file in files:
        named = _NAME.fullmatch(file.stem)
        if named is None or int(named["offset"]) % _STEP:
            raise CausalexError(
                f"{file}: expected <video>_<offset>.npz, the offset a multiple of {_STEP} in at"
                " least four digits"
            )
        windows[file.parent.name, named["video"]][int(named["offset"])] = file
    return [
        _video(subject, video, of_video, lengths, fps, gaps)
        for (subject, video), of_video in windows.items()
    ]


def _video(
    subject: str,
    video: str,
    files: Mapping[int, Path],
    lengths: Mapping[str, int] | None,
    fps: float | None,
    gaps: bool,
) -> MarkedRecording:
    motion, marks, present = _whole(video, files, gaps)
    filled = np.flatnonzero(motion.any(axis=(1, 2)) | marks.any(axis=1))
    if not len(filled):
        raise CausalexError(f"video '{video}': all its motion is zero")
    last = int(filled[-1]) + 1
    length = last
    if lengths is not None:
        if video not in lengths:
            raise CausalexError(
                f"video '{video}' of '{subject}' has no published duration; expected names such as"
                f" '{min(lengths, default='')}'"
            )
        length = lengths[video]
        needed = -(-length // _STEP)
        if last > length:
            raise CausalexError(
                f"video '{video}': motion in {last} rows, but its published duration leaves"
                f" {length}"
            )
        if len(files) != needed:
            raise CausalexError(
                f"video '{video}': {len(files)} windows for {length} rows, expected {needed};"
                f" the window at frame {_STEP * min(len(files), needed)} is"
                f" {'missing' if len(files) < needed else 'too much'}"
            )
    measured = present[:length] & (np.arange(length) < last)
    quality = np.where(measured, Quality.MEASURED, Quality.END_OF_VIDEO).astype(np.uint8)
    return MarkedRecording(
        MotionRecord(motion[:length], quality, fps, subject=subject, video=video),
        marks[:length].reshape(length, _KINDS, _MARKS),
    )


def _whole(
    video: str, files: Mapping[int, Path], gaps: bool
) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.bool_]]:
    """Motion and marks of a video from its windows, and which rows they have."""
    offsets = sorted(files)
    folder = files[offsets[0]].parent
    absent = sorted(set(range(0, offsets[-1], _STEP)) - set(offsets))
    if absent and not gaps:
        raise CausalexError(f"{folder}: video '{video}' lacks the window at frame {absent[0]}")
    read = {offset: _window(files[offset], video) for offset in offsets}
    length = offsets[-1] + _STEP
    motion = np.zeros((length, regions.COUNT, 2), np.float32)
    marks = np.zeros((length, _KINDS * _MARKS), bool)
    present = np.zeros(length, bool)
    for offset, (feature, label) in read.items():
        before = read.get(offset - _STEP)
        if before and not np.array_equal(before[0][_STEP:], feature[: 2 * _CONTEXT]):
            raise CausalexError(
                f"{files[offset]}: its first {2 * _CONTEXT} rows are not the last ones of the"
                " window before: one of the two belongs to another video; get both again"
            )
        rows = slice(offset, offset + _STEP)
        motion[rows] = feature[_CONTEXT : _CONTEXT + _STEP]
        marks[rows] = label[_CONTEXT : _CONTEXT + _STEP]
        present[rows] = True
    if not gaps and read[offsets[-1]][0][_CONTEXT + _STEP :].any():
        raise CausalexError(f"{folder}: video '{video}' lacks the window at frame {length}")
    return motion, marks, present


def _window(file: Path, video: str) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Motion and marks of one window of a video."""
    try:
        with np.load(file, allow_pickle=False) as content:
            arrays = {name: content[name] for name in _SHAPES}
            inside = str(content["video_name"])
    except (
        OSError, ValueError, KeyError, TypeError, AttributeError, EOFError,
        zipfile.BadZipFile, zlib.error,
    ) as error:  # fmt: skip
        raise CausalexError(
            f"{file}: damaged, or no window of AUW-GCN's features ({error}); get it again"
        ) from error
    for name, shape in _SHAPES.items():
        if arrays[name].shape != shape:
            raise CausalexError(f"{file}: {name} of shape {arrays[name].shape}, expected {shape}")
        if not np.isfinite(arrays[name]).all():
            raise CausalexError(f"{file}: {name} has values that are not finite; get it again")
    if inside != video:
        raise CausalexError(f"{file} holds a window of video '{inside}'; get it again")
    return arrays["feature"].astype(np.float32), arrays["label"] != 0
