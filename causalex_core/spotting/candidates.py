"""Every operating point of a spotter at once: hits per subject for each epoch and threshold."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from causalex_core.evaluation.spotting import COUNTS, MEGC, Protocol, score
from causalex_core.expressions import KINDS, MissingOffset
from causalex_core.spotting.proposals import ProposalConfig
from causalex_core.spotting.training import Outcome
from causalex_core.spotting.windows import JUDGED, Windows

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


def held_out(outcome: Outcome, windows: Windows, seed: int, view: str = "factual") -> np.ndarray:
    """Scores of all windows, each by the model that was not trained on its subject.

    Parameters
    ----------
    outcome
        Of folds whose held-out windows do not overlap.
    windows
        What they were trained on.
    seed
        Which of the models.
    view
        Which motion they judged.

    Returns
    -------
    ndarray
        (epochs, W, 2, 3, 256) float16; NaN in windows that no fold holds out.
    """
    shape = (len(outcome.epochs), len(windows.video), 2, 3, JUDGED)
    together = np.full(shape, np.nan, np.float16)
    for run, scores in zip(outcome.runs, outcome.scores[view], strict=True):
        if run.seed == seed:
            together[:, run.fold.held_out] = scores
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
    count = len(thresholds[KINDS[0]])
    names = {name: place for place, name in enumerate(subjects)}
    truths, found = [], []
    for kind in KINDS:
        rows = truth[truth["kind"] == kind]
        for table_number, table in enumerate(detections):
            part = table[table["kind"] == kind]
            for step, threshold in enumerate(thresholds[kind]):
                cell = (table_number * count + step) * len(names)
                kept = part[part["score"] >= threshold]
                truths.append(rows.assign(subject=rows["subject"].map(names) + cell))
                found.append(kept.assign(subject=kept["subject"].map(names) + cell))
    counted = score(pd.concat(truths), pd.concat(found), protocol, missing_offset)
    cells = len(detections) * count * len(names)
    hits = np.zeros((len(KINDS), cells, len(COUNTS)), int)
    for place, kind in enumerate(KINDS):
        of_kind = counted[counted["kind"] == kind]
        hits[place, of_kind["subject"].to_numpy(int)] = of_kind[list(COUNTS)]
    shaped = hits.reshape(len(KINDS), len(detections), count, len(names), len(COUNTS))
    return np.moveaxis(shaped, 3, 0)
