"""Videos on the command line: where they are, what they are called, and one attempt at each."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

from tqdm import tqdm

from causalex_core.errors import CausalexError
from causalex_core.motion import video

Result = TypeVar("Result")


class NamedVideo(NamedTuple):
    """Path of a video or of its motion, and its names in tables of expressions."""

    path: Path
    subject: str
    name: str


def videos_in(given: Path) -> Iterator[tuple[Path, Path]]:
    """Paths of the videos in an input, itself or what is below it, and relative names of them."""
    if not given.is_dir() or _has_pictures(given):
        yield given, Path(given.stem if given.is_file() else given.resolve().name)
        return
    below = [
        path
        for path in sorted(given.rglob("*"))
        if (path.is_dir() and _has_pictures(path))
        or (path.is_file() and path.suffix.lower() in video.VIDEOS)
    ]
    if not below:
        raise CausalexError(f"{given} holds neither videos nor folders of pictures")
    for path in below:
        relative = path.relative_to(given)
        yield path, relative.with_suffix("") if path.is_file() else relative


def _has_pictures(folder: Path) -> bool:
    return any(file.suffix.lower() in video.PICTURES for file in folder.iterdir())


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
