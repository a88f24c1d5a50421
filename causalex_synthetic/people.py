"""Synthetic persons: faces, and how much each person shows."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causalex_synthetic.face import Appearance

TIES = ("tied", "free")  # whether the planted bias holds; stored results have these values
_EVENNESS = 2.0  # shape of the gamma distribution of how much people show; about the databases'


@dataclass(frozen=True)
class Person:
    """One synthetic person.

    Attributes
    ----------
    tone
        Of the skin, from 0 (lightest) to 1 (darkest). A number of this generator, like `shape`:
        neither stands for any group of people.
    shape
        Of the face, from 0 (long and narrow) to 1 (short and broad).
    seed
        Of everything else that makes the face.
    tie
        ``tied`` if the planted bias between a unit and micro-expressions holds, else ``free``.
    shows
        How often macro- and micro-expressions come, relative to the other people.
    """

    subject: str
    tone: float
    shape: float
    seed: int
    tie: str
    shows: tuple[float, float]

    @property
    def appearance(self) -> Appearance:
        """Appearance of the face."""
        return Appearance(self.tone, self.shape, self.seed)


def draw(generator: np.random.Generator, count: int, biased: float) -> tuple[Person, ...]:
    """People whose tone and shape are spread evenly and independently.

    The planted bias holds for a share `biased` of them.
    """
    tones, shapes = _spread(generator, count), _spread(generator, count)
    seeds = generator.integers(2**31, size=count)
    shows = generator.gamma(_EVENNESS, size=(count, 2))
    holds = generator.permutation(count) < round(biased * count)
    return tuple(
        Person(
            subject=f"p{number + 1:02d}",
            tone=float(tones[number]),
            shape=float(shapes[number]),
            seed=int(seeds[number]),
            tie=TIES[0] if holds[number] else TIES[1],
            shows=(float(shows[number, 0]), float(shows[number, 1])),
        )
        for number in range(count)
    )


def _spread(generator: np.random.Generator, count: int) -> NDArray[np.float64]:
    """One value in each of `count` equal parts of [0, 1], in random order."""
    return (generator.permutation(count) + generator.random(count)) / count
