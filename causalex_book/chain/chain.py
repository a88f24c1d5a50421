"""Spot, then recognise: what the shipped models make of synthetic people together.

Causal-Ex finds intervals in the motion of people whom neither model has seen, and the recogniser
names the emotion of those that hit, at the key frames that were found. The same expressions are
also recognised at their true key frames, so that what is lost can be told apart.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from causalex_book.recognition import filmed, spotted
from causalex_book.recognition.shipped import Config as Training
from causalex_core.config import Count, CountOrAll, ParameterError, Parameters, Seed, one_of
from causalex_core.data.causalnet import EMOTIONS
from causalex_core.evaluation import chain, spotting
from causalex_core.evaluation.spotting import COUNTS
from causalex_core.evaluation.uncertainty import Interval, f1, percentile_interval, subject_weights
from causalex_core.expressions import FRAMES, KINDS
from causalex_core.recognition import checkpoints
from causalex_core.recognition.checkpoints import Recogniser
from causalex_synthetic import dataset
from causalex_synthetic.dataset import Cohort
from causalex_synthetic.dataset_spec import PLANS

SOURCES = ()
LONG = "minutes of spotting and recognising"
BOTH = "both plans"
TOGETHER = "overall"
ALL, TRUE, FOUND = "all, true key frames", "hits, true key frames", "hits, key frames found"
# Without the second phase, as methods have it that look at the apex alone.
APEX_TRUE, APEX_FOUND = "hits, true onset and apex", "hits, onset and apex found"
SYSTEMS = (ALL, TRUE, FOUND, APEX_TRUE, APEX_FOUND)
# STRS as one thing after the other goes wrong; the last is what it is.
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

    plans: tuple[Annotated[str, one_of(PLANS)], ...] = ("cas_like", "samm_like")
    seeds: tuple[Seed, ...] = (101, 102)
    most_videos: CountOrAll = 0
    n_bootstrap: Count = 2000
    seed: Seed = 1

    def __post_init__(self) -> None:
        """Refuse people whom the recogniser knows."""
        super().__post_init__()
        training = Training()
        known = set(self.seeds) & {*training.errors, *training.learn, *training.judged}
        if known:
            raise ParameterError(
                f"parameter 'seeds' of the page 'chain': {sorted(known)} given, expected cohorts on"
                " which the recogniser was neither trained nor measured"
            )


@dataclass(frozen=True)
class _Part:
    """Counts per person of one plan, or of both.

    Attributes
    ----------
    spotting : (S, 2, 3) array
        By kind: true positives, detections, truths.
    emotions
        By system: (S, 2, 3, 4) by kind, true and predicted emotion, as in
        :class:`causalex_core.evaluation.chain.Counted`.
    errors
        By kind: (M, 3) of onset, apex and offset in seconds.
    durations
        By kind: (M,) seconds from onset to offset of the same expressions.
    """

    spotting: NDArray[np.int64]
    emotions: Mapping[str, NDArray[np.int64]]
    errors: Mapping[str, NDArray[np.float64]]
    durations: Mapping[str, NDArray[np.float64]]

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
        plan: _together([_part(_people(plan, seed, config), recogniser) for seed in config.seeds])
        for plan in config.plans
    }
    parts = by_plan | ({BOTH: _together(list(by_plan.values()))} if len(by_plan) > 1 else {})
    rows: dict[str, list[dict[str, object]]] = {
        name: [] for name in ("spotting", "recognition", "gains", "steps")
    }
    for plan, part in parts.items():
        for kind in (*KINDS, TOGETHER):
            place = {"plan": plan, "kind": kind}
            found, emotions = part.of(kind)
            drawn = _Drawn(subject_weights(len(found), config.n_bootstrap, config.seed))
            rows["spotting"].append(
                place
                | dict(zip(COUNTS, found.sum(axis=0).tolist(), strict=True))
                | _cells(drawn.interval(f1, found), "f1")
            )
            for name, counts in emotions.items():
                pooled = counts.sum(axis=0)
                hits = [f"{pooled[k, k]}/{pooled[k].sum()}" for k in range(len(EMOTIONS))]
                rows["recognition"].append(
                    place
                    | {"system": name, "expressions": int(pooled.sum())}
                    | _cells(drawn.interval(chain.uf1, counts), "uf1")
                    | dict(zip(EMOTIONS, hits, strict=True))
                )
            for name, less in ((TRUE, ALL), (FOUND, TRUE), (APEX_FOUND, APEX_TRUE),
                               (FOUND, APEX_FOUND)):  # fmt: skip
                gain = drawn.interval(
                    lambda one, other: chain.uf1(one) - chain.uf1(other),
                    emotions[name],
                    emotions[less],
                )
                rows["gains"].append(place | {"system": name, "over": less} | _cells(gain, "gain"))
            rows["steps"].extend(place | row for row in _stepwise(drawn, found, emotions))
    people = [_described(plan, config) for plan in config.plans]
    return {
        "people": pd.DataFrame(people),
        **{name: pd.DataFrame(table) for name, table in rows.items()},
        "errors": pd.DataFrame(_errors(parts)),
        "histogram": pd.DataFrame(_histogram(parts)),
    }


def _people(plan: str, seed: int, config: Config) -> Cohort:
    people = dataset.draw(dataset.Config(plan=plan, seed=seed))
    kept = people.videos[: config.most_videos or None]
    shown = {video.person.subject for video in kept}
    who = tuple(one for one in people.people if one.subject in shown)
    return replace(people, videos=kept, people=who)


def _described(plan: str, config: Config) -> dict[str, object]:
    """How many there are of everything."""
    cohorts = [_people(plan, seed, config) for seed in config.seeds]
    table = pd.concat([people.expressions for people in cohorts])
    named = table[table["emotion"].isin(EMOTIONS)]
    frames = sum(video.frames for people in cohorts for video in people.videos)
    return {
        "plan": plan,
        "people": sum(len(people.people) for people in cohorts),
        "videos": sum(len(people.videos) for people in cohorts),
        "minutes": frames / cohorts[0].plan.fps / 60,
        **{kind: int((table["kind"] == kind).sum()) for kind in KINDS},
        **{f"{kind}_named": int((named["kind"] == kind).sum()) for kind in KINDS},
    }


def _part(people: Cohort, recogniser: Recogniser) -> _Part:
    """Spot and recognise in one cohort."""
    truth, found = people.expressions, spotted.detections(people)
    of_truth, of_found = spotting.pairs(truth, found).T
    named = truth["emotion"].isin(EMOTIONS).to_numpy()
    hit = named[of_truth]
    of_truth, of_found = of_truth[hit], of_found[hit]
    all_rows = np.flatnonzero(named)
    at_true, at_found = (
        filmed.clips(
            people,
            truth.index[rows].tolist(),
            table.iloc[places][list(FRAMES)].to_numpy(np.int64),
            recogniser.flow,
        )
        for rows, table, places in ((all_rows, truth, all_rows), (of_truth, found, of_found))
    )
    of_hits = at_true[np.searchsorted(all_rows, of_truth)]
    shown = {
        ALL: (all_rows, at_true),
        TRUE: (of_truth, of_hits),
        FOUND: (of_truth, at_found),
        APEX_TRUE: (of_truth, checkpoints.without_relaxation(of_hits)),
        APEX_FOUND: (of_truth, checkpoints.without_relaxation(at_found)),
    }
    key_frames = {kind: spotted.hits(truth, found, kind) for kind in KINDS}
    subjects = sorted({person.subject for person in people.people})
    hits = spotting.score(truth, found).set_index(["subject", "kind"])
    every = pd.MultiIndex.from_product([subjects, KINDS])
    counted = hits[list(COUNTS)].reindex(every, fill_value=0).to_numpy(np.int64)
    return _Part(
        counted.reshape(len(subjects), len(KINDS), len(COUNTS)),
        {
            name: _counted(truth.iloc[rows], recogniser(images).argmax(axis=1), subjects)
            for name, (rows, images) in shown.items()
        },
        {kind: (seen - true) / people.plan.fps for kind, (true, seen) in key_frames.items()},
        {kind: np.ptp(true, axis=1) / people.plan.fps for kind, (true, _) in key_frames.items()},
    )


def _counted(
    rows: pd.DataFrame, said: NDArray[np.integer], subjects: list[str]
) -> NDArray[np.int64]:
    """Counts (S, 2, 3, 4) by person, kind, true and predicted emotion, the last of them none."""
    counts = np.zeros((len(subjects), len(KINDS), len(EMOTIONS), len(EMOTIONS) + 1), np.int64)
    place = (
        pd.Index(subjects).get_indexer(pd.Index(rows["subject"])),
        pd.Index(KINDS).get_indexer(pd.Index(rows["kind"])),
        pd.Index(EMOTIONS).get_indexer(pd.Index(rows["emotion"])),
        said,
    )
    np.add.at(counts, place, 1)
    return counts


def _together(parts: list[_Part]) -> _Part:
    """Different people, counted side by side."""
    return _Part(
        np.concatenate([part.spotting for part in parts]),
        {name: np.concatenate([part.emotions[name] for part in parts]) for name in SYSTEMS},
        {kind: np.concatenate([part.errors[kind] for part in parts]) for kind in KINDS},
        {kind: np.concatenate([part.durations[kind] for part in parts]) for kind in KINDS},
    )


class _Drawn:
    """Resamples of people: how often each is drawn, (B, S)."""

    def __init__(self, weights: NDArray[np.integer]) -> None:
        self._weights = weights.astype(float)

    def values(
        self, score: Callable[..., NDArray[np.float64]], *counts: NDArray[np.integer]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Score of the sums over all people, and (B, ...) of those over each resample."""
        flat = [each.reshape(len(each), -1) for each in counts]
        drawn = [
            (self._weights @ part).reshape(-1, *each.shape[1:])
            for part, each in zip(flat, counts, strict=True)
        ]
        return score(*(each.sum(axis=0) for each in counts)), score(*drawn)

    def interval(
        self, score: Callable[..., NDArray[np.float64]], *counts: NDArray[np.integer]
    ) -> Interval:
        """Score with its interval."""
        estimate, drawn = self.values(score, *counts)
        return percentile_interval(float(estimate), drawn)


