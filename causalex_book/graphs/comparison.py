"""Comparison of two graphs of the same regions, where no true graph is known."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.stats import rankdata

from causalex_core.graphs import compound
from causalex_core.graphs.pag import NONE


class Comparison(NamedTuple):
    """Counts over the pairs of regions.

    Attributes
    ----------
    both, either
        Pairs that both graphs join, and that at least one joins.
    same_marks
        Pairs with the same marks at both ends in both graphs.
    same_way, opposite_way
        Pairs with --> in both graphs, pointing the same way or against each other.
    """

    both: int
    either: int
    same_marks: int
    same_way: int
    opposite_way: int

    @property
    def jaccard(self) -> float:
        """Share of the edges of either graph that both have; NaN if neither has one."""
        return self.both / self.either if self.either else np.nan


def compare(first: np.ndarray, second: np.ndarray) -> Comparison:
    """Compare the marks (n, n) of two graphs."""
    joined = first != NONE, second != NONE
    directed = [compound.POLICIES["directed"](marks) for marks in (first, second)]
    same = (first == second) & (first.T == second.T) & joined[0]
    return Comparison(
        both=int((joined[0] & joined[1]).sum()) // 2,
        either=int((joined[0] | joined[1]).sum()) // 2,
        same_marks=int(same.sum()) // 2,
        same_way=int((directed[0] & directed[1]).sum()),
        opposite_way=int((directed[0] & directed[1].T).sum()),
    )


def jaccard_matrix(adjacencies: np.ndarray) -> np.ndarray:
    """(G, G) Jaccard index of the edges of graphs (G, n, n); NaN where neither has an edge."""
    upper = np.triu_indices(adjacencies.shape[1], 1)
    edges = adjacencies[:, *upper].astype(int)
    both, counts = edges @ edges.T, edges.sum(axis=1)
    with np.errstate(invalid="ignore"):
        return both / (counts[:, None] + counts - both)


class WithinAndBetween(NamedTuple):
    """Mean similarity within persons and between persons, and a p-value of the difference."""

    within: float
    between: float
    p: float


def within_and_between(
    similarity: np.ndarray, subjects: Sequence[str], permutations: int, seed: int
) -> WithinAndBetween:
    """Whether graphs of one person are more alike than those of two: a permutation test.

    The p-value is one-sided and counts the observed order too.

    Parameters
    ----------
    similarity
        (G, G), symmetric; NaN is left out.
    subjects
        Whose each graph is; permuted over the graphs.
    """
    rows, columns = np.triu_indices(len(subjects), 1)
    values = similarity[rows, columns]
    persons = np.unique(np.asarray(subjects), return_inverse=True)[1]

    def means(order: np.ndarray) -> tuple[float, float]:
        same = order[rows] == order[columns]
        return float(np.nanmean(values[same])), float(np.nanmean(values[~same]))

    within, between = means(persons)
    generator = np.random.default_rng(seed)
    drawn = [means(generator.permutation(persons)) for _ in range(permutations)]
    as_large = sum(same - other >= within - between for same, other in drawn)
    return WithinAndBetween(within, between, (1 + as_large) / (1 + permutations))


def spearman(first: np.ndarray, second: np.ndarray, given: np.ndarray | None = None) -> float:
    """Rank correlation of two vectors; partial, if a third one is `given`."""
    vectors = [rankdata(vector) for vector in (first, second)]
    if given is not None:
        design = np.column_stack([np.ones(len(given)), rankdata(given)])
        vectors = [
            ranks - design @ np.linalg.lstsq(design, ranks, rcond=None)[0] for ranks in vectors
        ]
    return float(np.corrcoef(*vectors)[0, 1])


class Association(NamedTuple):
    """A rank correlation over pairs of regions, and its two-sided p-value."""

    rho: float
    p: float


def associate(
    first: np.ndarray,
    second: np.ndarray,
    permutations: int,
    seed: int,
    given: np.ndarray | None = None,
) -> Association:
    """Rank correlation of two symmetric matrices (n, n) over their pairs: Mantel's test.

    Pairs that share a region are not independent, so whole regions of the first matrix are
    permuted. With `given` (n, n) the correlation is partial.

    References
    ----------
    N. Mantel, "The detection of disease clustering and a generalized regression approach",
    Cancer Research 27, 1967.
    """
    upper = np.triu_indices(len(first), 1)
    held = None if given is None else given[upper]
    rho = spearman(first[upper], second[upper], held)
    generator = np.random.default_rng(seed)
    as_large = 0
    for _ in range(permutations):
        order = generator.permutation(len(first))
        drawn = spearman(first[np.ix_(order, order)][upper], second[upper], held)
        as_large += abs(drawn) >= abs(rho)
    return Association(rho, (1 + as_large) / (1 + permutations))
