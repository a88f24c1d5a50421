"""The motion of a video's 12 regions, and the only reader and writer of its file."""

import io
import json
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from causalex_core import regions
from causalex_core.display import Summary
from causalex_core.errors import CausalexError, warn
from causalex_core.motion.rows import check_rate

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip archive can hold
_FARTHEST = 1000.0  # px per frame; no crop is so large
_SAME_RATE = 0.03  # relative; 24 and 25 frames per second are not the same
_RATE = "frames per second"
_TEXTS = ("config", "landmarks", "source", "made_with")


class Quality(IntEnum):
    """What happened to a row. Rows above SEVERAL_FACES were not measured and are zero."""

    MEASURED = 0
    SEVERAL_FACES = 1  # the one followed from the start was measured
    END_OF_VIDEO = 2  # one of the two frames lies outside the video, or what is known of it
    NO_FACE = 3  # or not the same one before and after
    SCENE_CUT = 4
    NO_FRAME = 5  # the source has none near the time of the row: a pause, or a lost picture


@dataclass(frozen=True, eq=False, repr=False)
class MotionRecord(Summary):
    """Motion of the 12 regions of one video, and how it was measured.

    Attributes
    ----------
    motion : (T, 12, 2) float32 array
        x and y in pixels of the crop per frame, y down; 0 where nothing was measured. Row t comes
        from the frames ``t - stride // 2`` and ``t - stride // 2 + stride``: centred on t for an
        even stride, half a frame later for an odd one.
    quality : (T,) uint8 array
        See :class:`Quality`.
    fps
        Rows per second; None if unknown.
    stride
        Frames between the two that were compared; None if unknown.
    config
        Settings of the extraction as JSON; empty if unknown.
    landmarks
        Where the landmarks came from; empty if unknown.
    subject, video
        Names, as in the table of expressions.
    source
        SHA-256 of what the motion was measured in: of a video file, or of the names and contents
        of pictures; empty if unknown.
    made_with
        Versions of the packages that measured it as JSON; empty if unknown.
    frames : (T,) int32 array
        Number of the frame of the source that each row shows, from 0; None if unknown.
    times : (T,) float64 array
        Seconds from the first frame of the source to that frame; None if unknown.
    """

    motion: NDArray[np.float32]
    quality: NDArray[np.uint8]
    fps: float | None = None
    stride: int | None = None
    config: str = ""
    landmarks: str = ""
    subject: str = ""
    video: str = ""
    source: str = ""
    made_with: str = ""
    frames: NDArray[np.int32] | None = None
    times: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        """Set the rows to zero that were not measured."""
        motion = np.where(self.measured[:, None, None], self.motion, 0).astype(np.float32)
        object.__setattr__(self, "motion", motion)

    @property
    def measured(self) -> NDArray[np.bool_]:
        """(T,) whether a row was measured."""
        return self.quality <= Quality.SEVERAL_FACES

    def to_bytes(self) -> bytes:
        """Content of a .npz file, without the names; equal motions give equal bytes."""
        arrays = {
            "motion": self.motion,
            "fps": self.fps,
            "stride": self.stride,
            "crop_px": json.loads(self.config or "{}").get("crop_px"),
            "quality": self.quality,
            "quality_names": [quality.name.lower() for quality in Quality],
            "regions": regions.NAMES,
            "config": self.config,
            "landmarks": self.landmarks,
            "source": self.source,
            "made_with": self.made_with,
            "frames": self.frames,
            "times": self.times,
        }
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as out:
            for name, value in arrays.items():
                if value is not None:
                    array_file = io.BytesIO()
                    np.save(array_file, np.asarray(value), allow_pickle=False)
                    entry = zipfile.ZipInfo(f"{name}.npy", _EPOCH)
                    entry.compress_type = zipfile.ZIP_DEFLATED
                    out.writestr(entry, array_file.getvalue())
        return archive.getvalue()

    def _facts(self) -> Mapping[str, object]:
        return {
            "video": self.video or "unnamed",
            "frames": len(self.motion),
            "measured": int(self.measured.sum()),
            "fps": self.fps,
            "stride": self.stride,
        }


