"""Intervals as labels of frames: rates of false alarms need something that was not detected."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from causalex_core.evaluation.uncertainty import percentile_interval, subject_weights
from causalex_core.expressions import MissingOffset, resolve_missing_offsets


def covered(
    table: pd.DataFrame,
    lengths: Mapping[str, int],
    missing_offset: MissingOffset = MissingOffset.AS_IS,
) -> np.ndarray:
    """Whether each frame lies in an interval.

    Parameters
    ----------
    table
        Intervals ``video, onset, offset``, inclusive; what lies outside its video marks nothing,
        and videos that are not in `lengths` are an error.
    lengths
        Frames of each video.
    missing_offset
        What becomes of intervals without an offset. One that still has none, or ends before it
        begins, marks nothing: what is detected there is then a false alarm.

    Returns
    -------
    ndarray
        (frames,) booleans, of all videos one after the other.
    """
    table = resolve_missing_offsets(table, missing_offset)
    starts = np.concatenate([[0], np.cumsum(list(lengths.values()))]).astype(int)
    begin = dict(zip(lengths, starts[:-1], strict=True))
    first = np.array([begin[name] for name in table["video"]], dtype=int)
    last = np.array([lengths[name] - 1 for name in table["video"]], dtype=int)
    onset = np.maximum(table["onset"].to_numpy(), 0)
    offset = np.minimum(table["offset"].to_numpy(), last)
    marks = onset <= offset  # not so where the offset is NaN
    change = np.zeros(starts[-1] + 1, dtype=int)
    np.add.at(change, first[marks] + onset[marks].astype(int), 1)
    np.add.at(change, first[marks] + offset[marks].astype(int) + 1, -1)
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


def rate_intervals(counted: pd.DataFrame, n_bootstrap: int, seed: int) -> dict[str, float]:
    """True and false positive rate of `cells`, and their ratio, with intervals over subjects.

    Parameters
    ----------
    counted
        As `cells` returns them.
    n_bootstrap
        Resamples of subjects.
    seed
        Seed of the resampling.

    Returns
    -------
    dict
        ``tpr, fpr, ratio``, each with ``_low``, ``_high`` and ``_left_out``. The ratio of the first
        two is what Causal-Ex calls equalized odds. NaN where there are no frames, or no false
        alarms; resamples where it is so are left out of the interval, and counted.
    """
    subject = counted["subject"].to_numpy()
    frames = np.zeros((subject.max() + 1, 2, 2))  # subject, truth, predicted
    place = (subject, *(counted[name].to_numpy(int) for name in ("truth", "predicted")))
    np.add.at(frames, place, counted["frames"].to_numpy())
    weights = subject_weights(len(frames), n_bootstrap, seed)
    found: dict[str, float] = {}
    estimate, drawn = _rates(frames.sum(axis=0)), _rates(np.tensordot(weights, frames, 1))
    for name, own, of_draws in zip(("tpr", "fpr", "ratio"), estimate, drawn, strict=True):
        interval = percentile_interval(float(own), of_draws)
        found |= {
            name: interval.estimate,
            f"{name}_low": interval.low,
            f"{name}_high": interval.high,
            f"{name}_left_out": interval.left_out,
        }
    return found


def _rates(frames: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """True and false positive rate, and their ratio, of frames (..., truth, predicted)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        share = frames[..., 1] / frames.sum(axis=-1)
        tpr, fpr = share[..., 1], share[..., 0]
        return tpr, fpr, np.where(fpr == 0, np.nan, tpr / fpr)
