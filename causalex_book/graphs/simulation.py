"""Linear models with latent causes, and series to drive them: graphs whose truth is known."""

import re
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.signal import lfilter

from causalex_core.config import Limit, at_least
from causalex_core.errors import CausalexError

SMOOTHING = 5  # frames, standard deviation: about how smooth optical flow of a face is
SENSOR_NOISE = 0.05  # white noise on top of a smooth series, relative to its spread
RUN_IN = 500  # frames that a series forgets its beginning in


@dataclass(frozen=True)
class LinearModel:
    """A linear structural model; its first nodes are observed, the rest are latent.

    Attributes
    ----------
    weights
        (nodes, nodes): effect of node i on node j, 0 where there is no arrow.
    observed
        Number of observed nodes.
    """

    weights: np.ndarray
    observed: int

    @property
    def dag(self) -> np.ndarray:
        """(nodes, nodes) bool: true at [i, j] where i --> j."""
        return self.weights != 0

    def respond(self, sources: np.ndarray) -> np.ndarray:
        """Observed series (frames, observed) for what drives each node, (frames, nodes)."""
        nodes = len(self.weights)
        every = np.linalg.solve((np.eye(nodes) - self.weights).T, sources.T)
        return np.ascontiguousarray(every[: self.observed].T)


def random_model(
    generator: np.random.Generator,
    edge_probability: float,
    observed: int = 12,
    latent: int = 3,
    children: int = 3,
) -> LinearModel:
    """Model with weights of size 0.3 to 1 and either sign.

    Two observed nodes are joined with probability `edge_probability`, in a random causal order;
    latent nodes have no causes and `children` observed effects.
    """
    nodes = observed + latent
    arrows = np.zeros((nodes, nodes), dtype=bool)
    order = generator.permutation(observed)
    forward = np.triu(generator.random((observed, observed)) < edge_probability, 1)
    arrows[np.ix_(order, order)] = forward
    for node in range(observed, nodes):
        arrows[node, generator.choice(observed, children, replace=False)] = True
    size = generator.uniform(0.3, 1, arrows.shape) * generator.choice([-1, 1], arrows.shape)
    return LinearModel(arrows * size, observed)


Kind = Annotated[
    str,
    Limit(
        "white, smooth, or ar with a coefficient below 1, such as ar0.8",
        lambda kind: bool(re.fullmatch(r"white|smooth|ar-?0?\.\d+", kind)),
    ),
]  # of series
Length = Annotated[int, at_least(30)]  # frames; of fewer, smooth ones are worth too little


def series(kind: str, generator: np.random.Generator, frames: int, columns: int) -> np.ndarray:
    """Independent columns (frames, columns) that depend on their own past.

    Kinds are ``white`` (no memory), ``ar0.8`` and the like (first-order autoregressive with that
    coefficient) and ``smooth`` (Gaussian smoothing over 5 frames, with some white noise); any
    other is a `CausalexError`.
    """
    if kind == "white":
        return generator.standard_normal((frames, columns))
    drive = generator.standard_normal((frames + RUN_IN, columns))
    if kind == "smooth":
        slow = gaussian_filter1d(drive, SMOOTHING, axis=0)[RUN_IN // 2 :][:frames]
        noise = SENSOR_NOISE * generator.standard_normal((frames, columns))
        return slow / slow.std(axis=0) + noise
    if kind.startswith("ar"):
        coefficient = float(kind.removeprefix("ar"))
        return lfilter([1.0], [1.0, -coefficient], drive, axis=0)[RUN_IN:]
    raise CausalexError(f"series '{kind}': expected white, smooth, or ar with a coefficient")
