"""Real motion of both databases: what is there, and whether it tells expressions from rest."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
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
class LabelledMotion:
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
    """Aggregates only; see the headings of the page."""
    both = [region_motion.read(database) for database in FOLDERS]
    rows: dict[str, list[dict[str, object]]] = {}
    for motion in both:
        videos = list(_videos(motion))
        makers: dict[str, Iterable[dict[str, object]]] = {
            "inputs": _inputs(motion),
            "marks": _marks(motion),
            "separation": separation(videos, motion.fps, config),
            "beginnings": beginnings(videos, config),
            "regions": _sizes(videos),
            "units": displacements(motion, config),
        }
        for name, made in makers.items():
            rows.setdefault(name, []).extend({"database": motion.database, **row} for row in made)
    return {name: pd.DataFrame(made) for name, made in rows.items()}


def _rows(motion: RegionMotion, video: MarkedRecording) -> pd.DataFrame:
    """Annotated expressions of one video."""
    return motion.expressions[motion.expressions["video"] == video.recording.video]


def _videos(motion: RegionMotion) -> Iterator[LabelledMotion]:
    for video in motion.videos:
        pixels = UNIT_PX * video.recording.motion.astype(float)
        action = marks(_rows(motion, video), len(pixels), "sound")[..., ACTION]
        measured, size = video.recording.measured, np.linalg.norm(pixels, axis=2)
        yield LabelledMotion(video.recording.subject, size[measured], action[measured])


def _inputs(motion: RegionMotion) -> Iterator[dict[str, object]]:
    """Numbers of videos, expressions and windows of a database."""
    recordings = [video.recording for video in motion.videos]
    rows = motion.expressions
    windows = np.concatenate([cut(video.marks)[..., ACTION] for video in motion.videos])
    frames = sum(len(recording.motion) for recording in recordings)
    counts = {
        "subjects": len({recording.subject for recording in recordings}),
        "videos": len(recordings),
        ENDS: sum(bool(recording.measured.all()) for recording in recordings),
        "videos without an annotation": len(recordings) - rows["video"].nunique(),
        "frames per second": round(motion.fps),
        "steps from frame to frame": sum(int(record.measured.sum()) for record in recordings),
        "minutes": round(frames / motion.fps / 60),
        "macro-expressions": int((rows["kind"] == "macro").sum()),
        "micro-expressions": int((rows["kind"] == "micro").sum()),
        "expressions without an offset": int(rows["offset"].isna().sum()),
        "expressions without an apex": int(rows["apex"].isna().sum()),
        "windows": len(windows),
        "windows with an expression": int(windows.any(axis=(1, 2)).sum()),
    }
    yield from ({"what": what, "value": value} for what, value in counts.items())


def _marks(motion: RegionMotion) -> Iterator[dict[str, object]]:
    """Compare the marks in the windows with the annotation table, by kind."""
    path = manifest.require("auw_gcn_annotations").path(auw_gcn.FILES[motion.database])
    written = auw_gcn.as_written(path)
    for number, kind in enumerate(KINDS):
        total: Counter[str] = Counter()
        for video in motion.videos:
            marked, rows = video.marks[:, number], _rows(motion, video)
            as_written = written[written["video"] == video.recording.video]
            total.update(kept(rows[rows["kind"] == kind], marked))
            for name, table in (("differ", rows), ("differ_as_written", as_written)):
                expected = marks(table, len(marked), "released")[:, number]
                total[name] += int((expected != marked).sum())
            total["marked"] += int(marked.sum())
        yield {"kind": kind, **total}


def kept(rows: pd.DataFrame, marked: NDArray[np.bool_]) -> dict[str, int]:
    """Count the annotated expressions of one kind that the marks (T, 4) of a video give back.

    ``expressions``; ``exact``: given back with onset and offset; ``other_offset``: with another
    offset; ``lost``; ``no_offset``: annotated without an offset; ``mirrored``: of those, the ones
    whose offset is marked as far behind the apex as the onset lies before it.
    """
    resolved = resolve_missing_offsets(rows, MissingOffset.MIRRORED)
    last = resolved["offset"].clip(upper=len(marked) - 1)
    annotated = Counter(zip(resolved["onset"].astype(int), last.astype(int), strict=True))
    intervals = pairs(marked)
    exact = sum((annotated & Counter(intervals)).values())
    missing = rows["offset"].isna()
    return {
        "expressions": len(rows),
        "exact": exact,
        "other_offset": len(intervals) - exact,
        "lost": len(rows) - len(intervals),
        "no_offset": int(missing.sum()),
        "mirrored": int(marked[last[missing].astype(int), OFFSET].sum()),
    }


def pairs(marked: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Onset and offset of each expression of one kind, from the marks (T, 4) of a video.

    Every onset takes the first offset behind it that no earlier onset took; onsets for which none
    is left give nothing.
    """
    offsets = np.flatnonzero(marked[:, OFFSET]).tolist()
    intervals = []
    for onset in np.flatnonzero(marked[:, ONSET]).tolist():
        offset = next((offset for offset in offsets if offset >= onset), None)
        if offset is not None:
            offsets.remove(offset)
            intervals.append((onset, offset))
    return intervals


