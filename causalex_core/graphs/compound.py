"""From marks to the matrices of Causal-Ex: causal A (Eq. 1), compound C, out-degree (Eq. 6)."""

from collections.abc import Callable, Mapping

import numpy as np

from causalex_core.errors import CausalexError
from causalex_core.graphs.pag import ARROWHEAD, NONE, TAIL
from causalex_core.graphs.prior import normalise_rows

# Eq. 1 sets A[i, j] = 1 "if (i, j) is an edge", and does not say which marks make an edge.
POLICIES: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
    # Eq. 1 to the letter: symmetric.
    "any_edge": lambda marks: marks != NONE,
    # i --> j only: what the text prefers and the authors' code takes. Often almost empty.
    "directed": lambda marks: (marks == ARROWHEAD) & (marks.T == TAIL),
    # i --> j and i o-> j: j does not cause i, and i may cause j.
    "possibly_directed": lambda marks: (marks == ARROWHEAD) & (marks.T != ARROWHEAD),
}


def adjacency(marks: np.ndarray, policy: str) -> np.ndarray:
    """Causal matrix A.

    Parameters
    ----------
    marks
        (n, n), as in `causalex_core.graphs.pag.Pag`.
    policy
        Which edges count: ``any_edge``, ``directed`` or ``possibly_directed``.

    Returns
    -------
    ndarray
        (n, n) float32 of zeros and ones, A[i, j] = 1 for an edge from i to j; zero diagonal.

    Raises
    ------
    CausalexError
        If the policy is unknown.
    """
    if policy not in POLICIES:
        raise CausalexError(f"policy {policy!r}: expected one of {list(POLICIES)}")
    return POLICIES[policy](marks).astype(np.float32)


def out_degree(marks: np.ndarray) -> np.ndarray:
    """Number of edges --> and o-> out of each node.

    Returns
    -------
    ndarray
        (n,) int64.
    """
    return POLICIES["possibly_directed"](marks).sum(axis=1)


def most_causal(marks: np.ndarray) -> np.ndarray:
    """Nodes of the largest out-degree: E_f of Eq. 6.

    Returns
    -------
    ndarray
        (n,) bool; all of several that tie, none if no edge leaves any node.
    """
    degree = out_degree(marks)
    return (degree == degree.max(initial=0)) & (degree > 0)


def compound(causal: np.ndarray, prior: np.ndarray, self_loops: bool = True) -> np.ndarray:
    """Compound matrix C = A + B with normalised rows.

    Parameters
    ----------
    causal
        (..., n, n) A.
    prior
        (n, n) B.
    self_loops
        Whether the diagonal, to which only the prior contributes, is kept.

    Returns
    -------
    ndarray
        (..., n, n) float32, each row divided by its L1 norm plus 1e-6. Rows, not rows and
        columns: A need not be symmetric.
    """
    both = causal.astype(np.float32) + prior.astype(np.float32)
    return normalise_rows(both if self_loops else both * (1 - np.eye(both.shape[-1])))
