"""A page to copy, of the page that is no page of the book: ``notebooks/template.ipynb``.

How many edges of a known graph does FCI find, as its tests get stricter and frames fewer?
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalex_book.graphs.agreement import agreement, truth
from causalex_book.graphs.causal_graphs import summary
from causalex_book.graphs.simulation import Kind, Length, random_model, series
from causalex_core.config import Count, Parameters, Probability, Seed
from causalex_core.graphs.independence import EffectiveSampleSize
from causalex_core.graphs.search import fci

SOURCES = ()  # names of cards in data_manifest/, if it reads any


@dataclass(frozen=True)
class Config(Parameters):
    """Parameters of the page; each has a default.

    Attributes
    ----------
    kind
        How much a series remembers.
    sample_size
        Count every frame, or as many as are independent.
    alpha
        Level of the tests.
    edge_probability
        Density of the random models.
    frames
        Lengths of a series.
    n_graphs
        Random models behind each row.
    n_bootstrap
        Resamples of models behind each interval.
    seed
        Seed of models, series and resamples.
    """

    kind: Kind = "smooth"
    sample_size: EffectiveSampleSize = "bartlett"
    alpha: Probability = 0.05
    edge_probability: Probability = 0.25
    frames: tuple[Length, ...] = (200, 1000, 5000)
    n_graphs: Count = 20
    n_bootstrap: Count = 500
    seed: Seed = 1


def compute(config: Config) -> dict[str, pd.DataFrame]:
    """Table ``recovery``: edges against the truth, with intervals, by number of frames."""
    generator = np.random.default_rng(config.seed)
    models = [random_model(generator, config.edge_probability) for _ in range(config.n_graphs)]
    truths = [truth(model.dag, model.observed) for model in models]
    rows = []
    for frames in config.frames:
        compared = []
        for model, true in zip(models, truths, strict=True):
            sources = series(config.kind, generator, frames, len(model.weights))
            found = fci(model.respond(sources), config.alpha, config.sample_size)
            compared.append(agreement(found, true))
        about = {"series": config.kind, "frames": frames, "sample_size": config.sample_size}
        rates = summary(compared, ("precision", "recall", "f1"), config.n_bootstrap, config.seed)
        rows.append(about | rates)
    return {"recovery": pd.DataFrame(rows)}