def _stepwise(
    drawn: _Drawn, found: NDArray[np.int64], emotions: Mapping[str, NDArray[np.int64]]
) -> Iterator[dict[str, object]]:
    """STRS after each step, and what the step changed."""

    def steps(
        spotting: NDArray, every: NDArray, hits: NDArray, named: NDArray
    ) -> NDArray[np.float64]:
        tp, n_truth = spotting[..., 0], spotting[..., 2]
        quiet = f1(np.stack([tp, tp, n_truth], axis=-1))  # as if there were no false alarms
        real = f1(spotting)
        scores = [chain.uf1(counts) for counts in (every, hits, named)]
        return np.stack(
            [
                scores[0],
                quiet * scores[0],
                real * scores[0],
                real * scores[1],
                real * scores[2],
            ],
            axis=-1,
        )

    systems = [emotions[name] for name in (ALL, TRUE, FOUND)]
    estimate, resampled = drawn.values(steps, found, *systems)
    for number, name in enumerate(STEPS):
        row = {"step": name} | _cells(
            percentile_interval(float(estimate[number]), resampled[:, number]), "strs"
        )
        if number:
            change = percentile_interval(
                float(estimate[number] - estimate[number - 1]),
                resampled[:, number] - resampled[:, number - 1],
            )
            row |= {
                "change": change.estimate,
                "change_low": change.low,
                "change_high": change.high,
            }
        yield row


