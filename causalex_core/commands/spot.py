"""``causalex spot``: from videos to macro- and micro-expressions."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import click
import pandas as pd

from causalex_core import paths, plugins
from causalex_core.commands import options
from causalex_core.commands.videos import (
    NamedVideo,
    attempt,
    named_videos,
    report_failures,
    videos_in,
)
from causalex_core.data.feature_archive import UNIT_PX, window_files
from causalex_core.errors import CausalexError, warn
from causalex_core.motion import landmark_tables, video
from causalex_core.motion.alignment import LARGEST
from causalex_core.motion.extract import extract
from causalex_core.motion.landmarks import Given, Landmarker
from causalex_core.motion.record import MotionRecord, Quality, read_motion
from causalex_core.motion.video import Stored
from causalex_core.spotting import checkpoints
from causalex_core.spotting.checkpoints import Spotted
from causalex_core.spotting.predict import portraits

_LEAST_FPS = 20  # motion of less is interpolated to the model's 30
_SYNTHETIC = (
    "the model that comes with the package was trained on synthetic faces only; what it may not be"
    " used for: causalex_core/spotting/shipped/CARD.md"
)


@click.command()
@options.videos
@options.table("Table of detections, .csv or .xlsx.")
@click.option(
    "--timeline", type=options.FileOf(".html"), help="A page to look at, of one video (HTML)."
)
@click.option(
    "--motion",
    type=click.Path(path_type=Path),
    help="What causalex extract made of the video, with its default settings: the video is then"
    " read only for the faces of the timeline.",
)
@options.fps
@options.every
@options.points
@options.face
@click.option(
    "--debias",
    type=click.FloatRange(min=0),
    default=0.0,
    show_default=True,
    help="Lambda, the strength of debiasing: this much of the network's output for null frames is"
    " subtracted from its probabilities. That raises all thresholds alike.",
)
@click.option(
    "--model",
    "weights",
    type=click.Path(path_type=Path),
    default=checkpoints.SHIPPED,
    help="Another spotter than the one that comes with this package.",
)
@options.device
def spot(
    inputs: tuple[Path, ...],
    output: Path,
    timeline: Path | None,
    motion: Path | None,
    fps: float | None,
    every: int,
    points: Path | None,
    face: str | None,
    debias: float,
    weights: Path,
) -> None:
    """Spot macro- and micro-expressions in videos.

    Takes videos, folders of pictures, motion files (.npz) of causalex extract, and folders of any
    of these; all detections go into one table. In a folder, a video in a folder of its own
    belongs to the subject that this folder is called after.

    The model was trained on synthetic faces only. Its card (causalex_core/spotting/shipped/CARD.md)
    says what it may not be used for: there are no emotions in the table, and no lies.
    """
    videos = named_videos(inputs, _motion_or_videos)
    if motion:
        _refuse_windows(motion)
    if len(videos) > 1 and (timeline or motion or points):
        raise CausalexError(
            f"{len(videos)} videos: --timeline, --motion and --landmarks are for one video"
        )
    spotter = checkpoints.load(weights)

    def work(named: NamedVideo) -> tuple[pd.DataFrame, str]:
        is_motion = named.path.suffix == ".npz"
        if is_motion and (points or face):
            raise CausalexError(f"{named.path} is motion: --landmarks and --face are for videos")
        frames = None if is_motion else video.open_frames(named.path, fps, every)
        landmarker = landmark_tables.read(points, every, face) if points else None
        spotted = spotter(_record(named, frames, motion, landmarker, face or LARGEST), debias)
        if timeline:
            faces = portraits(frames, landmarker, face or LARGEST) if frames else None
            paths.atomic_write(timeline, plugins.hook("timeline")(spotted, faces))
        for warning in _warnings(spotted):
            warn(f"{named.path}: {warning}")
        return spotted.detections, _summary(named, spotted)

    tables, failed = attempt(videos, work)
    if tables:
        options.write_table(output, pd.concat(tables).round({"score": 4}))
        if weights == checkpoints.SHIPPED:
            warn(_SYNTHETIC)
    report_failures(failed, videos)


def _motion_or_videos(given: Path) -> Iterator[tuple[Path, Path]]:
    """Motion files below a folder, or else the videos there; a file is itself."""
    _refuse_windows(given)
    motions = sorted(given.rglob("*.npz")) if given.is_dir() else []
    named = [(file, file.relative_to(given).with_suffix("")) for file in motions]
    yield from named or videos_in(given)


def _refuse_windows(given: Path) -> None:
    if window_files(given):
        raise CausalexError(
            f"{given} holds AUW-GCN's features, which say neither their frame rate nor how they"
            f" were extracted, in units of {UNIT_PX} px of another crop; the spotter needs motion"
            " of `causalex extract` with its default settings: give the videos"
        )


def _record(
    named: NamedVideo,
    frames: Stored | None,
    motion: Path | None,
    landmarker: Landmarker | Given | None,
    face: str,
) -> MotionRecord:
    """Motion of a video, from a file or from its frames."""
    if motion or frames is None:
        record = read_motion(motion or named.path)
        if frames and record.fps != frames.fps:
            raise CausalexError(
                f"{motion} has {record.fps} frames per second, {named.path} {frames.fps}: give"
                " the motion of this video"
            )
        if frames and record.source not in ("", frames.digest()):
            raise CausalexError(f"{motion} was not made from {named.path}: give the motion of it")
    else:
        record = extract(frames, landmarker, face=face)
    return replace(record, subject=named.subject, video=named.name)


def _warnings(spotted: Spotted) -> Iterator[str]:
    """What of the motion may mislead."""
    record = spotted.recording
    lost = len(record.motion) - int(record.measured.sum())
    reasons = checkpoints.unmeasured(record.quality)
    if (record.quality > Quality.END_OF_VIDEO).any():
        yield (
            f"{lost} of {len(record.motion)} frames were not measured"
            f" ({reasons}); nothing is spotted where no face was"
        )
    several = int((record.quality == Quality.SEVERAL_FACES).sum())
    if several:
        who = record.landmarks.partition("; ")[2] or "the one followed"
        yield f"several faces in {several} frames; measured: {who}"
    if missing := spotted.graph.settings.get("missing"):
        yield f"no causal graph ({missing}): the prior alone is used"
    if record.fps and record.fps < _LEAST_FPS:
        yield (
            f"{record.fps:g} frames per second; micro-expressions of less"
            f" than half a second have few frames below {_LEAST_FPS}"
        )


def _summary(named: NamedVideo, spotted: Spotted) -> str:
    counts = spotted.detections["kind"].value_counts()
    missing = "missing" in spotted.graph.settings
    graph = "no graph" if missing else f"graph of {len(spotted.graph.edges())} edges"
    return (
        f"{named.path}: {counts.get('macro', 0)} macro, {counts.get('micro', 0)} micro in"
        f" {len(spotted.recording.motion)} frames; {graph}"
    )
