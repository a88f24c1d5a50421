"""Detections of the shipped spotter in unseen synthetic people, and their errors."""

from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from tqdm import tqdm

from causalex_core.errors import CausalexError
from causalex_core.evaluation import spotting
from causalex_core.expressions import FRAMES
from causalex_core.spotting import checkpoints
from causalex_core.spotting.checkpoints import Spotter, load_network
from causalex_synthetic.dataset import SyntheticDataset


def detections(people: SyntheticDataset, spotter: Spotter | None = None) -> pd.DataFrame:
    """Detections in all videos of a cohort, from its motion tier.

    Parameters
    ----------
    people
        Not the cohort that the spotter was trained on.
    spotter
        The shipped one if None.

    Raises
    ------
    CausalexError
        If the shipped spotter was trained on these people.
    """
    if spotter is None:
        if people.fingerprint == _trained_on():
            raise CausalexError(
                f"cohort {people.fingerprint} is what the spotter was trained on: take another seed"
            )
        spotter = checkpoints.load()
    tables = [
        spotter(people.measured(number)).detections
        for number in tqdm(range(len(people.videos)), unit="video", disable=None)
    ]
    return pd.concat([table for table in tables if len(table)], ignore_index=True)


def hits(
    truth: pd.DataFrame, detected: pd.DataFrame, kind: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Key frames (M, 3) of the expressions of a kind that were hit, and of their detections.

    Parameters
    ----------
    truth, detected
        Tables with ``subject, video, onset, apex, offset, kind``.
    kind
        ``macro`` or ``micro``.
    """
    truth, detected = (table[table["kind"] == kind] for table in (truth, detected))
    true_rows, detected_rows = spotting.pairs(truth, detected).T
    true, measured = (table[list(FRAMES)].to_numpy(float) for table in (truth, detected))
    return true[true_rows], measured[detected_rows]


def errors(
    truth: pd.DataFrame, detected: pd.DataFrame, kind: str, fps: float
) -> NDArray[np.float64]:
    """Errors (M, 3) of the key frames of :func:`hits`, detected less true, in seconds."""
    true, measured = hits(truth, detected, kind)
    return (measured - true) / fps


@cache
def _trained_on() -> str:
    return str(load_network(checkpoints.SHIPPED)[1]["cohort"]["fingerprint"])
