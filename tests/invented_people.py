"""Spotting datasets of a few people without a face: a video each, and labelled expressions."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from causalex_book.spotting.dataset import SpottingDataset
from causalex_core.spotting import losses, proposals
from causalex_core.spotting.data import Video, gather

COLUMNS = ["subject", "video", "onset", "apex", "offset", "kind"]
Expression = tuple[float, float, float, str]  # onset, apex, offset, kind


def dataset(
    expressions: Mapping[str, Sequence[Expression]],
    motion: np.ndarray | Sequence[np.ndarray] | None = None,
    name: str = "invented",
    **more: Any,
) -> SpottingDataset:
    """Expressions by person; motion of each video, or the same still one."""
    rows = [
        (person, f"{person}_1", *row)
        for person, labelled in expressions.items()
        for row in labelled
    ]
    truth = pd.DataFrame(rows, columns=COLUMNS)
    truth = truth.astype(dict.fromkeys(COLUMNS[2:5], float))
    still = [np.zeros((256, 12, 2), np.float32)] * len(expressions)
    videos = tuple(
        Video(person, f"{person}_1", steps)
        for person, steps in zip(expressions, still if motion is None else motion, strict=True)
    )
    windows = gather(videos, truth)
    return SpottingDataset(
        name, 30.0, windows, truth, proposals.CAS, losses.CAS, videos=videos, **more
    )
