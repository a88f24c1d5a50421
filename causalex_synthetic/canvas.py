"""A grid to paint a face on, in the face's own unit, and the few brushes that are needed."""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

Layer = NDArray[np.float32]

_STREAK_STEPS = (1.0, 1.6, 2.6, 4.2, 6.8)  # px; each pass lengthens the streaks
_LINEAR = (0.04045, 12.92, 0.055, 2.4)  # of sRGB's curve


@dataclass(frozen=True)
class Canvas:
    """Square of `side` pixels; `unit` pixels are one half-width of the face.

    Attributes
    ----------
    side, unit
        See above.
    centre
        Column and row of the middle of the face.
    """

    side: int
    unit: float
    centre: tuple[float, float]

    @cached_property
    def x(self) -> Layer:
        """Distance to the right of the middle, (side, side), half-widths."""
        row = (np.arange(self.side) - self.centre[0]) / self.unit
        return np.tile(row.astype(np.float32), (self.side, 1))

    @cached_property
    def y(self) -> Layer:
        """Distance below the middle, (side, side), half-widths."""
        column = (np.arange(self.side) - self.centre[1]) / self.unit
        return np.tile(column.astype(np.float32)[:, None], (1, self.side))

    def bump(
        self, x: float, y: float, wide: float, high: float, lean: float = 0.0, both: bool = True
    ) -> Layer:
        """Gaussian hill of height 1 at (x, y); its upper part leans outward by `lean`.

        With `both`, another one on the other half of the face.
        """
        across = np.abs(self.x) if both else self.x
        down = self.y - y
        return np.exp(-(((across - x + lean * down) / wide) ** 2 + (down / high) ** 2) / 2)

    def blurred(self, layer: Layer, width: float) -> Layer:
        """Layer after a Gaussian of that standard deviation, in half-widths."""
        return np.asarray(cv2.GaussianBlur(layer, (0, 0), max(width * self.unit, 0.3)))

    def noise(self, generator: np.random.Generator, width: float) -> Layer:
        """Blurred noise of unit variance whose grains are `width` half-widths wide."""
        grain = generator.standard_normal((self.side, self.side), dtype=np.float32)
        soft = self.blurred(grain, width)
        return soft / soft.std()

    def streaks(self, grain: Layer, along_x: Layer, along_y: Layer) -> Layer:
        """Noise drawn out along a field of directions: strands."""
        length = np.sqrt(along_x**2 + along_y**2) + np.float32(1e-6)
        dx, dy = along_x / length, along_y / length
        columns, rows = np.meshgrid(*[np.arange(self.side, dtype=np.float32)] * 2)
        for step in _STREAK_STEPS:
            far = np.float32(step * self.unit / 140)
            ahead, behind = (
                cv2.remap(
                    grain,
                    columns + sign * far * dx,
                    rows + sign * far * dy,
                    cv2.INTER_LINEAR,
                    borderMode=cv2.BORDER_REFLECT,
                )
                for sign in (1, -1)
            )
            grain = np.asarray((grain + ahead + behind) / 3, dtype=np.float32)
        return grain / grain.std()


def rise(start: float, end: float, value: NDArray[np.floating]) -> NDArray[np.floating]:
    """Smooth step from 0 at `start` to 1 at `end`; falls if `end` is the smaller."""
    t = np.clip((value - start) / (end - start), 0, 1)
    return t * t * (3 - 2 * t)


def over(under: Layer, colour: NDArray[np.floating], cover: Layer) -> Layer:
    """Paint a colour over a picture where `cover` is 1."""
    return np.asarray(under + (colour - under) * cover[..., None], dtype=np.float32)


def linear(grey_levels: NDArray[np.floating] | tuple[float, ...]) -> NDArray[np.float32]:
    """Light (0 to 1) that sRGB grey levels (0 to 255) stand for."""
    knee, slope, offset, power = _LINEAR
    share = np.asarray(grey_levels, dtype=np.float32) / 255
    return np.where(share < knee, share / slope, ((share + offset) / (1 + offset)) ** power).astype(
        np.float32
    )


def displayed(light: Layer) -> Layer:
    """Inverse of :func:`linear`, with a soft shoulder for what is brighter than white."""
    knee, slope, offset, power = _LINEAR
    light = np.clip(light, 0, None)
    light = np.where(light > 0.7, 0.7 + 0.3 * np.tanh((light - 0.7) / 0.3), light)
    low = light * slope
    high = (1 + offset) * light ** np.float32(1 / power) - offset
    return np.asarray(255 * np.where(low < knee, low, high), dtype=np.float32)
