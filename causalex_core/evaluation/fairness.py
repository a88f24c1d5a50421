"""True and false positive rates of frames, equalized odds, and their bootstrap over subjects.

Equalized odds (Hardt and others 2016) asks for equal true and false positive rates across the
values of a sensitive attribute. The ratio TPR / FPR of one model, which the Causal-Ex paper
prints under that name, is another quantity: see :func:`rate_intervals`.

A group without positives has no true positive rate, and one without negatives no false positive
rate. Such a rate is left out and counted; fairlearn takes it for 0.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalex_core.errors import CausalexError, did_you_mean
from causalex_core.evaluation.uncertainty import (
    Interval,
    bootstrap,
    named_intervals,
    percentile_interval,
    subject_weights,
)
from causalex_core.expressions import MissingOffset, resolve_missing_offsets


@dataclass(frozen=True)
class Gap(Interval):
    """A gap between groups with its bootstrap interval.

    Attributes
    ----------
    groups_left_out
        Number of groups that lack a rate and are not compared in it.
    """

    groups_left_out: int = 0


def covered(
    table: pd.DataFrame,
    lengths: Mapping[str, int],
    missing_offset: MissingOffset = MissingOffset.AS_IS,
) -> np.ndarray:
    """Whether each frame lies in an interval.

    Parameters
    ----------
    table
        Intervals ``video, onset, offset``, inclusive; frames outside the video are ignored, and
        videos that are not in `lengths` raise a CausalexError.
    lengths
        Frames of each video.
    missing_offset
        What becomes of intervals without an offset. One that still has none, or ends before it
        begins, covers nothing: detections there are then false alarms.

    Returns
    -------
    ndarray
        (frames,) booleans, of all videos one after the other.
    """
    table = resolve_missing_offsets(table, missing_offset)
    if unknown := sorted(set(table["video"]) - set(lengths)):
        raise CausalexError(
            f"video '{unknown[0]}': its number of frames is not given"
            f"{did_you_mean(unknown[0], lengths)}"
        )
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
    """Count equal frames: ``subject, truth, predicted, frames``.

    Parameters
    ----------
    subject
        (n,) numbers of subjects.
    truth, predicted
        (n,) booleans.
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
    """True and false positive rate, and their ratio, with intervals over subjects.

    Parameters
    ----------
    counted
        As :func:`cells` returns them.
    n_bootstrap, seed
        Number of resamples of subjects, and their seed.

    Returns
    -------
    dict
        ``tpr, fpr, ratio``, each with ``_low``, ``_high`` and ``_left_out``. The ratio of the first
        two is what Causal-Ex calls equalized odds. NaN where there are no frames, or no false
        alarms; such resamples are left out of the interval, and counted.
    """
    subject = counted["subject"].to_numpy()
    frames = np.zeros((subject.max() + 1, 2, 2))  # subject, truth, predicted
    cell = (subject, *(counted[name].to_numpy(int) for name in ("truth", "predicted")))
    np.add.at(frames, cell, counted["frames"].to_numpy())
    weights = subject_weights(len(frames), n_bootstrap, seed)
    table: dict[str, float] = {}
    for name, interval in named_intervals(
        ("tpr", "fpr", "ratio"), *bootstrap(_rates, weights, frames)
    ).items():
        table |= {
            name: interval.estimate,
            f"{name}_low": interval.low,
            f"{name}_high": interval.high,
            f"{name}_left_out": interval.left_out,
        }
    return table


def equalized_odds_gap(
    truth: np.ndarray,
    predicted: np.ndarray,
    group: np.ndarray,
    subject: np.ndarray,
    n_bootstrap: int,
    seed: int,
    frames: np.ndarray | None = None,
) -> Gap:
    """Largest difference between groups in TPR or FPR, with a bootstrap over subjects.

    Each rate is compared between the groups that have it. Frames of one subject are drawn
    together, since they are not independent; fairlearn's own bootstrap draws rows.

    Parameters
    ----------
    truth, predicted
        (n,) booleans, or zeros and ones, one per frame.
    group, subject
        (n,) names, none of them missing.
    n_bootstrap, seed
        Number of resamples, and their seed; those in which a group lacks a rate that it has in
        the whole are left out, since their gap would be between other groups.
    frames
        (n,) how many equal frames each row stands for; None: one.

    Returns
    -------
    Gap
        0 means equalized odds; NaN where neither rate is known of two groups.

    Raises
    ------
    CausalexError
        If truth or prediction is neither 0 nor 1, such as a probability, or a name is missing.
    """
    for name, labels in (("truth", truth), ("predicted", predicted)):
        if not np.isin(labels, (0, 1)).all():
            raise CausalexError(f"{name}: expected zeros and ones for each frame")
    for name, names in (("group", group), ("subject", subject)):
        if pd.isna(names).any():
            raise CausalexError(f"{name}: {pd.isna(names).sum()} frames have none: leave them out")
    truth, predicted = np.asarray(truth, dtype=int), np.asarray(predicted, dtype=int)
    weight = np.ones(len(truth)) if frames is None else np.asarray(frames, dtype=float)
    groups, group_of = np.unique(group, return_inverse=True)
    subjects, subject_of = np.unique(subject, return_inverse=True)
    shape = (len(subjects), len(groups), 2)
    total, positive = np.zeros(shape), np.zeros(shape)
    np.add.at(total, (subject_of, group_of, truth), weight)
    np.add.at(positive, (subject_of, group_of, truth), weight * predicted)
    weights = subject_weights(len(subjects), n_bootstrap, seed)
    rate, drawn_rate = bootstrap(_share, weights, positive, total)
    unknown = np.isnan(rate)
    same = (np.isnan(drawn_rate) == unknown).all(axis=(1, 2))
    interval = percentile_interval(float(_gap(rate)), np.where(same, _gap(drawn_rate), np.nan))
    return Gap(**vars(interval), groups_left_out=int(unknown.any(axis=1).sum()))


def _rates(frames: np.ndarray) -> np.ndarray:
    """True and false positive rate, and their ratio (..., 3), of frames (..., truth, predicted)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        share = frames[..., 1] / frames.sum(axis=-1)
        tpr, fpr = share[..., 1], share[..., 0]
        return np.stack([tpr, fpr, np.where(fpr == 0, np.nan, tpr / fpr)], axis=-1)


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Quotient; NaN of nothing."""
    return np.divide(part, whole, out=np.full_like(whole, np.nan), where=whole > 0)


def _gap(rate: np.ndarray) -> np.ndarray:
    """Worst of the gaps in FPR and TPR, (...), of rates (..., groups, 2); NaN without one."""
    known = ~np.isnan(rate)
    highest = np.where(known, rate, -np.inf).max(axis=-2)
    lowest = np.where(known, rate, np.inf).min(axis=-2)
    compared = known.sum(axis=-2) >= 2
    worst = np.where(compared, highest - lowest, -np.inf).max(axis=-1)
    return np.where(compared.any(axis=-1), worst, np.nan)
