"""The pixel tier: a performance as pictures, fit to be read like any other video."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from causalex_synthetic import camera
from causalex_synthetic.face import Appearance, Face, State
from causalex_synthetic.people import Person
from causalex_synthetic.performance import Performance

Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Film:
    """Frames of one video, drawn as they are asked for (a :class:`motion.video.Frames`).

    Pictures are squares of `size` pixels; `seed` and `noise` (standard deviation, grey levels) are
    those of the camera.
    """

    name: str
    person: Person
    performance: Performance
    seed: int
    size: int = 256
    noise: float = 2.0
    jpeg_quality: int = 90

    @property
    def fps(self) -> float:
        """Frames per second."""
        return self.performance.fps

    @cached_property
    def face(self) -> Face:
        """Built once for the films of a person that are made one after the other."""
        return _built(self.person.appearance, self.size)

    def state(self, frame: int) -> State:
        """State of the face in a frame."""
        play = self.performance
        x, y, roll, growth = play.head[frame]
        gain, tilt = play.light[frame]
        return State(
            controls=play.controls[frame],
            lids=float(play.lids[frame]),
            mouth=float(play.mouth[frame]),
            pose=(x, y, roll, 1 + growth),
            light=(1 + gain, tilt),
        )

    def picture(self, frame: int) -> Picture:
        """One frame, (size, size, 3), blue first; always the same bytes."""
        image = self.face.render(self.state(frame))
        generator = np.random.default_rng([self.seed, frame])
        return camera.record(image, generator, self.noise, self.jpeg_quality)

    def colour(self, every: int) -> Iterator[tuple[int, Picture]]:
        """Number and picture of each `every`-th frame from 0."""
        for frame in range(0, len(self.performance.units), every):
            yield frame, self.picture(frame)

    def grey(self) -> Iterator[Picture]:
        """All frames, (size, size)."""
        for frame in range(len(self.performance.units)):
            yield np.asarray(cv2.cvtColor(self.picture(frame), cv2.COLOR_BGR2GRAY))

    def landmarks(self) -> NDArray[np.float64]:
        """True landmarks of all frames in pixels, (T, 68, 2)."""
        frames = range(len(self.performance.units))
        return np.stack([self.face.landmarks(self.state(frame)) for frame in frames])

    def flow(self, first: int, second: int) -> NDArray[np.float32]:
        """True flow of the skin from one frame to another in pixels, (size, size, 2)."""
        return self.face.flow(self.state(first), self.state(second))


@lru_cache(maxsize=1)
def _built(appearance: Appearance, size: int) -> Face:
    return Face(appearance, size)
