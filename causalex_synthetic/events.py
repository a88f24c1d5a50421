"""Which expressions each video shows, and when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from causalex_core.errors import CausalexError
from causalex_core.expressions import KINDS
from causalex_synthetic import causes, dataset_spec
from causalex_synthetic.dataset_spec import Plan
from causalex_synthetic.displacements import NUMBERS
from causalex_synthetic.people import TIES, Person

TIED_EMOTION = "negative"  # whose leading unit, AU4, the planted bias ties to micro-expressions
_PAUSE = 0.5  # s between two expressions of one drive
_LONGEST = 0.6  # of a video that one expression may fill
_TRIES = 2000
_RECRUITED = (0.6, 1.0)  # range of a unit's intensity relative to that of the expression
_CODED = 0.5  # of the strongest unit's intensity, from which a coder would note another


@dataclass(frozen=True)
class Event:
    """One expression.

    Attributes
    ----------
    onset, apex, offset
        Frames, from 0, inclusive.
    kind
        ``macro`` or ``micro``.
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
    person, name, frames
        Who, and how long.
    events
        Expressions, labelled.
    fidgets
        Movements of a single unit that look like expressions and are none: nobody labels them.
    """

    person: Person
    name: str
    frames: int
    events: tuple[Event, ...]
    fidgets: tuple[Event, ...] = ()


def draw(
    generator: np.random.Generator, plan: Plan, people: Sequence[Person], tie: float
) -> tuple[Video, ...]:
    """Draw all videos of a plan.

    Parameters
    ----------
    generator
        Source of randomness.
    plan
        Numbers and times.
    people
        As many as the plan has subjects.
    tie
        Probability that a micro-expression of a tied person is a negative one, that is, has AU4;
        that person's macro-expressions then have it as much more rarely as keeps its frequency.

    Raises
    ------
    CausalexError
        If somebody's expressions do not fit into that person's videos.
    """
    owners = np.sort(
        np.append(
            np.arange(plan.subjects),
            generator.integers(plan.subjects, size=plan.videos - plan.subjects),
        )
    )
    lengths = np.round(dataset_spec.seconds(generator, plan.length, plan.videos) * plan.fps).astype(
        int
    )
    seen = np.bincount(owners, weights=lengths)
    counts = []
    for k, kind in enumerate(KINDS):
        expected = seen * [person.shows[k] for person in people]
        counts.append(generator.multinomial(plan.kinds[kind].count, expected / expected.sum()))
    videos: list[Video] = []
    for number, person in enumerate(people):
        own = lengths[owners == number]
        placed: list[list[Event]] = [[] for _ in own]
        for kind, count in zip(KINDS, counts, strict=True):
            for _ in range(count[number]):
                chances = emotion_chances(plan, person.tie, kind, tie)
                emotion = str(generator.choice(list(chances), p=list(chances.values())))
                _place(generator, plan, kind, emotion, own, placed)
        videos += [
            Video(
                person,
                f"{person.subject}_{k + 1}",
                int(frames),
                tuple(sorted(placed[k], key=lambda event: event.onset)),
            )
            for k, frames in enumerate(own)
        ]
    return tuple(videos)


def with_fidgets(
    generator: np.random.Generator, plan: Plan, videos: Sequence[Video], share: float
) -> tuple[Video, ...]:
    """The same videos with movements that are not labelled.

    They come anywhere, take as long as expressions and are as strong; only they have one unit.

    Parameters
    ----------
    generator
        Source of randomness.
    plan
        Numbers and times.
    videos
        Without them.
    share
        Their number, relative to that of the expressions of each kind.
    """
    units = sorted({number for drive in causes.DRIVES for number, _ in drive.recruits})
    frames = np.array([video.frames for video in videos])
    added: list[list[Event]] = [[] for _ in videos]
    for kind in KINDS:
        for _ in range(round(share * plan.kinds[kind].count)):
            place = int(generator.choice(len(videos), p=frames / frames.sum()))
            rise, fall = _times(generator, plan, kind, int(frames[place]))
            onset = int(generator.integers(max(frames[place] - rise - fall, 1)))
            offset = onset + rise + fall
            strengths = np.zeros(len(NUMBERS))
            unit = NUMBERS.index(int(generator.choice(units)))
            strengths[unit] = generator.uniform(*plan.kinds[kind].intensity)
            if offset < frames[place]:
                added[place].append(
                    Event(onset, onset + rise, offset, kind, "", tuple(strengths.tolist()))
                )
    return tuple(
        replace(video, fidgets=tuple(own)) for video, own in zip(videos, added, strict=True)
    )


def emotion_chances(plan: Plan, who: str, kind: str, tie: float) -> Mapping[str, float]:
    """Probability of each emotion in expressions of a kind, for tied and for free people."""
    base = {"positive": 0.36, TIED_EMOTION: 0.32, "surprise": 0.08, "other": 0.24}
    if who != TIES[0]:
        return base
    counts = {name: plan.kinds[name].count for name in KINDS}
    tied = tie * counts["micro"]
    left = max(base[TIED_EMOTION] * sum(counts.values()) - tied, 0.0)
    share = tie if kind == "micro" else left / counts["macro"]
    rest = (1 - share) / (1 - base[TIED_EMOTION])
    return {name: share if name == TIED_EMOTION else rest * p for name, p in base.items()}


def table(plan: Plan, videos: Sequence[Video]) -> pd.DataFrame:
    """Expressions as a table (see :mod:`causalex_core.expressions`), with their emotions."""
    return pd.DataFrame(
        [
            {
                "database": plan.database,
                "subject": video.person.subject,
                "video": video.name,
                "onset": float(event.onset),
                "apex": float(event.apex),
                "offset": float(event.offset),
                "kind": event.kind,
                "action_units": event.action_units,
                "emotion": event.emotion,
                "fps": plan.fps,
            }
            for video in videos
            for event in video.events
        ]
    )


def _place(
    generator: np.random.Generator,
    plan: Plan,
    kind: str,
    emotion: str,
    lengths: np.ndarray,
    placed: list[list[Event]],
) -> None:
    """Add one expression to one of a person's videos.

    Drives act without regard to each other, so that expressions of different drives may overlap;
    those of one drive do not.
    """
    pause = round(_PAUSE * plan.fps)
    for _ in range(_TRIES):
        video = int(generator.choice(len(lengths), p=lengths / lengths.sum()))
        rise, fall = _times(generator, plan, kind, int(lengths[video]))
        onset = int(generator.integers(max(lengths[video] - rise - fall, 1)))
        offset = onset + rise + fall
        free = all(
            event.emotion != emotion or offset + pause < event.onset or event.offset + pause < onset
            for event in placed[video]
        )
        if free and offset < lengths[video]:
            placed[video].append(
                Event(
                    onset,
                    onset + rise,
                    offset,
                    kind,
                    emotion,
                    _recruited(generator, plan, kind, emotion),
                )
            )
            return
    raise CausalexError(
        f"no room for a {kind}-expression in {len(lengths)} videos of"
        f" {lengths.sum() / plan.fps:.0f} s in all: fewer expressions, or another seed"
    )


def _times(generator: np.random.Generator, plan: Plan, kind: str, frames: int) -> tuple[int, int]:
    """Frames from onset to apex and from apex to offset."""
    times = plan.kinds[kind]
    both = np.array([dataset_spec.seconds(generator, q, 1)[0] for q in (times.rise, times.fall)])
    longest = _LONGEST * frames / plan.fps
    if kind == "micro":
        longest = min(longest, dataset_spec.LONGEST_MICRO)
    both *= min(1.0, longest / both.sum())
    rise, fall = np.maximum(np.floor(both * plan.fps), 1).astype(int)
    return int(rise), int(fall)


def _recruited(
    generator: np.random.Generator, plan: Plan, kind: str, emotion: str
) -> tuple[float, ...]:
    """Intensities of the units; the first of the drive steps in where none was recruited."""
    drive = causes.DRIVES[causes.EMOTIONS.index(emotion)]
    takes_part = [generator.random() < chance for _, chance in drive.recruits]
    takes_part[0] = takes_part[0] or not any(takes_part)
    intensity = generator.uniform(*plan.kinds[kind].intensity)
    strengths = np.zeros(len(NUMBERS))
    for (number, _), there in zip(drive.recruits, takes_part, strict=True):
        share = generator.uniform(*_RECRUITED)
        if there:
            strengths[NUMBERS.index(number)] = share
    return tuple(float(s) for s in strengths * (intensity / strengths.max()))
