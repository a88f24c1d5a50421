"""What FCI recovers from frames when the truth is known; everything here is simulated."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalex_core.evaluation.uncertainty import percentile_interval
from causalex_core.graphs import causal_learn
from causalex_core.graphs.fci import fci
from causalex_core.graphs.independence import EffectiveSampleSize
from causalex_core.graphs.pag import ARROWHEAD, TAIL, Pag
from causalex_core.graphs.separation import maximal_ancestral_graph
from causalex_core.graphs.simulation import LinearModel, random_model, series

SOURCES = ()
REGIONS = 12
METHODS: tuple[EffectiveSampleSize, ...] = ("frames", "bartlett")
MEMORY = ("white", "ar0.5", "ar0.8", "ar0.95", "smooth")
EDGES = {"o-o": "o-o", "o->": "o->", "<-o": "o->", "-->": "-->", "<--": "-->", "<->": "<->"}


@dataclass(frozen=True)
class Config:
    """Parameters of the page.

    Attributes
    ----------
    n_graphs
        Random models behind each row.
    n_compared
        Random models on which causal-learn runs too (it is slow).
    frames
        Lengths of a series.
    alpha
        Level of the tests.
    edge_probability
        Density of the random models.
    n_bootstrap
        Resamples of models behind each interval.
    seed
        Seed of models, series and resamples.
    """

    n_graphs: int = 100
    n_compared: int = 20
    frames: tuple[int, ...] = (200, 1000, 5000)
    alpha: float = 0.05
    edge_probability: float = 0.25
    n_bootstrap: int = 2000
    seed: int = 1


def compute(config: Config) -> dict[str, pd.DataFrame]:
    """Tables ``independent``, ``recovery``, ``pooling``, ``edges`` and ``compared``."""
    length = config.frames[len(config.frames) // 2]
    recovery, edges = [], []
    for kind in ("white", "smooth"):
        for frames in config.frames:
            for method in METHODS:
                for complete in (True, False):
                    found = _graphs(config, kind, frames, 1, method, complete)
                    place = {"series": kind, "frames": frames, "sample_size": method}
                    stage = {"possible_d_sep": "yes" if complete else "no"}
                    recovery.append(place | stage | _summary(found, config))
                    if frames == length and complete:
                        edges.append(place | _edge_shares([pag for pag, _ in found]))
    pooling = [
        {"clips": clips, "frames": clips * length}
        | _summary(_graphs(config, "smooth", length, clips, "bartlett", True), config)
        for clips in (1, 2, 4, 8)
    ]
    return {
        "independent": pd.DataFrame(_independent(config, length)),
        "recovery": pd.DataFrame(recovery),
        "pooling": pd.DataFrame(pooling),
        "edges": pd.DataFrame(edges),
        "compared": pd.DataFrame(_compared(config, length)),
    }


def _independent(config: Config, frames: int) -> Iterator[dict[str, object]]:
    """Edges drawn among 12 columns that have nothing to do with each other."""
    for kind in MEMORY:
        for method in METHODS:
            generator = np.random.default_rng(config.seed)
            counts = [
                fci(series(kind, generator, frames, REGIONS), config.alpha, method).adjacency.sum()
                // 2
                for _ in range(config.n_graphs)
            ]
            false_edges = _mean(np.array(counts, dtype=float), config)
            yield {"series": kind, "frames": frames, "sample_size": method} | {
                f"false_edges{suffix}": value for suffix, value in false_edges.items()
            }


def _models(config: Config, count: int) -> list[LinearModel]:
    """The same models for every row."""
    generator = np.random.default_rng(config.seed)
    return [random_model(generator, config.edge_probability) for _ in range(count)]


def _samples(
    config: Config, model: LinearModel, number: int, kind: str, frames: int, clips: int
) -> list[np.ndarray]:
    """Clips (frames, 12) of one model; the same for every method."""
    generator = np.random.default_rng([config.seed, number])
    nodes = len(model.weights)
    return [model.respond(series(kind, generator, frames, nodes)) for _ in range(clips)]


def _graphs(
    config: Config,
    kind: str,
    frames: int,
    clips: int,
    method: EffectiveSampleSize,
    possible_d_sep: bool,
) -> list[tuple[Pag, Pag]]:
    """Graph found and true ancestral graph of every model."""
    return [
        (
            fci(
                _samples(config, model, number, kind, frames, clips),
                config.alpha,
                method,
                possible_d_sep=possible_d_sep,
            ),
            maximal_ancestral_graph(model.dag, REGIONS),
        )
        for number, model in enumerate(_models(config, config.n_graphs))
    ]


def _summary(found: list[tuple[Pag, Pag]], config: Config) -> dict[str, object]:
    """Mean precision, recall and F1 of edges, and how often a definite mark is right."""
    rates = np.array([_rates(pag, truth) for pag, truth in found])  # (models, 4)
    row: dict[str, object] = {}
    for name, values in zip(("precision", "recall", "f1", "marks_right"), rates.T, strict=True):
        known = values[~np.isnan(values)]
        row |= {f"{name}{suffix}": value for suffix, value in _mean(known, config).items()}
    return row


def _rates(pag: Pag, truth: Pag) -> tuple[float, float, float, float]:
    """Precision, recall and F1 of edges, and the share of right marks among definite ones."""
    both = (pag.adjacency & truth.adjacency).sum()
    precision = both / pag.adjacency.sum() if pag.adjacency.any() else np.nan
    recall = both / truth.adjacency.sum() if truth.adjacency.any() else np.nan
    f1 = 2 * both / max(pag.adjacency.sum() + truth.adjacency.sum(), 1)
    definite = np.isin(pag.marks, (ARROWHEAD, TAIL)) & truth.adjacency
    right = (pag.marks == truth.marks)[definite].mean() if definite.any() else np.nan
    return precision, recall, f1, right


def _mean(values: np.ndarray, config: Config) -> dict[str, float]:
    """Mean with a bootstrap interval over models, keyed by suffix of the column."""
    generator = np.random.default_rng(config.seed)
    picks = generator.integers(0, len(values), (config.n_bootstrap, len(values)))
    interval = percentile_interval(values.mean(), values[picks].mean(axis=1))
    return {"": interval.estimate, "_low": interval.low, "_high": interval.high}


def _edge_shares(graphs: list[Pag]) -> dict[str, object]:
    """Edges per graph by their marks, and how often no edge is directed."""
    kinds = [[EDGES[mark] for _, mark, _ in pag.edges()] for pag in graphs]
    per_graph = {
        mark: float(np.mean([found.count(mark) for found in kinds]))
        for mark in ("o-o", "o->", "-->", "<->")
    }
    empty = float(np.mean(["-->" not in found for found in kinds]))
    return {"edges": sum(per_graph.values()), **per_graph, "no_directed_edge": empty}


def _compared(config: Config, frames: int) -> Iterator[dict[str, object]]:
    """Ours beside causal-learn on white series, and whether column order matters."""
    backends: dict[str, Callable[..., Pag]] = {"causalex": fci, "causal-learn": causal_learn.fci}
    for name, estimate in backends.items():
        pairs, same = [], []
        for number, model in enumerate(_models(config, config.n_compared)):
            samples = _samples(config, model, number, "white", frames, 1)[0]
            pag = estimate(samples, config.alpha, "frames")
            order = np.random.default_rng([config.seed, number, 1]).permutation(REGIONS)
            shuffled = estimate(samples[:, order], config.alpha, "frames")
            same.append((shuffled.marks == pag.marks[np.ix_(order, order)]).all())
            pairs.append((pag, maximal_ancestral_graph(model.dag, REGIONS)))
        yield (
            {"backend": name, "graphs": len(pairs)}
            | _summary(pairs, config)
            | {"same_in_another_column_order": float(np.mean(same))}
        )
