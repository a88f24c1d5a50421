"""Spot, then recognise: the shipped models together, on synthetic people.

Causal-Ex detects expressions in the motion of people whom neither model has seen, and the
recogniser names the emotion of those that hit, at the detected key frames. The same expressions are
also recognised at their true key frames, to separate the losses.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from causalex_book.publishing import style
from causalex_book.recognition import filmed, spotted
from causalex_book.recognition.emotions import Row, cells
from causalex_book.recognition.shipped import Config as Training
from causalex_core.config import Count, CountOrAll, ParameterError, Parameters, Seed, one_of
from causalex_core.data.causalnet import EMOTIONS
from causalex_core.evaluation import chain, spotting
from causalex_core.evaluation.spotting import COUNTS
from causalex_core.evaluation.uncertainty import (
    Score,
    bootstrap,
    f1,
    percentile_interval,
    subject_weights,
)
from causalex_core.expressions import FRAMES, KINDS
from causalex_core.recognition import checkpoints
from causalex_core.recognition.checkpoints import Recogniser
from causalex_core.recognition.data import Images
from causalex_synthetic import dataset
from causalex_synthetic.dataset import SyntheticDataset
from causalex_synthetic.dataset_spec import SPECS

SOURCES = ()
LONG = "minutes of spotting and recognising"
BOTH = "both plans"
TOGETHER = "overall"
ALL, TRUE, FOUND = "all, true key frames", "hits, true key frames", "hits, key frames found"
# Without the second phase, as in methods that use onset and apex alone.
APEX_TRUE, APEX_FOUND = "hits, true onset and apex", "hits, onset and apex found"
SYSTEMS = (ALL, TRUE, FOUND, APEX_TRUE, APEX_FOUND)
# STRS with one error after the other; the last has all.
STEPS = (
    "nothing missed, no false alarm, true key frames",
    "with what is missed",
    "and with false alarms",
    "and for the expressions that were hit",
    "and with the key frames found",
)
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_BIN, _WIDEST = 100 / 3, 12  # ms; bins to each side of 0


@dataclass(frozen=True)
class Config(Parameters):
    """Parameters of the page.

    Attributes
    ----------
    plans
        Databases that the synthetic people are like.
    seeds
        Seeds of the cohorts of each plan; none that the models were trained or chosen on.
    most_videos
        Videos of each cohort, for a quick look; 0 is all.
    n_bootstrap
        Resamples of people behind each interval.
    seed
        Seed of the resampling.
    """

    plans: tuple[Annotated[str, one_of(SPECS)], ...] = ("cas_like", "samm_like")
    seeds: tuple[Seed, ...] = (101, 102)
    most_videos: CountOrAll = 0
    n_bootstrap: Count = 2000
    seed: Seed = 1

    def __post_init__(self) -> None:
        """Refuse people on whom the recogniser was trained or tested."""
        super().__post_init__()
        training = Training()
        known = set(self.seeds) & {*training.errors, *training.learn, *training.tested}
        if known:
            raise ParameterError(
                f"parameter 'seeds' of the page 'chain': {sorted(known)} given, expected cohorts on"
                " which the recogniser was neither trained nor measured"
            )


class _Counts(NamedTuple):
    """Counts per person of one plan, or of both.

    Spotting (S, 2, 3) by kind: true positives, detections, truths; emotions (S, 2, 3, 4) by
    system, as :func:`causalex_core.evaluation.chain.confusions` counts them; and a row per hit of
    ``kind``, errors of ``onset, apex, offset`` and ``duration``, in seconds.
    """

    spotting: NDArray[np.int64]
    emotions: Mapping[str, NDArray[np.int64]]
    errors: pd.DataFrame

    def of(self, kind: str) -> tuple[NDArray[np.int64], dict[str, NDArray[np.int64]]]:
        """Spotting (S, 3) and emotions (S, 3, 4) of a kind, or of both."""
        kinds = [KINDS.index(kind)] if kind in KINDS else list(range(len(KINDS)))
        return self.spotting[:, kinds].sum(axis=1), {
            name: counts[:, kinds].sum(axis=1) for name, counts in self.emotions.items()
        }


def compute(config: Config) -> dict[str, pd.DataFrame]:
    """Tables ``people, spotting, recognition, gains, steps, errors`` and ``histogram``."""
    recogniser = checkpoints.load()
    by_plan = {
        spec: _together(
            [_counted(_people(spec, seed, config), recogniser) for seed in config.seeds]
        )
        for spec in config.plans
    }
    parts = by_plan | ({BOTH: _together(list(by_plan.values()))} if len(by_plan) > 1 else {})
    rows: dict[str, list[Row]] = {"spotting": [], "recognition": [], "gains": [], "steps": []}
    for spec, part in parts.items():
        for kind in (*KINDS, TOGETHER):
            weights = subject_weights(len(part.spotting), config.n_bootstrap, config.seed)
            for name, table in _scored(weights, *part.of(kind)).items():
                rows[name] += [{"plan": spec, "kind": kind, **row} for row in table]
    return {
        "people": pd.DataFrame([_described(spec, config) for spec in config.plans]),
        **{name: pd.DataFrame(table) for name, table in rows.items()},
        "errors": pd.DataFrame(_errors(parts)),
        "histogram": pd.DataFrame(_histogram(parts)),
    }


def _people(spec: str, seed: int, config: Config) -> SyntheticDataset:
    people = dataset.draw(dataset.Config(spec=spec, seed=seed))
    kept = people.videos[: config.most_videos or None]
    shown = {video.person.subject for video in kept}
    people_shown = tuple(person for person in people.people if person.subject in shown)
    return replace(people, videos=kept, people=people_shown)


def _described(spec: str, config: Config) -> Row:
    """Numbers of people, videos and expressions."""
    datasets = [_people(spec, seed, config) for seed in config.seeds]
    table = pd.concat([people.expressions for people in datasets])
    named = table[table["emotion"].isin(EMOTIONS)]
    frames = sum(video.frames for people in datasets for video in people.videos)
    return {
        "plan": spec,
        "people": sum(len(people.people) for people in datasets),
        "videos": sum(len(people.videos) for people in datasets),
        "minutes": frames / datasets[0].spec.fps / 60,
        **{kind: int((table["kind"] == kind).sum()) for kind in KINDS},
        **{f"{kind}_named": int((named["kind"] == kind).sum()) for kind in KINDS},
    }


def _counted(people: SyntheticDataset, recogniser: Recogniser) -> _Counts:
    """Spot and recognise in one cohort."""
    truth, detected = people.expressions, spotted.detections(people)
    named = truth["emotion"].isin(EMOTIONS).to_numpy()
    all_rows = np.flatnonzero(named)
    pairs = spotting.pairs(truth, detected)
    hit_rows, detected_rows = pairs[named[pairs[:, 0]]].T

    def flow(rows: NDArray[np.integer], key_frames: pd.DataFrame) -> Images:
        frames = key_frames[list(FRAMES)].to_numpy(np.int64)
        return filmed.clips(people, truth.index[rows].tolist(), frames, recogniser.flow)

    at_true = flow(all_rows, truth.iloc[all_rows])
    at_detected = flow(hit_rows, detected.iloc[detected_rows])
    of_hits = at_true[np.searchsorted(all_rows, hit_rows)]
    systems = {
        ALL: (all_rows, at_true),
        TRUE: (hit_rows, of_hits),
        FOUND: (hit_rows, at_detected),
        APEX_TRUE: (hit_rows, checkpoints.without_relaxation(of_hits)),
        APEX_FOUND: (hit_rows, checkpoints.without_relaxation(at_detected)),
    }
    subjects = sorted({person.subject for person in people.people})
    hits = spotting.score(truth, detected).set_index(["subject", "kind"])[list(COUNTS)]
    every = pd.MultiIndex.from_product([subjects, KINDS])
    errors = []
    for kind in KINDS:
        true, measured = spotted.hits(truth, detected, kind)
        seconds = pd.DataFrame((measured - true) / people.spec.fps, columns=list(FRAMES))
        duration = np.ptp(true, axis=1) / people.spec.fps
        errors.append(seconds.assign(kind=kind, duration=duration))
    return _Counts(
        hits.reindex(every, fill_value=0)
        .to_numpy(np.int64)
        .reshape(len(subjects), len(KINDS), len(COUNTS)),
        {
            name: chain.confusions(
                truth.iloc[rows], recogniser(images).argmax(axis=1), subjects, EMOTIONS
            )
            for name, (rows, images) in systems.items()
        },
        pd.concat(errors),
    )


def _together(parts: list[_Counts]) -> _Counts:
    """Counts of different people."""
    return _Counts(
        np.concatenate([part.spotting for part in parts]),
        {name: np.concatenate([part.emotions[name] for part in parts]) for name in SYSTEMS},
        pd.concat([part.errors for part in parts]),
    )


def _scored(
    weights: NDArray[np.integer],
    spotted_counts: NDArray[np.int64],
    emotions: Mapping[str, NDArray[np.int64]],
) -> dict[str, list[Row]]:
    """Rows of the tables of scores, of one plan and kind."""

    def interval(score: Score, *counts: NDArray[np.int64], name: str) -> Row:
        return cells(percentile_interval(*bootstrap(score, weights, *counts)), name)

    counts = dict(zip(COUNTS, spotted_counts.sum(axis=0).tolist(), strict=True))
    named = []
    for name, table in emotions.items():
        pooled = table.sum(axis=0)
        hits = [f"{row[label]}/{row.sum()}" for label, row in enumerate(pooled)]
        named.append(
            {"system": name, "expressions": int(pooled.sum())}
            | interval(chain.uf1, table, name="uf1")
            | dict(zip(EMOTIONS, hits, strict=True))
        )
    pairs = ((TRUE, ALL), (FOUND, TRUE), (APEX_FOUND, APEX_TRUE), (FOUND, APEX_FOUND))
    gains = [
        {"system": name, "over": other}
        | interval(_uf1_gain, emotions[name], emotions[other], name="gain")
        for name, other in pairs
    ]
    return {
        "spotting": [counts | interval(f1, spotted_counts, name="f1")],
        "recognition": named,
        "gains": gains,
        "steps": list(_stepwise(weights, spotted_counts, emotions)),
    }


def _uf1_gain(emotions: NDArray, others: NDArray) -> NDArray[np.float64]:
    return chain.uf1(emotions) - chain.uf1(others)


def _stepwise(
    weights: NDArray[np.integer],
    spotted_counts: NDArray[np.int64],
    emotions: Mapping[str, NDArray[np.int64]],
) -> Iterator[Row]:
    """STRS after each of :data:`STEPS`, and its change."""

    def steps(
        counts: NDArray, every: NDArray, hits: NDArray, detected: NDArray
    ) -> NDArray[np.float64]:
        tp, n_truth = counts[..., 0], counts[..., 2]
        no_alarms = f1(np.stack([tp, tp, n_truth], axis=-1))
        real = f1(counts)
        uf1 = [chain.uf1(table) for table in (every, hits, detected)]
        scores = [uf1[0], no_alarms * uf1[0], real * uf1[0], real * uf1[1], real * uf1[2]]
        return np.stack(scores, axis=-1)

    systems = [emotions[name] for name in (ALL, TRUE, FOUND)]
    estimate, drawn = bootstrap(steps, weights, spotted_counts, *systems)
    for number, name in enumerate(STEPS):
        row: Row = {"step": name}
        row |= cells(percentile_interval(estimate[number], drawn[:, number]), "strs")
        if number:
            change = percentile_interval(
                estimate[number] - estimate[number - 1], drawn[:, number] - drawn[:, number - 1]
            )
            row |= cells(change, "change", "change_")
        yield row


def _by_kind(parts: Mapping[str, _Counts]) -> Iterator[tuple[Row, pd.DataFrame]]:
    for spec, part in parts.items():
        for kind in KINDS:
            yield {"plan": spec, "kind": kind}, part.errors[part.errors["kind"] == kind]


def _errors(parts: Mapping[str, _Counts]) -> Iterator[Row]:
    """Errors of key frames in milliseconds, and their correlations.

    The level is their root mean square as a share of each expression's own duration, as in
    :class:`causalex_core.recognition.key_frames.KeyFrameNoise`.
    """
    for keys, rows in _by_kind(parts):
        known = len(rows) > 0
        corr = np.full((3, 3), np.nan)
        if len(rows) > 2:
            corr[:] = np.corrcoef(rows[list(FRAMES)].to_numpy().T)
        for name, with_others in zip(FRAMES, corr.tolist(), strict=True):
            errors = 1000 * rows[name].to_numpy()
            shares = rows[name].to_numpy() / rows["duration"].to_numpy()
            yield {
                **keys,
                "frame": name,
                "hits": len(errors),
                "deviation": float(errors.std()) if known else np.nan,
                "level": float(np.sqrt((shares**2).mean())) if known else np.nan,
                **{
                    f"q{100 * level:02.0f}": float(np.quantile(errors, level)) if known else np.nan
                    for level in QUANTILES
                },
                **{f"with_{other}": r for other, r in zip(FRAMES, with_others, strict=True)},
            }


def _histogram(parts: Mapping[str, _Counts]) -> Iterator[Row]:
    """Share of the hits by error, in steps of about a frame; the ends hold all beyond them."""
    edges = np.concatenate(([-np.inf], np.arange(-_WIDEST, _WIDEST) + 0.5, [np.inf])) * _BIN
    for keys, rows in _by_kind(parts):
        for name in FRAMES:
            counts = np.histogram(1000 * rows[name], edges)[0]
            for number, count in enumerate(counts):
                yield {
                    **keys,
                    "frame": name,
                    "error": (number - _WIDEST) * _BIN,
                    "share": count / max(counts.sum(), 1),
                }


def errors_figure(table: pd.DataFrame) -> Figure:
    """Share of the hits up to each error: a panel per key frame, a line per kind of expression.

    Cumulated, because errors come in whole frames, and videos differ in frames per second.

    Parameters
    ----------
    table
        Columns ``kind, frame, error, share``: middles of equal bins, in milliseconds.
    """
    half = np.diff(table["error"].drop_duplicates()).min() / 2
    with style.figure(7.2, 2.8, ncols=len(FRAMES), sharey=True) as (drawn, axes):
        for axis, frame in zip(axes, FRAMES, strict=True):
            for kind, dash in zip(KINDS, ("-", "--"), strict=True):
                rows = table[(table["frame"] == frame) & (table["kind"] == kind)]
                axis.plot(
                    rows["error"] + half,
                    100 * rows["share"].cumsum(),
                    color=style.KIND_COLOURS[kind],
                    ls=dash,
                    label=kind if frame == FRAMES[0] else None,
                )
            axis.axvline(0, color=style.INK, lw=0.8)
            axis.set_title(frame)
            axis.set_xlabel("found minus true (ms)")
        axes[0].set_ylabel("share of the hits (%)")
        drawn.legend(loc="outside upper right", ncols=2)
    return drawn


def steps_figure(table: pd.DataFrame, kinds: Sequence[str]) -> Figure:
    """Score after each step, a panel per kind of expression.

    Parameters
    ----------
    table
        Columns ``kind, step, strs, low, high``.
    kinds
        Panels from left to right.
    """
    names = table["step"].drop_duplicates().tolist()
    y = np.arange(len(names))
    with style.figure(7.2, 1.0 + 0.38 * len(names), ncols=len(kinds), sharey=True) as (drawn, axes):
        for axis, kind in zip(np.atleast_1d(axes), kinds, strict=True):
            rows = table[table["kind"] == kind].set_index("step").loc[names]
            colour = style.KIND_COLOURS[kind]
            axis.barh(y, rows["strs"], 0.6, color=colour, alpha=0.35)
            axis.hlines(y, rows["low"], rows["high"], color=colour, lw=2)
            axis.plot(rows["strs"], y, "o", color=colour, ms=4)
            axis.set_yticks(y, names)
            axis.set_ylim(len(names) - 0.5, -0.5)
            axis.set_xlim(0, 1)
            axis.set_title(kind)
            axis.set_xlabel("score (STRS)")
            axis.grid(axis="y", visible=False)
    return drawn
