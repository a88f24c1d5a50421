"""Who is held out: every subject once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causalex_core.errors import CausalexError


@dataclass(frozen=True)
class Folds:
    """Leave one subject out.

    Attributes
    ----------
    subjects
        Who is held out in each fold, in alphabetical order.
    held_out
        (F, N), true for the samples of a fold's subject; all others are trained on.
    """

    subjects: tuple[str, ...]
    held_out: NDArray[np.bool_]


def leave_one_subject_out(subjects: Sequence[str]) -> Folds:
    """Folds from the subject of each sample alone.

    Raises
    ------
    CausalexError
        If there are fewer than two subjects.
    """
    given = np.asarray(subjects, dtype=str)
    names = np.unique(given)
    if len(names) < 2:
        raise CausalexError(f"{len(names)} subjects given: leaving one out needs at least two")
    return Folds(tuple(names.tolist()), given == names[:, None])
