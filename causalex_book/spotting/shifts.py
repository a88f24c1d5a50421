"""Labels moved in time: what scores say that have nothing to do with the expressions."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from causalex_core.evaluation.spotting import pool, score
from causalex_core.expressions import FRAMES

_TAIL = 2.5  # percent


def shifted(
    truth: pd.DataFrame, lengths: Mapping[str, int], generator: np.random.Generator
) -> pd.DataFrame:
    """All expressions of a video moved together by one random number of frames, around its end.

    One that would lie across the end is moved back until it ends with the video, so that numbers
    and lengths stay.

    Parameters
    ----------
    truth
        Expressions with ``video`` and frames.
    lengths
        Frames of each video.
    """
    frames = truth["video"].map(lengths).to_numpy(float)
    moves = {name: generator.integers(length) for name, length in lengths.items()}
    begin = truth["onset"].to_numpy(float)
    move = (begin + truth["video"].map(moves).to_numpy(float)) % frames - begin
    end = truth[list(FRAMES)].max(axis=1).to_numpy(float)
    move -= np.maximum(end + move - (frames - 1), 0)
    return truth.assign(**{name: truth[name] + move for name in FRAMES})


def band(
    truth: pd.DataFrame,
    detections: pd.DataFrame,
    lengths: Mapping[str, int],
    n_shifts: int,
    seed: int,
) -> dict[str, tuple[float, float, float]]:
    """F1 of detections, and the middle 95 % of their F1 on shifted labels, for each kind.

    Parameters
    ----------
    truth, detections
        Intervals; the detections stay where they are.
    lengths
        Frames of each video.
    n_shifts
        Random shifts.
    seed
        Of the shifts.

    Returns
    -------
    dict
        Of each kind and of both, ``overall``: F1, low, high.
    """
    generator = np.random.default_rng(seed)
    at_all = [truth, *(shifted(truth, lengths, generator) for _ in range(n_shifts))]
    values = [
        {kind: counts.f1 for kind, counts in pool(score(each, detections)).items()}
        for each in at_all
    ]
    return {
        kind: (own, *np.percentile([one[kind] for one in values[1:]], [_TAIL, 100 - _TAIL]))
        for kind, own in values[0].items()
    }
