"""``causalex recognise``: from expressions that were spotted to their emotions."""

from collections.abc import Sequence
from pathlib import Path

import click
import pandas as pd

from causalex_core import expressions
from causalex_core.commands import options
from causalex_core.commands.videos import NamedVideo, attempt, named_videos, report_failures
from causalex_core.data.causalnet import EMOTIONS
from causalex_core.errors import CausalexError, warn
from causalex_core.motion import landmark_tables, video
from causalex_core.motion.alignment import LARGEST
from causalex_core.recognition import checkpoints
from causalex_core.recognition.predict import COLUMNS
from causalex_core.recognition.predict import recognise as name_emotions

_ALL = "all"
_SECONDS = "onset_seconds"


@click.command()
@options.videos
@click.option(
    "--intervals",
    required=True,
    type=click.Path(path_type=Path),
    help="Table of expressions with onset, apex and offset, as causalex spot writes it.",
)
@options.table("Table of emotions, .csv or .xlsx.")
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
@options.face
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
    face: str | None,
    weights: Path,
) -> None:
    """Name the emotion of expressions in videos: negative, positive or surprise.

    Takes the same videos as causalex spot and the table that it wrote, and adds the likeliest
    emotion and the probability of each; all other columns stay as they are. A row that cannot be
    judged is left without them, and the column "skipped" says why. A row belongs to the
    video of its subject and name. Frames are counted as they were when the table was written:
    give the same --every, and the same --face.

    The model was trained on synthetic faces only, and names one of three emotions even where
    there is none. Its card (causalex_core/recognition/shipped/CARD.md) says what it may not be used
    for: to judge people, to tell what somebody feels, or to detect lies.
    """
    table, cells = _read(intervals, kind)
    videos = named_videos(inputs)
    if len(videos) > 1 and points:
        raise CausalexError(f"{len(videos)} videos: --landmarks is for one video")
    owners = _owners(table, videos, intervals)
    recogniser = checkpoints.load(weights)

    def work(named: NamedVideo) -> tuple[pd.DataFrame, str] | None:
        rows = table[owners == videos.index(named)]
        if rows.empty:
            return None
        frames = video.open_frames(named.path, fps, every)
        _refuse_other_rate(rows, frames.fps, intervals)
        emotions = name_emotions(
            frames,
            rows,
            landmarker=landmark_tables.read(points, every, face) if points else None,
            recogniser=recogniser,
            face=face or LARGEST,
        )
        counts = emotions["emotion"].value_counts()
        parts = ", ".join(f"{counts.get(name, 0)} {name}" for name in EMOTIONS)
        return emotions, f"{named.path}: {parts}"

    tables, failed = attempt(videos, work)
    emotions = pd.concat(tables or [pd.DataFrame(columns=list(COLUMNS))]).sort_index()
    skipped = [
        f"{intervals}, row {row + 1}: {reason}"
        for row, reason in zip(emotions.index.tolist(), emotions["skipped"], strict=True)
        if reason
    ]
    if skipped and len(skipped) == len(emotions):
        raise CausalexError(f"none of {len(skipped)} rows could be judged; {skipped[0]}")
    for reason in skipped:
        warn(f"skipped {reason}")
    if failed < len(videos):
        written = cells.loc[emotions.index].join(emotions.round(dict.fromkeys(EMOTIONS, 4)))
        options.write_table(output, written)
    report_failures(failed, videos)


def _read(intervals: Path, kind: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Expressions of a kind, and their rows as they are written."""
    table, cells = expressions.read_expressions(intervals), expressions.read_cells(intervals)
    present = [name for name in COLUMNS if name in cells]
    if present:
        raise CausalexError(f"{intervals}: has a column '{present[0]}' already; rename it")
    more = [name for name in (_SECONDS, "measured_share", "reasons") if name in cells]
    table = table.join(cells[more])
    kept = table["kind"].isin(expressions.KINDS if kind == _ALL else (kind,))
    if not kept.any():
        warn(f"{intervals}: no expression to recognise among {len(table)} rows (--kind {kind})")
    return table[kept], cells[kept]


def _refuse_other_rate(rows: pd.DataFrame, fps: float, intervals: Path) -> None:
    """Refuse frames that lie elsewhere in the video by the seconds beside them."""
    if _SECONDS not in rows:
        return
    frames = fps * pd.to_numeric(rows[_SECONDS], errors="coerce")
    wrong = rows.assign(frame=frames)[(frames - rows["onset"]).abs() > 1]
    if len(wrong):
        row = wrong.iloc[0]
        raise CausalexError(
            f"{intervals}, row {wrong.index[0] + 1}: onset {row['onset']:g} at {row[_SECONDS]} s,"
            f" which is frame {row['frame']:.0f} at {fps:g} per second: give the same --every and"
            " --fps as to causalex spot"
        )


def _owners(table: pd.DataFrame, videos: Sequence[NamedVideo], intervals: Path) -> pd.Series:
    """Number of the video that each row belongs to."""
    numbers = {(video.subject, video.name): number for number, video in enumerate(videos)}
    owners = pd.Series(
        [numbers.get(key, -1) for key in zip(table["subject"], table["video"], strict=True)],
        index=table.index,
    )
    unknown = table[owners < 0]
    if len(unknown):
        row = unknown.iloc[0]
        known = ", ".join(f"'{name}' of '{subject}'" for subject, name in list(numbers)[:3])
        raise CausalexError(
            f"{intervals}, row {unknown.index[0] + 1}: video '{row['video']}' of subject"
            f" '{row['subject']}' is none of those given ({known}): give it, or leave the row out"
        )
    return owners
