"""From the motion of regions to samples of a graph search.

Motion has two components per region, a graph one node. How the two become one is a choice that
the paper leaves open.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from causalex_core.config import CountOrAll, Parameters, Probability, one_of
from causalex_core.errors import CausalexError

# (T, regions, 2) -> series of (frames, regions).
COMPONENTS: Mapping[str, Callable[[np.ndarray], list[np.ndarray]]] = {
    "magnitude": lambda motion: [np.hypot(motion[..., 0], motion[..., 1])],
    "horizontal": lambda motion: [motion[..., 0]],
    "vertical": lambda motion: [motion[..., 1]],
    # The authors' code puts v below u. Where a region moves along a slanted line, the two of one
    # frame say the same twice, and no effective sample size here makes up for that.
    "stacked": lambda motion: [motion[..., 0], motion[..., 1]],
}


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
        ``stacked``: u and v as separate series (`released`).
    leave_out_first
        Rows at the beginning that are left out, such as a start of the recording that moves all
        regions at once.

    Returns
    -------
    list of ndarray
        float64 (frames, regions) each.

    Raises
    ------
    CausalexError
        If a shape or the name of the components is wrong, or a negative number is left out.
    """
    if leave_out_first < 0:
        raise CausalexError(f"first frames to leave out: {leave_out_first}, expected 0 or more")
    if components not in COMPONENTS:
        raise CausalexError(f"components {components!r}: expected one of {list(COMPONENTS)}")
    runs = _runs(motion, measured, leave_out_first)
    return [series for run in runs for series in COMPONENTS[components](run)]


def _runs(
    motion: np.ndarray, measured: np.ndarray | None, leave_out_first: int = 0
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


def motion_blocks(
    motion: np.ndarray,
    frames: int,
    measured: np.ndarray | None = None,
    components: str = "magnitude",
) -> list[list[np.ndarray]]:
    """Cut the motion of one video into blocks that can be drawn like clips.

    Parameters
    ----------
    motion, measured, components
        As in `motion_series`.
    frames
        As in `blocks`.

    Returns
    -------
    list of list of ndarray
        Of each block its series: both components of a frame stay together.

    Raises
    ------
    CausalexError
        As `motion_series` and `blocks`.
    """
    return [
        motion_series(block, None, components) for block in blocks(_runs(motion, measured), frames)
    ]


def blocks(series: Sequence[np.ndarray], frames: int) -> list[np.ndarray]:
    """Cut series into blocks that can be drawn like clips.

    Parameters
    ----------
    series
        (frames, columns) each, or (frames, regions, 2).
    frames
        Length of a block. It should be long beside the time over which frames depend on
        earlier ones.

    Returns
    -------
    list of ndarray
        The blocks, without what is left over at the end of each series.

    Raises
    ------
    CausalexError
        If `frames` is less than 2, or no series is that long.
    """
    longest = max(map(len, series), default=0)
    if not 2 <= frames <= longest:
        raise CausalexError(
            f"blocks of {frames} frames: expected 2 to the length of the longest series, {longest}"
        )
    return [
        one[start : start + frames]
        for one in series
        for start in range(0, len(one) - frames + 1, frames)
    ]
