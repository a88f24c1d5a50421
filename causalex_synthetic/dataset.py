"""The cohort: people, their videos, and the motion that is measured in them."""

import zlib
from dataclasses import asdict, dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from causalex_core import provenance
from causalex_core.errors import CausalexError
from causalex_core.motion import extract
from causalex_core.motion.record import MotionRecord
from causalex_synthetic import events, people, performance, sensor, truth
from causalex_synthetic.dataset_spec import PLANS, Plan
from causalex_synthetic.events import Video
from causalex_synthetic.film import Film
from causalex_synthetic.people import Person
from causalex_synthetic.performance import Performance

VERSION = 1
_PEOPLE, _EVENTS, _PERFORMANCE, _SENSOR, _CAMERA, _FIDGETS = range(6)  # streams of random numbers


@dataclass(frozen=True)
class Config:
    """What kind of cohort; the defaults are the one that results are reported for.

    Attributes
    ----------
    plan
        Database to be like, a key of :data:`causalex_synthetic.dataset_spec.PLANS`.
    seed
        Seed of everything.
    tied
        Share of people in whom AU4 is tied to micro-expressions: the planted unit bias.
    tie
        Share of those people's micro-expressions that have it.
    fidgets
        Unlabelled movements of a single unit for each expression. They are what makes spotting
        hard: without them F1 would be .9, with this many it is where the field's is.
    head_motion
        How much the heads move; 1 is little.
    noise
        Noise of the motion tier relative to that measured on rendered clips.
    """

    plan: str = "cas_like"
    seed: int = 1
    tied: float = 0.5
    tie: float = 0.9
    fidgets: float = 4.0
    head_motion: float = 1.0
    noise: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn."""
        if self.plan not in PLANS:
            raise CausalexError(f"plan '{self.plan}': expected one of {', '.join(PLANS)}")
        for name in ("tied", "tie"):
            if not 0 <= getattr(self, name) <= 1:
                raise CausalexError(f"{name} {getattr(self, name)}: expected a share from 0 to 1")
        for name in ("fidgets", "head_motion", "noise"):
            if not 0 <= getattr(self, name) < np.inf:
                raise CausalexError(f"{name} {getattr(self, name)}: expected 0 or more")


@dataclass(frozen=True)
class Cohort:
    """Synthetic people and their videos.

    Nothing is stored: each video is played when it is asked for, and comes out the same.
    """

    config: Config
    people: tuple[Person, ...]
    videos: tuple[Video, ...]

    @property
    def plan(self) -> Plan:
        """Numbers and times."""
        return PLANS[self.config.plan]

    @cached_property
    def expressions(self) -> pd.DataFrame:
        """Labelled intervals (see :mod:`causalex_core.expressions`), with emotions."""
        return events.table(self.plan, self.videos)

    @cached_property
    def attributes(self) -> pd.DataFrame:
        """A row per person: ``subject, tone, shape, tie``."""
        return pd.DataFrame(
            [
                {"subject": who.subject, "tone": who.tone, "shape": who.shape, "tie": who.tie}
                for who in self.people
            ]
        )

    def perform(self, number: int) -> Performance:
        """Truth of one video, by its place in `videos`."""
        generator = _generator(self.config, _PERFORMANCE, number)
        return performance.perform(
            generator, self.videos[number], self.plan.fps, self.config.head_motion
        )

    def measured(self, number: int) -> MotionRecord:
        """Motion of the 12 regions as it would be extracted: the motion tier."""
        who = self.videos[number].person
        extraction = extract.Config()
        stride = extraction.stride_at(self.plan.fps)
        scale = truth.crop_scale(who.appearance, extraction.crop_px)
        motion, quality = sensor.measured(
            _generator(self.config, _SENSOR, number),
            scale * self.perform(number).regions,
            stride,
            who.tone,
            self.config.head_motion,
            sensor.MEASURED.scaled(self.config.noise),
        )
        return MotionRecord(
            motion,
            quality,
            self.plan.fps,
            stride,
            extraction.to_json(),
            "synthetic motion tier",
            who.subject,
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
        return provenance.digest(
            [
                VERSION,
                asdict(self.config),
                self.attributes.round(9).to_dict("list"),
                [
                    (video.name, video.frames, [(one.onset, one.offset) for one in video.fidgets])
                    for video in self.videos
                ],
                self.expressions.to_dict("list"),
            ]
        )


def draw(config: Config | None = None) -> Cohort:
    """Draw a cohort.

    Raises
    ------
    CausalexError
        If the configuration cannot be drawn.
    """
    config = config or Config()
    plan = PLANS[config.plan]
    who = people.draw(_generator(config, _PEOPLE), plan.subjects, config.tied)
    videos = events.draw(_generator(config, _EVENTS), plan, who, config.tie)
    videos = events.with_fidgets(_generator(config, _FIDGETS), plan, videos, config.fidgets)
    return Cohort(config, who, videos)


def _generator(config: Config, stream: int, number: int = 0) -> np.random.Generator:
    return np.random.default_rng([config.seed, zlib.crc32(config.plan.encode()), stream, number])
