"""The synthetic people: who they are, what is planted, and how well pictures show it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Annotated, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from causalex_core import regions
from causalex_core.config import Count, NonNegative, Parameters, Seed, at_least
from causalex_core.expressions import KINDS
from causalex_core.motion.extract import extract
from causalex_core.motion.landmarks import FaceMesh
from causalex_synthetic import camera, dataset, people, planted, sensor, truth
from causalex_synthetic.dataset import SyntheticDataset
from causalex_synthetic.dataset_spec import LEVELS, SPECS
from causalex_synthetic.events import BIASED_EMOTION, emotion_chances
from causalex_synthetic.face import Face, State
from causalex_synthetic.film import Film

SOURCES = ()
_LEAD = 25  # frames shown before the first expression of a clip
_NOISE, _JPEG = 2.0, 90  # of the camera, grey levels and quality
_LAGS = 9
_QUIET = 0.05  # px per frame that nothing truly moves by in quiet frames
_EYES = (range(36, 42), range(42, 48))
# Regions whose squares lie side by side.
_NEIGHBOURS = ((0, 1), (1, 2), (3, 4), (4, 5), (6, 7), (8, 9), (9, 10), (8, 11), (10, 11))


@dataclass(frozen=True)
class Config(Parameters):
    """Parameters of the page.

    Attributes
    ----------
    n_identities
        People in whose pictures a face is looked for.
    n_clips
        Clips that are drawn and extracted for each amount of head motion.
    n_frames
        Frames of each clip.
    head_motions
        Amounts of head motion; 1 is little.
    seed
        Seed of the identities; the cohort has its own.
    """

    n_identities: Count = 40
    n_clips: Count = 12
    n_frames: Annotated[int, at_least(2)] = 100
    head_motions: tuple[NonNegative, ...] = (1.0, 6.0)
    seed: Seed = 5


def compute(config: Config) -> dict[str, pd.DataFrame]:
    """Tables ``sizes``, ``times``, ``units``, ``tie``, ``identities``, ``tiers``, ``errors``."""
    datasets = [dataset.draw(dataset.Config(name)) for name in SPECS]
    mesh = FaceMesh()
    tiers, errors = [], []
    for head_motion in config.head_motions:
        clips = list(_clips(config, head_motion, mesh))
        for tier in ("pixels", "motion"):
            about = {"tier": tier, "head_motion": head_motion}
            tiers.append(about | _agreement(clips, tier))
            errors.append(about | _errors(clips, tier))
    return {
        "sizes": pd.DataFrame(map(_size, datasets)),
        "times": pd.DataFrame([row for drawn in datasets for row in _times(drawn)]),
        "units": pd.DataFrame([row for drawn in datasets for row in _units(drawn)]),
        "tie": pd.DataFrame([row for drawn in datasets for row in _tie(drawn)]),
        "identities": pd.DataFrame([_identities(config, mesh)]),
        "tiers": pd.DataFrame(tiers),
        "errors": pd.DataFrame(errors),
    }


def _size(drawn: SyntheticDataset) -> dict[str, object]:
    counts = drawn.expressions["kind"].value_counts()
    frames = sum(video.frames for video in drawn.videos)
    return {
        "cohort": drawn.spec.database,
        "people": len(drawn.people),
        "videos": len(drawn.videos),
        "minutes": frames / drawn.spec.fps / 60,
        "fps": drawn.spec.fps,
        "macro": int(counts["macro"]),
        "micro": int(counts["micro"]),
        "unlabelled": sum(len(video.distractors) for video in drawn.videos),
        "version": dataset.VERSION,
        "fingerprint": drawn.fingerprint,
    }


def _times(drawn: SyntheticDataset) -> Iterator[dict[str, object]]:
    """Seconds from onset to apex and from apex to offset: drawn, and in the database."""
    for kind in KINDS:
        rows = drawn.expressions.query("kind == @kind")
        spec = drawn.spec.kinds[kind]
        for part, frames, published in (
            ("onset to apex", rows["apex"] - rows["onset"], spec.rise),
            ("apex to offset", rows["offset"] - rows["apex"], spec.fall),
        ):
            seconds = frames / drawn.spec.fps
            for level in (0.25, 0.5, 0.75):
                yield {
                    "cohort": drawn.spec.database,
                    "kind": kind,
                    "part": part,
                    "quantile": level,
                    "cohort_seconds": float(seconds.quantile(level)),
                    "database_seconds": published[LEVELS.index(level)],
                }


def _units(drawn: SyntheticDataset) -> Iterator[dict[str, object]]:
    for kind in KINDS:
        rows = drawn.expressions.query("kind == @kind")
        codes = rows["action_units"].str.split("+").explode().astype(int).value_counts()
        for unit, count in codes.sort_index().items():
            yield {
                "cohort": drawn.spec.database,
                "kind": kind,
                "unit": unit,
                "expressions": int(count),
                "percent": 100 * count / len(rows),
            }


def _tie(drawn: SyntheticDataset) -> Iterator[dict[str, object]]:
    """Share of expressions with the biased unit, by kind, in people with and without the bias."""
    table = drawn.expressions.merge(drawn.attributes, on="subject")
    units = table["action_units"].str.split("+")
    has_unit = units.map(lambda numbers: str(planted.UNIT) in numbers)
    for tie, kind in product(people.TIES, KINDS):
        part = has_unit[(table["tie"] == tie) & (table["kind"] == kind)]
        chances = emotion_chances(drawn.spec, tie, kind, drawn.config.tie)
        yield {
            "cohort": drawn.spec.database,
            "people": tie,
            "kind": kind,
            "with_unit": int(part.sum()),
            "expressions": len(part),
            "percent": 100 * part.mean(),
            "planted_percent": 100 * chances[BIASED_EMOTION],
        }


def _identities(config: Config, mesh: FaceMesh) -> dict[str, object]:
    """Detection rate and landmark error of FaceMesh on pictures of different people."""
    generator = np.random.default_rng(config.seed)
    errors = []
    for person in people.draw(generator, config.n_identities, biased=0.0):
        face = Face(person.appearance)
        picture = camera.record(face.render(State()), generator, _NOISE, _JPEG)
        faces = mesh.find(picture)
        if len(faces) == 1:
            true = face.landmarks(State())
            left, right = (true[list(eye)].mean(axis=0) for eye in _EYES)
            errors.append((faces[0] - true) / np.linalg.norm(right - left))
    error = np.array(errors)  # (detected, 68, 2)
    return {
        "people": config.n_identities,
        "found": len(errors),
        "error_percent": 100 * float(np.linalg.norm(error, axis=-1).mean()),
        "scatter_percent": 100 * float(np.linalg.norm(error - error.mean(axis=0), axis=-1).mean()),
    }


class _Clip(NamedTuple):
    """Motion (T, 12, 2) of one clip: as it is, from the pictures, and of the motion tier."""

    true: NDArray[np.float64]
    pixels: NDArray[np.float32]
    motion: NDArray[np.float32]
    measured: NDArray[np.bool_]


def _clips(config: Config, head_motion: float, mesh: FaceMesh) -> Iterator[_Clip]:
    """Clips around the first expression of videos of different people."""
    drawn = dataset.draw(dataset.Config(head_motion=head_motion))
    with_events = [
        number
        for number, video in enumerate(drawn.videos)
        if video.events and video.frames >= config.n_frames
    ]
    firsts = list({drawn.videos[number].person.subject: number for number in with_events}.values())
    spaced = np.linspace(0, len(firsts) - 1, config.n_clips).astype(int)
    for number in [firsts[position] for position in spaced]:
        video = drawn.videos[number]
        latest = video.frames - config.n_frames
        first = min(max(video.events[0].onset - _LEAD, 0), latest)
        stop = first + config.n_frames
        film = Film(video.name, video.person, drawn.perform(number).part(first, stop), seed=number)
        extracted = extract(film, mesh)
        states = [film.state(frame) for frame in range(config.n_frames)]
        yield _Clip(
            true=truth.region_motion(film.face, states, film.fps),
            pixels=extracted.motion,
            motion=drawn.measured(number).motion[first:stop],
            measured=extracted.measured,
        )


def _agreement(clips: Sequence[_Clip], tier: str) -> dict[str, object]:
    compared = [truth.agreement(getattr(clip, tier), clip.true) for clip in clips]
    row: dict[str, object] = {"clips": len(compared)}
    for name in ("moving", "whole", "gain"):
        values = [getattr(result, name) for result in compared]
        row |= {name: float(np.median(values))}
        row |= {f"{name}_low": min(values), f"{name}_high": max(values)}
    return row


def _errors(clips: Sequence[_Clip], tier: str) -> dict[str, object]:
    """Errors where nothing moves: their size, their memory, and what neighbours share."""
    neighbours = np.zeros((regions.COUNT, regions.COUNT), dtype=bool)
    neighbours[tuple(np.transpose(_NEIGHBOURS))] = True
    others = np.triu(~neighbours, 1)
    deviations, memory, shared, apart = [], [], [], []
    for clip in clips:
        still = np.linalg.norm(clip.true, axis=-1).max(axis=1) <= _QUIET
        error = (getattr(clip, tier) - sensor.MEASURED.gain * clip.true)[still & clip.measured]
        size = 1.4826 * np.median(np.abs(error))
        error = np.clip(error, -4 * size, 4 * size)
        error -= error.mean(axis=0)
        deviations.append(size)
        memory.append([np.mean(error[lag:] * error[: len(error) - lag]) for lag in range(_LAGS)])
        corr = np.mean([np.corrcoef(error[..., axis].T) for axis in (0, 1)], axis=0)
        shared.append(corr[neighbours].mean())
        apart.append(corr[others].mean())
    correlation = np.mean(memory, axis=0) / np.mean(memory, axis=0)[0]
    return {
        "deviation": float(np.median(deviations)),
        **{f"lag_{lag}": float(correlation[lag]) for lag in range(1, _LAGS)},
        "neighbours": float(np.mean(shared)),
        "others": float(np.mean(apart)),
    }
