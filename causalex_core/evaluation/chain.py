"""Spot, then recognise: one score for both, as the challenges define it.

The score is STRS = F1 of spotting x UF1 of the emotions of those detections that hit an
expression. False alarms and misses cost F1 alone; a second detection of one expression is a false
alarm. Hits whose true emotion is none of those asked for (``other``) count as hits and are left
out of UF1. A hit without one of these emotions counts as a miss of the true one.

References
----------
G.-B. Liong, J. See, C. S. Chan, Spot-then-recognize: a micro-expression analysis network for
seamless evaluation of long videos. Signal Processing: Image Communication 110, 2023. The code
published with the score (genbing99/STRS-Metric) multiplies by the harmonic mean of mean precision
and mean recall instead of UF1, and leaves out subjects without detections and videos without
expressions; here everybody counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from causalex_core.errors import CausalexError
from causalex_core.evaluation import recognition
from causalex_core.evaluation.spotting import COUNTS, pairs, score
from causalex_core.evaluation.uncertainty import f1
from causalex_core.expressions import KINDS

MEASURES = ("f1", "uf1", "strs")


@dataclass(frozen=True)
class Counted:
    """Counts per subject, in alphabetical order.

    Attributes
    ----------
    spotting : (S, 3) array
        True positives, detections, truths.
    emotions : (S, K, K + 1) array
        Hits by true and by predicted emotion; the last column is for hits without one.
    """

    spotting: NDArray[np.int64]
    emotions: NDArray[np.int64]

    def __add__(self, other: "Counted") -> "Counted":
        """Both together, of the same subjects."""
        return Counted(self.spotting + other.spotting, self.emotions + other.emotions)


def count(
    truth: pd.DataFrame, detections: pd.DataFrame, emotions: Sequence[str]
) -> Mapping[str, Counted]:
    """Count hits and their emotions, of ``macro``, ``micro`` and both (``overall``).

    Parameters
    ----------
    truth, detections
        Tables with ``subject, video, onset, offset, kind, emotion``.
    emotions
        Those that are asked for.

    Raises
    ------
    CausalexError
        If an emotion is asked for twice, or a table has no emotions.
    """
    if len(set(emotions)) != len(emotions) or not len(emotions):
        raise CausalexError(f"emotions {list(emotions)}: expected each once, and at least one")
    for name, table in (("truth", truth), ("detections", detections)):
        if "emotion" not in table:
            raise CausalexError(f"{name}: no column 'emotion' among {list(table)}")
    hits = score(truth, detections)
    subjects = sorted(set(hits["subject"]))
    true_rows, detected_rows = pairs(truth, detections).T
    labels = pd.Index(emotions).get_indexer(pd.Index(detections["emotion"]))
    hit = truth.iloc[true_rows]
    asked = hit["emotion"].isin(emotions).to_numpy()
    named = confusions(hit[asked], labels[detected_rows][asked], subjects, emotions)
    by_kind = {}
    for index, kind in enumerate(KINDS):
        spotted = hits[hits["kind"] == kind].set_index("subject").loc[subjects]
        by_kind[kind] = Counted(spotted[list(COUNTS)].to_numpy(np.int64), named[:, index])
    macro, micro = (by_kind[kind] for kind in KINDS)
    return by_kind | {"overall": macro + micro}


def confusions(
    truth: pd.DataFrame,
    labels: NDArray[np.integer],
    subjects: Sequence[str],
    emotions: Sequence[str],
) -> NDArray[np.int64]:
    """Counts (S, 2, K, K + 1) by subject, kind, true and predicted emotion.

    Parameters
    ----------
    truth
        N expressions with ``subject, kind, emotion``, all of the emotions asked for.
    labels
        (N,) predicted emotions by number; -1 is none of them.
    subjects, emotions
        In the order of the counts.
    """
    counts = np.zeros((len(subjects), len(KINDS), len(emotions), len(emotions) + 1), np.int64)
    axes = (("subject", subjects), ("kind", KINDS), ("emotion", emotions))
    cells = [pd.Index(names).get_indexer(pd.Index(truth[column])) for column, names in axes]
    np.add.at(counts, (*cells, labels), 1)
    return counts


def scores(spotting: NDArray, emotions: NDArray) -> NDArray[np.float64]:
    """:data:`MEASURES` (..., 3) of counts (..., 3) and (..., K, K + 1) of all subjects together."""
    values = [f1(spotting), uf1(emotions)]
    return np.stack([*values, values[0] * values[1]], axis=-1)


def uf1(emotions: NDArray) -> NDArray[np.float64]:
    """UF1 (...) of hits (..., K, K + 1); an emotion without hits has F1 0."""
    square = np.concatenate([emotions, np.zeros_like(emotions[..., :1, :])], axis=-2)
    n_emotions = emotions.shape[-2]
    # the added class has neither truths nor hits, hence F1 0: only the divisor changes
    return recognition.scores(square)[..., 0] * (n_emotions + 1) / n_emotions
