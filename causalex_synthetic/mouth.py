"""A mouth that opens: the skin parts along the line between the lips.

What lies between the outer edges of the lips gives way to the opening; beyond them nothing
moves, so the displacement of the controls stays what it is.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causalex_synthetic.canvas import rise
from causalex_synthetic.shapes import Layout
from causalex_synthetic.warp import Field

Array = NDArray[np.floating]

_SAMPLES = 41  # along each edge
_GIVES = 0.8  # share of a lip's thickness that can make room
_DARK, _TOOTH, _TONGUE = (20.0, 15.0, 40.0), (188.0, 204.0, 210.0), (62.0, 58.0, 128.0)
_TEETH = 0.062  # half-widths, what is seen of the upper ones
_LEAST = 1e-6


@dataclass(frozen=True)
class Lips:
    """Lips of one frame, as the field has moved them, before they part.

    Attributes
    ----------
    x : (N,) array
        Ascending.
    top, line, bottom : (N,) arrays
        Heights of the outer edges and of the line between the lips.
    upper : (N,) array
        Thickness of the upper lip at rest, which it keeps where there is room.
    opening
        Height of the opening in the middle.
    """

    x: NDArray[np.float64]
    top: NDArray[np.float64]
    line: NDArray[np.float64]
    bottom: NDArray[np.float64]
    upper: NDArray[np.float64]
    opening: float

    def opened(self, x: Array, y: Array, upper: NDArray[np.bool_]) -> Array:
        """Heights to which points of the upper or the lower lip go."""
        top, line, bottom, ceiling, floor = self.edges(x)
        share = (y - top) / np.maximum(line - top, _LEAST)
        up = np.where((share > 0) & (share <= 1), top + share * (ceiling - top), y)
        share = (bottom - y) / np.maximum(bottom - line, _LEAST)
        down = np.where((share > 0) & (share <= 1), bottom - share * (bottom - floor), y)
        return np.where(upper, up, down)

    def closed(self, x: Array, y: Array) -> tuple[Array, Array]:
        """Heights from which points come, and how far they lie in the opening (> 0: inside)."""
        top, line, bottom, ceiling, floor = self.edges(x)
        within = np.minimum(y - ceiling, floor - y)
        up = top + (y - top) * (line - top) / np.maximum(ceiling - top, _LEAST)
        down = bottom - (bottom - y) * (bottom - line) / np.maximum(bottom - floor, _LEAST)
        source = np.where((y > top) & (y < ceiling), up, y)
        source = np.where((y > floor) & (y < bottom), down, source)
        return np.where(within >= 0, line, source), within

    def edges(self, x: Array) -> tuple[Array, Array, Array, Array, Array]:
        """Heights at x: top, line, bottom, and upper and lower edge of the opening."""
        top, line, bottom = (np.interp(x, self.x, e) for e in (self.top, self.line, self.bottom))
        t = 2 * (x - self.x[0]) / (self.x[-1] - self.x[0]) - 1
        wide = np.clip(1 - (t / 0.94) ** 2, 0, None) ** 0.75
        above, below = (np.maximum(_GIVES * lip, 0) for lip in (line - top, bottom - line))
        gap = np.minimum(self.opening * wide, above + below)
        stretched = line - top - np.interp(x, self.x, self.upper)
        lift = np.clip(stretched, np.maximum(gap - below, 0), np.minimum(gap, above))
        ceiling = line - lift
        return top, line, bottom, ceiling, ceiling + gap


class Mouth:
    """The mouth of one face, whose skin moves by a field."""

    def __init__(self, layout: Layout, field: Field) -> None:
        t = np.linspace(-1, 1, _SAMPLES)
        x = np.tile(t * layout.traits.mouth_width, 3)
        self._edges = np.stack((x, np.concatenate(layout.lips(t))), axis=1)
        self._upper = self._edges[_SAMPLES : 2 * _SAMPLES, 1] - self._edges[:_SAMPLES, 1]
        self._influence = field.influence(self._edges)

    def lips(self, controls: Array, opening: float) -> Lips:
        """Lips after the controls moved, and how far they shall part."""
        moved = (self._edges + self._influence.T @ controls).reshape(3, _SAMPLES, 2)
        middle = moved[1, :, 0]
        top, bottom = (np.interp(middle, edge[:, 0], edge[:, 1]) for edge in moved[[0, 2]])
        return Lips(middle, top, moved[1, :, 1], bottom, self._upper, opening)


def interior(lips: Lips, x: Array, y: Array) -> tuple[NDArray[np.float32], Array]:
    """Colour between the opened lips, (..., 3), blue first, and the height of the opening there."""
    _, _, _, ceiling, floor = lips.edges(x)
    depth, width = y - ceiling, lips.x[-1] - lips.x[0]
    t = 2 * (x - lips.x[0]) / width - 1
    gap = floor - ceiling
    colour = np.broadcast_to(np.array(_DARK), (*x.shape, 3))
    tongue = (
        rise(0.50, 0.95, depth / np.maximum(gap, _LEAST))
        * rise(0.75, 0.3, np.abs(t))
        * rise(0.05, 0.14, gap)
    )
    colour = colour + (np.array(_TONGUE) - colour) * (0.8 * tongue)[..., None]
    lower = _TEETH * (1 - 0.5 * t**2)
    apart = np.exp(-((np.abs((t * 4.5) % 1 - 0.5) - 0.5) ** 2) / 0.004)
    lit = (1 - 0.75 * np.abs(t) ** 1.5) * rise(-0.01, 0.03, depth) * (1 - 0.22 * apart)
    tooth = rise(lower, lower - 0.016, depth) * rise(0.82, 0.70, np.abs(t))
    colour = colour + (np.array(_TOOTH) * lit[..., None] - colour) * tooth[..., None]
    return np.asarray(colour, np.float32), gap
