"""AUW-GCN's published archive of features, windows put together again.

``feature_segment/{train,test}/<subject>/<video>_<offset>.npz``, offset being the first of the 256
frames that a window judges; each sees 7 more on both sides. ``feature`` is (270, 12, 2), motion of
the regions, zero beyond the video; ``label`` is (270, 8), marks of onset, apex, offset and action
of micro-, then of macro-expressions; ``video_name`` a word.
"""

import re
import zipfile
import zlib
from collections import defaultdict
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from causalex_core import regions
from causalex_core.datasets.features import Recording
from causalex_core.errors import CausalexError

_STEP, _CONTEXT = 256, 7
_SHAPES = {
    "feature": (_STEP + 2 * _CONTEXT, regions.COUNT, 2),
    "label": (_STEP + 2 * _CONTEXT, 8),
}
_KINDS = ("micro", "macro")
_COLUMNS = ("subject", "video", "onset", "apex", "offset", "kind")
_NAME = re.compile(r"(?P<video>.+)_(?P<offset>\d{4,})")


def read_archive(folder: Path) -> tuple[list[Recording], pd.DataFrame]:
    """Read an archive as whole videos.

    Its parts ``train`` and ``test`` hold the same windows, as everybody is left out once: one of
    them is read, ``test`` if it is there.

    Parameters
    ----------
    folder
        ``feature_segment``.

    Returns
    -------
    recordings
        One per video, by subject and name. A video ends with the last frame that is not zero:
        how many zeros belong to it, the archive does not tell.
    expressions
        ``subject, video, onset, apex, offset, kind``. The marks of one stretch of action pair
        up in their order, an onset with an offset; where they do not, because two expressions
        share a frame, the stretch is one expression. An apex outside its expression is missing.

    Raises
    ------
    CausalexError
        If a folder is missing or empty, a window is missing between others, or a file is
        damaged, pickled, called otherwise, of another shape or not finite.
    """
    part = next((folder / name for name in ("test", "train") if (folder / name).is_dir()), None)
    if part is None:
        raise CausalexError(
            f"{folder} holds neither test nor train: expected the folder feature_segment of"
            " AUW-GCN's features"
        )
    windows: dict[tuple[str, str], dict[int, Path]] = defaultdict(dict)
    for file in sorted(part.glob("*/*.npz")):
        named = _NAME.fullmatch(file.stem)
        if named is None or int(named["offset"]) % _STEP:
            raise CausalexError(
                f"{file}: expected <video>_<offset>.npz, the offset a multiple of {_STEP} in at"
                " least four digits"
            )
        windows[file.parent.name, named["video"]][int(named["offset"])] = file
    if not windows:
        raise CausalexError(f"{part} holds no windows: expected <subject>/<video>_<offset>.npz")
    recordings, tables = [], []
    for (subject, video), files in windows.items():
        motion, marks = _whole(video, files)
        recordings.append(Recording(subject, video, motion, np.ones(len(motion), bool)))
        for place, kind in enumerate(_KINDS):
            of_kind = marks[:, 4 * place : 4 * place + 4]
            tables += [(subject, video, *found, kind) for found in _expressions(of_kind)]
    table = pd.DataFrame(tables, columns=list(_COLUMNS))
    return recordings, table.astype(dict.fromkeys(("onset", "apex", "offset"), float))


def _whole(video: str, files: dict[int, Path]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Motion and marks of a video from its windows."""
    offsets = sorted(files)
    if offsets != list(range(0, _STEP * len(offsets), _STEP)):
        absent = next(k for k in range(0, offsets[-1], _STEP) if k not in files)
        place = files[offsets[0]].parent
        raise CausalexError(f"{place}: video '{video}' lacks the window at frame {absent}")
    read = [_window(files[offset]) for offset in offsets]
    judged = slice(_CONTEXT, _CONTEXT + _STEP)
    motion = np.concatenate([feature[judged] for feature, _ in read])
    marks = np.concatenate([label[judged] for _, label in read])
    known = np.flatnonzero(motion.any(axis=(1, 2)) | marks.any(axis=1))
    if not len(known):
        raise CausalexError(f"video '{video}': all its motion is zero")
    return motion[: known[-1] + 1], marks[: known[-1] + 1]


def _window(file: Path) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Motion and marks of one window."""
    try:
        with np.load(file, allow_pickle=False) as content:
            found = {name: content[name] for name in _SHAPES}
    except (
        OSError, ValueError, KeyError, TypeError, AttributeError, EOFError,
        zipfile.BadZipFile, zlib.error,
    ) as error:  # fmt: skip
        raise CausalexError(
            f"{file}: damaged, or no window of AUW-GCN's features ({error}); get it again"
        ) from error
    for name, shape in _SHAPES.items():
        if found[name].shape != shape:
            raise CausalexError(f"{file}: {name} of shape {found[name].shape}, expected {shape}")
        if not np.isfinite(found[name]).all():
            raise CausalexError(f"{file}: {name} has values that are not finite; get it again")
    return found["feature"].astype(np.float32), found["label"] != 0


def _expressions(marks: NDArray[np.bool_]) -> list[tuple[float, float, float]]:
    """Onset, apex and offset of the expressions of one kind, from its marks (T, 4)."""
    borders = np.flatnonzero(np.diff(np.concatenate([[False], marks[:, 3], [False]])))
    found = []
    for start, end in borders.reshape(-1, 2):
        onsets, apexes, offsets = (start + np.flatnonzero(part) for part in marks[start:end, :3].T)
        pairs = list(zip(onsets, offsets, strict=False))
        if len(onsets) != len(offsets) or any(first > last for first, last in pairs):
            pairs = [(start, end - 1)]
        left = list(apexes)
        for onset, offset in pairs:
            apex = next((one for one in left if onset <= one <= offset), None)
            if apex is not None:
                left.remove(apex)
            found.append((float(onset), np.nan if apex is None else float(apex), float(offset)))
    return found
