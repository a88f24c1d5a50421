"""A synthetic dataset: people, their videos, and the motion that is measured in them."""

import zlib
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from causalex_core import provenance
from causalex_core.errors import CausalexError
from causalex_core.motion import extract
from causalex_core.motion.record import MotionRecord
from causalex_synthetic import events, people, performance, sensor, truth
from causalex_synthetic.dataset_spec import SPECS, DatasetSpec
from causalex_synthetic.events import Video
from causalex_synthetic.film import Film
from causalex_synthetic.people import Person
from causalex_synthetic.performance import Performance

VERSION = 1
_PEOPLE, _EVENTS, _PERFORMANCE, _SENSOR, _CAMERA, _DISTRACTORS = range(6)  # random streams
# Names of settings in the fingerprint, in shipped weights and in files, which came before these.
STORED_NAMES = {"spec": "plan", "biased": "tied", "distractors": "fidgets"}


@dataclass(frozen=True)
class Config:
    """Settings of a dataset; the defaults are the one that results are reported for.

    Attributes
    ----------
    spec
        Database to be like, a key of :data:`causalex_synthetic.dataset_spec.SPECS`.
    seed
        Seed of everything.
    biased
        Share of people in whom AU4 is tied to micro-expressions: the planted unit bias.
    tie
        Share of those people's micro-expressions that have it.
    distractors
        Unlabelled movements of a single unit for each expression. They are what makes spotting
        hard: without them F1 would be .9, with this many it is where the field's is.
    head_motion
        How much the heads move; 1 is little.
    noise
        Noise of the motion tier relative to that measured on rendered clips.
    """

    spec: str = "cas_like"
    seed: int = 1
    biased: float = 0.5
    tie: float = 0.9
    distractors: float = 4.0
    head_motion: float = 1.0
    noise: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn."""
        settings = self.stored()
        if self.spec not in SPECS:
            raise CausalexError(f"plan '{self.spec}': expected one of {', '.join(SPECS)}")
        for name in ("tied", "tie"):
            if not 0 <= settings[name] <= 1:
                raise CausalexError(f"{name} {settings[name]}: expected a share from 0 to 1")
        for name in ("fidgets", "head_motion", "noise"):
            if not 0 <= settings[name] < np.inf:
                raise CausalexError(f"{name} {settings[name]}: expected 0 or more")

    def stored(self) -> dict[str, Any]:
        """Settings under the names that they are stored under."""
        return {STORED_NAMES.get(name, name): value for name, value in asdict(self).items()}


@dataclass(frozen=True)
class SyntheticDataset:
    """Synthetic people and their videos.

    Nothing is stored: each video is played when it is asked for, and comes out the same.
    """

    config: Config
    people: tuple[Person, ...]
    videos: tuple[Video, ...]

    @property
    def spec(self) -> DatasetSpec:
        """Numbers and times."""
        return SPECS[self.config.spec]

    @cached_property
    def expressions(self) -> pd.DataFrame:
        """Labelled intervals (see :mod:`causalex_core.expressions`), with emotions."""
        return events.table(self.spec, self.videos)

    @cached_property
    def attributes(self) -> pd.DataFrame:
        """A row per person: ``subject, tone, shape, tie``."""
        names = ["subject", "tone", "shape", "tie"]
        return pd.DataFrame([{name: getattr(p, name) for name in names} for p in self.people])

    def perform(self, number: int) -> Performance:
        """Truth of one video, by its index in `videos`."""
        generator, video = _generator(self.config, _PERFORMANCE, number), self.videos[number]
        return performance.perform(generator, video, self.spec.fps, self.config.head_motion)

    def measured(self, number: int) -> MotionRecord:
        """Motion of the 12 regions as it would be extracted: the motion tier."""
        person = self.videos[number].person
        extraction = extract.Config()
        stride = extraction.stride_at(self.spec.fps)
        scale = truth.crop_scale(person.appearance, extraction.crop_px)
        motion, quality = sensor.measured(
            _generator(self.config, _SENSOR, number),
            scale * self.perform(number).regions,
            stride,
            person.tone,
            self.config.head_motion,
            sensor.MEASURED.scaled(self.config.noise),
        )
        return MotionRecord(
            motion,
            quality,
            self.spec.fps,
            stride,
            extraction.to_json(),
            "synthetic motion tier",
            person.subject,
            self.videos[number].name,
        )

    def film(self, number: int) -> Film:
        """One video as pictures: the pixel tier."""
        video = self.videos[number]
        seed = int(_generator(self.config, _CAMERA, number).integers(2**31))
        return Film(video.name, video.person, self.perform(number), seed)

    @cached_property
    def fingerprint(self) -> str:
        """Digest of version, settings, people and expressions."""
        unlabelled = [
            (video.name, video.frames, [(event.onset, event.offset) for event in video.distractors])
            for video in self.videos
        ]
        people, expressions = self.attributes.round(9).to_dict("list"), self.expressions
        settings = self.config.stored()
        return provenance.digest(
            [VERSION, settings, people, unlabelled, expressions.to_dict("list")]
        )


def draw(config: Config | None = None) -> SyntheticDataset:
    """Draw people and videos."""
    config = config or Config()
    spec = SPECS[config.spec]
    persons = people.draw(_generator(config, _PEOPLE), spec.subjects, config.biased)
    videos = events.draw(_generator(config, _EVENTS), spec, persons, config.tie)
    generator = _generator(config, _DISTRACTORS)
    videos = events.with_distractors(generator, spec, videos, config.distractors)
    return SyntheticDataset(config, persons, videos)


def _generator(config: Config, stream: int, number: int = 0) -> np.random.Generator:
    return np.random.default_rng([config.seed, zlib.crc32(config.spec.encode()), stream, number])
