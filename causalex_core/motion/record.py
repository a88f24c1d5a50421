"""Motion files that ``causalex extract`` wrote: one, or a folder of them with its expressions."""

import zipfile
import zlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from causalex_core import regions
from causalex_core.errors import CausalexError

# Of the names that `causalex extract` gives to what happened to a row.
MEASURED = ("measured", "several_faces")


@dataclass(frozen=True)
class Recording:
    """Motion of the regions of one video.

    Attributes
    ----------
    subject, video
        Names, as in the table of expressions.
    motion
        (T, 12, 2) float32, pixels of the crop per frame, y down; 0 where nothing was measured.
    measured
        (T,) bool.
    fps
        Frames per second; None where the file does not say.
    config
        Settings of the extraction, as JSON; empty where the file does not say.
    """

    subject: str
    video: str
    motion: NDArray[np.float32]
    measured: NDArray[np.bool_]
    fps: float | None = None
    config: str = ""


def read_motion(path: Path) -> Recording:
    """Read one motion file; subject and video are both called as the file is.

    Raises
    ------
    CausalexError
        If the file is missing, damaged or something else, no row of it was measured, or one that
        was is not finite.
    """
    try:
        with np.load(path, allow_pickle=False) as content:
            given = {name: content[name] for name in content.files}
        motion, quality = given["motion"], given.get("quality")
        names = given.get("quality_names", MEASURED[:1])
        fps = float(given["fps"]) if "fps" in given else None
        config = str(given.get("config", ""))
    except (
        OSError, ValueError, KeyError, TypeError, AttributeError, EOFError,
        zipfile.BadZipFile, zlib.error,
    ) as error:  # fmt: skip
        raise CausalexError(
            f"cannot read the motion file {path}: {error}; expected what `causalex extract` wrote"
        ) from error
    if motion.ndim != 3 or motion.shape[1:] != (regions.COUNT, 2) or motion.dtype.kind not in "fiu":
        raise CausalexError(
            f"{path}: motion of shape {motion.shape}, expected (frames, {regions.COUNT}, 2) numbers"
        )
    measured = np.ones(len(motion), bool)
    if quality is not None:
        measured = np.isin(quality, np.flatnonzero(np.isin(names, MEASURED)))
        if measured.shape != motion.shape[:1]:
            raise CausalexError(
                f"{path}: {measured.shape} marks of what was measured for {len(motion)} frames:"
                " expected one for each"
            )
    if not measured.any():
        raise CausalexError(f"{path}: none of its {len(motion)} frames was measured")
    if fps is not None and not 0 < fps < np.inf:
        raise CausalexError(f"{path}: {fps} frames per second; expected more than 0")
    broken = ~np.isfinite(motion).all(axis=-1) & measured[:, None]
    if broken.any():
        frame, region = np.argwhere(broken)[0]
        raise CausalexError(
            f"{path}: motion that is not finite, first in frame {frame} at the region"
            f" '{regions.NAMES[region]}': mark such frames as not measured, or extract it again"
        )
    cleared = np.where(measured[:, None, None], motion, 0).astype(np.float32)
    return Recording(path.stem, path.stem, cleared, measured, fps, config)


def read_folder(folder: Path, expressions: pd.DataFrame) -> list[Recording]:
    """Read all motion files below a folder, in the order of their names.

    A file is called like its video. Its subject is the folder that it lies in or, if it lies in
    `folder` itself, what the expressions say; a video without expressions belongs to the subject
    whose name its own begins with, such as ``p03`` for ``p03_2``.

    Parameters
    ----------
    folder
        What ``causalex extract`` wrote.
    expressions
        Columns ``subject, video``.

    Raises
    ------
    CausalexError
        If there is no motion file, a file cannot be used, two have one name, they were extracted
        with different settings or rates, or nobody says whose a video is.
    """
    if not folder.is_dir():
        raise CausalexError(f"{folder} is no folder: expected one of motion files (.npz)")
    files = sorted(folder.rglob("*.npz"))
    if not files:
        raise CausalexError(f"{folder} holds no motion files (.npz): `causalex extract` makes them")
    owners = dict(zip(expressions["video"], expressions["subject"], strict=True))
    read = [
        replace(read_motion(file), subject=_subject(file, folder, owners), video=file.stem)
        for file in files
    ]
    first = read[0]
    seen: set[tuple[str, str]] = set()
    for file, one in zip(files, read, strict=True):
        if (one.fps, one.config) != (first.fps, first.config):
            raise CausalexError(
                f"{file} was extracted with other settings or at another rate than {files[0]}:"
                " extract all videos alike"
            )
        if (one.subject, one.video) in seen:
            raise CausalexError(f"{file}: a second file of video '{one.video}'; names must differ")
        seen.add((one.subject, one.video))
    return read


def _subject(file: Path, folder: Path, owners: dict[str, str]) -> str:
    if file.parent != folder:
        return file.parent.name
    if file.stem in owners:
        return owners[file.stem]
    fitting = [name for name in owners.values() if file.stem.startswith(f"{name}_")]
    if not fitting:
        raise CausalexError(
            f"{file}: no expression names this video, so that its subject is unknown; put it into"
            " a folder that is called like the subject"
        )
    return max(fitting, key=len)
