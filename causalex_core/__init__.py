"""Causal-Ex (expression spotting, arXiv:2503.09098) and CausalNet (recognition, arXiv:2508.06640).

Example, from a video to emotions and to a score::

    from causalex_core import extract, graph, pool, recognise, score, spot
    from causalex_core.expressions import read_expressions

    motion = extract("clip.mp4")          # motion of 12 facial regions, frame by frame
    pag = graph(motion)                   # their causal graph, found by FCI
    spotted = spot(motion)                # macro- and micro-expressions
    print(motion, pag, spotted)
    emotions = recognise("clip.mp4", spotted.detections)
    counts = score(read_expressions("truth.csv"), spotted.detections)
    print(emotions)
    print(pool(counts)["overall"])

What there is
-------------
extract    a video -> ``MotionRecord``
graph      one or more motion records -> ``Pag``; ``fci`` does the same for any samples
spot       a video or its motion -> ``Spotted``: detections, scores per frame, graph
recognise  a video and its expressions -> table of emotions
score      labelled and detected expressions -> counts per subject and kind; ``pool`` adds them

The subpackages hold the rest: ``motion``, ``graphs``, ``spotting``, ``recognition``,
``evaluation`` and ``data``. On the command line: ``causalex --help``.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from causalex_core.evaluation.spotting import Counts, pool, score
    from causalex_core.graphs.pag import Pag
    from causalex_core.graphs.samples import graph
    from causalex_core.graphs.search import fci
    from causalex_core.motion.extract import extract
    from causalex_core.motion.record import MotionRecord
    from causalex_core.recognition.predict import recognise
    from causalex_core.spotting.checkpoints import Spotted
    from causalex_core.spotting.predict import spot

__version__ = "0.1.0"
__all__ = [
    "Counts", "MotionRecord", "Pag", "Spotted", "__version__",
    "extract", "fci", "graph", "pool", "recognise", "score", "spot",
]  # fmt: skip

HOMES = {
    "Counts": "evaluation.spotting",
    "MotionRecord": "motion.record",
    "Pag": "graphs.pag",
    "Spotted": "spotting.checkpoints",
    "extract": "motion.extract",
    "fci": "graphs.search",
    "graph": "graphs.samples",
    "pool": "evaluation.spotting",
    "recognise": "recognition.predict",
    "score": "evaluation.spotting",
    "spot": "spotting.predict",
}


def __getattr__(name: str) -> object:
    """Import a name when it is asked for: the package itself loads no torch, pandas or OpenCV."""
    if name not in HOMES:
        raise AttributeError(f"module 'causalex_core' has no attribute '{name}'")
    return getattr(importlib.import_module(f"causalex_core.{HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