def _errors(parts: Mapping[str, _Part]) -> Iterator[dict[str, object]]:
    """Errors of key frames in milliseconds, and how they go together.

    The level is their root mean square as a share of each expression's own duration, as in
    :class:`causalex_core.recognition.key_frames.KeyFrameNoise`.
    """
    for plan, part in parts.items():
        for kind, seconds in part.errors.items():
            together = np.full((3, 3), np.nan)
            if len(seconds) > 2:
                together[:] = np.corrcoef(seconds.T)
            for place, name in enumerate(FRAMES):
                own = 1000 * seconds[:, place]
                shares = seconds[:, place] / part.durations[kind]
                quantiles = np.quantile(own, QUANTILES) if len(own) else [np.nan] * len(QUANTILES)
                yield {
                    "plan": plan,
                    "kind": kind,
                    "frame": name,
                    "hits": len(own),
                    "deviation": float(own.std()) if len(own) else np.nan,
                    "level": float(np.sqrt((shares**2).mean())) if len(own) else np.nan,
                    **{
                        f"q{100 * level:02.0f}": float(value)
                        for level, value in zip(QUANTILES, quantiles, strict=True)
                    },
                    **{
                        f"with_{other}": float(together[place, column])
                        for column, other in enumerate(FRAMES)
                    },
                }


def _histogram(parts: Mapping[str, _Part]) -> Iterator[dict[str, object]]:
    """Share of the hits by error, in steps of about a frame; the ends hold all beyond them."""
    edges = np.concatenate(([-np.inf], np.arange(-_WIDEST, _WIDEST) + 0.5, [np.inf])) * _BIN
    for plan, part in parts.items():
        for kind, seconds in part.errors.items():
            for place, name in enumerate(FRAMES):
                counts = np.histogram(1000 * seconds[:, place], edges)[0]
                for number, count in enumerate(counts):
                    yield {
                        "plan": plan,
                        "kind": kind,
                        "frame": name,
                        "error": (number - _WIDEST) * _BIN,
                        "share": count / max(counts.sum(), 1),
                    }


def _cells(interval: Interval, name: str) -> dict[str, object]:
    return {name: interval.estimate, "low": interval.low, "high": interval.high}
