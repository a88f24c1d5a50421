"""The planted graph of the synthetic people, and how much of it their motion gives back."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import Annotated, NamedTuple

import numpy as np
import pandas as pd

from causalex_book.graphs.agreement import Truth, agreement, truth
from causalex_book.graphs.causal_graphs import METHODS
from causalex_book.graphs.resampling import bootstrap
from causalex_book.graphs.tables import edges_table, long_table, mean_rates
from causalex_core import action_units, regions
from causalex_core.config import (
    Count,
    NonNegative,
    Parameters,
    Probability,
    Seed,
    including,
    one_of,
)
from causalex_core.graphs import compound, prior
from causalex_core.graphs.independence import EffectiveSampleSize
from causalex_core.graphs.pag import Pag
from causalex_core.graphs.samples import COMPONENTS, motion_series
from causalex_core.graphs.search import fci
from causalex_core.motion.record import MotionRecord
from causalex_synthetic import causes, dataset
from causalex_synthetic.dataset import SyntheticDataset
from causalex_synthetic.dataset_spec import SPECS

SOURCES = ()
RATES = ("precision", "recall", "f1", "mark_f1", "marks_right")
MEASURED = 1.0  # noise of the motion tier as it is on rendered clips
PERSON, EVERYTHING = "one person's", "all"


@dataclass(frozen=True)
class Config(Parameters):
    """Parameters of the page.

    Attributes
    ----------
    plan
        Which database the cohorts are like.
    n_cohorts
        Cohorts drawn, with seeds from `seed` on; the first one is shown.
    clips
        Numbers of clips that are pooled for one graph.
    n_groups
        Graphs of each number of clips, and of people, in each cohort.
    noise
        Noise of the motion, relative to that on rendered clips.
    components
        How horizontal and vertical motion become samples, where nothing else is said.
    alpha
        Level of the tests.
    n_draws
        Bootstrap draws of clips behind the share of an edge.
    n_bootstrap
        Resamples of graphs behind each interval.
    seed
        Seed of cohorts, groups, draws and resamples.
    """

    plan: Annotated[str, one_of(SPECS)] = "cas_like"
    n_cohorts: Count = 3
    clips: tuple[Count, ...] = (1, 4, 16)
    n_groups: Count = 4
    noise: Annotated[tuple[NonNegative, ...], including(MEASURED)] = (0.0, MEASURED, 2.0)
    components: Annotated[str, one_of(COMPONENTS)] = "stacked"
    alpha: Probability = 0.01
    n_draws: Count = 30
    n_bootstrap: Count = 2000
    seed: Seed = 1


class Trial(NamedTuple):
    """A graph and what it was estimated from."""

    drives: str
    noise: float
    components: str
    clips: str
    sample_size: EffectiveSampleSize
    frames: int
    pag: Pag


class Shown(NamedTuple):
    """Graphs of the same clips: estimated from all of them, and (12, 12) arrays.

    Attributes
    ----------
    shares
        Share of bootstrap draws in which two regions are joined.
    counts
        How often the annotations have two regions move together.
    correlated
        Whether the motion of two regions is correlated.
    """

    pag: Pag
    shares: np.ndarray
    counts: np.ndarray
    correlated: np.ndarray


def compute(config: Config) -> dict[str, pd.DataFrame]:
    """Plant, search and compare."""
    planted = truth(causes.dag(), regions.COUNT)
    datasets = [
        dataset.draw(dataset.Config(config.plan, seed=config.seed + number))
        for number in range(config.n_cohorts)
    ]
    trials = [trial for drawn in datasets for trial in _trials(config, drawn)]
    silent = [trial for drawn in datasets for trial in _silent_trials(config, drawn)]
    amount = [trial for trial in trials if trial.components == config.components]
    pooled = [trial for trial in amount if trial.sample_size == "bartlett"]
    every_kind = [trial for trial in trials if trial.sample_size == "bartlett"]
    few = [trial for trial in pooled if trial.clips == str(max(config.clips))]
    undriven = truth(_without_drives(causes.dag()), regions.COUNT)
    shown = _shown(config, datasets[0])
    drives = [
        _table(config, few, planted, ("drives", "noise")),
        _table(config, silent, undriven, ("drives", "noise")),
    ]
    graphs, edges = [], []
    for name, (pag, shares, counts, joined) in shown.items():
        cells = {"mark": pag.marks, "share": shares, "count": counts, "correlated": joined}
        graphs.append(long_table(cells).assign(graph=name))
        edges.append(edges_table(pag, shares, planted.pag).assign(graph=name))
    return {
        "planted": long_table({"mark": planted.pag.marks, "ancestral_mark": planted.mag.marks}),
        "amount": _table(config, amount, planted, ("noise", "clips", "sample_size")),
        "components": _table(config, every_kind, planted, ("noise", "clips", "components")),
        "drives": pd.concat(drives),
        "policies": pd.DataFrame(_policies(pooled, planted)),
        "pairs": _pairs(pooled, planted),
        "graphs": pd.concat(graphs),
        "edges": pd.concat(edges),
        "contrast": pd.DataFrame(_contrast(shown, planted)),
    }


def _trials(config: Config, drawn: SyntheticDataset) -> Iterator[Trial]:
    """Graphs of one dataset: every noise, amount and kind of samples."""
    groups = _groups(config, drawn)
    for noise in config.noise:
        motions = _motions(drawn, noise)
        for components in COMPONENTS:
            clips = [samples(motion, components) for motion in motions]
            # Both sample sizes where the amount of data is the question.
            methods = METHODS if components == config.components else METHODS[1:]
            for (name, chosen), method in product(groups, methods):
                series = [part for clip in chosen for part in clips[clip]]
                frames, graph = sum(map(len, series)), fci(series, config.alpha, method)
                yield Trial("act", noise, components, name, method, frames, graph)


def _silent_trials(config: Config, drawn: SyntheticDataset) -> Iterator[Trial]:
    """The same people without expressions: tonus, blinks and mouthings are left."""
    name = str(max(config.clips))
    still = tuple(replace(video, events=()) for video in drawn.videos)
    groups = [chosen for group, chosen in _groups(config, drawn) if group == name]
    for noise, chosen in product(config.noise, groups):
        quiet = replace(drawn, config=replace(drawn.config, noise=noise), videos=still)
        motions = [quiet.measured(clip) for clip in chosen]
        series = [part for motion in motions for part in samples(motion, config.components)]
        frames, graph = sum(map(len, series)), fci(series, config.alpha)
        yield Trial("silent", noise, config.components, name, "bartlett", frames, graph)


def _without_drives(dag: np.ndarray) -> np.ndarray:
    """Graph of all causes when nothing makes an expression."""
    silent = dag.copy()
    silent[[causes.NODES.index(emotion) for emotion in causes.EMOTIONS]] = False
    return silent


def _groups(config: Config, drawn: SyntheticDataset) -> list[tuple[str, list[int]]]:
    """Clips of each graph: of several sizes, none in two of one size; of some people; all."""
    generator = np.random.default_rng([config.seed, drawn.config.seed])
    order = generator.permutation(len(drawn.videos)).tolist()
    groups = [
        (str(size), order[start : start + size])
        for size in config.clips
        for start in range(0, min(config.n_groups * size, len(order) - size + 1), size)
    ]
    by_person = _clips_by_person(drawn)
    chosen = generator.permutation(sorted(by_person))[: config.n_groups]
    groups += [(PERSON, by_person[str(name)]) for name in chosen]
    return [*groups, (EVERYTHING, sorted(order))]


def _clips_by_person(drawn: SyntheticDataset) -> dict[str, list[int]]:
    clips: dict[str, list[int]] = {}
    for number, video in enumerate(drawn.videos):
        clips.setdefault(video.person.subject, []).append(number)
    return clips


def _motions(drawn: SyntheticDataset, noise: float) -> list[MotionRecord]:
    noisy = replace(drawn, config=replace(drawn.config, noise=noise))
    return [noisy.measured(number) for number in range(len(noisy.videos))]


def samples(motion: MotionRecord, components: str) -> list[np.ndarray]:
    """Series of samples of one clip, from the rows that were measured."""
    return motion_series(motion.motion, motion.measured, components)


def _table(
    config: Config, trials: Sequence[Trial], true: Truth, by: tuple[str, ...]
) -> pd.DataFrame:
    """Rates of each kind of trial, in the order in which the kinds come."""
    kinds: dict[tuple, list[Trial]] = {}
    for trial in trials:
        kinds.setdefault(tuple(getattr(trial, name) for name in by), []).append(trial)
    off_diagonal = ~np.eye(regions.COUNT, dtype=bool)
    rows = []
    for kind, chosen in kinds.items():
        graphs = [trial.pag for trial in chosen]
        n_eff = [np.median(pag.n_eff[off_diagonal]) for pag in graphs if pag.n_eff is not None]
        compared = [agreement(pag, true) for pag in graphs]
        rows.append(
            dict(zip(by, kind, strict=True))
            | {
                "graphs": len(chosen),
                "frames": float(np.median([trial.frames for trial in chosen])),
                "n_eff": float(np.median(n_eff)),
                "planted_edges": int(true.pag.adjacency.sum()) // 2,
                "edges": float(np.mean([pag.adjacency.sum() / 2 for pag in graphs])),
            }
            | mean_rates(compared, RATES, config.n_bootstrap, config.seed)
        )
    return pd.DataFrame(rows)


def _policies(trials: Sequence[Trial], planted: Truth) -> Iterator[dict[str, object]]:
    """Causal matrix by each reading, from measured motion, and the most causal regions."""
    essential = compound.most_causal(planted.mag.marks)
    for clips in dict.fromkeys(trial.clips for trial in trials):
        graphs = [
            trial.pag.marks for trial in trials if trial.clips == clips and trial.noise == MEASURED
        ]
        readings = {
            policy: (
                np.array([compound.adjacency(marks, policy) for marks in graphs]) > 0,
                compound.adjacency(planted.mag.marks, policy) > 0,
            )
            for policy in compound.POLICIES
        }
        chosen = np.array([compound.most_causal(marks) for marks in graphs])
        readings["regions of largest out-degree"] = chosen, essential
        for policy, (ones, true) in readings.items():
            total = int(ones.sum())
            yield {
                "clips": clips,
                "policy": policy,
                "graphs": len(graphs),
                "ones": total / len(graphs),
                "true": float((ones & true).sum() / total) if total else np.nan,
                "empty": float(np.mean(~ones.reshape(len(graphs), -1).any(axis=1))),
            }


def _pairs(trials: Sequence[Trial], planted: Truth) -> pd.DataFrame:
    """Share of the datasets whose graph from all clips joins two regions, by noise."""
    tables = []
    everything = [trial for trial in trials if trial.clips == EVERYTHING]
    for noise in dict.fromkeys(trial.noise for trial in trials):
        joined = [trial.pag.adjacency for trial in everything if trial.noise == noise]
        cells = {"share": np.mean(joined, axis=0), "planted": planted.pag.adjacency}
        tables.append(long_table(cells).assign(noise=noise))
    return pd.concat(tables, ignore_index=True)


def _shown(config: Config, drawn: SyntheticDataset) -> dict[str, Shown]:
    """Of the person with most clips, and of everybody, at the measured noise."""
    clips = [samples(motion, config.components) for motion in _motions(drawn, MEASURED)]
    by_person = _clips_by_person(drawn)
    person = max(by_person, key=lambda name: len(by_person[name]))
    table = drawn.expressions
    units = table["action_units"].map(lambda text: action_units.parse(text).numbers)
    estimate = partial(fci, alpha=config.alpha)
    shown = {}
    for name, chosen, rows in (
        (f"person {person}", by_person[person], table["subject"] == person),
        ("cohort", range(len(clips)), table["subject"].notna()),
    ):
        used = [clips[number] for number in chosen]
        series = [part for clip in used for part in clip]
        shown[name] = Shown(
            estimate(series),
            bootstrap(used, estimate, config.n_draws, config.seed),
            prior.prior_counts(units[rows], prior.FACS),
            correlated(series, config.alpha),
        )
    return shown


def correlated(
    series: Sequence[np.ndarray], alpha: float, method: EffectiveSampleSize = "bartlett"
) -> np.ndarray:
    """(12, 12) bool: pairs that are dependent given nothing."""
    return fci(series, alpha, method, depth=0, possible_d_sep=False).adjacency


def _contrast(shown: Mapping[str, Shown], planted: Truth) -> Iterator[dict[str, object]]:
    """Edges of each kind of graph that are planted, and that are not."""
    true = np.triu(planted.pag.adjacency)
    for name, graph in shown.items():
        kinds = {
            "units annotated together": graph.counts > 0,
            "motion correlated": graph.correlated,
            "causal graph": graph.pag.adjacency,
        }
        for kind, joined in kinds.items():
            edges = np.triu(joined, 1)
            right = int((edges & true).sum())
            yield {
                "graph": name,
                "kind": kind,
                "edges": int(edges.sum()),
                "planted": right,
                "not_planted": int(edges.sum()) - right,
                "precision": right / edges.sum() if edges.any() else np.nan,
                "recall": right / true.sum(),
            }
