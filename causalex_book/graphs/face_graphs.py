"""Graphs of a database of real faces: series per video, and what they are compared over."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from causalex_book.graphs.comparison import Comparison, compare, jaccard_matrix, within_and_between
from causalex_core import regions
from causalex_core.data.region_motion import RegionMotion
from causalex_core.expressions import MissingOffset, resolve_missing_offsets
from causalex_core.graphs.independence import EffectiveSampleSize
from causalex_core.graphs.pag import Pag
from causalex_core.graphs.samples import motion_series
from causalex_core.graphs.search import fci
from causalex_core.motion.record import MotionRecord

BROWS, MOUTH = range(6), range(8, 12)
# Side by side on a brow, or both around the mouth.
NEIGHBOURS = frozenset([(0, 1), (1, 2), (3, 4), (4, 5), *combinations(MOUTH, 2)])


def place(first: int, second: int) -> str:
    """Where on the face a pair of regions lies."""
    if (first, second) in NEIGHBOURS:
        return "side by side on a brow, or around the mouth"
    if first in BROWS and second in BROWS:
        return "other pairs of brow regions"
    return "brow and mouth" if first in BROWS and second in MOUTH else "nose and any other"


@dataclass(frozen=True)
class Sampling:
    """How motion becomes a graph.

    Attributes
    ----------
    components
        How horizontal and vertical motion become samples.
    alpha
        Level of the tests.
    sample_size
        What a frame is worth.
    leave_out_first
        Rows of motion at the beginning of each video that are left out.
    """

    components: str = "magnitude"
    alpha: float = 0.01
    sample_size: EffectiveSampleSize = "bartlett"
    leave_out_first: int = 0

    def series(
        self, recording: MotionRecord, measured: np.ndarray | None = None
    ) -> list[np.ndarray]:
        """Series of one video; `measured` (T,) in place of the recording's own marks."""
        used = recording.measured if measured is None else measured
        parts = motion_series(recording.motion, used, self.components, self.leave_out_first)
        return [part for part in parts if len(part) > 1]

    def graph(self, series: Sequence[np.ndarray]) -> Pag:
        """Graph of series."""
        return fci(list(series), self.alpha, self.sample_size)


def pooled(motion: RegionMotion, sampling: Sampling) -> dict[str, list[np.ndarray]]:
    """Series of all videos of each subject."""
    by_subject: dict[str, list[np.ndarray]] = {}
    for video in motion.videos:
        by_subject.setdefault(video.recording.subject, []).extend(sampling.series(video.recording))
    return by_subject


def subjects(motion: RegionMotion) -> list[str]:
    """Whose each video is."""
    return [video.recording.subject for video in motion.videos]


def n_eff(graph: Pag) -> float:
    """Median over the pairs of how many independent samples they are worth."""
    assert graph.n_eff is not None
    return float(np.median(graph.n_eff[np.triu_indices(regions.COUNT, 1)]))


def frequency(matrices: Sequence[np.ndarray]) -> np.ndarray:
    """(12, 12) share of boolean matrices that are set."""
    return np.mean(np.asarray(matrices, float), axis=0)


def comparisons(
    motion: RegionMotion, sampling: Sampling, frames: int, permutations: int, seed: int
) -> Iterator[dict[str, object]]:
    """Compare graphs of stretches of equal length.

    Parameters
    ----------
    motion, sampling
        A database and how it becomes graphs.
    frames
        Rows of each stretch. Videos with fewer are left out; those with twice as many give their
        first and their last rows.
    permutations, seed
        Of the test of persons.

    Yields
    ------
    dict
        ``comparison, pairs, jaccard, same_marks, same_way, opposite_way, p``, one for the two
        halves of a video, two videos of a person, and two persons, as far as there are pairs.
    """
    every = [(v.recording.subject, sampling.series(v.recording)) for v in motion.videos]
    long = [(subject, series) for subject, series in every if len(series[0]) >= frames]
    first = [sampling.graph([part[:frames] for part in series]).marks for _, series in long]
    halves = [
        compare(marks, sampling.graph([part[-frames:] for part in series]).marks)
        for marks, (_, series) in zip(first, long, strict=True)
        if len(series[0]) >= 2 * frames
    ]
    owners = [subject for subject, _ in long]
    pairs = list(combinations(range(len(long)), 2))
    same_person = [compare(first[i], first[j]) for i, j in pairs if owners[i] == owners[j]]
    other_persons = [compare(first[i], first[j]) for i, j in pairs if owners[i] != owners[j]]
    p = np.nan
    if same_person and other_persons:
        similarity = jaccard_matrix(np.array(first) > 0)
        p = within_and_between(similarity, owners, permutations, seed).p
    for name, pairs_compared, p_value in (
        ("halves of one video", halves, np.nan),
        ("two videos of one person", same_person, p),
        ("two persons", other_persons, np.nan),
    ):
        if pairs_compared:
            yield {"comparison": name, **summary(pairs_compared), "p": p_value}


def summary(comparisons: Sequence[Comparison]) -> dict[str, float]:
    """Means over comparisons, sums of directions."""
    both = sum(pair.both for pair in comparisons)
    return {
        "pairs": len(comparisons),
        "jaccard": float(np.nanmean([pair.jaccard for pair in comparisons])),
        "same_marks": sum(pair.same_marks for pair in comparisons) / both if both else np.nan,
        "same_way": sum(pair.same_way for pair in comparisons),
        "opposite_way": sum(pair.opposite_way for pair in comparisons),
    }


def expression_frames(motion: RegionMotion) -> Mapping[str, np.ndarray]:
    """(T,) bool of each video: inside an annotated expression; missing offsets are mirrored."""
    inside = {v.recording.video: np.zeros(len(v.recording.motion), bool) for v in motion.videos}
    table = resolve_missing_offsets(motion.expressions, MissingOffset.MIRRORED)
    known = table.dropna(subset=["onset", "offset"])
    intervals = known[["onset", "offset"]].astype(int).to_numpy()
    for video, (onset, offset) in zip(known["video"], intervals, strict=True):
        inside[video][onset : offset + 1] = True
    return inside
