"""Controls of spotting: detectors without a model, and labels that are moved in time."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

from causalex_book.data.mdmd import intervals
from causalex_book.spotting.dataset import SpottingDataset
from causalex_core.errors import CausalexError
from causalex_core.evaluation.spotting import pool, score
from causalex_core.expressions import FRAMES, KINDS
from causalex_core.spotting import candidates
from causalex_core.spotting.data import Video

_PEAK_SECONDS = {"macro": (0.6, 1.0, 1.5, 2.2), "micro": (0.2, 0.3, 0.4, 0.5)}
_PEAK_HEIGHTS = np.geomspace(1, 30, 30)  # of the median level
_CEILINGS = (4.0, 8.0, 16.0, np.inf)  # a micro-expression moves less than a macro-expression
# Distances, and lengths of what counts, as MDMD's authors took them for CAS(ME)^2, in seconds.
_MDMD_SECONDS = {"macro": (0.65, 1.3, 2.0), "micro": (0.2, 0.4, 0.6)}
_MDMD_LENGTHS = {"macro": (0.55, np.inf), "micro": (0.2, 0.55)}
_MDMD_SHARES = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6)
_SPANS = 6  # for a video of less than so many distances the distance is halved
_TAIL = 2.5  # percent


def peak_counts(data: SpottingDataset) -> np.ndarray:
    """Counts (S, 2, ..., 3) of peaks of motion: every length, minimum and maximum height."""
    tables = []
    for seconds in zip(*(_PEAK_SECONDS[kind] for kind in KINDS), strict=True):
        macro, micro = (
            peaks(data.videos, max(round(length * data.fps), 3), kind)
            for length, kind in zip(seconds, KINDS, strict=True)
        )
        tables += [pd.concat([macro, micro[micro["score"] <= ceiling]]) for ceiling in _CEILINGS]
    heights = dict.fromkeys(KINDS, _PEAK_HEIGHTS)
    return candidates.counts(tables, data.truth, data.subjects, heights)


def mdmd_counts(data: SpottingDataset) -> np.ndarray:
    """Counts (S, 2, ..., 3) of MDMD: every distance and share."""
    tables = []
    for seconds in zip(*(_MDMD_SECONDS[kind] for kind in KINDS), strict=True):
        for share in _MDMD_SHARES:
            of_kinds = []
            for distance, kind in zip(seconds, KINDS, strict=True):
                shortest, longest = np.multiply(_MDMD_LENGTHS[kind], data.fps)
                of_kinds.append(
                    mdmd(data.videos, round(distance * data.fps), share, kind, shortest, longest)
                )
            tables.append(pd.concat(of_kinds))
    everything = dict.fromkeys(KINDS, np.array([-np.inf]))
    return candidates.counts(tables, data.truth, data.subjects, everything)


def peaks(videos: Sequence[Video], length: int, kind: str) -> pd.DataFrame:
    """Intervals of `length` frames around the peaks of motion.

    The mean length of motion over regions is smoothed with a quarter of it, and peaks are at least
    that far apart. The score is the height of the peak over the video's median.
    """
    tables = []
    for video in videos:
        amount = np.linalg.norm(video.motion, axis=-1).mean(axis=1)
        level = gaussian_filter1d(amount.astype(float), length / 4, mode="constant")
        apex, _ = find_peaks(level, distance=length)
        onset = np.maximum(apex - length // 2, 0)
        offset = np.minimum(onset + length, len(level)) - 1
        scores = level[apex] / max(float(np.median(level)), 1e-9)
        tables.append(_table(video, onset, apex, offset, kind, scores))
    return pd.concat(tables, ignore_index=True)


def mdmd(
    videos: Sequence[Video],
    distance: int,
    share: float,
    kind: str,
    shortest: int,
    longest: float = np.inf,
) -> pd.DataFrame:
    """Intervals in which much of the motion comes back: MDMD, the MEGC2020 baseline, on regions.

    Main directional maximal difference (He et al. 2020, after Wang et al. 2017) looks for what has
    moved since k frames ago and is nearer to where it was k frames later. The score of an interval
    is the highest contrast of its frames, at the apex, where 0 is the mean of the video and 1 its
    maximum.

    Parameters
    ----------
    distance
        k, frames; the authors have 12 for micro- and 39 for macro-expressions of CAS(ME)^2, at 30
        frames per second. It is halved, as often as needed, for a video of less than 6 k frames.
    share
        p, least score of a frame; the authors have 0.01.
    shortest, longest
        Bounds of the length in inclusive frames, both allowed. The authors have 7 and 16 for
        micro-, 17 and any for macro-expressions of CAS(ME)^2.

    Raises
    ------
    CausalexError
        If the distance is less than 2 frames, or the share not one of 0 to 1.
    """
    if distance < 2 or not 0 <= share <= 1:
        raise CausalexError(
            f"distance {distance}, share {share}: expected 2 frames or more, and a share of 0 to 1"
        )
    tables = []
    for video in videos:
        height = _heights(video.motion, distance)
        runs = intervals(height > share, shortest, longest) - 1
        parts = [height[onset : offset + 1] for onset, offset in runs]
        apex = runs[:, 0] + np.array([part.argmax() for part in parts], int)
        scores = np.array([part.max() for part in parts], float)
        tables.append(_table(video, runs[:, 0], apex, runs[:, 1], kind, scores))
    return pd.concat(tables, ignore_index=True)


def contrasts(motion: np.ndarray, distance: int) -> np.ndarray:
    """How much more of the motion (T, regions, 2) comes back at each frame than around it.

    Of each region, its distance from where it was k frames before, less the distance from there k
    frames after; the mean over the third of the regions where this is greatest; less the mean of
    the same k - 1 frames before and k - 1 frames after. NaN in the 2 k - 1 frames at each end that
    would need a frame outside the video. Each row of motion is centred on its frame: the
    displacement between two frames is the sum of the rows from the one to the other, the first and
    last by half.

    The original has 36 blocks of pixels in place of the regions. In each it keeps the pixels that
    move in the block's main direction, and of these the third of the greatest difference. A region
    has one vector, its main direction already, so that step has no counterpart here. The published
    masks leave out 2 k more frames at the end, counted off twice; here they are scored.
    """
    contrast = np.full(len(motion), np.nan)
    around = distance - 1
    edge = distance + around
    inside = len(motion) - 2 * edge
    if inside < 1:
        return contrast
    motion = motion.astype(float)
    path = motion.cumsum(axis=0) - motion / 2
    before, now, after = path[: -2 * distance], path[distance:-distance], path[2 * distance :]
    back = np.linalg.norm(now - before, axis=-1) - np.linalg.norm(after - before, axis=-1)
    third = max(round(back.shape[1] / 3), 1)
    greatest = np.partition(back, -third, axis=1)[:, -third:].mean(axis=1)
    neighbours = (greatest[:inside] + greatest[-inside:]) / 2
    contrast[edge : edge + inside] = greatest[around : around + inside] - neighbours
    return contrast


def moved_labels(
    truth: pd.DataFrame, lengths: Mapping[str, int], generator: np.random.Generator
) -> pd.DataFrame:
    """All expressions of a video moved together by one random number of frames, around its end.

    One that would lie across the end is moved back until it ends with the video, so that numbers
    and lengths stay. `lengths` are frames of each video.
    """
    frames = truth["video"].map(lengths).to_numpy(float)
    moves = {name: generator.integers(length) for name, length in lengths.items()}
    begin = truth["onset"].to_numpy(float)
    move = (begin + truth["video"].map(moves).to_numpy(float)) % frames - begin
    end = truth[list(FRAMES)].max(axis=1).to_numpy(float)
    move -= np.maximum(end + move - (frames - 1), 0)
    return truth.assign(**{name: truth[name] + move for name in FRAMES})


def band(
    truth: pd.DataFrame,
    detections: pd.DataFrame,
    lengths: Mapping[str, int],
    n_shifts: int,
    seed: int,
) -> dict[str, tuple[float, float, float]]:
    """F1 of detections, and the middle 95 % of their F1 on moved labels, by kind."""
    generator = np.random.default_rng(seed)
    labels = [truth, *(moved_labels(truth, lengths, generator) for _ in range(n_shifts))]
    values = [
        {kind: counts.f1 for kind, counts in pool(score(table, detections)).items()}
        for table in labels
    ]
    return {
        kind: (f1, *np.percentile([by_kind[kind] for by_kind in values[1:]], [_TAIL, 100 - _TAIL]))
        for kind, f1 in values[0].items()
    }


def _heights(motion: np.ndarray, distance: int) -> np.ndarray:
    """(T,) contrasts on a scale where 0 is their mean and 1 the highest; NaN if all are equal."""
    while distance > 1 and len(motion) < _SPANS * distance:
        distance = (distance + 1) // 2
    contrast = contrasts(motion, distance)
    known = contrast[np.isfinite(contrast)]
    if not len(known) or known.min() == known.max():
        return np.full(len(contrast), np.nan)
    return (contrast - known.mean()) / (known.max() - known.mean())


def _table(
    video: Video,
    onset: np.ndarray,
    apex: np.ndarray,
    offset: np.ndarray,
    kind: str,
    scores: np.ndarray,
) -> pd.DataFrame:
    """Scored intervals of one video."""
    frames = {"onset": onset, "apex": apex, "offset": offset}
    names = {"subject": video.subject, "video": video.name}
    return pd.DataFrame({**names, **frames, "kind": kind, "score": scores})
