"""Choosing on inner folds: what is reported of a subject rests on nothing of that subject.

Subjects are dealt into five groups, and models are trained again without each pair of groups. For
the subjects of one group, the four models without it and one other group choose by their scores on
that other group: ten models in all, where four inner folds per subject would be four each.
"""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from causalex_core.evaluation import selection
from causalex_core.spotting.data import Windows, hold_out
from causalex_core.training import Fold

GROUPS = 5


def groups(subjects: Sequence[str]) -> np.ndarray:
    """Group of each subject, (S,) from 0, at random; with few subjects, one group each."""
    dealt = np.arange(len(subjects)) % min(GROUPS, len(subjects))
    return np.random.default_rng(len(subjects)).permutation(dealt)


def pairs(group: np.ndarray) -> list[tuple[int, int]]:
    """All pairs of groups, in the order of `folds`."""
    return list(combinations(range(group.max() + 1), 2))


def folds(windows: Windows, *, all_windows: bool = False) -> list[Fold]:
    """A fold for every pair of groups, which holds out both.

    Raises
    ------
    CausalexError
        If there are fewer than three subjects: one must be left to train.
    """
    subjects = list(dict.fromkeys(windows.subjects))
    group = groups(subjects)
    return [
        hold_out(
            windows,
            [name for name, index in zip(subjects, group, strict=True) if index in pair],
            name=f"groups {pair[0] + 1} and {pair[1] + 1}",
            all_windows=all_windows,
        )
        for pair in pairs(group)
    ]


def choice(inner: Sequence[np.ndarray], group: np.ndarray) -> np.ndarray:
    """Candidate (S,) that inner models choose for each subject, the same for all of a group.

    `inner` are counts (S, C, 3) of the models of each fold of `folds`; those of subjects who were
    trained on are not used.
    """
    pooled = np.zeros((group.max() + 1, *inner[0].shape[1:]), int)  # (groups, C, 3)
    for (first, second), counts in zip(pairs(group), inner, strict=True):
        pooled[first] += counts[group == second].sum(axis=0)
        pooled[second] += counts[group == first].sum(axis=0)
    best = np.array([selection.oracle_pooled(counts[None])[0] for counts in pooled])
    return best[group]


def each_kind(inner: Sequence[np.ndarray], group: np.ndarray) -> np.ndarray:
    """Candidate (2, S) of macro and micro that inner models choose, from counts (S, 2, ..., 3)."""
    flat = [counts.reshape(*counts.shape[:2], -1, counts.shape[-1]) for counts in inner]
    kinds = range(inner[0].shape[1])
    return np.stack([choice([counts[:, kind] for counts in flat], group) for kind in kinds])
