"""The causal graph of one video, and the matrix that the spotter takes from it."""

from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np

from causalex_core import regions
from causalex_core.config import one_of
from causalex_core.errors import CausalexError
from causalex_core.graphs import compound
from causalex_core.graphs.pag import Pag
from causalex_core.graphs.samples import SamplingConfig, motion_series
from causalex_core.graphs.search import fci
from causalex_core.motion.record import MotionRecord


@dataclass(frozen=True)
class GraphConfig(SamplingConfig):
    """How a video's graph is found and read.

    Attributes
    ----------
    policy
        Which edges enter the causal matrix A, see :func:`causalex_core.graphs.compound.adjacency`.
    """

    policy: Annotated[str, one_of(compound.POLICIES)] = "any_edge"


def of_video(recording: MotionRecord, config: GraphConfig) -> Pag:
    """Graph of a video, by FCI.

    Returns
    -------
    Pag
        Without any edge where the video is too short or still; the reason then stands in its
        settings under ``missing``.
    """
    series = motion_series(
        recording.motion, recording.measured, config.components, config.leave_out_first
    )
    try:
        pag = fci([piece for piece in series if len(piece) > 1], config.alpha)
    except CausalexError as error:
        return Pag(np.zeros((regions.COUNT,) * 2), config.alpha, settings={"missing": str(error)})
    samples = {"components": config.components, "leave_out_first": config.leave_out_first}
    return replace(pag, settings={**pag.settings, **samples})


def matrix(graph: Pag, prior: np.ndarray, config: GraphConfig) -> np.ndarray:
    """Compound matrix C (12, 12) of a graph and the prior B."""
    return compound.compound(compound.adjacency(graph.marks, config.policy), prior)
