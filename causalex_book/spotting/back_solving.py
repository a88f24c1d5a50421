"""From printed F1 scores back to the integer counts that can have produced them."""

from collections.abc import Mapping

import numpy as np
import pandas as pd


def counts_of(printed: str, n_truth: int, max_predictions: int) -> pd.DataFrame:
    """All pairs of true positives and detections whose F1 rounds to a printed value.

    Parameters
    ----------
    printed
        F1 as printed, such as ``"0.3852"``; its number of decimals is the rounding.
    n_truth
        Truths of this kind.
    max_predictions
        Largest number of detections to consider.

    Returns
    -------
    DataFrame
        Columns ``tp, n_pred``. A detection is counted at most once, so ``tp`` is at most
        the smaller of detections and truths.
    """
    value, decimals = float(printed), len(printed.partition(".")[2])
    n_pred = np.arange(max_predictions + 1)
    tp = np.arange(n_truth + 1)
    score = 2 * tp[:, None] / np.maximum(n_pred[None, :] + n_truth, 1)
    # printed values are rounded halves up or to even: both ends of the step are allowed
    near = np.abs(score - value) <= 0.5 * 10.0**-decimals + 1e-12
    possible = near & (tp[:, None] <= n_pred[None, :])
    found = np.argwhere(possible)
    return pd.DataFrame({"tp": tp[found[:, 0]], "n_pred": n_pred[found[:, 1]]})


def joint_counts(
    printed: Mapping[str, str], n_truth: Mapping[str, int], max_predictions: Mapping[str, int]
) -> pd.DataFrame:
    """Counts of macro and micro that give all three printed F1 scores together.

    Parameters
    ----------
    printed
        F1 of ``macro``, ``micro`` and ``overall`` as printed.
    n_truth
        Truths of ``macro`` and ``micro``.
    max_predictions
        Largest number of detections of ``macro`` and ``micro``.

    Returns
    -------
    DataFrame
        Columns ``macro_tp, macro_n_pred, micro_tp, micro_n_pred, tp, n_pred``, a row per
        solution, fewest detections first; empty if the three values cannot stand together.
    """
    macro = counts_of(printed["macro"], n_truth["macro"], max_predictions["macro"])
    micro = counts_of(printed["micro"], n_truth["micro"], max_predictions["micro"])
    pairs = macro.add_prefix("macro_").merge(micro.add_prefix("micro_"), how="cross")
    pairs["tp"] = pairs["macro_tp"] + pairs["micro_tp"]
    pairs["n_pred"] = pairs["macro_n_pred"] + pairs["micro_n_pred"]
    value, decimals = float(printed["overall"]), len(printed["overall"].partition(".")[2])
    overall = 2 * pairs["tp"] / (pairs["n_pred"] + n_truth["macro"] + n_truth["micro"])
    fits = (overall - value).abs() <= 0.5 * 10.0**-decimals + 1e-12
    return pairs[fits].sort_values(["n_pred", "macro_tp"], ignore_index=True)
