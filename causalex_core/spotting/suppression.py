"""Non-maximum suppression of overlapping proposals."""

import numpy as np


def suppress(
    onset: np.ndarray, offset: np.ndarray, score: np.ndarray, keep: int, overlap: float = 0.5
) -> np.ndarray:
    """Greedy choice of the best proposals of one video and kind, as AUW-GCN makes it.

    The best proposal is kept and every other that overlaps it too much is left out, until
    `keep` are kept or no proposal with a positive score is left.

    Parameters
    ----------
    onset, offset
        (n,) frames; the length of an interval is ``offset - onset`` here.
    score
        (n,) scores; a proposal of score 0 is never kept.
    keep
        Largest number of proposals kept.
    overlap
        IoU above which the lesser proposal is left out; an IoU of just this much stays.

    Returns
    -------
    ndarray
        Positions of the kept proposals, best first; of equal scores the first in the input.
    """
    left = np.asarray(score, dtype=float).copy()
    kept: list[int] = []
    while len(kept) < keep and len(left):
        best = int(left.argmax())
        if left[best] <= 0:
            break
        inner = np.minimum(offset, offset[best]) - np.maximum(onset, onset[best])
        inner = np.maximum(inner, 0)
        union = (offset - onset) + (offset[best] - onset[best]) - inner
        left[inner > overlap * union] = 0
        left[best] = 0
        kept.append(best)
    return np.array(kept, dtype=int)
