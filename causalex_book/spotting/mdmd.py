"""MDMD, the MEGC2020 baseline, on the motion of regions: a detector without a model.

Main directional maximal difference (He et al. 2020, after Wang et al. 2017) looks for motion that
comes back: what has moved since k frames ago is nearer to where it was k frames later.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from causalex_book.data.mdmd import intervals
from causalex_core.errors import CausalexError
from causalex_core.spotting.data import Video

_SPANS = 6  # for a video of less than so many distances the distance is halved


def mdmd(
    videos: Sequence[Video],
    distance: int,
    share: float,
    kind: str,
    shortest: int,
    longest: float = np.inf,
) -> pd.DataFrame:
    """Intervals in which much of the motion comes back.

    Parameters
    ----------
    videos
        Motion of each.
    distance
        k: frames to the one before and to the one after. The authors have 12 for micro- and 39
        for macro-expressions of CAS(ME)^2, at 30 frames per second. It is halved, as often as
        needed, for a video of less than 6 k frames.
    share
        p: the threshold of a video lies above the mean of its frames' contrasts by so much of
        the way to the highest. The authors have 0.01.
    kind
        What the intervals are called.
    shortest, longest
        Bounds of the length in inclusive frames, both allowed. The authors have 7 and 16 for
        micro-, 17 and any for macro-expressions of CAS(ME)^2.

    Returns
    -------
    DataFrame
        ``subject, video, onset, apex, offset, kind, score``; the apex is the frame of the
        highest contrast, the score its height where 0 is the mean of the video's frames and 1
        the highest.

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
        tables.append(
            pd.DataFrame(
                {
                    "subject": video.subject,
                    "video": video.name,
                    "onset": runs[:, 0],
                    "apex": runs[:, 0] + np.array([part.argmax() for part in parts], int),
                    "offset": runs[:, 1],
                    "kind": kind,
                    "score": np.array([part.max() for part in parts], float),
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


def contrasts(motion: np.ndarray, distance: int) -> np.ndarray:
    """How much more of the motion comes back at each frame than around it.

    Of each region, how far it is from where it was k frames before, less how far from there it
    will be k frames after; the mean of that over the third of the regions where it is greatest;
    less the mean of the same k - 1 frames before and k - 1 frames after.

    The original has 36 blocks of pixels in place of the regions. In each it keeps the pixels that
    move in the block's main direction, and of these the third of the greatest difference. A
    region has one vector, its main direction already, so that step has no counterpart here. The
    published masks leave out 2 k more frames at the end, counted off twice; here they are judged.

    Parameters
    ----------
    motion
        (T, regions, 2) per frame, each row centred on its frame: what is gone from one frame to
        another is the sum of the rows from the one to the other, the first and last by half.
    distance
        k, frames.

    Returns
    -------
    ndarray
        (T,) in the unit of a displacement; NaN in the 2 k - 1 frames at each end that would need
        a frame outside the video.
    """
    found = np.full(len(motion), np.nan)
    around = distance - 1
    edge = distance + around
    inside = len(motion) - 2 * edge
    if inside < 1:
        return found
    motion = motion.astype(float)
    place = motion.cumsum(axis=0) - motion / 2
    before, now, after = place[: -2 * distance], place[distance:-distance], place[2 * distance :]
    back = np.linalg.norm(now - before, axis=-1) - np.linalg.norm(after - before, axis=-1)
    third = max(round(back.shape[1] / 3), 1)
    most = np.partition(back, -third, axis=1)[:, -third:].mean(axis=1)
    beside = (most[:inside] + most[-inside:]) / 2
    found[edge : edge + inside] = most[around : around + inside] - beside
    return found


def _heights(motion: np.ndarray, distance: int) -> np.ndarray:
    """(T,) contrasts on a scale where 0 is their mean and 1 the highest; NaN if all are equal."""
    while distance > 1 and len(motion) < _SPANS * distance:
        distance = (distance + 1) // 2
    found = contrasts(motion, distance)
    known = found[np.isfinite(found)]
    if not len(known) or known.min() == known.max():
        return np.full(len(found), np.nan)
    return (found - known.mean()) / (known.max() - known.mean())
