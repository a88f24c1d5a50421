"""Spot, then recognise: one score for both, as the challenges define it.

The score (STRS) is the F1 of spotting times the UF1 of the emotions of those detections that hit
an expression. What hits nothing costs F1 alone, as does what is missed; a second detection of one
expression hits nothing. Hits whose true emotion is none of those asked for (``other``) count as
hits and are left out of UF1, whatever is said of them. A hit without one of these emotions counts
as a miss of the true one.

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
from causalex_core.evaluation import confusions
from causalex_core.evaluation.spotting import COUNTS, pairs, score
from causalex_core.evaluation.uncertainty import Interval, f1, percentile_interval, subject_weights
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
        Hits by true and by predicted emotion; in the last column hits that were given none.
    """

    spotting: NDArray[np.int64]
    emotions: NDArray[np.int64]

    def __add__(self, other: "Counted") -> "Counted":
        """Both together, of the same subjects."""
        return Counted(self.spotting + other.spotting, self.emotions + other.emotions)


def count(
    truth: pd.DataFrame, found: pd.DataFrame, emotions: Sequence[str]
) -> Mapping[str, Counted]:
    """Count hits of each kind of expression, and what was said of them.

    Parameters
    ----------
    truth, found
        Tables with ``subject, video, onset, offset, kind, emotion``.
    emotions
        Those that are asked for.

    Returns
    -------
    mapping
        ``macro``, ``micro``, and ``overall``, which is both.

    Raises
    ------
    CausalexError
        If an emotion is asked for twice, or a table has no emotions.
    """
    if len(set(emotions)) != len(emotions) or not len(emotions):
        raise CausalexError(f"emotions {list(emotions)}: expected each once, and at least one")
    for name, table in (("truth", truth), ("detections", found)):
        if "emotion" not in table:
            raise CausalexError(f"{name}: no column 'emotion' among {list(table)}")
    hits = score(truth, found)
    subjects = sorted(set(hits["subject"]))
    of_truth, of_found = pairs(truth, found).T
    codes = [pd.Index(emotions).get_indexer(pd.Index(table["emotion"])) for table in (truth, found)]
    rows = pd.DataFrame(
        {
            "subject": truth["subject"].to_numpy()[of_truth],
            "kind": truth["kind"].to_numpy()[of_truth],
            "true": codes[0][of_truth],
            "said": np.where(codes[1] < 0, len(emotions), codes[1])[of_found],
        }
    ).query("true >= 0")
    by_kind = {}
    for kind in KINDS:
        own = rows[rows["kind"] == kind]
        place = pd.Index(subjects).get_indexer(own["subject"])
        named = np.zeros((len(subjects), len(emotions), len(emotions) + 1), np.int64)
        np.add.at(named, (place, own["true"].to_numpy(), own["said"].to_numpy()), 1)
        spotted = hits[hits["kind"] == kind].set_index("subject").loc[subjects]
        by_kind[kind] = Counted(spotted[list(COUNTS)].to_numpy(np.int64), named)
    macro, micro = (by_kind[kind] for kind in KINDS)
    return by_kind | {"overall": macro + micro}


def scores(spotting: NDArray, emotions: NDArray) -> NDArray[np.float64]:
    """:data:`MEASURES` (..., 3) of counts (..., 3) and (..., K, K + 1) of all subjects together."""
    found = f1(spotting)
    named = uf1(emotions)
    return np.stack([found, named, found * named], axis=-1)


def uf1(emotions: NDArray) -> NDArray[np.float64]:
    """UF1 (...) of hits (..., K, K + 1); an emotion without hits has F1 0."""
    silent = np.zeros_like(emotions[..., :1, :])  # nothing is truly without emotion
    square = np.concatenate([emotions, silent], axis=-2)
    n_emotions = emotions.shape[-2]
    # the added class has neither truths nor hits, hence F1 0: only the divisor changes
    return confusions.scores(square)[..., 0] * (n_emotions + 1) / n_emotions


def intervals(counted: Counted, n_bootstrap: int, seed: int) -> dict[str, Interval]:
    """:data:`MEASURES` of all subjects with bootstrap intervals over them."""
    drawn = _drawn(counted, n_bootstrap, seed)
    return _by_measure(_all(counted), drawn)


def differences(
    counted: Counted, other: Counted, n_bootstrap: int, seed: int
) -> dict[str, Interval]:
    """The same of `counted` minus `other`, paired by subject."""
    drawn = _drawn(counted, n_bootstrap, seed) - _drawn(other, n_bootstrap, seed)
    return _by_measure(_all(counted) - _all(other), drawn)


def _all(counted: Counted) -> NDArray[np.float64]:
    return scores(counted.spotting.sum(axis=0), counted.emotions.sum(axis=0))


def _drawn(counted: Counted, n_bootstrap: int, seed: int) -> NDArray[np.float64]:
    """Scores of each resample, (n_bootstrap, 3)."""
    weights = subject_weights(len(counted.spotting), n_bootstrap, seed).astype(float)
    flat = counted.emotions.reshape(len(counted.emotions), -1).astype(float)
    shape = (n_bootstrap, *counted.emotions.shape[1:])
    return scores(weights @ counted.spotting, (weights @ flat).reshape(shape))


def _by_measure(estimate: NDArray[np.float64], drawn: NDArray[np.float64]) -> dict[str, Interval]:
    return {
        name: percentile_interval(float(value), values)
        for name, value, values in zip(MEASURES, estimate, drawn.T, strict=True)
    }
