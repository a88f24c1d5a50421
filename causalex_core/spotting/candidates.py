"""Every operating point of a spotter at once: hits per subject for each epoch and threshold."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from causalex_core.evaluation.spotting import MEGC, Protocol, score_above
from causalex_core.expressions import KINDS, MissingOffset
from causalex_core.spotting.batches import Run
from causalex_core.spotting.proposals import ProposalConfig
from causalex_core.spotting.training import FoldResults
from causalex_core.spotting.windows import Windows

_TRIED = 0.1  # apex score from which a frame is tried
_MOST = 20  # intervals per video and kind


def thresholds(count: int) -> dict[str, np.ndarray]:
    """Thresholds of a detection's score to try for each kind.

    From 0 to 1, evenly in their cube root: the score is a product of three probabilities. Where
    few are tried, what is compared with them gains from nothing but finer steps.
    """
    return dict.fromkeys(KINDS, np.linspace(0, 1, count) ** 3)


def tried(rules: ProposalConfig) -> ProposalConfig:
    """Rules that propose nearly everything, so that the threshold of the score decides."""
    return replace(
        rules,
        micro=replace(rules.micro, threshold=_TRIED, keep=_MOST),
        macro=replace(rules.macro, threshold=_TRIED, keep=_MOST),
    )


def held_out(outcome: FoldResults, windows: Windows, seed: int) -> np.ndarray:
    """Scores of all windows, each by the model that was not trained on its subject.

    Parameters
    ----------
    outcome
        Of folds whose held-out windows do not overlap.
    windows
        What they were trained on.
    seed
        Which of the models.

    Returns
    -------
    ndarray
        (epochs, W, 2, 3, 256) float16; NaN in windows that no fold holds out.
    """
    said = zip(outcome.runs, outcome.scores, strict=True)
    own = [(run, np.moveaxis(scores, 0, 1)) for run, scores in said if run.seed == seed]
    runs, scores = zip(*own, strict=True)
    return np.moveaxis(in_place(runs, scores, len(windows.video)), 1, 0)


def in_place(runs: Sequence[Run], said: Sequence[np.ndarray], windows: int) -> np.ndarray:
    """What each run said of its held-out windows, (W, ...); NaN in windows that none holds out."""
    together = np.full((windows, *said[0].shape[1:]), np.nan, said[0].dtype)
    for run, own in zip(runs, said, strict=True):
        together[run.fold.held_out] = own
    return together


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
