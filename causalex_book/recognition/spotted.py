"""What the shipped spotter finds in synthetic people that it has never seen, and how nearly."""

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
from causalex_synthetic.dataset import Cohort


def detections(people: Cohort, spotter: Spotter | None = None) -> pd.DataFrame:
    """Spot in all videos of a cohort, from its motion tier.

    Parameters
    ----------
    people
        Not the cohort that the spotter was trained on.
    spotter
        The one that ships if None.

    Returns
    -------
    DataFrame
        As :class:`causalex_core.spotting.checkpoints.Spotted` has them, of all videos.

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
    found = [
        spotter(people.measured(number)).detections
        for number in tqdm(range(len(people.videos)), unit="video", disable=None)
    ]
    return pd.concat([one for one in found if len(one)], ignore_index=True)


def hits(
    truth: pd.DataFrame, found: pd.DataFrame, kind: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Key frames of the expressions of a kind that were hit, and those of what hit them.

    Parameters
    ----------
    truth, found
        Tables with ``subject, video, onset, apex, offset, kind``.
    kind
        ``macro`` or ``micro``.

    Returns
    -------
    tuple of ndarray
        (M, 3) each: onset, apex and offset.
    """
    truth, found = (table[table["kind"] == kind] for table in (truth, found))
    of_truth, of_found = spotting.pairs(truth, found).T
    true, seen = (table[list(FRAMES)].to_numpy(float) for table in (truth, found))
    return true[of_truth], seen[of_found]


def errors(truth: pd.DataFrame, found: pd.DataFrame, kind: str, fps: float) -> NDArray[np.float64]:
    """How far detections that hit an expression of a kind lie from what they hit.

    Returns
    -------
    ndarray
        (M, 3) of onset, apex and offset in seconds, positive where the detection is late: what
        :class:`causalex_core.recognition.key_frames.KeyFrameNoise` takes as measured errors.
    """
    true, seen = hits(truth, found, kind)
    return (seen - true) / fps


@cache
def _trained_on() -> str:
    return str(load_network(checkpoints.SHIPPED)[1]["cohort"]["fingerprint"])
