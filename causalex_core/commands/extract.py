"""``causalex extract``: motion of the 12 regions from videos and folders of frames."""

import math
import multiprocessing
import os
import zipfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
import cv2
import numpy as np
from tqdm import tqdm

from causalex_core import devices, paths
from causalex_core.commands import options
from causalex_core.errors import CausalexError
from causalex_core.motion import flow, head_motion, landmarks, mdmo, video
from causalex_core.motion.extract import PAPER, Config, device_for
from causalex_core.motion.extract import extract as extract_motion
from causalex_core.motion.record import MotionRecord, Quality

_ON_GPU = 4  # videos at the same time: each takes up to a GB of its memory


@dataclass(frozen=True)
class Job:
    """One video and where its motion goes."""

    video: Path
    landmarks: Path | None
    destination: Path
    fps: float | None
    every: int
    config: Config
    device: str


@click.command()
@options.videos
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="A .npz file for one video, a folder for many.",
)
@options.fps
@options.every
@click.option(
    "--landmarks",
    "points",
    type=click.Path(path_type=Path),
    help="68 points per frame instead of looking for the face: .csv or .npy for one video, for"
    " many a folder of such files, named like the videos.",
)
@click.option("--paper", is_flag=True, help="TV-L1, stride 1, 8 bits, nose, AUW-GCN's averaging.")
@click.option("--crop", "crop_px", type=int, help="Height and width of the crop.  [default: 256]")
@click.option(
    "--flow", "flow_", type=click.Choice(list(flow.METHODS)), help="[default: lucas_kanade]"
)
@click.option("--stride", type=int, help="Frames between the two compared.  [default: 100 ms]")
@click.option(
    "--head-motion", type=click.Choice(list(head_motion.ESTIMATES)), help="[default: similarity]"
)
@click.option("--mdmo", "mdmo_", type=click.Choice(list(mdmo.VARIANTS)), help="[default: liu]")
@click.option("--smoothing", type=float, help="Seconds, of the alignment.  [default: 0.5]")
@click.option(
    "--processes",
    type=click.IntRange(min=1),
    help=f"Videos at the same time.  [default: as many as cores; with a GPU at most {_ON_GPU}]",
)
@options.device
def extract(
    inputs: tuple[Path, ...],
    output: Path,
    fps: float | None,
    every: int,
    points: Path | None,
    paper: bool,
    crop_px: int | None,
    flow_: str | None,
    stride: int | None,
    head_motion: str | None,
    mdmo_: str | None,
    smoothing: float | None,
    processes: int | None,
) -> None:
    """Extract the motion of the 12 regions from videos or folders of frames.

    A folder of pictures is one video; in any other folder, all video files and all folders of
    pictures below it are taken. What is already extracted with the same settings from a file
    that has not changed since is kept, so that an interrupted run goes on where it was.
    """
    given = {
        "crop_px": crop_px,
        "flow": flow_,
        "stride": stride,
        "head_motion": head_motion,
        "mdmo": mdmo_,
        "smoothing": smoothing,
    }
    chosen: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    config = replace(PAPER if paper else Config(), **chosen)
    device = device_for(config, devices.wanted())
    jobs = [
        Job(source, _points_of(points, relative), destination, fps, every, config, device)
        for source, relative, destination in _planned(inputs, output)
    ]
    due = [job for job in jobs if not _done(job)]
    if len(due) < len(jobs):
        click.echo(f"{len(jobs) - len(due)} of {len(jobs)} already extracted with these settings")
    failed = 0
    with tqdm(total=len(due), unit="video", disable=None) as bar:
        usual = min(_cores(), _ON_GPU) if device == "cuda" else _cores()
        for job, outcome in _run(due, processes or usual):
            bar.update()
            with bar.external_write_mode():
                if isinstance(outcome, CausalexError) and len(jobs) > 1:
                    failed += 1
                    click.echo(f"causalex: error: {outcome}", err=True)
                elif isinstance(outcome, CausalexError):
                    raise outcome
                else:
                    click.echo(f"{job.destination}: {outcome}")
    if failed:
        raise CausalexError(f"{failed} of {len(jobs)} videos could not be extracted, see above")


