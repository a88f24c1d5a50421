"""Surrogate data: series of real regions in which no true link is left.

What FCI draws between them is false. Each surrogate keeps the distribution and the memory of every
region's own series; it breaks what goes on at the same time.

References
----------
J. Theiler et al., "Testing for nonlinearity in time series: the method of surrogate data",
Physica D 58, 1992.
"""

from collections.abc import Sequence

import numpy as np

from causalex_core.errors import CausalexError


def circular_shift(series: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Shift each column against all others, the end coming before the beginning.

    Parameters
    ----------
    series
        (frames, columns) of one video.
    generator
        Deals the shifts, which are evenly spread over the video: no two columns come closer than
        its length divided by the columns.
    """
    frames, columns = series.shape
    shifts = generator.permutation(columns) * frames // columns
    return np.stack([np.roll(series[:, k], shifts[k]) for k in range(columns)], axis=1)


def regions_of_different_videos(
    videos: Sequence[np.ndarray], subjects: Sequence[str], generator: np.random.Generator
) -> np.ndarray:
    """Take each column from another video: of another person, as long as there is one.

    Unlike :func:`circular_shift` this keeps what all videos share at the same frame, such as a
    start of the recording that moves the picture.

    Parameters
    ----------
    videos
        (frames, columns) each, from the first frame on.
    subjects
        Whose each video is.
    generator
        Draws videos, and deals the columns.

    Returns
    -------
    ndarray
        (frames, columns), as long as the shortest of the videos drawn.

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
