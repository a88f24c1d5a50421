"""The planted graph of the synthetic people, and what of it comes back from their motion."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, NamedTuple

import numpy as np
import pandas as pd

from causalex_book.graphs.agreement import Truth, agreement, truth
from causalex_book.graphs.causal_graphs import METHODS, summary
from causalex_book.graphs.stability import bootstrap
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
from causalex_synthetic.dataset import Cohort
from causalex_synthetic.dataset_spec import PLANS

SOURCES = ()
RATES = ("precision", "recall", "f1", "mark_f1", "marks_right")
MEASURED = 1.0  # noise of the motion tier as it is on rendered clips
PERSON, EVERYTHING = "one person's", "all"

Clips = Sequence[list[np.ndarray]]  # of each clip its series of samples


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

    plan: Annotated[str, one_of(PLANS)] = "cas_like"
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


def compute(config: Config) -> dict[str, pd.DataFrame]:
    """Plant, search and compare.

    Returns
    -------
    dict
        ``planted, amount, components, drives, policies, pairs, graphs, edges, contrast``; see
        the headings of the page.
    """
    planted = truth(causes.dag(), regions.COUNT)
    cohorts = [
        dataset.draw(dataset.Config(plan=config.plan, seed=config.seed + number))
        for number in range(config.n_cohorts)
    ]
    trials = [trial for people in cohorts for trial in _trials(config, people)]
    silent = [trial for people in cohorts for trial in _silent_trials(config, people)]
    amount = [trial for trial in trials if trial.components == config.components]
    pooled = [trial for trial in trials if trial.sample_size == "bartlett"]
    few = [trial for trial in pooled if trial.clips == str(max(config.clips))]
    undriven = truth(_without_drives(causes.dag()), regions.COUNT)
    shown = _shown(config, cohorts[0])
    return {
        "planted": long_table({"mark": planted.pag.marks, "ancestral_mark": planted.mag.marks}),
        "amount": _table(config, amount, planted, ("noise", "clips", "sample_size")),
        "components": _table(config, pooled, planted, ("noise", "clips", "components")),
        "drives": pd.concat(
            [
                _table(config, _of(few, config.components), planted, ("drives", "noise")),
                _table(config, silent, undriven, ("drives", "noise")),
            ]
        ),
        "policies": pd.DataFrame(_policies(_of(pooled, config.components), planted)),
        "pairs": _pairs(_of(pooled, config.components), planted),
        "graphs": pd.concat(
            [
                long_table(
                    {
                        "mark": graph.pag.marks,
                        "share": graph.shares,
                        "count": graph.counts,
                        "correlated": graph.correlated,
                    }
                ).assign(graph=name)
                for name, graph in shown.items()
            ]
        ),
        "edges": pd.concat(
            [
                edges_table(graph.pag, graph.shares, planted.pag).assign(graph=name)
                for name, graph in shown.items()
            ]
        ),
        "contrast": pd.DataFrame(_contrast(shown, planted)),
    }


def _of(trials: Sequence[Trial], components: str) -> list[Trial]:
    return [trial for trial in trials if trial.components == components]


def _trials(config: Config, people: Cohort) -> Iterator[Trial]:
    """Graphs of one cohort: every noise, amount and kind of samples."""
    groups = _groups(config, people)
    for noise in config.noise:
        motions = _motions(people, noise)
        for components in COMPONENTS:
            clips = [samples(motion, components) for motion in motions]
            # Both sample sizes where the amount of data is the question.
            methods = METHODS if components == config.components else METHODS[1:]
            for name, chosen in groups:
                for method in methods:
                    series = [one for clip in chosen for one in clips[clip]]
                    found = fci(series, config.alpha, method)
                    yield Trial(
                        "act", noise, components, name, method, sum(map(len, series)), found
                    )


def _silent_trials(config: Config, people: Cohort) -> Iterator[Trial]:
    """The same people without expressions: tonus, blinks and mouthings are left."""
    name = str(max(config.clips))
    still = tuple(replace(video, events=()) for video in people.videos)
    for noise in config.noise:
        quiet = replace(people, config=replace(people.config, noise=noise), videos=still)
        for group, chosen in _groups(config, people):
            if group == name:
                motions = [quiet.measured(clip) for clip in chosen]
                series = [one for motion in motions for one in samples(motion, config.components)]
                found = fci(series, config.alpha)
                frames = sum(map(len, series))
                yield Trial("silent", noise, config.components, name, "bartlett", frames, found)


def _without_drives(dag: np.ndarray) -> np.ndarray:
    """Graph of all causes when nothing makes an expression."""
    silent = dag.copy()
    silent[[causes.NODES.index(emotion) for emotion in causes.EMOTIONS]] = False
    return silent


def _groups(config: Config, people: Cohort) -> list[tuple[str, list[int]]]:
    """Clips of each graph: of several sizes, none in two of one size; of some people; all."""
    generator = np.random.default_rng([config.seed, people.config.seed])
    order = generator.permutation(len(people.videos)).tolist()
    groups = [
        (str(size), order[start : start + size])
        for size in config.clips
        for start in range(0, min(config.n_groups * size, len(order) - size + 1), size)
    ]
    own = _clips_by_person(people)
    chosen = generator.permutation(sorted(own))[: config.n_groups]
    groups += [(PERSON, own[str(name)]) for name in chosen]
    return [*groups, (EVERYTHING, sorted(order))]


def _clips_by_person(people: Cohort) -> dict[str, list[int]]:
    own: dict[str, list[int]] = {}
    for number, video in enumerate(people.videos):
        own.setdefault(video.person.subject, []).append(number)
    return own


def _motions(people: Cohort, noise: float) -> list[MotionRecord]:
    noisy = replace(people, config=replace(people.config, noise=noise))
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
    rows = []
    for kind, chosen in kinds.items():
        off_diagonal = ~np.eye(regions.COUNT, dtype=bool)
        worth = [
            np.median(trial.pag.n_eff[off_diagonal])
            for trial in chosen
            if trial.pag.n_eff is not None
        ]
        compared = [agreement(trial.pag, true) for trial in chosen]
        rows.append(
            dict(zip(by, kind, strict=True))
            | {
                "graphs": len(chosen),
                "frames": float(np.median([trial.frames for trial in chosen])),
                "n_eff": float(np.median(worth)),
                "planted_edges": int(true.pag.adjacency.sum()) // 2,
                "edges": float(np.mean([trial.pag.adjacency.sum() / 2 for trial in chosen])),
            }
            | summary(compared, RATES, config.n_bootstrap, config.seed)
        )
    return pd.DataFrame(rows)


def _policies(trials: Sequence[Trial], planted: Truth) -> Iterator[dict[str, object]]:
    """Matrix A of Eq. 1 by each reading, from measured motion, and the regions of Eq. 6."""
    essential = compound.most_causal(planted.mag.marks)
    for clips in dict.fromkeys(trial.clips for trial in trials):
        found = [
            trial.pag.marks for trial in trials if trial.clips == clips and trial.noise == MEASURED
        ]
        for policy in compound.POLICIES:
            true = compound.adjacency(planted.mag.marks, policy) > 0
            matrices = np.array([compound.adjacency(marks, policy) for marks in found]) > 0
            ones = int(matrices.sum())
            yield {
                "clips": clips,
                "policy": policy,
                "graphs": len(found),
                "ones": ones / len(found),
                "true": float((matrices & true).sum() / ones) if ones else np.nan,
                "empty": float(np.mean(~matrices.any(axis=(1, 2)))),
            }
        chosen = np.array([compound.most_causal(marks) for marks in found])
        yield {
            "clips": clips,
            "policy": "regions of largest out-degree",
            "graphs": len(found),
            "ones": float(chosen.sum() / len(found)),
            "true": float((chosen & essential).sum() / chosen.sum()) if chosen.any() else np.nan,
            "empty": float(np.mean(~chosen.any(axis=1))),
        }


def _pairs(trials: Sequence[Trial], planted: Truth) -> pd.DataFrame:
    """Share of the cohorts whose graph from all clips joins two regions, by noise."""
    tables = []
    for noise in dict.fromkeys(trial.noise for trial in trials):
        found = [
            trial.pag.adjacency
            for trial in trials
            if trial.noise == noise and trial.clips == EVERYTHING
        ]
        share = np.mean(found, axis=0)
        table = long_table({"share": share, "planted": planted.pag.adjacency})
        tables.append(table.assign(noise=noise))
    return pd.concat(tables, ignore_index=True)


class Shown(NamedTuple):
    """Graphs of the same clips, (12, 12) each but the first.

    Attributes
    ----------
    pag
        From all of them.
    shares
        Share of bootstrap draws in which two regions are joined.
    counts
        How often the annotations have two regions move together (Eq. 2).
    correlated
        Whether the motion of two regions is correlated.
    """

    pag: Pag
    shares: np.ndarray
    counts: np.ndarray
    correlated: np.ndarray


def _shown(config: Config, people: Cohort) -> dict[str, Shown]:
    """Of the person with most clips, and of everybody, at the measured noise."""
    clips = [samples(motion, config.components) for motion in _motions(people, MEASURED)]
    own = _clips_by_person(people)
    who = max(own, key=lambda name: len(own[name]))
    units = people.expressions["action_units"].map(lambda text: action_units.parse(text).numbers)
    estimate = partial(fci, alpha=config.alpha)
    shown = {}
    for name, chosen, of in (
        (f"person {who}", own[who], people.expressions["subject"] == who),
        ("cohort", range(len(clips)), people.expressions["subject"].notna()),
    ):
        used = [clips[number] for number in chosen]
        series = [one for clip in used for one in clip]
        shown[name] = Shown(
            estimate(series),
            bootstrap(used, estimate, config.n_draws, config.seed).edges,
            prior.prior_counts(units[of], prior.FACS),
            correlated(series, config.alpha),
        )
    return shown


def correlated(
    series: Sequence[np.ndarray], alpha: float, method: EffectiveSampleSize = "bartlett"
) -> np.ndarray:
    """(12, 12) bool: pairs that are dependent given nothing."""
    return fci(series, alpha, method, depth=0, possible_d_sep=False).adjacency


def edges_table(found: Pag, shares: np.ndarray, planted: Pag | None = None) -> pd.DataFrame:
    """Edges of a graph and those of more than half of its bootstrap draws, firmest first.

    Parameters
    ----------
    found, shares
        A graph, and the (12, 12) shares of draws that join two regions.
    planted
        What there is to find, if it is known.
    """
    ours = {(i, j): mark for i, mark, j in found.edges()}
    theirs = {(i, j): mark for i, mark, j in planted.edges()} if planted else {}
    often = {(i, j) for i, j in np.argwhere(np.triu(shares) > 0.5).tolist()}
    rows = [
        {"region": regions.NAMES[i], "edge": ours.get((i, j), "none")}
        | {"other_region": regions.NAMES[j], "share": float(shares[i, j])}
        | ({"planted": theirs.get((i, j), "none")} if planted else {})
        for i, j in sorted({*ours, *often}, key=lambda pair: (-shares[pair], pair))
    ]
    return pd.DataFrame(rows)


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


def long_table(matrices: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """(12, 12) matrices as columns beside ``row`` and ``column``."""
    row, column = np.indices((regions.COUNT, regions.COUNT)).reshape(2, -1)
    cells = {name: matrix.ravel() for name, matrix in matrices.items()}
    return pd.DataFrame({"row": row, "column": column, **cells})