def read_motion(path: Path) -> MotionRecord:
    """Read one motion file; subject and video are both called as the file is.

    Raises
    ------
    CausalexError
        If the file is missing, damaged or something else, no row of it was measured, or one that
        was is not finite or farther than any crop.
    """
    if path.is_file() and not zipfile.is_zipfile(path):
        raise CausalexError(
            f"cannot read the motion file {path}: it is no .npz file, or damaged; expected what"
            " `causalex extract` wrote, which takes videos"
        )
    try:
        with np.load(path, allow_pickle=False) as content:
            stored = {name: content[name] for name in content.files}
        motion = stored["motion"]
        fps = float(stored["fps"]) if "fps" in stored else None
        stride = int(stored["stride"]) if "stride" in stored else None
        texts = {name: str(stored.get(name, "")) for name in _TEXTS}
        dict(json.loads(texts["made_with"] or "{}"))
        frames, times = stored.get("frames"), stored.get("times")
        quality = _quality(stored, len(motion))
    except (
        OSError, ValueError, KeyError, IndexError, TypeError, AttributeError, EOFError,
        zipfile.BadZipFile, zlib.error,
    ) as error:  # fmt: skip
        raise CausalexError(
            f"cannot read the motion file {path}: {error}; expected what `causalex extract` wrote"
        ) from error
    if motion.ndim != 3 or motion.shape[1:] != (regions.COUNT, 2) or motion.dtype.kind not in "fiu":
        raise CausalexError(
            f"{path}: motion of shape {motion.shape}, expected (frames, {regions.COUNT}, 2) numbers"
        )
    for name, column in (
        ("marks of what was measured", quality),
        ("frame numbers", frames),
        ("times", times),
    ):
        if column is not None and column.shape != motion.shape[:1]:
            raise CausalexError(
                f"{path}: {name} of shape {column.shape} for {len(motion)} frames: expected one"
                " for each"
            )
    if fps is not None:
        check_rate(str(path), fps)
    record = MotionRecord(
        motion, quality, fps, stride, **texts, subject=path.stem, video=path.stem, frames=frames,
        times=times,
    )  # fmt: skip
    if not record.measured.any():
        raise CausalexError(f"{path}: none of its {len(motion)} frames was measured")
    broken = ~(np.abs(record.motion) <= _FARTHEST).all(axis=-1)  # NaN neither
    if broken.any():
        frame, region = np.argwhere(broken)[0]
        raise CausalexError(
            f"{path}: motion that is not finite, or above {_FARTHEST:g} px per frame, first in"
            f" frame {frame} at the region '{regions.NAMES[region]}': mark such frames as not"
            " measured, or extract it again"
        )
    return record


