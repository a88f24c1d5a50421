"""``causalex recognise``: from expressions that were spotted to their emotions."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click
import pandas as pd
from tqdm import tqdm

from causalex_core import expressions, paths
from causalex_core.commands import named, options
from causalex_core.commands.extract import videos_in
from causalex_core.commands.named import Job
from causalex_core.data.causalnet import EMOTIONS
from causalex_core.errors import CausalexError
from causalex_core.motion import landmarks, video
from causalex_core.recognition import checkpoints
from causalex_core.recognition.predict import COLUMNS, whole_frames
from causalex_core.recognition.predict import recognise as recognised

_ALL = "all"


@click.command()
@options.videos
@click.option(
    "--intervals",
    required=True,
    type=click.Path(path_type=Path),
    help="Table of expressions with onset, apex and offset, as causalex spot writes it.",
)
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), help="Table of emotions."
)
@click.option(
    "--kind",
    type=click.Choice([*expressions.KINDS, _ALL]),
    default=_ALL,
    show_default=True,
    help="Which expressions are recognised; the others are left out of the table.",
)
@options.fps
@options.every
@options.points
@click.option(
    "--model",
    "weights",
    type=click.Path(path_type=Path),
    default=checkpoints.SHIPPED,
    help="Another recogniser than the one that comes with this package.",
)
@options.device
def recognise(
    inputs: tuple[Path, ...],
    intervals: Path,
    output: Path,
    kind: str,
    fps: float | None,
    every: int,
    points: Path | None,
    weights: Path,
) -> None:
    """Name the emotion of expressions in videos: negative, positive or surprise.

    Takes the same videos as causalex spot and the table that it wrote, and adds the likeliest
    emotion and the probability of each; all other columns stay as they are. A row belongs to the
    video of its subject and name. Frames are counted as they were when the table was written:
    give the same --every.

    The model was trained on synthetic faces only, and names one of three emotions even where
    there is none. Its card (causalex_core/recognition/shipped/CARD.md) says what it may not be used
    for: to judge people, to tell what somebody feels, or to detect lies.
    """
    table, cells = _read(intervals, kind)
    jobs = named.jobs(inputs, videos_in)
    if len(jobs) > 1 and points:
        raise CausalexError(f"{len(jobs)} videos: --landmarks is for one video")
    owner = _owners(table, jobs, intervals)
    recogniser = checkpoints.load(weights)
    tables, failed = [pd.DataFrame(columns=list(COLUMNS))], 0
    for number, job in enumerate(tqdm(jobs, unit="video", disable=None if jobs[1:] else True)):
        rows = table[owner == number]
        if rows.empty:
            continue
        try:
            found = recognised(
                video.open_frames(job.place, fps, every),
                rows,
                landmarker=landmarks.read(points) if points else None,
                recogniser=recogniser,
            )
        except CausalexError as error:
            if len(jobs) == 1:
                raise
            failed += 1
            tqdm.write(f"causalex: error: {error}", file=sys.stderr)
            continue
        tables.append(found)
        tqdm.write(_summary(job, found))
    said = pd.concat(tables).sort_index()
    if failed < len(jobs):
        paths.atomic_write(output, cells.loc[said.index].join(said).to_csv(index=False))
    if failed:
        raise CausalexError(f"{failed} of {len(jobs)} videos could not be judged, see above")


def _read(intervals: Path, kind: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Expressions of a kind, and their rows as they are written."""
    table, cells = expressions.read_expressions(intervals), expressions.read_cells(intervals)
    there = [name for name in COLUMNS if name in cells]
    if there:
        raise CausalexError(f"{intervals}: has a column '{there[0]}' already; rename it")
    try:
        whole_frames(table)
    except CausalexError as error:
        raise CausalexError(f"{intervals}: {error}") from error
    kept = table["kind"].isin(expressions.KINDS if kind == _ALL else (kind,))
    return table[kept], cells[kept]


def _owners(table: pd.DataFrame, jobs: Sequence[Job], intervals: Path) -> pd.Series:
    """Which of the videos each row belongs to."""
    places = {(job.subject, job.name): number for number, job in enumerate(jobs)}
    owner = pd.Series(
        [places.get(key, -1) for key in zip(table["subject"], table["video"], strict=True)],
        index=table.index,
    )
    strange = table[owner < 0]
    if len(strange):
        row = strange.iloc[0]
        known = ", ".join(f"'{name}' of '{subject}'" for subject, name in list(places)[:3])
        raise CausalexError(
            f"{intervals}, row {strange.index[0] + 1}: video '{row['video']}' of subject"
            f" '{row['subject']}' is none of those given ({known}): give it, or leave the row out"
        )
    return owner


def _summary(job: Job, found: pd.DataFrame) -> str:
    counts = found["emotion"].value_counts()
    parts = ", ".join(f"{counts.get(name, 0)} {name}" for name in EMOTIONS)
    return f"{job.place}: {parts}"
