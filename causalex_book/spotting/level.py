"""A detector without a model: peaks of how much the face moves."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

from causalex_core.spotting.data import Video


def peaks(videos: Sequence[Video], length: int, kind: str) -> pd.DataFrame:
    """Intervals of one length around the peaks of motion.

    Parameters
    ----------
    videos
        Motion of each.
    length
        Frames of every interval; the mean length of motion over regions is smoothed with a
        quarter of it, and peaks are at least that far apart.
    kind
        What they are called.

    Returns
    -------
    DataFrame
        ``subject, video, onset, apex, offset, kind, score``; the score is the height of the peak
        over the video's median.
    """
    tables = []
    for video in videos:
        amount = np.linalg.norm(video.motion, axis=-1).mean(axis=1)
        level = gaussian_filter1d(amount.astype(float), length / 4, mode="constant")
        apex, _ = find_peaks(level, distance=length)
        onset = np.maximum(apex - length // 2, 0)
        tables.append(
            pd.DataFrame(
                {
                    "subject": video.subject,
                    "video": video.name,
                    "onset": onset,
                    "apex": apex,
                    "offset": np.minimum(onset + length, len(level)) - 1,
                    "kind": kind,
                    "score": level[apex] / max(float(np.median(level)), 1e-9),
                }
            )
        )
    return pd.concat(tables, ignore_index=True)
