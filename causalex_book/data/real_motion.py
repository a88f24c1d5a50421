"""Real motion of both databases: what is there, and whether it tells expressions from rest."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata

from causalex_core import action_units, regions
from causalex_core.config import Count, Parameters, Seed, at_least
from causalex_core.data import auw_gcn, manifest, region_motion
from causalex_core.data.feature_archive import UNIT_PX, MarkedRecording
from causalex_core.data.region_motion import FOLDERS, RegionMotion
from causalex_core.evaluation.uncertainty import mean_interval
from causalex_core.expressions import MissingOffset, resolve_missing_offsets
from causalex_core.spotting.data import ACTION, KINDS, OFFSET, ONSET, cut, marks

SOURCES = region_motion.SOURCES
UNITS: Mapping[int, str] = {12: "mouth corner", 4: "brow, middle"}  # and what each moves most
ENDS = "videos whose motion ends where the published duration says"


@dataclass(frozen=True)
class Config(Parameters):
    """Parameters of the page.

    Attributes
    ----------
    most_shift
        Frames by which motion is shifted against the labels, at most, to each side.
    first_frames
        Frames of the beginning of a video.
    n_bootstrap
        Resamples of subjects behind each interval.
    seed
        Seed of the resamples.
    """

    most_shift: Annotated[int, at_least(0)] = 45
    first_frames: Count = 40
    n_bootstrap: Count = 2000
    seed: Seed = 1


@dataclass(frozen=True)
class Video:
    """One video with labels of its frames.

    Attributes
    ----------
    subject
        Whose it is.
    size : (T, 12) array
        Size of the motion of each region, px per frame.
    action : (T, 2) array
        Whether a frame lies in a micro- or in a macro-expression of the annotation table.
    """

    subject: str
    size: NDArray[np.float64]
    action: NDArray[np.bool_]

    @cached_property
    def mean(self) -> NDArray[np.float64]:
        """Size of the motion of a frame (T,), mean over regions."""
        return np.asarray(self.size.mean(axis=1))


def compute(config: Config) -> dict[str, pd.DataFrame]:
    """Aggregates only; see the headings of the page.

    Returns
    -------
    dict
        ``inputs, marks, separation, beginnings, regions, units``.
    """
    both = [region_motion.read(database) for database in FOLDERS]
    videos = {motion.database: list(_videos(motion)) for motion in both}
    return {
        "inputs": pd.DataFrame([row for motion in both for row in _inputs(motion)]),
        "marks": pd.DataFrame([row for motion in both for row in _marks(motion)]),
        "separation": pd.DataFrame(
            [
                {"database": motion.database, **row}
                for motion in both
                for row in separation(videos[motion.database], motion.fps, config)
            ]
        ),
        "beginnings": pd.DataFrame(
            [
                {"database": name, **row}
                for name, of_database in videos.items()
                for row in beginnings(of_database, config)
            ]
        ),
        "regions": pd.DataFrame(
            [
                {"database": name, **row}
                for name, of_database in videos.items()
                for row in _sizes(of_database)
            ]
        ),
        "units": pd.DataFrame([row for motion in both for row in displacements(motion, config)]),
    }


def _rows(motion: RegionMotion, video: MarkedRecording) -> pd.DataFrame:
    """Annotated expressions of one video."""
    return motion.expressions[motion.expressions["video"] == video.recording.video]


def _videos(motion: RegionMotion) -> Iterator[Video]:
    for video in motion.videos:
        pixels = UNIT_PX * video.recording.motion.astype(float)
        marked = marks(_rows(motion, video), len(pixels), "sound")
        measured = video.recording.measured
        yield Video(
            video.recording.subject,
            np.linalg.norm(pixels, axis=2)[measured],
            marked[measured][..., ACTION],
        )


def _inputs(motion: RegionMotion) -> list[dict[str, object]]:
    """What there is of a database."""
    recordings = [video.recording for video in motion.videos]
    rows = motion.expressions
    windows = np.concatenate([cut(video.marks)[..., ACTION] for video in motion.videos])
    counts = {
        "subjects": len({one.subject for one in recordings}),
        "videos": len(recordings),
        ENDS: sum(bool(one.measured.all()) for one in recordings),
        "videos without an annotation": len(recordings) - rows["video"].nunique(),
        "frames per second": round(motion.fps),
        "steps from frame to frame": sum(int(one.measured.sum()) for one in recordings),
        "minutes": round(sum(len(one.motion) for one in recordings) / motion.fps / 60),
        "macro-expressions": int((rows["kind"] == "macro").sum()),
        "micro-expressions": int((rows["kind"] == "micro").sum()),
        "expressions without an offset": int(rows["offset"].isna().sum()),
        "expressions without an apex": int(rows["apex"].isna().sum()),
        "windows": len(windows),
        "windows with an expression": int(windows.any(axis=(1, 2)).sum()),
    }
    return [
        {"database": motion.database, "what": what, "value": value}
        for what, value in counts.items()
    ]


def _marks(motion: RegionMotion) -> Iterator[dict[str, object]]:
    """What the marks in the windows keep of the annotation table, by kind."""
    path = manifest.require("auw_gcn_annotations").path(auw_gcn.FILES[motion.database])
    written = auw_gcn.as_written(path)
    for number, kind in enumerate(KINDS):
        total: Counter[str] = Counter()
        for video in motion.videos:
            frames, own = len(video.marks), video.marks[:, number]
            rows = _rows(motion, video)
            as_written = written[written["video"] == video.recording.video]
            total.update(kept(rows[rows["kind"] == kind], own))
            for name, table in (("differ", rows), ("differ_as_written", as_written)):
                differing = marks(table, frames, "released")[:, number] != own
                total[name] += int(differing.sum())
            total["marked"] += int(own.sum())
        yield {"database": motion.database, "kind": kind, **total}


def kept(rows: pd.DataFrame, marked: NDArray[np.bool_]) -> dict[str, int]:
    """How many expressions of one kind the marks of a video give back.

    Parameters
    ----------
    rows
        Annotated expressions of this kind.
    marked : (T, 4) array
        Their marks.

    Returns
    -------
    dict
        ``expressions``; ``exact``: given back with onset and offset; ``other_offset``: with another
        offset; ``lost``; ``no_offset``: annotated without an offset; ``mirrored``: of those, the
        ones whose offset is marked as far behind the apex as the onset lies before it.
    """
    resolved = resolve_missing_offsets(rows, MissingOffset.MIRRORED)
    last = resolved["offset"].clip(upper=len(marked) - 1)
    annotated = Counter(zip(resolved["onset"].astype(int), last.astype(int), strict=True))
    found = pairs(marked)
    exact = sum((annotated & Counter(found)).values())
    missing = rows["offset"].isna()
    return {
        "expressions": len(rows),
        "exact": exact,
        "other_offset": len(found) - exact,
        "lost": len(rows) - len(found),
        "no_offset": int(missing.sum()),
        "mirrored": int(marked[last[missing].astype(int), OFFSET].sum()),
    }


def pairs(marked: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Onset and offset of each expression of one kind, from the marks (T, 4) of a video.

    Every onset takes the first offset behind it that no earlier onset took; onsets for which none
    is left give nothing.
    """
    offsets = np.flatnonzero(marked[:, OFFSET]).tolist()
    found = []
    for onset in np.flatnonzero(marked[:, ONSET]).tolist():
        behind = [offset for offset in offsets if offset >= onset]
        if behind:
            offsets.remove(behind[0])
            found.append((onset, behind[0]))
    return found


