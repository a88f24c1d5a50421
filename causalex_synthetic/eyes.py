"""Eyes that open and close: eyeballs painted once, lids drawn for each frame."""

import numpy as np
from numpy.typing import NDArray

from causalex_synthetic.canvas import Canvas, Layer, displayed, linear, rise
from causalex_synthetic.shapes import Layout

_IRIS, _PUPIL = 0.088, 0.038  # radii, half-widths
# sRGB of irises, red first; the traits' number runs through them.
_IRISES = (
    (58, 36, 22),
    (84, 54, 30),
    (110, 86, 46),
    (96, 104, 74),
    (104, 128, 140),
    (84, 112, 150),
)
_MARGIN = 0.06  # half-widths painted around the lids


class Eyes:
    """Both eyes of one person on the canvas of the skin; darker people have darker eyes."""

    def __init__(self, canvas: Canvas, layout: Layout, tone: float) -> None:
        self._sides = [_Eye(canvas, layout, tone, side) for side in (-1, 1)]

    def opened(self, skin: Layer, lids: float) -> Layer:
        """Copy of the closed face (side, side, 4) with its lids at 0 (open) to 1 (closed)."""
        face = skin.copy()
        for eye in self._sides:
            eye.draw(face, lids)
        return face


def lid_height(layout: Layout, s: NDArray[np.float64], lids: float) -> NDArray[np.float64]:
    """Height of the upper lid's edge, s from -1 (inner corner) to 1, see :class:`Layout`."""
    upper, lower = layout.lids(s)
    return upper + (lower - upper) * lids


class _Eye:
    """One eye: -1 on the left of the picture, 1 on the right."""

    def __init__(self, canvas: Canvas, layout: Layout, tone: float, side: int) -> None:
        traits = layout.traits
        wide = traits.eye_width + _MARGIN
        high = traits.eye_height + 2 * _MARGIN
        middle = np.array((side * traits.eye_x, layout.eye_y)) * canvas.unit + canvas.centre
        left, top = np.floor(middle - np.array((wide, high)) * canvas.unit).astype(int)
        right, bottom = np.ceil(middle + np.array((wide, high)) * canvas.unit).astype(int)
        self._window = np.s_[top:bottom, left:right]
        x, self._y = canvas.x[self._window], canvas.y[self._window]
        self._px = canvas.unit
        self._s = (side * x - traits.eye_x) / traits.eye_width
        self._upper, self._lower = layout.lids(self._s)
        self._traits = traits
        self._ball = self._painted(layout, tone, x)
        self._crease = layout.lids(0.9 * self._s)[0] - 0.036
        self._within = rise(1.03, 0.97, np.abs(self._s))
        self._around = rise(1.16, 0.86, np.abs(self._s))

    def draw(self, face: Layer, lids: float) -> None:
        """Draw the eye onto the closed face."""
        edge = self._upper + (self._lower - self._upper) * lids
        y, pixel = self._y, 1 / self._px
        shown = rise(-pixel, pixel, np.minimum(y - edge, self._lower - y)) * self._within
        shadow = 1 - 0.50 * np.exp(-np.clip(y - edge, 0, None) / 0.022)
        picture = face[self._window]
        picture[..., :3] += (self._ball * shadow[..., None] - picture[..., :3]) * shown[..., None]
        # Lashes thicken outward; the crease goes as the lid comes down.
        thick = 0.011 + 0.004 * np.clip(self._s, -1, 1)
        lash = 0.82 * np.exp(-(((y - edge + 0.3 * thick) / thick) ** 2)) * self._around
        fold = (
            0.30
            * (1 - 0.7 * max(lids, 0))
            * np.exp(-(((y - self._crease - 0.3 * (edge - self._upper)) / 0.012) ** 2))
        )
        rim = 0.30 * np.exp(-(((y - self._lower - 0.004) / 0.008) ** 2)) * self._within
        dark = 1 - np.clip(lash + fold * self._around + rim, 0, 0.9)
        picture[..., :3] *= dark[..., None]

    def _painted(self, layout: Layout, tone: float, x: Layer) -> Layer:
        """Eyeball as it looks without lids, blue first, grey levels."""
        traits = self._traits
        down = self._y - (layout.eye_y - 0.10 * traits.eye_height)
        across = self._s * traits.eye_width
        white = (
            np.array((0.64, 0.60, 0.57))
            * (1 - 0.45 * np.clip(np.abs(self._s), 0, 1) ** 2.5)[..., None]
        )
        inner = np.exp(-(((self._s + 1.0) / 0.13) ** 2))[..., None]
        white = white + (np.array((0.45, 0.18, 0.16)) - white) * 0.7 * inner
        r = np.hypot(across, down) / _IRIS
        at = np.linspace(0, 1, len(_IRISES))
        light = traits.iris * (1 - tone) ** 1.5
        colour = linear(tuple(np.interp(light, at, c) for c in np.array(_IRISES, dtype=float).T))
        rays = 1 + 0.16 * np.cos(9 * np.arctan2(down, across) + 3 * traits.iris)
        ring = (0.75 + 0.9 * rise(0.1, -0.9, -down / _IRIS)) * rays * (1 - 0.6 * rise(0.78, 1.0, r))
        iris = colour * ring[..., None]
        ball = white + (iris - white) * rise(1.05, 0.95, r)[..., None]
        ball = ball * (1 - 0.97 * rise(1.15, 0.85, np.hypot(across, down) / _PUPIL))[..., None]
        spark_x = x - np.sign(x) * traits.eye_x - 0.075 * np.sign(traits.light_x)
        spark = np.exp(-((spark_x**2 + (down + 0.032) ** 2) / (2 * 0.0125**2)))
        return displayed(np.asarray(ball + 0.85 * spark[..., None], np.float32))[..., ::-1]
