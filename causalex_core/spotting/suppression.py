"""Non-maximum suppression of overlapping proposals."""

import numpy as np


def suppress(
    onset: np.ndarray,
    offset: np.ndarray,
    score: np.ndarray,
    keep: int,
    overlap: float = 0.5,
    group: np.ndarray | None = None,
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
    group
        (n,) numbers; proposals of different groups do not see each other, and `keep` holds for
        each. None: all are one group.

    Returns
    -------
    ndarray
        Positions of the kept proposals, by group, best first; of equal scores the first in the
        input.
    """
    score = np.asarray(score, dtype=float)
    group = np.zeros(len(score), dtype=int) if group is None else group
    order = np.lexsort((-score, group))
    order = order[score[order] > 0]
    kept: list[np.ndarray] = []
    for _ in range(keep):
        if not len(order):
            break
        first = np.flatnonzero(np.diff(group[order], prepend=group[order[0]] - 1))
        best = order[first]
        kept.append(best)
        rival = best.repeat(np.diff(first, append=len(order)))
        inner = np.minimum(offset[order], offset[rival]) - np.maximum(onset[order], onset[rival])
        inner = np.maximum(inner, 0)
        union = (offset - onset)[order] + (offset - onset)[rival] - inner
        left = inner <= overlap * union
        left[first] = False
        order = order[left]
    chosen = np.concatenate(kept) if kept else np.zeros(0, dtype=int)
    return chosen[np.lexsort((-score[chosen], group[chosen]))]
