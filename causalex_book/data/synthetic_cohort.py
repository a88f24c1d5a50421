"""The synthetic people: who they are, what is planted, and how far pictures give it back."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from causalex_core import regions
from causalex_core.config import Count, NonNegative, Parameters, Seed, at_least
from causalex_core.expressions import KINDS
from causalex_core.motion.extract import extract
from causalex_core.motion.landmarks import FaceMesh
from causalex_synthetic import camera, dataset, people, sensor, truth
from causalex_synthetic.dataset import Cohort
from causalex_synthetic.dataset_spec import LEVELS, PLANS
from causalex_synthetic.events import TIED_EMOTION, emotion_chances
from causalex_synthetic.face import Face, State
from causalex_synthetic.film import Film

SOURCES = ()
_TIED_UNIT = "4"
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
    drawn = [dataset.draw(dataset.Config(plan)) for plan in PLANS]
    mesh = FaceMesh()
    tiers, errors = [], []
    for head_motion in config.head_motions:
        clips = list(_clips(config, head_motion, mesh))
        tiers += list(_agreement(clips, head_motion))
        errors += list(_errors(clips, head_motion))
    return {
        "sizes": pd.DataFrame([_size(one) for one in drawn]),
        "times": pd.DataFrame([row for one in drawn for row in _times(one)]),
        "units": pd.DataFrame([row for one in drawn for row in _units(one)]),
        "tie": pd.DataFrame([row for one in drawn for row in _tie(one)]),
        "identities": pd.DataFrame([_identities(config, mesh)]),
        "tiers": pd.DataFrame(tiers),
        "errors": pd.DataFrame(errors),
    }


def _size(drawn: Cohort) -> dict[str, object]:
    counts = drawn.expressions["kind"].value_counts()
    frames = sum(video.frames for video in drawn.videos)
    return {
        "cohort": drawn.plan.database,
        "people": len(drawn.people),
        "videos": len(drawn.videos),
        "minutes": frames / drawn.plan.fps / 60,
        "fps": drawn.plan.fps,
        "macro": int(counts["macro"]),
        "micro": int(counts["micro"]),
        "unlabelled": sum(len(video.fidgets) for video in drawn.videos),
        "version": dataset.VERSION,
        "fingerprint": drawn.fingerprint,
    }


def _times(drawn: Cohort) -> Iterator[dict[str, object]]:
    """Seconds from onset to apex and from apex to offset: drawn, and in the database."""
    for kind in KINDS:
        rows = drawn.expressions.query("kind == @kind")
        plan = drawn.plan.kinds[kind]
        for part, frames, published in (
            ("onset to apex", rows["apex"] - rows["onset"], plan.rise),
            ("apex to offset", rows["offset"] - rows["apex"], plan.fall),
        ):
            seconds = frames / drawn.plan.fps
            place = {"cohort": drawn.plan.database, "kind": kind, "part": part}
            for level in (0.25, 0.5, 0.75):
                yield place | {
                    "quantile": level,
                    "cohort_seconds": float(seconds.quantile(level)),
                    "database_seconds": published[LEVELS.index(level)],
                }


def _units(drawn: Cohort) -> Iterator[dict[str, object]]:
    table = drawn.expressions
    for kind in KINDS:
        rows = table.query("kind == @kind")
        codes = rows["action_units"].str.split("+").explode().astype(int).value_counts()
        for unit, count in codes.sort_index().items():
            yield {
                "cohort": drawn.plan.database,
                "kind": kind,
                "unit": unit,
                "expressions": int(count),
                "percent": 100 * count / len(rows),
            }


def _tie(drawn: Cohort) -> Iterator[dict[str, object]]:
    """How often the tied unit comes with each kind, in the people with and without the bias."""
    table = drawn.expressions.merge(drawn.attributes, on="subject")
    has = table["action_units"].str.split("+").map(lambda units: _TIED_UNIT in units)
    for tie in people.TIES:
        for kind in KINDS:
            part = has[(table["tie"] == tie) & (table["kind"] == kind)]
            yield {
                "cohort": drawn.plan.database,
                "people": tie,
                "kind": kind,
                "with_unit": int(part.sum()),
                "expressions": len(part),
                "percent": 100 * part.mean(),
                "planted_percent": 100 * _planted(drawn, tie, kind),
            }


def _planted(drawn: Cohort, tie: str, kind: str) -> float:
    chances = emotion_chances(drawn.plan, tie, kind, drawn.config.tie)
    return chances[TIED_EMOTION]


def _identities(config: Config, mesh: FaceMesh) -> dict[str, object]:
    """In how many pictures of different people FaceMesh finds the face, and how exactly."""
    generator = np.random.default_rng(config.seed)
    errors, found = [], 0
    for who in people.draw(generator, config.n_identities, tied=0.0):
        face = Face(who.appearance)
        picture = camera.record(face.render(State()), generator, _NOISE, _JPEG)
        faces = mesh.find(picture)
        found += len(faces) == 1
        if len(faces) == 1:
            true = face.landmarks(State())
            left, right = (true[list(eye)].mean(axis=0) for eye in _EYES)
            errors.append((faces[0] - true) / np.linalg.norm(right - left))
    each = np.array(errors)  # (found, 68, 2)
    return {
        "people": config.n_identities,
        "found": found,
        "error_percent": 100 * float(np.linalg.norm(each, axis=-1).mean()),
        "scatter_percent": 100 * float(np.linalg.norm(each - each.mean(axis=0), axis=-1).mean()),
    }


@dataclass(frozen=True)
class _Clip:
    """Motion (T, 12, 2) of one clip: as it is, from the pictures, and of the motion tier."""

    true: NDArray[np.float64]
    pixels: NDArray[np.float32]
    simulated: NDArray[np.float32]
    measured: NDArray[np.bool_]


def _clips(config: Config, head_motion: float, mesh: FaceMesh) -> Iterator[_Clip]:
    """Clips of the cohort around the first expression of videos of different people."""
    drawn = dataset.draw(dataset.Config(head_motion=head_motion))
    shown = [
        number
        for number, video in enumerate(drawn.videos)
        if video.events and video.frames >= config.n_frames
    ]
    firsts = list({drawn.videos[number].person.subject: number for number in shown}.values())
    spaced = np.linspace(0, len(firsts) - 1, config.n_clips).astype(int)
    for number in [firsts[position] for position in spaced]:
        video = drawn.videos[number]
        latest = video.frames - config.n_frames
        first = min(max(video.events[0].onset - _LEAD, 0), latest)
        stop = first + config.n_frames
        film = Film(video.name, video.person, drawn.perform(number).part(first, stop), seed=number)
        found = extract(film, mesh)
        states = [film.state(frame) for frame in range(config.n_frames)]
        yield _Clip(
            true=truth.region_motion(film.face, states, film.fps),
            pixels=found.motion,
            simulated=drawn.measured(number).motion[first:stop],
            measured=found.measured,
        )


def _agreement(clips: list[_Clip], head_motion: float) -> Iterator[dict[str, object]]:
    for tier in ("pixels", "motion"):
        found = [
            truth.agreement(clip.pixels if tier == "pixels" else clip.simulated, clip.true)
            for clip in clips
        ]
        row: dict[str, object] = {"tier": tier, "head_motion": head_motion, "clips": len(found)}
        for name in ("moving", "whole", "gain"):
            values = [getattr(one, name) for one in found]
            row |= {
                name: float(np.median(values)),
                f"{name}_low": min(values),
                f"{name}_high": max(values),
            }
        yield row


def _errors(clips: list[_Clip], head_motion: float) -> Iterator[dict[str, object]]:
    """Errors where nothing moves: their size, their memory, and what neighbours share."""
    for tier in ("pixels", "motion"):
        deviations, memory, shared, apart = [], [], [], []
        for clip in clips:
            found = clip.pixels if tier == "pixels" else clip.simulated
            still = np.linalg.norm(clip.true, axis=-1).max(axis=1) <= _QUIET
            error = (found - sensor.MEASURED.gain * clip.true)[still & clip.measured]
            size = 1.4826 * np.median(np.abs(error))
            error = np.clip(error, -4 * size, 4 * size)
            error -= error.mean(axis=0)
            deviations.append(size)
            memory.append(
                [np.mean(error[lag:] * error[: len(error) - lag]) for lag in range(_LAGS)]
            )
            joint = np.mean([np.corrcoef(error[..., axis].T) for axis in (0, 1)], axis=0)
            beside = np.zeros((regions.COUNT, regions.COUNT), dtype=bool)
            beside[tuple(np.transpose(_NEIGHBOURS))] = True
            other = np.triu(~beside, 1)
            shared.append(joint[beside].mean())
            apart.append(joint[other].mean())
        correlation = np.mean(memory, axis=0) / np.mean(memory, axis=0)[0]
        yield {
            "tier": tier,
            "head_motion": head_motion,
            "deviation": float(np.median(deviations)),
            **{f"lag_{lag}": float(correlation[lag]) for lag in range(1, _LAGS)},
            "neighbours": float(np.mean(shared)),
            "others": float(np.mean(apart)),
        }
