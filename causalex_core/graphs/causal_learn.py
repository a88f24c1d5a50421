"""FCI of causal-learn, to compare with.

What to know of release 0.1.4.8 before its graphs are used for anything but a comparison:

- It holds nodes in sets that are ordered by a salted hash, and takes edges away while it walks
  over them. On finite data the graph can change with ``PYTHONHASHSEED`` and with the order of
  the columns; only two runs under one fixed ``PYTHONHASHSEED`` can be compared.
- Rules R5 to R7, meant for selection, and R10, with a path that need not be uncovered, set some
  marks that contradict the true graph even when every test is right.
- Frames are taken for independent samples: there is no other choice of sample size.
- A limit on the size of conditioning sets binds its first search only; the second asks about larger
  sets all the same.
"""

import contextlib
import io
from collections.abc import Iterable
from typing import Any

import numpy as np

from causalex_core.errors import CausalexError
from causalex_core.graphs import independence
from causalex_core.graphs.independence import EffectiveSampleSize
from causalex_core.graphs.pag import ARROWHEAD, CIRCLE, NONE, TAIL, Pag
from causalex_core.graphs.search import Independent, Samples, one_window, options

MARKS = {0: NONE, 2: CIRCLE, 1: ARROWHEAD, -1: TAIL}


def fci(
    samples: Samples,
    alpha: float = 0.01,
    effective_sample_size: EffectiveSampleSize = "frames",
    depth: int | None = None,
) -> Pag:
    """Estimate the graph with causal-learn; arguments and errors are those of our own `fci`.

    Any effective sample size but ``frames`` is refused.
    """
    FCI = _their_fci()  # noqa: N806
    if effective_sample_size != "frames":
        raise CausalexError(
            f"causal-learn with effective sample size {effective_sample_size!r}: it knows only"
            " 'frames'"
        )
    alpha, depth = options(alpha, depth)
    series = independence.centre(one_window(samples))
    independence.correlations(series)
    with contextlib.redirect_stdout(io.StringIO()):  # it prints every edge that it finds visible
        graph, _ = FCI.fci(
            np.concatenate(series, axis=1)[0],
            "fisherz",
            alpha,
            depth=-1 if depth is None else depth,
            show_progress=False,
        )
    settings = {
        "backend": "causal-learn",
        "effective_sample_size": effective_sample_size,
        "depth": None,
        "depth_of_first_search": depth,
        "possible_d_sep": True,
        "frames": sum(part.shape[1] for part in series),
        "series": len(series),
    }
    (n_eff,) = independence.effective_samples(series, "frames")
    return Pag(_our_marks(graph.graph), alpha, n_eff, settings)


def fci_from_independence(n: int, independent: Independent) -> Pag:
    """Find the graph of `n` nodes from answers about independence, as our own function does."""
    FCI = _their_fci()  # noqa: N806
    from causallearn.utils import cit

    class Oracle(cit.CIT_Base):
        """Answers as p-values of 0 and 1."""

        method = "oracle"

        def __call__(self, i: int, j: int, given: Iterable[int] | None = None) -> float:
            first, second = sorted((int(i), int(j)))
            return float(independent(first, second, frozenset(map(int, given or ()))))

    cit.register_ci_test("oracle", Oracle)
    # Only the shape of the samples is looked at.
    samples = np.random.default_rng(0).standard_normal((n + 1, n))
    with contextlib.redirect_stdout(io.StringIO()):
        graph, _ = FCI.fci(samples, "oracle", 0.5, show_progress=False)
    return Pag(_our_marks(graph.graph), settings={"backend": "causal-learn"})


def _their_fci() -> Any:
    """Module of causal-learn, which takes seconds to import and belongs to no core installation."""
    try:
        from causallearn.search.ConstraintBased import FCI
    except ImportError as error:
        raise CausalexError(
            f"causal-learn does not load here ({error}): pip install 'causalex[book]'"
        ) from error
    return FCI


def _our_marks(theirs: np.ndarray) -> np.ndarray:
    """Marks in our coding; theirs holds the mark at i in [i, j]."""
    return np.vectorize(MARKS.__getitem__, otypes=[np.uint8])(theirs).T
