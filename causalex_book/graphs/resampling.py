"""Bootstrap of clips, for the stability of edges; surrogate data, in which no link is true.

References
----------
B. Efron and R. Tibshirani, An Introduction to the Bootstrap, 1993.
J. Theiler et al., "Testing for nonlinearity in time series: the method of surrogate data",
Physica D 58, 1992.
"""

from collections.abc import Callable, Sequence

import numpy as np

from causalex_core.errors import CausalexError
from causalex_core.graphs.pag import Pag
from causalex_core.graphs.samples import motion_series, runs


def bootstrap(
    clips: Sequence[Sequence[np.ndarray]],
    estimate: Callable[[list[np.ndarray]], Pag],
    repetitions: int = 200,
    seed: int = 0,
) -> np.ndarray:
    """Share of the graphs of resampled clips in which two nodes are joined, (n, n).

    As many clips as there are are drawn with replacement. They are drawn whole: frames of one clip
    depend on each other. Each is a list of series (frames, n).

    Raises
    ------
    CausalexError
        If there are fewer than two clips or no repetitions, or a draw gives no graph.
    """
    if len(clips) < 2 or repetitions < 1:
        raise CausalexError(
            f"{repetitions} draws of {len(clips)} clips: expected at least one draw of at least"
            " two; cut a long clip into blocks"
        )
    generator = np.random.default_rng(seed)
    apart = []
    for repetition in range(repetitions):
        drawn = generator.integers(0, len(clips), len(clips))
        try:
            graph = estimate([series for clip in drawn for series in clips[clip]])
        except CausalexError as error:
            raise CausalexError(f"draw {repetition}: {error}") from error
        apart.append(~graph.adjacency)
    return 1 - np.mean(apart, axis=0)


def motion_blocks(
    motion: np.ndarray, frames: int, measured: np.ndarray | None, components: str
) -> list[list[np.ndarray]]:
    """Series of each block of so many frames; both components of a frame stay together.

    Blocks can be drawn like clips. What is left over at the end of each measured run is dropped.

    Raises
    ------
    CausalexError
        If `frames` is less than 2, or no run is that long.
    """
    measured_runs = runs(motion, measured)
    longest = max(map(len, measured_runs), default=0)
    if not 2 <= frames <= longest:
        raise CausalexError(
            f"blocks of {frames} frames: expected 2 to the length of the longest series, {longest}"
        )
    return [
        motion_series(run[start : start + frames], None, components)
        for run in measured_runs
        for start in range(0, len(run) - frames + 1, frames)
    ]


def circular_shift(series: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Shift each column (frames, columns) against all others, the end before the beginning.

    Shifts are evenly spread over the video: no two columns come closer than its length divided
    by the columns.
    """
    frames, columns = series.shape
    shifts = generator.permutation(columns) * frames // columns
    return np.stack([np.roll(series[:, k], shifts[k]) for k in range(columns)], axis=1)


def regions_of_different_videos(
    videos: Sequence[np.ndarray], subjects: Sequence[str], generator: np.random.Generator
) -> np.ndarray:
    """Take each column from another video: of another person, as long as there is one.

    Unlike :func:`circular_shift` this keeps what all videos (frames, columns) share at the same
    frame, such as a start of the recording that moves the picture. The result is as long as the
    shortest of the videos drawn.

    Raises
    ------
    CausalexError
        If there are fewer videos than columns.
    """
    columns = videos[0].shape[1]
    if len(videos) < columns:
        raise CausalexError(
            f"{len(videos)} videos: {columns} are needed to take each region from another one"
        )
    seen: dict[str, int] = {}
    turn = np.zeros(len(videos), int)  # a person's second video comes after everybody's first
    order = generator.permutation(len(videos))
    for number in order.tolist():
        turn[number] = seen.get(subjects[number], 0)
        seen[subjects[number]] = int(turn[number]) + 1
    drawn = order[np.argsort(turn[order], kind="stable")][:columns]
    frames = min(len(videos[number]) for number in drawn)
    return np.stack([videos[number][:frames, k] for k, number in enumerate(drawn)], axis=1)
