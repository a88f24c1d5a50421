"""Error rates by group, equalized odds, and their bootstrap over subjects.

Equalized odds (Hardt and others 2016) asks for equal true and false positive rates across the
values of a sensitive attribute. The ratio TPR / FPR of one model, which the Causal-Ex paper
prints under that name, is another quantity: see :func:`rates`.
"""

import numpy as np
import pandas as pd
from fairlearn.metrics import (
    MetricFrame,
    count,
    equalized_odds_difference,
    false_positive_rate,
    true_positive_rate,
)

from causalex_core.evaluation.uncertainty import Interval, percentile_interval, subject_weights


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
        Columns ``group, tpr, fpr, frames``, sorted by group; a rate without cases is 0.
    """
    metrics = {"tpr": true_positive_rate, "fpr": false_positive_rate, "frames": count}
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
) -> Interval:
    """Largest difference between groups in TPR or FPR, with a bootstrap over subjects.

    Frames of one subject are drawn together, since they are not independent; fairlearn's own
    bootstrap draws rows.

    Parameters
    ----------
    truth, predicted
        (n,) booleans, one per frame.
    group, subject
        (n,) names.
    n_bootstrap
        Number of resamples; those that miss a group altogether are left out.
    seed
        Seed of the resampling.
    frames
        (n,) how many equal frames each row stands for; None: one.

    Returns
    -------
    Interval
        0 means equalized odds.
    """
    truth, predicted = np.asarray(truth, dtype=int), np.asarray(predicted, dtype=int)
    weight = np.ones(len(truth)) if frames is None else np.asarray(frames, dtype=float)
    estimate = equalized_odds_difference(
        truth,
        predicted,
        sensitive_features=np.asarray(group),
        agg="worst_case",
        sample_weight=weight,
    )
    groups, group_of = np.unique(group, return_inverse=True)
    subjects, subject_of = np.unique(subject, return_inverse=True)
    shape = (len(subjects), len(groups), 2)
    total, positive = np.zeros(shape), np.zeros(shape)
    np.add.at(total, (subject_of, group_of, truth), weight)
    np.add.at(positive, (subject_of, group_of, truth), weight * predicted)
    weights = subject_weights(len(subjects), n_bootstrap, seed)
    drawn_total = np.einsum("bs,sgt->bgt", weights, total)
    drawn_positive = np.einsum("bs,sgt->bgt", weights, positive)
    complete = (drawn_total.sum(axis=2) > 0).all(axis=1)
    rate = np.divide(
        drawn_positive, drawn_total, out=np.zeros_like(drawn_total), where=drawn_total > 0
    )[complete]
    gap = (rate.max(axis=1) - rate.min(axis=1)).max(axis=1)  # (resamples,): worst of TPR and FPR
    return percentile_interval(estimate, gap)
