"""Videos on the command line: where they are, what they are called, and one attempt at each."""

import mimetypes
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

from tqdm import tqdm

from causalex_core.errors import CausalexError, warn
from causalex_core.motion import video
from causalex_core.motion.picture_folder import pictures_in

Result = TypeVar("Result")


class NamedVideo(NamedTuple):
    """Path of a video or of its motion, and its names in tables of expressions."""

    path: Path
    subject: str
    name: str


def videos_in(given: Path) -> Iterator[tuple[Path, Path]]:
    """Paths of the videos in an input, itself or what is below it, and relative names of them.

    A folder of pictures is a video, unless there are no more of them than of videos beside and
    below: then they are previews. What is left out is told.
    """
    if not given.is_dir():
        yield given, Path(given.stem)
        return
    videos = sorted(_below(given))
    if not videos:
        raise CausalexError(f"{given} holds neither videos nor folders of pictures")
    if given in videos:
        _tell_left_out(given, [path for path in videos if path != given])
        yield given, Path(given.resolve().name)
        return
    for path in videos:
        relative = path.relative_to(given)
        yield path, relative.with_suffix("") if path.is_file() else relative


def _below(folder: Path) -> list[Path]:
    """Videos in a folder and below, and the folder itself if its pictures are one."""
    entries = [entry for entry in sorted(folder.iterdir()) if not entry.name.startswith(".")]
    inside = [
        entry for entry in entries if entry.suffix.lower() in video.VIDEOS and entry.is_file()
    ]
    videos = inside.copy()
    for entry in entries:
        loop = entry.is_symlink() and folder.resolve().is_relative_to(entry.resolve())
        if entry.is_dir() and not loop:
            videos += _below(entry)
    pictures = pictures_in(folder)
    is_video = len(pictures) > len(videos)
    if is_video and inside:
        raise CausalexError(
            f"{folder} holds {len(pictures)} pictures and beside them '{inside[0].name}': put the"
            " frames of a video into a folder of their own"
        )
    seen = {*inside, *(pictures if is_video else ())}
    _tell_left_out(folder, [entry for entry in entries if entry not in seen and _shows(entry)])
    return [folder, *videos] if is_video else videos


def _shows(file: Path) -> bool:
    """Whether a file is some picture or video, by its name."""
    kind = mimetypes.guess_type(file.name)[0] or ""
    return kind.startswith(("image/", "video/")) and file.is_file()


def _tell_left_out(folder: Path, paths: Sequence[Path]) -> None:
    if paths:
        names = [str(path.relative_to(folder)) for path in paths]
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        warn(f"{folder}: left out are {', '.join(names[:3])}{more}")


def named_videos(
    inputs: Iterable[Path], listing: Callable[[Path], Iterator[tuple[Path, Path]]] = videos_in
) -> list[NamedVideo]:
    """All videos that `listing` finds in the inputs, named after file and folder.

    Raises
    ------
    CausalexError
        If two would have the same name.
    """
    videos = [
        NamedVideo(path, relative.parent.name or relative.name, relative.name)
        for given in inputs
        for path, relative in listing(given)
    ]
    names = [(video.subject, video.name) for video in videos]
    for subject, name in names:
        if names.count((subject, name)) > 1:
            raise CausalexError(
                f"two videos are called '{name}' of subject '{subject}': give one of them another"
                " name"
            )
    return videos


def attempt(
    videos: Sequence[NamedVideo], work: Callable[[NamedVideo], tuple[Result, str] | None]
) -> tuple[list[Result], int]:
    """Results of `work`, which also gives a line to print, and the number of videos that failed.

    The error of a single video is raised; of several, it is printed and the others go on.
    """
    results, failed = [], 0
    for video_ in tqdm(videos, unit="video", disable=None if len(videos) > 1 else True):
        try:
            outcome = work(video_)
        except CausalexError as error:
            if len(videos) == 1:
                raise
            failed += 1
            tqdm.write(f"causalex: error: {error}", file=sys.stderr)
            continue
        if outcome is not None:
            results.append(outcome[0])
            tqdm.write(outcome[1])
    return results, failed


def report_failures(failed: int, videos: Sequence[NamedVideo]) -> None:
    """End with an error if some videos failed."""
    if failed:
        raise CausalexError(f"{failed} of {len(videos)} videos could not be judged, see above")
