"""From the motion of regions to samples of a graph search, and to their graph.

Motion has two components per region, a graph has one node. How the two become one is a choice
that the paper leaves open.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Literal

import numpy as np

from causalex_core import regions
from causalex_core.config import CountOrAll, Parameters, Probability, one_of
from causalex_core.errors import CausalexError
from causalex_core.graphs import causal_learn
from causalex_core.graphs.independence import ColumnsError, EffectiveSampleSize
from causalex_core.graphs.pag import Pag
from causalex_core.graphs.search import fci
from causalex_core.motion.record import MotionRecord

# (T, regions, 2) -> series of (frames, regions).
COMPONENTS: Mapping[str, Callable[[np.ndarray], list[np.ndarray]]] = {
    "magnitude": lambda motion: [np.hypot(motion[..., 0], motion[..., 1])],
    "horizontal": lambda motion: [motion[..., 0]],
    "vertical": lambda motion: [motion[..., 1]],
    # The authors' code puts v below u. Where a region moves along a slanted line, both tell the
    # same, and no effective sample size here makes up for that.
    "stacked": lambda motion: [motion[..., 0], motion[..., 1]],
}


def graph(
    records: MotionRecord | Sequence[MotionRecord],
    alpha: float = 0.01,
    *,
    components: str = "magnitude",
    leave_out_first: int = 0,
    effective_sample_size: EffectiveSampleSize = "bartlett",
    depth: int | None = None,
    possible_d_sep: bool = True,
    backend: Literal["causalex", "causal-learn"] = "causalex",
) -> Pag:
    """Estimate the causal graph of the 12 regions by FCI.

    Parameters
    ----------
    records
        Motion of one video, or of several, which are pooled.
    alpha, effective_sample_size, depth, possible_d_sep
        See :func:`causalex_core.graphs.search.fci`.
    components, leave_out_first
        See :func:`motion_series`.
    backend
        ``causal-learn`` is for comparison, see :mod:`causalex_core.graphs.causal_learn`.

    Raises
    ------
    CausalexError
        If no frame is left, a region does not vary, regions are collinear, or an option is out of
        range.
    """
    records = [records] if isinstance(records, MotionRecord) else records
    series = [
        part
        for record in records
        for part in motion_series(record.motion, record.measured, components, leave_out_first)
    ]
    if not series:
        longest = max((len(record.motion) for record in records), default=0)
        raise CausalexError(
            f"leaving out the first {leave_out_first} frames leaves none: the longest video has"
            f" {longest}"
        )
    if backend == "causal-learn" and not possible_d_sep:
        raise CausalexError("causal-learn has no option to leave out possible-d-sep")
    try:
        if backend == "causal-learn":
            pag = causal_learn.fci(series, alpha, effective_sample_size, depth)
        else:
            pag = fci(series, alpha, effective_sample_size, depth, possible_d_sep)
    except ColumnsError as error:
        raise error.named("regions", regions.NAMES) from error
    chosen = {"components": components, "leave_out_first": leave_out_first}
    return replace(pag, settings={**pag.settings, **chosen, "regions": list(regions.NAMES)})


@dataclass(frozen=True)
class SamplingConfig(Parameters):
    """How motion becomes samples, and how strictly they are tested.

    Attributes
    ----------
    components
        How u and v become samples: the length of the vector; u; v; or both, one after the other,
        as in the authors' code. That takes u and v of one frame for two samples, and draws too
        many edges where they go together.
    alpha
        Level of the tests.
    leave_out_first
        Leave out the first N frames of each video. Recordings of CAS(ME)^2 begin with a change
        that moves all regions: there 15 takes false edges away.
    """

    components: Annotated[str, one_of(COMPONENTS)] = "magnitude"
    alpha: Probability = 0.01
    leave_out_first: CountOrAll = 0


def motion_series(
    motion: np.ndarray,
    measured: np.ndarray | None = None,
    components: str = "magnitude",
    leave_out_first: int = 0,
) -> list[np.ndarray]:
    """Series of samples from the motion of one video.

    Parameters
    ----------
    motion
        (T, regions, 2) px per stride: u to the right, v down.
    measured
        (T,) bool; None if every row was measured. Rows that were not are left out, and what
        lies before and after them are different series.
    components
        ``magnitude``: the length of the vector. ``horizontal``, ``vertical``: u or v alone.
        ``stacked``: u and v as separate series.
    leave_out_first
        Rows at the beginning that are left out, such as a start of the recording that moves all
        regions at once.

    Returns
    -------
    list of ndarray
        float64 (frames, regions) each.
    """
    if leave_out_first < 0:
        raise CausalexError(f"first frames to leave out: {leave_out_first}, expected 0 or more")
    if components not in COMPONENTS:
        raise CausalexError(f"components {components!r}: expected one of {list(COMPONENTS)}")
    measured_runs = runs(motion, measured, leave_out_first)
    return [series for run in measured_runs for series in COMPONENTS[components](run)]


def runs(
    motion: np.ndarray, measured: np.ndarray | None = None, leave_out_first: int = 0
) -> list[np.ndarray]:
    """Uninterrupted stretches of measured rows, float64 (frames, regions, 2) each."""
    motion = np.asarray(motion, np.float64)
    if motion.ndim != 3 or motion.shape[2] != 2:
        raise CausalexError(f"motion of shape {motion.shape}: expected (frames, regions, 2)")
    if measured is None:
        measured = np.ones(len(motion), bool)
    if measured.shape != (len(motion),):
        raise CausalexError(
            f"{measured.shape} marks of what was measured for {len(motion)} frames: expected one"
            " for each"
        )
    motion, measured = motion[leave_out_first:], measured[leave_out_first:]
    # Beginnings and ends of the runs of measured rows alternate.
    borders = np.flatnonzero(np.diff(np.concatenate([[False], measured, [False]])))
    return [motion[start:end] for start, end in borders.reshape(-1, 2)]
