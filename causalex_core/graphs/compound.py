"""From marks to the matrices of Causal-Ex: the causal A, the compound C, the out-degree."""

from collections.abc import Callable, Mapping

import numpy as np

from causalex_core.errors import CausalexError
from causalex_core.graphs.pag import ARROWHEAD, NONE, TAIL
from causalex_core.graphs.prior import normalise_rows

# The paper sets A[i, j] = 1 "if (i, j) is an edge", and does not say which marks make an edge.
POLICIES: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
    # To the letter: symmetric.
    "any_edge": lambda marks: marks != NONE,
    # i --> j only: what the text prefers and the authors' code takes. Often almost empty.
    "directed": lambda marks: (marks == ARROWHEAD) & (marks.T == TAIL),
    # i --> j and i o-> j: j does not cause i, and i may cause j.
    "possibly_directed": lambda marks: (marks == ARROWHEAD) & (marks.T != ARROWHEAD),
}


def adjacency(marks: np.ndarray, policy: str) -> np.ndarray:
    """Causal matrix A (n, n) of zeros and ones: A[i, j] = 1 for an edge from i to j, Eq. 1.

    Parameters
    ----------
    marks
        (n, n), as in `causalex_core.graphs.pag.Pag`.
    policy
        Which edges count, a key of :data:`POLICIES`; another raises a CausalexError.
    """
    if policy not in POLICIES:
        raise CausalexError(f"policy {policy!r}: expected one of {list(POLICIES)}")
    return POLICIES[policy](marks).astype(np.float32)


def out_degree(marks: np.ndarray) -> np.ndarray:
    """Number (n,) of edges --> and o-> out of each node."""
    return POLICIES["possibly_directed"](marks).sum(axis=1)


def most_causal(marks: np.ndarray) -> np.ndarray:
    """Nodes (n,) of the largest out-degree, E_f of Eq. 6: all that tie; none without an edge."""
    degree = out_degree(marks)
    return (degree == degree.max(initial=0)) & (degree > 0)


def compound(causal: np.ndarray, prior: np.ndarray, self_loops: bool = True) -> np.ndarray:
    """Compound matrix C = A + B with normalised rows; A (..., n, n) need not be symmetric.

    Without `self_loops` the diagonal, to which only the prior B contributes, is zero. Entries that
    are not finite raise a CausalexError: one of them would make its row useless, and all that a
    network computes from it.
    """
    for name, matrix in (("causal matrix A", causal), ("prior matrix B", prior)):
        if not np.isfinite(matrix).all():
            entry = tuple(np.argwhere(~np.isfinite(matrix))[0].tolist())
            raise CausalexError(
                f"{name}: entry {entry[-2:]} is {matrix[entry]}; expected finite numbers"
            )
    both = causal.astype(np.float32) + prior.astype(np.float32)
    return normalise_rows(both if self_loops else both * (1 - np.eye(both.shape[-1])))
