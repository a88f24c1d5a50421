"""Candidates of a spotter's operating point: hits per subject for each epoch and threshold."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from causalex_core.evaluation.spotting import MEGC, Protocol, score_above
from causalex_core.expressions import KINDS, MissingOffset
from causalex_core.spotting.proposals import ProposalConfig

_MIN_APEX, _TOP_K = 0.1, 20


def thresholds(count: int) -> dict[str, np.ndarray]:
    """Thresholds of a detection's score to try for each kind.

    From 0 to 1, evenly in their cube root: the score is a product of three probabilities. A
    coarse grid favours baselines that were searched more finely.
    """
    return dict.fromkeys(KINDS, np.linspace(0, 1, count) ** 3)


def permissive(rules: ProposalConfig) -> ProposalConfig:
    """Rules that propose nearly everything, so that the threshold of the score decides."""
    return replace(
        rules,
        micro=replace(rules.micro, threshold=_MIN_APEX, top_k=_TOP_K),
        macro=replace(rules.macro, threshold=_MIN_APEX, top_k=_TOP_K),
    )


def counts(
    detections: Sequence[pd.DataFrame],
    truth: pd.DataFrame,
    subjects: Sequence[str],
    thresholds: Mapping[str, np.ndarray],
    protocol: Protocol = MEGC,
    missing_offset: MissingOffset = MissingOffset.AS_IS,
) -> np.ndarray:
    """Hits of every candidate, a table of detections cut at a threshold of their score.

    Parameters
    ----------
    detections
        Tables of scored intervals (see :func:`causalex_core.spotting.proposals.detect`), such as
        one per epoch.
    truth
        Labelled expressions.
    subjects
        Who is counted, in this order.
    thresholds
        Of each kind, as many for both: detections of a lower score are left out.
    protocol, missing_offset
        How hits are counted.

    Returns
    -------
    ndarray
        (S, 2, tables, thresholds, 3) integers: macro and micro; tp, detections, truths.
    """
    counted = [
        score_above(truth, table, thresholds, subjects, protocol, missing_offset)
        for table in detections
    ]
    return np.stack(counted, axis=2)
