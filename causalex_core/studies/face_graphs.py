"""Graphs of a database of real faces: series per video, and what they are compared over."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from causalex_core import regions
from causalex_core.datasets.features import Recording
from causalex_core.datasets.region_motion import RegionMotion
from causalex_core.expressions import MissingOffset, resolve_missing_offsets
from causalex_core.graphs.comparison import Comparison, compare, jaccard_matrix, within_and_between
from causalex_core.graphs.fci import fci
from causalex_core.graphs.independence import EffectiveSampleSize
from causalex_core.graphs.pag import Pag
from causalex_core.graphs.samples import motion_series

BROWS, NOSE, MOUTH = range(6), range(6, 8), range(8, 12)
# Pairs with no other region between them, on one part of the face.
NEIGHBOURS = frozenset(
    [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (6, 7), (8, 9), (9, 10), (8, 11), (10, 11)]
)


def place(first: int, second: int) -> str:
    """Where on the face a pair of regions lies."""
    pair = first, second
    if pair in NEIGHBOURS:
        return "neighbours"
    if any(region in NOSE for region in pair):
        return "nose and another part"
    if all(region in BROWS for region in pair):
        return "brows, further apart"
    return "mouth, across" if all(region in MOUTH for region in pair) else "brow and mouth"


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

    def series(self, recording: Recording, measured: np.ndarray | None = None) -> list[np.ndarray]:
        """Series of one video; `measured` (T,) in place of the recording's own marks."""
        used = recording.measured if measured is None else measured
        found = motion_series(recording.motion, used, self.components, self.leave_out_first)
        return [one for one in found if len(one) > 1]

    def graph(self, series: Sequence[np.ndarray]) -> Pag:
        """Graph of series."""
        return fci(list(series), self.alpha, self.sample_size)


def pooled(motion: RegionMotion, sampling: Sampling) -> dict[str, list[np.ndarray]]:
    """Series of all videos of each subject."""
    own: dict[str, list[np.ndarray]] = {}
    for video in motion.videos:
        own.setdefault(video.recording.subject, []).extend(sampling.series(video.recording))
    return own


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
    first = [sampling.graph([one[:frames] for one in series]).marks for _, series in long]
    halves = [
        compare(marks, sampling.graph([one[-frames:] for one in series]).marks)
        for marks, (_, series) in zip(first, long, strict=True)
        if len(series[0]) >= 2 * frames
    ]
    whose = [subject for subject, _ in long]
    pairs = list(combinations(range(len(long)), 2))
    own = [compare(first[i], first[j]) for i, j in pairs if whose[i] == whose[j]]
    others = [compare(first[i], first[j]) for i, j in pairs if whose[i] != whose[j]]
    p = np.nan
    if own and others:
        similarity = jaccard_matrix(np.array(first) > 0)
        p = within_and_between(similarity, whose, permutations, seed).p
    for name, found, tested in (
        ("halves of one video", halves, np.nan),
        ("two videos of one person", own, p),
        ("two persons", others, np.nan),
    ):
        if found:
            yield {"comparison": name, **summary(found), "p": tested}


def summary(found: Sequence[Comparison]) -> dict[str, float]:
    """Means over comparisons, sums of directions."""
    both = sum(one.both for one in found)
    return {
        "pairs": len(found),
        "jaccard": float(np.nanmean([one.jaccard for one in found])),
        "same_marks": sum(one.same_marks for one in found) / both if both else np.nan,
        "same_way": sum(one.same_way for one in found),
        "opposite_way": sum(one.opposite_way for one in found),
    }


def expression_frames(motion: RegionMotion) -> Mapping[str, np.ndarray]:
    """(T,) bool of each video: inside an annotated expression; missing offsets are mirrored."""
    inside = {v.recording.video: np.zeros(len(v.recording.motion), bool) for v in motion.videos}
    table = resolve_missing_offsets(motion.expressions, MissingOffset.MIRRORED)
    for row in table.dropna(subset=["onset", "offset"]).itertuples():
        inside[str(row.video)][int(row.onset) : int(row.offset) + 1] = True
    return inside

