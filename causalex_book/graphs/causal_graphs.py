"""Recovery of known graphs by FCI; everything is simulated."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import numpy as np
import pandas as pd

from causalex_book.graphs import hash_seeds
from causalex_book.graphs.agreement import Truth, agreement, truth
from causalex_book.graphs.simulation import Length, LinearModel, random_model, series
from causalex_book.graphs.tables import mean_rates, mean_with_interval
from causalex_core.config import Count, CountOrAll, Parameters, Probability, Seed
from causalex_core.graphs import causal_learn
from causalex_core.graphs.independence import EffectiveSampleSize
from causalex_core.graphs.pag import ARROWHEAD, TAIL, Pag
from causalex_core.graphs.search import fci, fci_from_independence
from causalex_core.graphs.separation import oracle

SOURCES = ()
REGIONS = 12
METHODS: tuple[EffectiveSampleSize, ...] = ("frames", "bartlett")
MEMORY = ("white", "ar0.5", "ar0.8", "ar0.95", "smooth")
EDGES = {"o-o": "o-o", "o->": "o->", "<-o": "o->", "-->": "-->", "<--": "-->", "<->": "<->"}
RATES = ("precision", "recall", "f1", "mark_f1", "marks_right")


@dataclass(frozen=True)
class Config(Parameters):
    """Parameters of the page.

    Attributes
    ----------
    n_graphs
        Random models behind each row.
    n_compared
        Random models on which causal-learn runs too (it is slow).
    n_exact
        Random models whose every independence is told to both.
    hash_seeds
        Hash seeds under which both search again.
    n_hashed
        Random models that they search then.
    frames
        Lengths of a series.
    latents
        Numbers of latent common causes; the models elsewhere on the page have three.
    alpha
        Level of the tests.
    edge_probability
        Density of the random models.
    n_bootstrap
        Resamples of models behind each interval.
    seed
        Seed of models, series and resamples.
    """

    n_graphs: Count = 100
    n_compared: Count = 20
    n_exact: Count = 40
    hash_seeds: tuple[Seed, ...] = (0, 1, 2)
    n_hashed: Count = 30
    frames: tuple[Length, ...] = (200, 1000, 5000)
    latents: tuple[CountOrAll, ...] = (0, 3, 6)
    alpha: Probability = 0.05
    edge_probability: Probability = 0.25
    n_bootstrap: Count = 2000
    seed: Seed = 1


class Known(NamedTuple):
    """A model and what there is to find of it."""

    model: LinearModel
    truth: Truth


def compute(config: Config) -> dict[str, pd.DataFrame]:
    """Tables ``independent, recovery, pooling, latents, edges, compared, exact, repeated``."""
    length = config.frames[len(config.frames) // 2]
    models = _models(config, config.n_graphs)
    recovery, edges = [], []
    for kind, frames, method, complete in product(
        ("white", "smooth"), config.frames, METHODS, (True, False)
    ):
        graphs = _graphs(config, models, kind, frames, 1, method, complete)
        setting = {"series": kind, "frames": frames, "sample_size": method}
        stage = {"possible_d_sep": "yes" if complete else "no"}
        recovery.append(setting | stage | _rates(graphs, models, config))
        if frames == length and complete:
            edges.append(setting | _edge_shares(graphs))
    pooling = []
    for clips in (1, 2, 4, 8):
        graphs = _graphs(config, models, "smooth", length, clips)
        pooling.append({"clips": clips, "frames": clips * length} | _rates(graphs, models, config))
    tables: dict[str, Iterable[dict]] = {
        "independent": _independent(config, length),
        "recovery": recovery,
        "pooling": pooling,
        "latents": _latents(config, max(config.frames)),
        "edges": edges,
        "compared": _compared(config, models[: config.n_compared], length),
        "exact": _exact(config),
        "repeated": _repeated(config, models[: config.n_hashed], length),
    }
    return {name: pd.DataFrame(rows) for name, rows in tables.items()}


def _independent(config: Config, frames: int) -> Iterator[dict[str, object]]:
    """Edges drawn among 12 columns that have nothing to do with each other."""
    for kind, method in product(MEMORY, METHODS):
        generator = np.random.default_rng(config.seed)
        counts = [
            fci(series(kind, generator, frames, REGIONS), config.alpha, method).adjacency.sum() // 2
            for _ in range(config.n_graphs)
        ]
        yield {"series": kind, "frames": frames, "sample_size": method} | mean_with_interval(
            "false_edges", np.array(counts, dtype=float), config.n_bootstrap, config.seed
        )


def _models(config: Config, count: int, latent: int = 3) -> list[Known]:
    """The same models for every row."""
    generator = np.random.default_rng(config.seed)
    models = [random_model(generator, config.edge_probability, latent=latent) for _ in range(count)]
    return [Known(model, truth(model.dag, REGIONS)) for model in models]


def _samples(
    config: Config, models: Sequence[Known], kind: str, frames: int, clips: int = 1
) -> list[list[np.ndarray]]:
    """Clips (frames, 12) of each model; the same for every method."""
    samples = []
    for number, (model, _) in enumerate(models):
        generator = np.random.default_rng([config.seed, number])
        nodes = len(model.weights)
        drives = [series(kind, generator, frames, nodes) for _ in range(clips)]
        samples.append([model.respond(drive) for drive in drives])
    return samples


def _graphs(
    config: Config,
    models: Sequence[Known],
    kind: str,
    frames: int,
    clips: int,
    method: EffectiveSampleSize = "bartlett",
    possible_d_sep: bool = True,
) -> list[Pag]:
    """Estimated graph of every model."""
    return [
        fci(samples, config.alpha, method, possible_d_sep=possible_d_sep)
        for samples in _samples(config, models, kind, frames, clips)
    ]


def _rates(graphs: Sequence[Pag], models: Sequence[Known], config: Config) -> dict[str, float]:
    compared = [agreement(pag, known.truth) for pag, known in zip(graphs, models, strict=True)]
    return mean_rates(compared, RATES, config.n_bootstrap, config.seed)


def _latents(config: Config, frames: int) -> Iterator[dict[str, object]]:
    """Recovery with fewer and with more latent common causes."""
    for latent in config.latents:
        models = _models(config, config.n_graphs, latent)
        truths = [known.truth.pag for known in models]
        definite = np.mean([np.isin(pag.marks, (ARROWHEAD, TAIL)).sum() for pag in truths])
        edges = np.mean([pag.adjacency.sum() / 2 for pag in truths])
        about = {"latents": latent, "true_edges": edges, "definite_marks": definite}
        for kind in ("white", "smooth"):
            graphs = _graphs(config, models, kind, frames, 1)
            yield {"series": kind} | about | _rates(graphs, models, config)


def _edge_shares(graphs: Sequence[Pag]) -> dict[str, object]:
    """Edges per graph by their marks, and how often no edge is directed."""
    kinds = [[EDGES[mark] for _, mark, _ in pag.edges()] for pag in graphs]
    per_graph = {
        mark: float(np.mean([edges.count(mark) for edges in kinds]))
        for mark in ("o-o", "o->", "-->", "<->")
    }
    empty = float(np.mean(["-->" not in edges for edges in kinds]))
    return {"edges": sum(per_graph.values()), **per_graph, "no_directed_edge": empty}


def _compared(config: Config, models: Sequence[Known], frames: int) -> Iterator[dict[str, object]]:
    """Ours beside causal-learn on white series, and whether column order matters."""
    series_of_models = [samples for (samples,) in _samples(config, models, "white", frames)]
    for name, estimate in hash_seeds.BACKENDS.items():
        graphs, same, seconds = [], [], []
        for number, samples in enumerate(series_of_models):
            started = time.perf_counter()
            pag = estimate(samples, config.alpha, "frames")
            seconds.append(time.perf_counter() - started)
            order = np.random.default_rng([config.seed, number, 1]).permutation(REGIONS)
            shuffled = estimate(samples[:, order], config.alpha, "frames")
            same.append((shuffled.marks == pag.marks[np.ix_(order, order)]).all())
            graphs.append(pag)
        yield {
            "backend": name,
            "graphs": len(graphs),
            **_rates(graphs, models, config),
            "same_in_another_column_order": float(np.mean(same)),
            "milliseconds": 1000 * float(np.median(seconds)),
        }


def _exact(config: Config) -> Iterator[dict[str, object]]:
    """Both with an oracle: every answer right, three to six latent common causes."""
    generator = np.random.default_rng(config.seed)
    models = [
        random_model(generator, config.edge_probability, latent=int(generator.integers(3, 7)))
        for _ in range(config.n_exact)
    ]
    truths = [truth(model.dag, REGIONS) for model in models]
    searches: dict[str, Callable[..., Pag]] = {
        "causalex": fci_from_independence,
        "causal-learn": causal_learn.fci_from_independence,
    }
    for name, search in searches.items():
        graphs = [search(REGIONS, oracle(model.dag)) for model in models]
        pairs = list(zip(graphs, truths, strict=True))
        rates = [agreement(pag, true) for pag, true in pairs]
        yield {
            "backend": name,
            "graphs": len(graphs),
            "right_edges": sum(rate.f1 == 1 for rate in rates),
            "equal_to_ours": sum(bool((pag.marks == true.pag.marks).all()) for pag, true in pairs),
            "contradict_the_truth": sum(rate.marks_right < 1 for rate in rates),
        }


def _repeated(config: Config, models: Sequence[Known], frames: int) -> Iterator[dict[str, object]]:
    """Both again in processes with other hash seeds, on white series."""
    samples = [samples for (samples,) in _samples(config, models, "white", frames)]
    for name, marks in hash_seeds.marks(samples, config.alpha, config.hash_seeds).items():
        edges = marks == 0
        yield {
            "backend": name,
            "graphs": len(samples),
            "hash_seeds": len(config.hash_seeds),
            "same_under_all": int((marks == marks[0]).all(axis=(0, 2, 3)).sum()),
            "same_edges_under_all": int((edges == edges[0]).all(axis=(0, 2, 3)).sum()),
        }
