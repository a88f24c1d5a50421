"""How region motion is measured: what extraction makes of the truth, learnt on rendered clips.

Flow shows a little less motion than there is, and adds noise. The noise behaves like an error of
each region's place, part of which is new in every frame and part of which drifts, seen as a
difference over the stride. Regions err independently here; on pictures neighbours err together,
because they share pixels (the page on the cohort shows by how much).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causalex_core.motion.extract import Quality


@dataclass(frozen=True)
class Sensor:
    """Errors of the measured place of a region, pixels of a 256 px crop.

    Attributes
    ----------
    gain
        Measured per true motion.
    jitter
        Standard deviation of the part that is new in every frame.
    drift
        Standard deviation of the other part's step from frame to frame, with the head still.
    head_drift
        The same for a head that moves as much as `head_motion` = 1; grows with it.
    """

    gain: float = 0.82
    jitter: float = 0.02
    drift: float = 0.015
    head_drift: float = 0.012

    def scaled(self, noise: float) -> "Sensor":
        """The same with so many times the noise."""
        return Sensor(self.gain, noise * self.jitter, noise * self.drift, noise * self.head_drift)


# Measured on rendered clips (chapters/synthetic_cohort.py repeats it).
MEASURED = Sensor()


def measured(
    generator: np.random.Generator,
    places: NDArray[np.floating],
    stride: int,
    sensor: Sensor,
    head_motion: float,
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Motion as it would be extracted.

    Parameters
    ----------
    generator
        Source of the noise.
    places : (T, 12, 2) array
        True displacement of the regions, pixels of the crop.
    stride
        Frames between the two that are compared.
    sensor
        See :class:`Sensor`.
    head_motion
        How much the head moves; 1 is little.

    Returns
    -------
    motion : (T, 12, 2) float32 array
        Pixels of the crop per frame.
    quality : (T,) uint8 array
        See :class:`causalex_core.motion.extract.Quality`.
    """
    step = np.hypot(sensor.drift, head_motion * sensor.head_drift)
    drift = step * generator.standard_normal(places.shape).cumsum(axis=0)
    jitter = sensor.jitter * generator.standard_normal(places.shape)
    seen = sensor.gain * places + drift + jitter
    motion = np.zeros(places.shape, np.float32)
    quality = np.full(len(places), Quality.END_OF_VIDEO, np.uint8)
    before = stride // 2
    inside = slice(before, max(len(places) - (stride - before), before))
    motion[inside] = (seen[stride:] - seen[:-stride]) / stride
    quality[inside] = Quality.MEASURED
    return motion, quality