def _planned(inputs: Sequence[Path], output: Path) -> list[tuple[Path, Path, Path]]:
    """Each video, its name relative to the input it was found in, and its destination."""
    found = [(place, relative) for given in inputs for place, relative in videos_in(given)]
    if output.suffix == ".npz":
        if len(found) > 1:
            raise CausalexError(f"{len(found)} videos, but -o {output} is one file: give a folder")
        return [(place, relative, output) for place, relative in found]
    planned: dict[Path, tuple[Path, Path, Path]] = {}
    for place, relative in found:
        destination = output / relative.with_name(f"{relative.name}.npz")
        if destination in planned:
            raise CausalexError(
                f"{place} and {planned[destination][0]} would both become {destination}:"
                " extract them into different folders"
            )
        planned[destination] = (place, relative, destination)
    return list(planned.values())


def videos_in(given: Path) -> Iterator[tuple[Path, Path]]:
    """Videos in an input: itself, or what is below it, in the order of their names."""
    if not given.is_dir() or _has_pictures(given):
        yield given, Path(given.stem if given.is_file() else given.resolve().name)
        return
    below = [
        place
        for place in sorted(given.rglob("*"))
        if (place.is_dir() and _has_pictures(place))
        or (place.is_file() and place.suffix.lower() in video.VIDEOS)
    ]
    if not below:
        raise CausalexError(f"{given} holds neither videos nor folders of pictures")
    for place in below:
        relative = place.relative_to(given)
        yield place, relative.with_suffix("") if place.is_file() else relative


def _has_pictures(folder: Path) -> bool:
    return any(file.suffix.lower() in video.PICTURES for file in folder.iterdir())


def _points_of(points: Path | None, relative: Path) -> Path | None:
    """File of landmarks that belongs to a video."""
    if points is None or not points.is_dir():
        return points
    for suffix in (".csv", ".npy"):
        file = points / relative.with_name(relative.name + suffix)
        if file.is_file():
            return file
    raise CausalexError(f"{points} holds no landmarks for {relative}: expected {relative}.csv")


def _done(job: Job) -> bool:
    """Whether the destination holds this job's result, and is newer than what it came from."""
    try:
        written = job.destination.stat().st_mtime
        newest = max(
            place.stat().st_mtime for place in (job.video, job.landmarks) if place is not None
        )
        with np.load(job.destination, allow_pickle=False) as stored:
            same = str(stored["config"]) == job.config.to_json()
            looked = not str(stored["landmarks"]).startswith("given")
            fps = float(stored["fps"])
    except (OSError, KeyError, ValueError, zipfile.BadZipFile):
        return False
    rate = video.open_frames(job.video, job.fps, job.every).fps
    return same and looked == (job.landmarks is None) and fps == rate and written >= newest


def _run(jobs: Sequence[Job], processes: int) -> Iterator[tuple[Job, str | CausalexError]]:
    """Do all jobs; what each became, as soon as it is done."""
    if min(processes, len(jobs)) <= 1:
        for job in jobs:
            yield job, _attempt(job)
        return
    # A forked MediaPipe hangs, so that each process starts anew.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(processes, len(jobs)), mp_context=context) as pool:
        waiting = {pool.submit(_attempt, job): job for job in jobs}
        try:
            for future in as_completed(waiting):
                yield waiting[future], future.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _attempt(job: Job) -> str | CausalexError:
    """Extract one video and write its motion; in words what was found, or why it failed."""
    cv2.setNumThreads(1)
    try:
        frames = video.open_frames(job.video, job.fps, job.every)
        landmarker = landmarks.read(job.landmarks) if job.landmarks else landmarks.face_mesh()
        motion = extract_motion(frames, landmarker, job.config, job.device)
        paths.atomic_write(job.destination, motion.to_bytes())
    except CausalexError as error:
        return error
    except OSError as error:
        return CausalexError(f"{error.filename or job.video}: {error.strerror or error}")
    return _summary(motion)


def _summary(motion: MotionRecord) -> str:
    counts = np.bincount(motion.quality, minlength=len(Quality))
    parts = [
        f"{counts[quality]} {quality.name.lower().replace('_', ' ')}"
        for quality in Quality
        if counts[quality]
    ]
    seconds = len(motion.quality) / (motion.fps or np.inf)
    return (
        f"{len(motion.quality)} frames ({math.ceil(seconds)} s), stride {motion.stride}:"
        f" {', '.join(parts)}"
    )


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
