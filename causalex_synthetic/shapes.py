"""Curves of a synthetic face, and the 68 landmarks on them.

Unit: the half-width of the face. x to the right of the image, y down, origin in its middle.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causalex_synthetic.traits import Traits

Array = NDArray[np.floating]

EYE_LINE, MOUTH_LINE, CHIN, CROWN = -0.32, 0.66, 1.22, -1.58  # of a face of mean height
_WIDEST = -0.20  # where the outline is as wide as the face
_LONG, _SHORT = 1.09, 0.93  # heights of the narrowest and of the broadest face
_TALLEST = 0.026  # what a long face's half-width lacks of the picture
_WIDTH = 0.301  # of the broadest face, share of the picture

# Outer to inner on the left brow; inner to outer along a lid; left to right along the lips.
# The brow's points are spaced as face detectors place them: closer together at its outer end.
_BROW = (1.03, 0.88, 0.68, 0.42, 0.10)
_LID = 0.36
_OUTER_LIPS = (-1.0, -0.6, -0.22, 0.0, 0.22, 0.6, 1.0)
_INNER_LIPS = (-0.88, -0.3, 0.0, 0.3, 0.88)


def half_width(shape: float, size: int) -> float:
    """Half-width in pixels of a face in a picture of `size` pixels: a long one is narrower."""
    return size * (_WIDTH - _TALLEST * (1 - shape))


@dataclass(frozen=True)
class Layout:
    """Positions of the parts of one face.

    Attributes
    ----------
    traits
        See :class:`causalex_synthetic.traits.Traits`.
    height
        Factor on all distances from the middle of the face along y.
    """

    traits: Traits
    height: float

    @classmethod
    def of(cls, traits: Traits, shape: float) -> "Layout":
        """Layout for a shape between 0 (long, narrow) and 1 (short, broad)."""
        return cls(traits, _LONG + (_SHORT - _LONG) * shape)

    @property
    def eye_y(self) -> float:
        """Height of the line between the corners of the eyes."""
        return EYE_LINE * self.height

    @property
    def nose_y(self) -> float:
        """Height of the base of the nose."""
        return (EYE_LINE + self.traits.nose_length) * self.height

    @property
    def mouth_y(self) -> float:
        """Height of the line between the lips."""
        return MOUTH_LINE * self.height

    @property
    def chin_y(self) -> float:
        """Height of the lowest point of the outline."""
        return CHIN * self.height

    def jaw(self, angle: Array) -> Array:
        """Points (..., 2) of the outline: angle 0 at the right cheek, a half pi at the chin."""
        power = 2 / self.traits.jaw
        across, down = np.cos(angle), np.sin(angle)
        x = np.sign(across) * np.abs(across) ** power * (1 - self.traits.taper * down**2)
        widest = _WIDEST * self.height
        y = widest + (self.chin_y - widest) * np.abs(down) ** power
        return np.stack((x, y), axis=-1)

    def skull(self, angle: Array) -> Array:
        """Points (..., 2) of the outline: angle 0 at the right, a half pi at the crown."""
        x, up = np.cos(angle), np.sin(angle)
        widest = _WIDEST * self.height
        y = widest + (CROWN * self.height - widest) * np.abs(up) ** 0.92
        return np.stack((np.sign(x) * np.abs(x) ** 0.92, y), axis=-1)

    def brow(self, t: Array) -> Array:
        """Points (..., 2) of the right brow's middle line, t from 0 (inner) to 1 (outer end)."""
        traits = self.traits
        x = 0.135 + t * (traits.eye_x + traits.eye_width + 0.105 - 0.135)
        arch = traits.brow_arch * np.exp(-(((t - 0.66) / 0.40) ** 2))
        y = self.eye_y - traits.brow_gap - arch + traits.brow_fall * t**2
        return np.stack((x, y), axis=-1)

    def lids(self, s: Array) -> tuple[Array, Array]:
        """Heights of the right eye's upper and lower lid, s from -1 (inner) to 1 (outer)."""
        traits = self.traits
        line = self.eye_y - traits.eye_tilt * s + 0.010 * (1 - s) / 2
        s = np.clip(s, -1, 1)
        upper = (1 - np.abs(s) ** 2.3) ** 0.85 * (1 - 0.10 * s)
        lower = (1 - s**2) * (1 + 0.15 * s)
        return line - traits.eye_height * upper, line + 0.62 * traits.eye_height * lower

    def lips(self, t: Array) -> tuple[Array, Array, Array]:
        """Heights of the upper lip's edge, the line and the lower lip's edge; corners at +-1."""
        traits = self.traits
        t = np.clip(t, -1, 1)
        line = (
            self.mouth_y
            + traits.mouth_curve * (2 * t**2 - 1)
            + 0.012
            * (np.exp(-((t / 0.2) ** 2)) - np.exp(-((np.abs(t) - 0.5) ** 2) / 0.06))
            * (1 - t**2)
        )
        upper = (1 - np.abs(t) ** 1.7) * (1 - 0.2 * np.exp(-((t / 0.13) ** 2)))
        return (
            line - traits.upper_lip * upper,
            line,
            line + traits.lower_lip * (1 - np.abs(t) ** 2.2) ** 0.9,
        )

    def landmarks(self) -> Array:
        """All 68 iBUG landmarks of the neutral face, (68, 2)."""
        traits = self.traits
        jaw = self.jaw(np.linspace(np.pi, 0, 17))
        brow = self.brow(np.array(_BROW))
        ridge = np.linspace(self.eye_y - 0.03, self.nose_y - 0.115, 4)
        wings = np.array((-0.62, -0.32, 0.0, 0.32, 0.62)) * traits.nose_width
        sag = np.array((-0.018, 0.006, 0.02, 0.006, -0.018))
        return np.concatenate(
            (
                jaw,
                mirrored(brow),
                brow[::-1],
                np.stack((np.zeros(4), ridge), axis=1),
                np.stack((wings, self.nose_y + sag), axis=1),
                mirrored(self._eye())[[3, 2, 1, 0, 5, 4]],
                self._eye(),
                self._mouth(),
            )
        )

    def _eye(self) -> Array:
        """Right eye: inner corner, upper lid, outer corner, lower lid."""
        s = np.array((-1, -_LID, _LID, 1, _LID, -_LID))
        upper, lower = self.lids(s)
        y = np.where(np.arange(6) < 4, upper, lower)
        return np.stack((self.traits.eye_x + self.traits.eye_width * s, y), axis=1)

    def _mouth(self) -> Array:
        outer, inner = np.array(_OUTER_LIPS), np.array(_INNER_LIPS)
        top, _, _ = self.lips(outer)
        _, _, bottom = self.lips(outer[-2:0:-1])
        _, line, _ = self.lips(inner)
        t = np.concatenate((outer, outer[-2:0:-1], inner, inner[-2:0:-1]))
        y = np.concatenate((top, bottom, line, line[-2:0:-1]))
        return np.stack((t * self.traits.mouth_width, y), axis=1)


def mirrored(points: Array) -> Array:
    """Points on the other half of the face."""
    return points * (-1, 1)
