"""Check a copy of a licensed database: what is missing from it and what is odd.

Frames are listed, never opened; of the annotation spreadsheet only the first bytes are read.
"""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from causalex_core.data import manifest, video_lengths
from causalex_core.data.annotations import CAS, SAMM
from causalex_core.data.names import video_name
from causalex_core.errors import CausalexError

_EXCEL = b"PK\x03\x04"  # an .xlsx file is a zip archive


@dataclass(frozen=True)
class Layout:
    """How a database is laid out on disk."""

    frames: str  # folder of all frames
    video: str  # pattern of one video's folder below it; groups subject and, if long, number
    frame: str  # pattern of one frame's file name; group 1 is its number
    sheet: str  # shell pattern of the annotation spreadsheet
    subjects: tuple[str, ...] = ()  # expected subjects, as in the group of `video`
    first: int | None = None  # number of a video's first frame, if it is the same for all
    database: str = ""  # name in the table of video lengths, if it is there


def _numbers(ranges: str, digits: int) -> tuple[str, ...]:
    """Write ranges such as "6-8 10" as zero-padded numbers."""
    spans = [[int(end) for end in span.split("-")] for span in ranges.split()]
    return tuple(f"{n:0{digits}d}" for span in spans for n in range(span[0], span[-1] + 1))


LAYOUTS = {
    "casme2_squared": Layout(
        frames="rawpic",
        video=r"s(?P<subject>\d\d)/(?P=subject)_(?P<number>\d{4})\w*",
        frame=r"img(\d+)\.jpg",
        sheet="CAS(ME)^2code_final*.xlsx",
        subjects=_numbers("15-16 19-27 29-38 40", 2),
        first=1,
        database=CAS,
    ),
    "samm_long_videos": Layout(
        frames="SAMM_longvideos",
        video=r"(?P<subject>\d{3})_(?P<number>\d)",
        frame=r"\d{3}_\d_(\d+)\.jpg",
        sheet="SAMM_LongVideos_V[123]_Release.xlsx",
        subjects=_numbers("6-26 28 30-37", 3),
        first=1,
        database=SAMM,
    ),
    "casme2": Layout(
        frames="CASME2_RAW_selected",
        video=r"sub(?P<subject>\d\d)/EP\w+",
        frame=r"img(\d+)\.jpg",
        sheet="CASME2-coding-*.xlsx",
        subjects=_numbers("1-26", 2),
    ),
    "samm": Layout(
        frames="SAMM",
        video=r"(?P<subject>\d{3})/(?P=subject)_\d_\d+",
        frame=r"\d{3}_(\d+)\.jpg",
        sheet="SAMM_Micro_FACS_Codes_v*.xlsx",
    ),
    "smic": Layout(
        frames="SMIC_all_raw/HS",
        video=r"s0?(?P<subject>\d+)/(?:micro/(?:negative|positive|surprise)|non_micro)/[^/]+",
        frame=r"\D*(\d+)\.bmp",
        sheet="",
        subjects=_numbers("1-6 8-9 11-15 18-20", 1),
    ),
}


@dataclass(frozen=True)
class Report:
    """What a check found; every line names the folder."""

    videos: int
    frames: int
    missing: tuple[str, ...]
    odd: tuple[str, ...]


@dataclass(frozen=True)
class _Video:
    path: str  # folder below the copy
    subject: str
    name: str  # as in the table of video lengths, empty for a clip
    frames: dict[str, int]  # number of each frame, by file name
    empty: list[str]  # frames of zero bytes
    others: list[str]  # files that are not named like a frame


def check(name: str, folder: Path) -> Report:
    """Check a copy of a licensed database against its expected tree.

    Missing are the spreadsheet, subjects, videos and frames (empty folders, gaps, zero bytes); odd
    are unexpected names, a first number that is not the usual one, and a number of frames other
    than the public one, where the source ``megc_video_lengths`` is here.

    Parameters
    ----------
    name
        Name of its card, a key of :data:`LAYOUTS`.
    folder
        The folder called DIR in the card's tree; a CausalexError if it does not exist.
    """
    if not folder.is_dir():
        raise CausalexError(f"there is no folder {folder}; give the one that holds your copy")
    layout = LAYOUTS[name]
    missing = list(_sheet_missing(folder, layout))
    if not (folder / layout.frames).is_dir():
        missing.append(f"the folder {layout.frames} (give the folder above it)")
        return Report(0, 0, tuple(missing), ())
    videos, unexpected = _read(folder, layout)
    lengths = _public_lengths(layout)
    missing += _videos_missing(videos, layout, lengths)
    odd = [f"{path}: unexpected folder" for path in unexpected]
    odd += _videos_odd(videos, layout, lengths)
    frames = sum(len(video.frames) for video in videos)
    return Report(len(videos), frames, tuple(missing), tuple(odd))


