"""Recognition scores as the micro-expression challenges define them."""

from dataclasses import dataclass

import numpy as np
from sklearn.metrics import accuracy_score, f1_score, recall_score

from causalex_core.errors import CausalexError


@dataclass(frozen=True)
class RecognitionScores:
    """Unweighted F1, unweighted average recall, and accuracy, all between 0 and 1."""

    uf1: float
    uar: float
    accuracy: float


def recognition_scores(
    truth: np.ndarray, predicted: np.ndarray, classes: tuple[int, ...]
) -> RecognitionScores:
    """Score class labels pooled over all folds.

    Parameters
    ----------
    truth, predicted
        (n,) labels.
    classes
        All classes of the task; each has the same weight, also one that never occurs.

    Returns
    -------
    RecognitionScores
        A class without truths has recall 0, one without truths and predictions has F1 0.

    Raises
    ------
    CausalexError
        If the two differ in length or are empty.
    """
    if len(truth) != len(predicted) or not len(truth):
        raise CausalexError(
            f"{len(truth)} true and {len(predicted)} predicted labels given;"
            " expected equally many, at least one"
        )
    labels = list(classes)
    return RecognitionScores(
        uf1=float(f1_score(truth, predicted, labels=labels, average="macro", zero_division=0)),
        uar=float(recall_score(truth, predicted, labels=labels, average="macro", zero_division=0)),
        accuracy=float(accuracy_score(truth, predicted)),
    )
