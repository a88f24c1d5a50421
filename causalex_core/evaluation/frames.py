"""Intervals as labels of frames: rates of false alarms need something that was not detected."""

from collections.abc import Mapping

import numpy as np
import pandas as pd


def covered(table: pd.DataFrame, lengths: Mapping[str, int]) -> np.ndarray:
    """Whether each frame lies in an interval.

    Parameters
    ----------
    table
        Intervals ``video, onset, offset``, inclusive; videos that are not in `lengths` are an
        error, and so are intervals that end beyond the last video.
    lengths
        Frames of each video.

    Returns
    -------
    ndarray
        (frames,) booleans, of all videos one after the other.
    """
    starts = np.concatenate([[0], np.cumsum(list(lengths.values()))])
    begin = dict(zip(lengths, starts[:-1], strict=True))
    first = np.array([begin[name] for name in table["video"]], dtype=int)
    change = np.zeros(starts[-1] + 1, dtype=int)
    np.add.at(change, first + table["onset"].to_numpy(int), 1)
    np.add.at(change, first + table["offset"].to_numpy(int) + 1, -1)
    return np.asarray(change.cumsum()[:-1] > 0)


def cells(subject: np.ndarray, truth: np.ndarray, predicted: np.ndarray) -> pd.DataFrame:
    """Equal frames in one row each.

    Parameters
    ----------
    subject
        (n,) positions of subjects.
    truth, predicted
        (n,) booleans.

    Returns
    -------
    DataFrame
        Columns ``subject, truth, predicted, frames``.
    """
    codes = 4 * np.asarray(subject, np.int64) + 2 * truth + predicted
    code, frames = np.unique(codes, return_counts=True)
    return pd.DataFrame(
        {
            "subject": code // 4,
            "truth": code // 2 % 2 == 1,
            "predicted": code % 2 == 1,
            "frames": frames,
        }
    )


def rates(counted: pd.DataFrame) -> tuple[float, float]:
    """True and false positive rate of `cells`; NaN where there are no frames."""
    return _share(counted[counted["truth"]]), _share(counted[~counted["truth"]])


def _share(part: pd.DataFrame) -> float:
    every = int(part["frames"].sum())
    return float(part["frames"][part["predicted"]].sum()) / every if every else float("nan")
