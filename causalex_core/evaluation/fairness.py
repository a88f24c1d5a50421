"""Error rates by group, equalized odds, and their bootstrap over subjects.

Equalized odds (Hardt and others 2016) asks for equal true and false positive rates across the
values of a sensitive attribute. The ratio TPR / FPR of one model, which the Causal-Ex paper
prints under that name, is another quantity: see :func:`rates`.

A group without positives has no true positive rate, and one without negatives no false positive
rate. Such a rate is left out, and said to be; fairlearn takes it for 0.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from fairlearn.metrics import MetricFrame, count, false_positive_rate, true_positive_rate

from causalex_core.evaluation.uncertainty import Interval, percentile_interval, subject_weights


@dataclass(frozen=True)
class Gap(Interval):
    """A gap between groups with its bootstrap interval.

    Attributes
    ----------
    groups_left_out
        How many groups lack one of the two rates, or both, and are not compared in it.
    """

    groups_left_out: int = 0


def rates(truth: np.ndarray, predicted: np.ndarray, group: np.ndarray) -> pd.DataFrame:
    """True and false positive rate of each group.

    Parameters
    ----------
    truth, predicted
        (n,) booleans, one per frame.
    group
        (n,) names of groups: values of an attribute, or model variants as in Fig. 4.

    Returns
    -------
    DataFrame
        Columns ``group, tpr, fpr, frames``, sorted by group; a rate without cases is NaN.
    """
    metrics = {"tpr": _true_positive_rate, "fpr": _false_positive_rate, "frames": count}
    frame = MetricFrame(
        metrics=metrics,
        y_true=np.asarray(truth, dtype=int),
        y_pred=np.asarray(predicted, dtype=int),
        sensitive_features=pd.Series(np.asarray(group), name="group"),
    )
    return frame.by_group.reset_index().astype({"frames": int})


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
        (n,) booleans, one per frame.
    group, subject
        (n,) names.
    n_bootstrap
        Number of resamples; those in which a group lacks a rate that it has in the whole are
        left out, since their gap would be between other groups.
    seed
        Seed of the resampling.
    frames
        (n,) how many equal frames each row stands for; None: one.

    Returns
    -------
    Gap
        0 means equalized odds; NaN where neither rate is known of two groups.
    """
    truth, predicted = np.asarray(truth, dtype=int), np.asarray(predicted, dtype=int)
    weight = np.ones(len(truth)) if frames is None else np.asarray(frames, dtype=float)
    groups, group_of = np.unique(group, return_inverse=True)
    subjects, subject_of = np.unique(subject, return_inverse=True)
    shape = (len(subjects), len(groups), 2)
    total, positive = np.zeros(shape), np.zeros(shape)
    np.add.at(total, (subject_of, group_of, truth), weight)
    np.add.at(positive, (subject_of, group_of, truth), weight * predicted)
    weights = subject_weights(len(subjects), n_bootstrap, seed)
    drawn_total = np.einsum("bs,sgt->bgt", weights, total)
    drawn_positive = np.einsum("bs,sgt->bgt", weights, positive)
    rate, drawn_rate = (
        _share(positive.sum(axis=0), total.sum(axis=0)),
        _share(drawn_positive, drawn_total),
    )
    unknown = np.isnan(rate)
    same = (np.isnan(drawn_rate) == unknown).all(axis=(1, 2))
    found = percentile_interval(float(_gap(rate)), np.where(same, _gap(drawn_rate), np.nan))
    return Gap(
        found.estimate,
        found.low,
        found.high,
        found.left_out,
        groups_left_out=int(unknown.any(axis=1).sum()),
    )


def _true_positive_rate(truth: np.ndarray, predicted: np.ndarray) -> float:
    return true_positive_rate(truth, predicted, pos_label=1) if np.any(truth) else np.nan


def _false_positive_rate(truth: np.ndarray, predicted: np.ndarray) -> float:
    return false_positive_rate(truth, predicted, pos_label=1) if not np.all(truth) else np.nan


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