def separation(videos: Sequence[Video], fps: float, config: Config) -> Iterator[dict[str, object]]:
    """How well the mean motion of a frame tells expressions from rest, at each shift.

    The area under the ROC curve is that of one subject, frames of all videos together, averaged
    over subjects; frames of the other kind are left out.

    Yields
    ------
    dict
        ``kind, shift`` (frames by which the motion is later than the label), ``seconds, subjects,
        auc, auc_low, auc_high``.
    """
    shifts = range(-config.most_shift, config.most_shift + 1)
    for number, kind in enumerate(KINDS):
        for shift in shifts:
            areas = []
            for own in _by_subject(videos).values():
                moved = [_shifted(video, shift) for video in own]
                score, action = (np.concatenate(part) for part in zip(*moved, strict=True))
                counted = action[:, number] | ~action.any(axis=1)
                areas.append(area_under_curve(score[counted], action[counted, number]))
            defined = np.array([area for area in areas if not np.isnan(area)])
            yield {
                "kind": kind,
                "shift": shift,
                "seconds": shift / fps,
                "subjects": len(defined),
                **_with_interval("auc", defined, config),
            }


def _shifted(video: Video, shift: int) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Mean motion `shift` frames after each label, where both are there."""
    score, frames = video.mean, len(video.mean)
    return (
        score[max(shift, 0) : frames + min(shift, 0)],
        video.action[max(-shift, 0) : frames - max(shift, 0)],
    )


def area_under_curve(score: NDArray[np.float64], positive: NDArray[np.bool_]) -> float:
    """Probability that a positive scores higher than a negative (ties count half), or NaN."""
    n_positive, n_negative = int(positive.sum()), int((~positive).sum())
    if not n_positive or not n_negative:
        return float("nan")
    above = rankdata(score)[positive].sum() - n_positive * (n_positive + 1) / 2
    return float(above / (n_positive * n_negative))


def beginnings(videos: Sequence[Video], config: Config) -> Iterator[dict[str, object]]:
    """How much more than usual the first frames of a video move.

    The logarithm of the mean motion is standardised within each video, averaged over the videos
    of a subject, then over subjects. Videos that are shorter are left out.

    Yields
    ------
    dict
        ``frame, videos, z, z_low, z_high``.
    """
    long = [video for video in videos if len(video.size) >= config.first_frames]
    of_subjects = [
        np.mean([_standardised(video)[: config.first_frames] for video in own], axis=0)
        for own in _by_subject(long).values()
    ]
    for frame, values in enumerate(np.transpose(of_subjects)):
        yield {"frame": frame, "videos": len(long), **_with_interval("z", values, config)}


def _standardised(video: Video) -> NDArray[np.float64]:
    """Logarithm of the mean motion with mean 0 and deviation 1; stillness is the least motion."""
    logarithm = np.log(np.maximum(video.mean, video.mean[video.mean > 0].min()))
    return np.asarray((logarithm - logarithm.mean()) / logarithm.std())


def _sizes(videos: Sequence[Video]) -> Iterator[dict[str, object]]:
    """Mean size of the motion of each region at rest and within expressions, over subjects."""
    means = []
    for own in _by_subject(videos).values():
        size = np.concatenate([video.size for video in own])
        acting = np.concatenate([video.action.any(axis=1) for video in own])
        if acting.any():
            means.append((size[~acting].mean(axis=0), size[acting].mean(axis=0)))
    for name, (rest, acting) in zip(regions.NAMES, np.mean(means, axis=0).T, strict=True):
        yield {"region": name, "rest_px": rest, "expression_px": acting, "ratio": acting / rest}


def displacements(motion: RegionMotion, config: Config) -> Iterator[dict[str, object]]:
    """Where the regions are at the apex of an action unit, against its onset.

    Macro-expressions that show this unit and no other, on both sides: motion is summed from onset
    to apex and averaged over the expressions of a subject, then over subjects.

    Yields
    ------
    dict
        ``database, unit, expressions, subjects, region`` and, each with ``_low`` and ``_high``,
        ``right_px`` and ``down_px``, as seen in the image.
    """
    by_video = {one.recording.video: one.recording.motion for one in motion.videos}
    rows = motion.expressions.query("kind == 'macro' and apex == apex")
    read = rows["action_units"].map(action_units.parse)
    for unit in UNITS:
        alone = [one.numbers == one.two_sided_numbers == (unit,) for one in read]
        moved: dict[str, list[NDArray[np.float64]]] = {}
        chosen = rows.loc[alone, ["subject", "video", "onset", "apex"]]
        for subject, video, onset, apex in chosen.itertuples(index=False, name=None):
            path = by_video[video][int(onset) : int(apex)].astype(float)
            moved.setdefault(subject, []).append(UNIT_PX * path.sum(axis=0))
        of_subjects = np.array([np.mean(own, axis=0) for own in moved.values()])
        for number, region in enumerate(regions.NAMES):
            yield {
                "database": motion.database,
                "unit": unit,
                "expressions": sum(alone),
                "subjects": len(moved),
                "region": region,
                **_with_interval("right_px", of_subjects[:, number, 0], config),
                **_with_interval("down_px", of_subjects[:, number, 1], config),
            }


def _by_subject(videos: Iterable[Video]) -> Mapping[str, list[Video]]:
    found: dict[str, list[Video]] = {}
    for video in videos:
        found.setdefault(video.subject, []).append(video)
    return found


def _with_interval(name: str, values: NDArray[np.float64], config: Config) -> dict[str, Any]:
    """Columns ``name, name_low, name_high`` of the mean over subjects."""
    interval = mean_interval(values, config.n_bootstrap, config.seed)
    return {name: interval.estimate, f"{name}_low": interval.low, f"{name}_high": interval.high}
