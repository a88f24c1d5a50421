"""How region motion is measured: what extraction makes of the truth, learnt on rendered clips.

Flow shows a little less motion than there is, and adds noise. The noise behaves like an error of
each region's place, part of which is new in every frame and part of which drifts, seen as a
difference over the stride. Regions err independently here; on pictures neighbours err together,
because they share pixels (the page on the cohort shows by how much).
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from causalex_core.motion.record import Quality


@dataclass(frozen=True)
class Sensor:
    """Errors of the measured place of a region, pixels of a 256 px crop.

    Attributes
    ----------
    gain
        Measured per true motion.
    jitter
        Standard deviation of the part that is new in every frame, on the lightest skin.
    darker
        What share of that the darkest skin adds: it has less contrast.
    head_jitter
        Standard deviation that a head adds which moves as much as `head_motion` = 1.
    drift
        Standard deviation of the other part's step from frame to frame.
    """

    gain: float = 0.82
    jitter: float = 0.021
    darker: float = 0.26
    head_jitter: float = 0.0035
    drift: float = 0.015

    def scaled(self, noise: float) -> "Sensor":
        """The same with so many times the noise."""
        return replace(
            self,
            jitter=noise * self.jitter,
            head_jitter=noise * self.head_jitter,
            drift=noise * self.drift,
        )


# Measured on 24 rendered clips of 300 frames (0, 1 and 6 times the head motion; 30 fps, stride 4,
# FaceMesh) between expressions; the page on the cohort measures some of it again.
MEASURED = Sensor()


def measured(
    generator: np.random.Generator,
    places: NDArray[np.floating],
    stride: int,
    tone: float,
    head_motion: float,
    sensor: Sensor = MEASURED,
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
    tone
        Of the skin, 0 to 1.
    head_motion
        How much the head moves; 1 is little.
    sensor
        See :class:`Sensor`.

    Returns
    -------
    motion : (T, 12, 2) float32 array
        Pixels of the crop per frame.
    quality : (T,) uint8 array
        See :class:`causalex_core.motion.extract.Quality`.
    """
    own = sensor.jitter * (1 + sensor.darker * tone)
    jitter = np.hypot(own, head_motion * sensor.head_jitter)
    error = jitter * generator.standard_normal(places.shape)
    error += sensor.drift * generator.standard_normal(places.shape).cumsum(axis=0)
    seen = sensor.gain * places + error
    motion = np.zeros(places.shape, np.float32)
    quality = np.full(len(places), Quality.END_OF_VIDEO, np.uint8)
    before = stride // 2
    inside = slice(before, max(len(places) - (stride - before), before))
    motion[inside] = (seen[stride:] - seen[:-stride]) / stride
    quality[inside] = Quality.MEASURED
    return motion, quality
