"""How firmly a graph stands: what share of resampled clips show each mark.

References
----------
B. Efron and R. Tibshirani, An Introduction to the Bootstrap, 1993.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from causalex_core.errors import CausalexError
from causalex_core.graphs.pag import CODES, NONE, Pag


@dataclass(frozen=True, eq=False)
class Stability:
    """Shares of marks over resampled graphs.

    Attributes
    ----------
    marks
        (n, n, 4) float64: share of the graphs with each code of mark at j of the edge between
        i and j.
    repetitions
        Number of graphs.
    """

    marks: np.ndarray
    repetitions: int

    @property
    def edges(self) -> np.ndarray:
        """(n, n) share of the graphs in which two nodes are joined; zero diagonal."""
        return 1 - self.marks[..., NONE]


def bootstrap(
    clips: Sequence[Sequence[np.ndarray]],
    estimate: Callable[[list[np.ndarray]], Pag],
    repetitions: int = 200,
    seed: int = 0,
) -> Stability:
    """Draw clips with replacement, as many as there are, and estimate a graph of each draw.

    Clips are drawn whole: frames of one clip depend on each other.

    Parameters
    ----------
    clips
        Of each clip its series, (frames, n) each; they stay together.
    estimate
        From series to a graph, such as `fci` with its options set.
    repetitions
        Number of draws.
    seed
        Of the draws.

    Returns
    -------
    Stability

    Raises
    ------
    CausalexError
        If there are fewer than two clips or no repetitions, or a draw gives no graph.
    """
    if len(clips) < 2 or repetitions < 1:
        raise CausalexError(
            f"{repetitions} draws of {len(clips)} clips: expected at least one draw of at least"
            " two; cut a long clip into blocks"
        )
    generator = np.random.default_rng(seed)
    counts = 0
    for repetition in range(repetitions):
        drawn = generator.integers(0, len(clips), len(clips))
        try:
            graph = estimate([series for clip in drawn for series in clips[clip]])
        except CausalexError as error:
            raise CausalexError(f"draw {repetition}: {error}") from error
        counts = counts + (graph.marks[..., None] == list(CODES.values()))
    return Stability(np.asarray(counts) / repetitions, repetitions)
