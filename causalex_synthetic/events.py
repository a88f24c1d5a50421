"""Expressions of each video and their times."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from causalex_core.errors import CausalexError
from causalex_core.expressions import KINDS
from causalex_synthetic import causes, dataset_spec
from causalex_synthetic.dataset_spec import DatasetSpec
from causalex_synthetic.displacements import NUMBERS
from causalex_synthetic.people import TIES, Person

BIASED_EMOTION = "negative"  # its leading unit, AU4, is the one of the planted bias
_PAUSE = 0.5  # s between two expressions of one drive
_LONGEST = 0.6  # of a video that one expression may fill
_TRIES = 2000
_RECRUITED = (0.6, 1.0)  # range of a unit's intensity relative to that of the expression
_CODED = 0.5  # of the strongest unit's intensity, from which a coder would note another


@dataclass(frozen=True)
class Event:
    """One expression, its frames from 0 and inclusive.

    Attributes
    ----------
    emotion
        Drive that makes it; empty where there is none.
    intensities
        Of the units in the order of `NUMBERS`, at the apex, before any unit pulls another.
    """

    onset: int
    apex: int
    offset: int
    kind: str
    emotion: str
    intensities: tuple[float, ...]

    @property
    def action_units(self) -> str:
        """Units as a coder would write them down."""
        reached = causes.intensities(np.array([self.intensities]))[0]
        coded = np.flatnonzero(reached >= _CODED * reached.max())
        return "+".join(str(NUMBERS[unit]) for unit in coded)


@dataclass(frozen=True)
class Video:
    """A video to be made.

    Attributes
    ----------
    events
        Expressions, labelled.
    distractors
        Movements of a single unit that look like expressions and are none: nobody labels them.
    """

    person: Person
    name: str
    frames: int
    events: tuple[Event, ...]
    distractors: tuple[Event, ...] = ()


def draw(
    generator: np.random.Generator, spec: DatasetSpec, people: Sequence[Person], tie: float
) -> tuple[Video, ...]:
    """Draw all videos of as many people as the spec has subjects.

    A micro-expression of a biased person is a negative one, that is, has AU4, with probability
    `tie`; that person's macro-expressions then have it as much more rarely as keeps its frequency.

    Raises
    ------
    CausalexError
        If somebody's expressions do not fit into that person's videos.
    """
    more = generator.integers(spec.subjects, size=spec.videos - spec.subjects)
    owners = np.sort(np.append(np.arange(spec.subjects), more))
    seconds = dataset_spec.seconds(generator, spec.length, spec.videos)
    lengths = np.round(seconds * spec.fps).astype(int)
    filmed = np.bincount(owners, weights=lengths)
    counts = []
    for k, kind in enumerate(KINDS):
        expected = filmed * [person.shows[k] for person in people]
        counts.append(generator.multinomial(spec.kinds[kind].count, expected / expected.sum()))
    videos: list[Video] = []
    for number, person in enumerate(people):
        frames = lengths[owners == number]
        events: list[list[Event]] = [[] for _ in frames]
        for kind, count in zip(KINDS, counts, strict=True):
            for _ in range(count[number]):
                chances = emotion_chances(spec, person.tie, kind, tie)
                emotion = str(generator.choice(list(chances), p=list(chances.values())))
                _add_expression(generator, spec, kind, emotion, frames, events)
        for k, length in enumerate(frames):
            ordered = tuple(sorted(events[k], key=lambda event: event.onset))
            videos.append(Video(person, f"{person.subject}_{k + 1}", int(length), ordered))
    return tuple(videos)


def with_distractors(
    generator: np.random.Generator, spec: DatasetSpec, videos: Sequence[Video], share: float
) -> tuple[Video, ...]:
    """The same videos with movements that are not labelled.

    They come anywhere, take as long as expressions and are as strong; only they have one unit.
    Their number is a `share` of that of the expressions of each kind.
    """
    units = sorted({number for drive in causes.DRIVES for number, _ in drive.recruits})
    frames = np.array([video.frames for video in videos])
    added: list[list[Event]] = [[] for _ in videos]
    for kind in KINDS:
        for _ in range(round(share * spec.kinds[kind].count)):
            video = int(generator.choice(len(videos), p=frames / frames.sum()))
            onset, apex, offset = _drawn_times(generator, spec, kind, int(frames[video]))
            strengths = np.zeros(len(NUMBERS))
            unit = NUMBERS.index(int(generator.choice(units)))
            strengths[unit] = generator.uniform(*spec.kinds[kind].intensity)
            if offset < frames[video]:
                event = Event(onset, apex, offset, kind, "", tuple(strengths.tolist()))
                added[video].append(event)
    return tuple(
        replace(video, distractors=tuple(events))
        for video, events in zip(videos, added, strict=True)
    )


def emotion_chances(spec: DatasetSpec, group: str, kind: str, tie: float) -> Mapping[str, float]:
    """Probability of each emotion in expressions of a kind, for one of `TIES`."""
    base = {"positive": 0.36, BIASED_EMOTION: 0.32, "surprise": 0.08, "other": 0.24}
    if group != TIES[0]:
        return base
    counts = {name: spec.kinds[name].count for name in KINDS}
    biased = tie * counts["micro"]
    left = max(base[BIASED_EMOTION] * sum(counts.values()) - biased, 0.0)
    share = tie if kind == "micro" else left / counts["macro"]
    rest = (1 - share) / (1 - base[BIASED_EMOTION])
    return {name: share if name == BIASED_EMOTION else rest * p for name, p in base.items()}


def table(spec: DatasetSpec, videos: Sequence[Video]) -> pd.DataFrame:
    """Expressions as a table (see :mod:`causalex_core.expressions`), with their emotions."""
    return pd.DataFrame(
        [
            {
                "database": spec.database,
                "subject": video.person.subject,
                "video": video.name,
                "onset": float(event.onset),
                "apex": float(event.apex),
                "offset": float(event.offset),
                "kind": event.kind,
                "action_units": event.action_units,
                "emotion": event.emotion,
                "fps": spec.fps,
            }
            for video in videos
            for event in video.events
        ]
    )


def _add_expression(
    generator: np.random.Generator,
    spec: DatasetSpec,
    kind: str,
    emotion: str,
    lengths: np.ndarray,
    events: list[list[Event]],
) -> None:
    """Add one expression to one of a person's videos.

    Drives act without regard to each other, so that expressions of different drives may overlap;
    those of one drive do not.
    """
    pause = round(_PAUSE * spec.fps)
    for _ in range(_TRIES):
        video = int(generator.choice(len(lengths), p=lengths / lengths.sum()))
        onset, apex, offset = _drawn_times(generator, spec, kind, int(lengths[video]))
        free = all(
            event.emotion != emotion or offset + pause < event.onset or event.offset + pause < onset
            for event in events[video]
        )
        if free and offset < lengths[video]:
            intensities = _recruited(generator, spec, kind, emotion)
            events[video].append(Event(onset, apex, offset, kind, emotion, intensities))
            return
    raise CausalexError(
        f"no room for a {kind}-expression in {len(lengths)} videos of"
        f" {lengths.sum() / spec.fps:.0f} s in all: fewer expressions, or another seed"
    )


def _drawn_times(
    generator: np.random.Generator, spec: DatasetSpec, kind: str, frames: int
) -> tuple[int, int, int]:
    """Onset, apex and offset in a video; the offset may lie behind its end."""
    times = spec.kinds[kind]
    both = np.array([dataset_spec.seconds(generator, q, 1)[0] for q in (times.rise, times.fall)])
    longest = _LONGEST * frames / spec.fps
    if kind == "micro":
        longest = min(longest, dataset_spec.LONGEST_MICRO)
    both *= min(1.0, longest / both.sum())
    rise, fall = np.maximum(np.floor(both * spec.fps), 1).astype(int).tolist()
    onset = int(generator.integers(max(frames - rise - fall, 1)))
    return onset, onset + rise, onset + rise + fall


def _recruited(
    generator: np.random.Generator, spec: DatasetSpec, kind: str, emotion: str
) -> tuple[float, ...]:
    """Intensities of the units; the first of the drive steps in where none was recruited."""
    drive = causes.DRIVES[causes.EMOTIONS.index(emotion)]
    takes_part = [generator.random() < chance for _, chance in drive.recruits]
    takes_part[0] = takes_part[0] or not any(takes_part)
    intensity = generator.uniform(*spec.kinds[kind].intensity)
    strengths = np.zeros(len(NUMBERS))
    for (number, _), recruited in zip(drive.recruits, takes_part, strict=True):
        share = generator.uniform(*_RECRUITED)
        if recruited:
            strengths[NUMBERS.index(number)] = share
    return tuple(float(s) for s in strengths * (intensity / strengths.max()))