def separation(
    videos: Sequence[LabelledMotion], fps: float, config: Config
) -> Iterator[dict[str, object]]:
    """Separation of expressions from rest by the mean motion of a frame, at each shift.

    The area under the ROC curve is that of one subject, frames of all videos together, averaged
    over subjects; frames of the other kind are left out. Motion is `shift` frames later than the
    label.
    """
    shifts = range(-config.most_shift, config.most_shift + 1)
    by_subject = _by_subject(videos).values()
    for (number, kind), shift in product(enumerate(KINDS), shifts):
        areas = []
        for of_subject in by_subject:
            moved = [_shifted(video, shift) for video in of_subject]
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


def _shifted(video: LabelledMotion, shift: int) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
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


def beginnings(videos: Sequence[LabelledMotion], config: Config) -> Iterator[dict[str, object]]:
    """Standardised motion of the first frames of a video.

    The logarithm of the mean motion is standardised within each video, averaged over the videos
    of a subject, then over subjects. Videos that are shorter are left out.
    """
    long = [video for video in videos if len(video.size) >= config.first_frames]
    by_subject = [
        np.mean([_standardised(video)[: config.first_frames] for video in of_subject], axis=0)
        for of_subject in _by_subject(long).values()
    ]
    for frame, values in enumerate(np.transpose(by_subject)):
        yield {"frame": frame, "videos": len(long), **_with_interval("z", values, config)}


def _standardised(video: LabelledMotion) -> NDArray[np.float64]:
    """Logarithm of the mean motion with mean 0 and deviation 1; stillness is the least motion."""
    logarithm = np.log(np.maximum(video.mean, video.mean[video.mean > 0].min()))
    return np.asarray((logarithm - logarithm.mean()) / logarithm.std())


def _sizes(videos: Sequence[LabelledMotion]) -> Iterator[dict[str, object]]:
    """Mean size of the motion of each region at rest and within expressions, over subjects."""
    means = []
    for of_subject in _by_subject(videos).values():
        size = np.concatenate([video.size for video in of_subject])
        acting = np.concatenate([video.action.any(axis=1) for video in of_subject])
        if acting.any():
            means.append((size[~acting].mean(axis=0), size[acting].mean(axis=0)))
    for name, (rest, acting) in zip(regions.NAMES, np.mean(means, axis=0).T, strict=True):
        yield {"region": name, "rest_px": rest, "expression_px": acting, "ratio": acting / rest}


def displacements(motion: RegionMotion, config: Config) -> Iterator[dict[str, object]]:
    """Displacement of the regions from the onset to the apex of an action unit.

    Macro-expressions that show this unit and no other, on both sides: motion is summed from onset
    to apex and averaged over the expressions of a subject, then over subjects. Directions are
    those of the image.
    """
    by_video = {video.recording.video: video.recording.motion for video in motion.videos}
    rows = motion.expressions.query("kind == 'macro' and apex == apex")
    parsed = rows["action_units"].map(action_units.parse)
    for unit in UNITS:
        alone = [units.numbers == units.two_sided_numbers == (unit,) for units in parsed]
        moved: dict[str, list[NDArray[np.float64]]] = {}
        chosen = rows.loc[alone, ["subject", "video", "onset", "apex"]]
        for subject, video, onset, apex in chosen.itertuples(index=False, name=None):
            path = by_video[video][int(onset) : int(apex)].astype(float)
            moved.setdefault(subject, []).append(UNIT_PX * path.sum(axis=0))
        by_subject = np.array([np.mean(of_subject, axis=0) for of_subject in moved.values()])
        for number, region in enumerate(regions.NAMES):
            yield {
                "unit": unit,
                "expressions": sum(alone),
                "subjects": len(moved),
                "region": region,
                **_with_interval("right_px", by_subject[:, number, 0], config),
                **_with_interval("down_px", by_subject[:, number, 1], config),
            }


def _by_subject(videos: Iterable[LabelledMotion]) -> Mapping[str, list[LabelledMotion]]:
    by_subject: dict[str, list[LabelledMotion]] = {}
    for video in videos:
        by_subject.setdefault(video.subject, []).append(video)
    return by_subject


def _with_interval(name: str, values: NDArray[np.float64], config: Config) -> dict[str, Any]:
    """Columns ``name, name_low, name_high`` of the mean over subjects."""
    interval = mean_interval(values, config.n_bootstrap, config.seed)
    return {name: interval.estimate, f"{name}_low": interval.low, f"{name}_high": interval.high}
