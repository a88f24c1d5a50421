"""Agreement of an estimated graph with the true one."""

from typing import NamedTuple

import numpy as np

from causalex_core.graphs import separation
from causalex_core.graphs.pag import ARROWHEAD, NONE, TAIL, Pag


class Truth(NamedTuple):
    """All that independence can tell (`pag`), and the ancestral graph itself, without circles."""

    pag: Pag
    mag: Pag


class Agreement(NamedTuple):
    """Rates between 0 and 1, NaN where there is nothing to divide by.

    Attributes
    ----------
    precision, recall, f1
        Of edges, whatever their marks.
    mark_precision, mark_recall, mark_f1
        Of definite marks (arrowheads and tails) against those of the true partial ancestral
        graph: a mark is right if that graph has the same one at the same end.
    marks_right
        Share of the definite marks on true edges that the true ancestral graph has too. A mark
        that independence cannot tell may still be right here.
    """

    precision: float
    recall: float
    f1: float
    mark_precision: float
    mark_recall: float
    mark_f1: float
    marks_right: float


def truth(dag: np.ndarray, observed: int) -> Truth:
    """Truth of the first nodes of a causal graph (nodes, nodes), the rest being latent."""
    return Truth(
        separation.partial_ancestral_graph(dag, observed),
        separation.maximal_ancestral_graph(dag, observed),
    )


def agreement(estimate: Pag, true: Truth) -> Agreement:
    """Compare a graph with the truth about the same nodes."""
    ours, theirs = estimate.marks, true.pag.marks
    ours_definite, theirs_definite = (np.isin(m, (ARROWHEAD, TAIL)) for m in (ours, theirs))
    on_edges = ours_definite & (true.mag.marks != NONE)
    right = estimate.adjacency & true.pag.adjacency
    return Agreement(
        *_rates(right, estimate.adjacency, true.pag.adjacency),
        *_rates(ours_definite & (ours == theirs), ours_definite, theirs_definite),
        _share(on_edges & (ours == true.mag.marks), on_edges),
    )


def _rates(right: np.ndarray, ours: np.ndarray, true: np.ndarray) -> tuple[float, float, float]:
    """Precision, recall and F1."""
    both = int(ours.sum() + true.sum())
    f1 = 2 * int(right.sum()) / both if both else np.nan
    return _share(right, ours), _share(right, true), f1


def _share(part: np.ndarray, whole: np.ndarray) -> float:
    return float(part.sum() / whole.sum()) if whole.any() else np.nan
