"""``causalex extract``: motion of the 12 regions from videos and folders of frames."""

import math
import multiprocessing
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import click
import cv2
import numpy as np
from tqdm import tqdm

from causalex_core import devices, paths
from causalex_core.commands import options
from causalex_core.commands.videos import videos_in
from causalex_core.errors import CausalexError, warnings_in_one_line
from causalex_core.motion import (
    alignment,
    flow,
    head_motion,
    landmark_tables,
    landmarks,
    mdmo,
    video,
)
from causalex_core.motion.extract import PAPER, Config, device_for, versions
from causalex_core.motion.extract import extract as extract_motion
from causalex_core.motion.record import MotionRecord, Quality, read_origin

_ON_GPU = 4  # videos at the same time: each takes up to a GB of its memory


class Job(NamedTuple):
    """One video and where its motion goes."""

    video: Path
    landmarks: Path | None
    destination: Path
    fps: float | None
    every: int
    config: Config
    device: str
    face: str | None


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
@options.face
@click.option("--paper", is_flag=True, help="TV-L1, stride 1, 8 bits, nose, AUW-GCN's averaging.")
@click.option("--crop", "crop_px", type=int, help="Height and width of the crop.  [default: 256]")
@click.option("--flow", type=click.Choice(list(flow.METHODS)), help="[default: lucas_kanade]")
@click.option("--stride", type=int, help="Frames between the two compared.  [default: 100 ms]")
@click.option(
    "--head-motion", type=click.Choice(list(head_motion.ESTIMATES)), help="[default: similarity]"
)
@click.option("--mdmo", type=click.Choice(list(mdmo.VARIANTS)), help="[default: liu]")
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
    face: str | None,
    paper: bool,
    processes: int | None,
    **settings: Any,
) -> None:
    """Extract the motion of the 12 regions from videos or folders of frames.

    A folder of pictures is one video; in any other folder, all video files and all folders of
    pictures below it are taken. What was already extracted from the same content, with the same
    settings, landmarks and versions, is kept: an interrupted run goes on where it was.
    """
    config = replace(
        PAPER if paper else Config(),
        **{name: value for name, value in settings.items() if value is not None},
    )
    device = device_for(config, devices.wanted())
    jobs = [
        Job(source, _points_of(points, relative), destination, fps, every, config, device, face)
        for source, relative, destination in _planned(inputs, output)
    ]
    checked = tqdm(jobs, "compared", unit="video", disable=None, leave=False)
    due = [job for job in checked if not _done(job)]
    if len(due) < len(jobs):
        click.echo(f"{len(jobs) - len(due)} of {len(jobs)} already extracted with these settings")
    failed = 0
    with tqdm(total=len(due), unit="video", disable=None) as bar:
        usual = min(_cores(), _ON_GPU) if device == "cuda" else _cores()
        for job, outcome in _run(due, processes or usual):
            bar.update()
            if isinstance(outcome, str):
                tqdm.write(f"{job.destination}: {outcome}")
            elif len(jobs) == 1:
                raise outcome
            else:
                failed += 1
                tqdm.write(f"causalex: error: {outcome}", file=sys.stderr)
    if failed:
        raise CausalexError(f"{failed} of {len(jobs)} videos could not be extracted, see above")


def _planned(inputs: Sequence[Path], output: Path) -> list[tuple[Path, Path, Path]]:
    """Each video, its name relative to its input, and its destination."""
    videos = [video for given in inputs for video in videos_in(given)]
    if output.suffix == ".npz":
        if len(videos) > 1:
            raise CausalexError(f"{len(videos)} videos, but -o {output} is one file: give a folder")
        return [(path, relative, output) for path, relative in videos]
    planned: dict[Path, tuple[Path, Path, Path]] = {}
    for path, relative in videos:
        destination = output / relative.with_name(f"{relative.name}.npz")
        if destination in planned:
            raise CausalexError(
                f"{path} and {planned[destination][0]} would both become {destination}:"
                " extract them into different folders"
            )
        planned[destination] = (path, relative, destination)
    return list(planned.values())


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
    """Whether the destination holds what this job would make: from the same, in the same way."""
    stored = read_origin(job.destination)
    if stored is None or stored["config"] != job.config.to_json():
        return False
    points, _, followed = str(stored["landmarks"]).partition("; ")
    if points.startswith("given") != (job.landmarks is not None):
        return False
    with warnings.catch_warnings(action="ignore"):  # given again when the video is extracted
        try:
            frames = video.open_frames(job.video, job.fps, job.every)
            source = frames.digest()
            landmarker = _landmarker(job) if job.landmarks else None
        except (CausalexError, OSError):
            return False  # what is wrong is said when the video is extracted
    face = job.face or alignment.LARGEST
    return (
        np.array_equal(stored["frames"], frames.rows.frames)
        and stored["fps"] == frames.fps
        and stored["made_with"] == versions(points)
        and stored["source"] == source
        and (landmarker is None or landmarker.name == points)
        and (followed.partition(" of ")[0] or alignment.LARGEST) in (face, f"face_id {face}")
    )


def _landmarker(job: Job) -> landmarks.Given | landmarks.FaceMesh:
    if job.landmarks is None:
        return landmarks.face_mesh()
    return landmark_tables.read(job.landmarks, job.every, job.face)


def _run(jobs: Sequence[Job], processes: int) -> Iterator[tuple[Job, str | CausalexError]]:
    """Do all jobs; yields each with its outcome, as soon as it is done."""
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
    """Extract one video and write its motion; returns a summary, or why it failed."""
    cv2.setNumThreads(1)
    try:
        with warnings_in_one_line():
            frames = video.open_frames(job.video, job.fps, job.every)
            face = job.face or alignment.LARGEST
            motion = extract_motion(frames, _landmarker(job), job.config, job.device, face=face)
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
    face = motion.landmarks.partition("; ")[2]
    return (
        f"{len(motion.quality)} frames ({math.ceil(seconds)} s), stride {motion.stride}:"
        f" {', '.join(parts)}{f'; measured: {face}' if face else ''}"
    )


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