def _read(folder: Path, layout: Layout) -> tuple[list[_Video], list[str]]:
    """Frames of every video, and the folders that are no video."""
    videos, unexpected = [], []
    root = folder / layout.frames
    for walked, folders, names in os.walk(root):
        folders.sort()
        path = Path(walked)
        match = re.fullmatch(layout.video, path.relative_to(root).as_posix())
        if match:
            folders.clear()
            videos.append(_video(path, names, match, folder, layout))
        elif names or not folders:
            unexpected.append(path.relative_to(folder).as_posix())
    return videos, unexpected


def _video(
    path: Path, names: list[str], match: re.Match[str], folder: Path, layout: Layout
) -> _Video:
    numbers = {name: re.fullmatch(layout.frame, name) for name in sorted(names)}
    frames = {name: int(number[1]) for name, number in numbers.items() if number}
    subject = match["subject"]
    return _Video(
        path=path.relative_to(folder).as_posix(),
        subject=subject,
        name=video_name(layout.database, subject, match["number"]) if layout.database else "",
        frames=frames,
        empty=[name for name in frames if not (path / name).stat().st_size],
        others=[name for name in numbers if name not in frames],
    )


def _sheet_missing(folder: Path, layout: Layout) -> Iterator[str]:
    if not layout.sheet:
        return
    sheets = sorted(folder.glob(layout.sheet))
    if not sheets:
        yield f"the annotation spreadsheet {layout.sheet} in {folder}"
    for sheet in sheets:
        with sheet.open("rb") as stream:
            if stream.read(len(_EXCEL)) != _EXCEL:
                yield f"{sheet.name}: not an Excel file"


def _videos_missing(
    videos: list[_Video], layout: Layout, lengths: Mapping[str, int]
) -> Iterator[str]:
    """Subjects, videos and frames that should be there and are not."""
    subjects = {video.subject for video in videos}
    absent = [subject for subject in layout.subjects if subject not in subjects]
    if absent:
        yield f"subjects without a video: {' '.join(absent)}"
    names = {video.name for video in videos}
    present = {name.rpartition("_")[0] for name in names}
    for name in sorted(lengths.keys() - names):
        if name.rpartition("_")[0] in present:
            yield f"video {name} (as called in the public table of video lengths)"
    for video in videos:
        if not video.frames:
            yield f"{video.path}: no frame in it"
            continue
        if video.empty:
            yield f"{video.path}: {len(video.empty)} images of zero bytes, {video.empty[0]} first"
        numbers = sorted(set(video.frames.values()))
        for before, number in pairwise(numbers):
            if number > before + 1:
                count = numbers[-1] - numbers[0] + 1 - len(numbers)
                yield f"{video.path}: {count} frames, number {before + 1} first"
                break


def _videos_odd(videos: list[_Video], layout: Layout, lengths: Mapping[str, int]) -> Iterator[str]:
    """Names and numbers that are not as usual."""
    for subject in sorted({video.subject for video in videos} - set(layout.subjects)):
        if layout.subjects:
            yield f"subject {subject} is not one of the {len(layout.subjects)} expected"
    for video in videos:
        if video.others:
            yield (
                f"{video.path}: {len(video.others)} files not named like a frame,"
                f" {video.others[0]} first"
            )
        numbers = sorted(video.frames.values())
        if len(set(numbers)) < len(numbers):
            yield f"{video.path}: two frames with the same number"
        if numbers and layout.first is not None and numbers[0] != layout.first:
            yield f"{video.path}: numbering starts at {numbers[0]}, expected {layout.first}"
        if lengths and video.name not in lengths:
            yield f"{video.path}: not in the public table of video lengths"
        elif lengths and lengths[video.name] != len(numbers):
            yield (
                f"{video.path}: {len(numbers)} frames,"
                f" the public table of video lengths has {lengths[video.name]}"
            )


def _public_lengths(layout: Layout) -> dict[str, int]:
    """Read the number of frames of each long video, if that source is here."""
    source = manifest.locate("megc_video_lengths") if layout.database else None
    if source is None:
        return {}
    path = source.path(video_lengths.FILES[layout.database])
    table = video_lengths.read(path, layout.database)
    return dict(zip(table["video"], table["frames"], strict=True))