def read_origin(path: Path) -> dict[str, NDArray[Any]] | None:
    """All that a motion file says of how it was made, whose motion is not read; None without."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            return {name: stored[name] for name in (*_TEXTS, "fps", "frames")}
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile, zlib.error):
        return None


def differences(records: Iterable[MotionRecord]) -> str:
    """What made some records differently, to be told where they are pooled; empty if nothing did.

    ``opencv 4.11.0 (s01_a) and 5.0.0 (s01_b)``, for example, whose motion differs by up to 0.22 px
    per frame. What an older file does not say is ``unknown``; a package that only some of them
    needed is no difference.
    """
    users: dict[str, dict[str, str]] = {}  # package -> version -> the first video made with it
    pooled = list(records)
    for record in pooled:
        for package, version in json.loads(record.made_with or "{}").items():
            users.setdefault(package, {}).setdefault(version, record.video)
    silent = next((record.video for record in pooled if not record.made_with), None)
    for videos in users.values():
        if silent is not None:
            videos.setdefault("unknown", silent)
    return "; ".join(
        f"{package} " + " and ".join(f"{version} ({video})" for version, video in videos.items())
        for package, videos in users.items()
        if len(videos) > 1
    )


def _quality(stored: Mapping[str, NDArray[Any]], frames: int) -> NDArray[np.uint8]:
    """Codes of :class:`Quality` from the codes and names in a file; all measured without them."""
    if "quality" not in stored:
        return np.full(frames, Quality.MEASURED, np.uint8)
    names = stored.get("quality_names", np.array(["measured"]))
    known = {quality.name.lower(): quality for quality in Quality}
    quality = np.full(stored["quality"].shape, Quality.NO_FACE, np.uint8)
    for code, name in enumerate(names):
        quality[stored["quality"] == code] = known.get(str(name), Quality.NO_FACE)
    return quality


def read_folder(folder: Path, expressions: pd.DataFrame) -> list[MotionRecord]:
    """Read all motion files below a folder, in the order of their names.

    A file is called like its video. Its subject is the folder that it lies in or, if it lies in
    `folder` itself, that of the expressions (columns ``subject, video``); a video without
    expressions belongs to the subject whose name its own begins with (``p03`` for ``p03_2``).

    Raises
    ------
    CausalexError
        If there is no motion file, a file cannot be used, two have one name or were made from the
        same video, they were extracted with different settings or rates, or nobody says whose a
        video is.
    """
    if not folder.is_dir():
        raise CausalexError(f"{folder} is no folder: expected one of motion files (.npz)")
    files = sorted(folder.rglob("*.npz"))
    if not files:
        raise CausalexError(f"{folder} holds no motion files (.npz): `causalex extract` makes them")
    owners = dict(zip(expressions["video"], expressions["subject"], strict=True))
    records = [replace(read_motion(file), subject=_subject(file, folder, owners)) for file in files]
    names = [(record.subject, record.video) for record in records]
    for number, name in enumerate(names):
        if name in names[:number]:
            raise CausalexError(
                f"{files[number]}: a second file of video '{name[1]}'; names must differ"
            )
    refuse_mixture(files, records)
    return records


def refuse_mixture(files: Sequence[Path], records: Sequence[MotionRecord]) -> None:
    """Refuse to pool a face of a video twice, or motion that was measured in another way.

    Rates may differ as clocks of cameras do. Other versions of the packages are warned of.

    Raises
    ------
    CausalexError
        Naming the file, and that which it cannot be pooled with.
    """
    first = _conditions(records[0])
    seen: dict[object, Path] = {}
    for path, record in zip(files, records, strict=True):
        conditions = _conditions(record)
        for name in sorted({*first, *conditions}):
            value, expected = conditions.get(name), first.get(name)
            alike = value == expected or (
                name == _RATE and value and expected and abs(value / expected - 1) < _SAME_RATE
            )
            if not alike:
                raise CausalexError(
                    f"{path}: {name} {_told(value)}, but {_told(expected)} in {files[0]}: extract"
                    " all videos alike, or pool those of each kind"
                )
        motion, face = record.motion.tobytes(), record.landmarks.partition("; ")[2]
        video = (record.source, face) if record.source else motion
        for content in (motion, video):
            if content in seen:
                raise CausalexError(
                    f"{path} holds motion of the same video as {seen[content]}: give each video"
                    " once"
                )
        seen |= {motion: path, video: path}
    if made := differences(records):
        warn(f"made with {made}: extract all with the same versions to compare them")


def _conditions(record: MotionRecord) -> dict[str, Any]:
    """Rate and settings of an extraction."""
    try:
        settings = dict(json.loads(record.config or "{}"))
    except (ValueError, TypeError):
        settings = {"settings": record.config}
    return {**settings, _RATE: record.fps, "stride": record.stride}


def _told(value: Any) -> str:
    return "unknown" if value is None else f"{value:g}" if isinstance(value, float) else f"{value}"


def _subject(file: Path, folder: Path, owners: Mapping[str, str]) -> str:
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
