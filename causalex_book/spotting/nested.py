"""Choosing on inner folds: what is reported of a subject rests on nothing of that subject.

Subjects are dealt into five groups. Models are trained again without each pair of groups, and
judge both. For the subjects of one group, the four models that lack it and one other group never
saw them; what these find in the other group chooses. That is ten models for everybody, where
retraining on four inner groups for each subject would be four for each.
"""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from causalex_core.evaluation import selection
from causalex_core.spotting.data import Windows, hold_out
from causalex_core.training import Fold

GROUPS = 5


def groups(subjects: Sequence[str]) -> np.ndarray:
    """Group of each subject, (S,) from 0, dealt by chance; a group of its own for each of a few."""
    dealt = np.arange(len(subjects)) % min(GROUPS, len(subjects))
    return np.random.default_rng(len(subjects)).permutation(dealt)


def pairs(group: np.ndarray) -> list[tuple[int, int]]:
    """Every two groups, in the order of `folds`."""
    return list(combinations(range(group.max() + 1), 2))


def folds(windows: Windows, *, all_windows: bool = False) -> list[Fold]:
    """A fold for every two groups, which holds out both.

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
            [name for name, own in zip(subjects, group, strict=True) if own in pair],
            name=f"groups {pair[0] + 1} and {pair[1] + 1}",
            all_windows=all_windows,
        )
        for pair in pairs(group)
    ]


def choice(inner: Sequence[np.ndarray], group: np.ndarray) -> np.ndarray:
    """Candidate that inner models choose for each subject.

    Parameters
    ----------
    inner
        Hits (S, C, 3) of the models of each fold of `folds`, with those of subjects who were
        trained on among them; these are not looked at.
    group
        (S,) as `groups` gives it.

    Returns
    -------
    ndarray
        (S,) index of the chosen candidate, the same for all of a group.
    """
    found = np.zeros((group.max() + 1, *inner[0].shape[1:]), int)  # (groups, C, 3)
    for (one, other), hits in zip(pairs(group), inner, strict=True):
        found[one] += hits[group == other].sum(axis=0)
        found[other] += hits[group == one].sum(axis=0)
    best = np.array([selection.oracle_pooled(each[None])[0] for each in found])
    return best[group]


def each_kind(inner: Sequence[np.ndarray], group: np.ndarray) -> np.ndarray:
    """Candidate (2, S) of macro and micro that inner models choose for each subject.

    Parameters
    ----------
    inner
        Hits (S, 2, ..., 3) of the models of each fold of `folds`, one or more dimensions of
        candidates.
    group
        As in `choice`.
    """
    of_pairs = [one.reshape(*one.shape[:2], -1, one.shape[-1]) for one in inner]
    return np.stack(
        [choice([one[:, kind] for one in of_pairs], group) for kind in range(inner[0].shape[1])]
    )
