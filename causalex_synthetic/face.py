"""A synthetic face: its pictures, its landmarks and its true flow.

Everything is painted by the program; no picture of a person, no model and no data set is used.
A frame is one displacement field, inverted, one linear interpolation of a painting of twice the
size, and the lids and the mouth on top.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from causalex_core.errors import CausalexError
from causalex_synthetic import controls, eyes, mouth, portrait, shapes, traits, warp
from causalex_synthetic.canvas import Canvas, Layer

CONTROLS = len(controls.CONTROLS)
# Landmarks that no expression moves: the sides of the face and the corners of the eyes.
FIXED = (*range(5), *range(12, 17), 36, 39, 42, 45)
_UPPER_LIDS = {37: -1, 38: -1, 43: 1, 44: 1}  # landmark: side of the picture
_UPPER_LIP = (*range(48, 55), *range(60, 65))
_CENTRE = 0.525  # of the picture, from its top
_FINER = 2  # pixels of the painting to one of the picture
_LEAST_SIZE = 64


@dataclass(frozen=True)
class Appearance:
    """Who it is.

    Attributes
    ----------
    tone
        Of the skin, 0 (lightest) to 1 (darkest).
    shape
        Of the face, 0 (long and narrow) to 1 (short and broad).
    seed
        Of everything else.
    """

    tone: float
    shape: float
    seed: int

    def __post_init__(self) -> None:
        """Refuse what is no tone and no shape."""
        if not (0 <= self.tone <= 1 and 0 <= self.shape <= 1):
            raise CausalexError(
                f"tone {self.tone} and shape {self.shape}: both are numbers between 0 and 1"
            )


@dataclass(frozen=True)
class State:
    """State of a face in one frame; lengths in half-widths of the face.

    Attributes
    ----------
    controls : (C, 2) array
        Displacement of each control.
    lids
        0 open to 1 closed; below 0 they are widened.
    mouth
        Opening between the lips; they part no further than the controls make room for.
    pose
        x, y, roll in radians (clockwise) and scale of the head, about the middle of the face.
    light
        Gain, and how much of it is added from the picture's left to its right end.
    """

    controls: NDArray[np.float64] = field(default_factory=lambda: np.zeros((CONTROLS, 2)))
    lids: float = 0.0
    mouth: float = 0.0
    pose: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 1.0)
    light: tuple[float, float] = (1.0, 0.0)


class _Opening(NamedTuple):
    """An open mouth: where in the picture, and each pixel's place on the upright face."""

    window: tuple[slice, slice]
    lips: mouth.Lips
    x: NDArray[np.floating]
    y: NDArray[np.floating]
    inside: NDArray[np.floating]


class Face:
    """One person in front of a camera, whose pictures have `size` pixels in height and width.

    Attributes
    ----------
    half_width
        Of the face, in pixels.
    neutral : (68, 2) array
        Landmarks at rest, in half-widths from the middle of the face.
    """

    def __init__(self, appearance: Appearance, size: int = 256) -> None:
        if size < _LEAST_SIZE:
            raise CausalexError(f"pictures of {size} px: at least {_LEAST_SIZE} are needed")
        self.appearance, self.size = appearance, size
        self.half_width = shapes.half_width(appearance.shape, size)
        self._layout = shapes.Layout.of(traits.drawn(appearance.seed), appearance.shape)
        self.neutral = self._layout.landmarks()
        self._centre = np.array(((size - 1) / 2, _CENTRE * size - 0.5))
        canvas = Canvas(
            _FINER * size,
            _FINER * self.half_width,
            (_FINER * self._centre[0] + 0.5, _FINER * self._centre[1] + 0.5),
        )
        self._skin = portrait.person(canvas, self._layout, appearance.tone, appearance.seed)
        self._eyes = eyes.Eyes(canvas, self._layout, appearance.tone)
        wall = portrait.backdrop(canvas, self._layout)
        self._backdrop = cv2.resize(wall, (size, size), interpolation=cv2.INTER_AREA)
        self._field = warp.Field(controls.positions(self.neutral), self.neutral[list(FIXED)])
        self._mouth = mouth.Mouth(self._layout, self._field)
        columns, rows = np.meshgrid(*[np.arange(size, dtype=np.float32)] * 2)
        self._pixels = np.stack((columns, rows), axis=-1)

    @cached_property
    def _influence(self) -> Layer:
        """Influence of each control on the skin at each pixel, (C, size, size)."""
        grid = (self._pixels.reshape(-1, 2) - self._centre) / self.half_width
        influence = self._field.influence(grid).astype(np.float32)
        return influence.reshape(CONTROLS, self.size, self.size)

    def render(self, state: State) -> Layer:
        """Picture without noise, (size, size, 3), blue first, 0 to 255."""
        source, opening = self._sources(state)
        person = warp.at(self._eyes.opened(self._skin, state.lids), _FINER * source + 0.5)
        picture = person[..., :3] + (1 - person[..., 3:]) * self._backdrop
        if opening is not None:
            colour, gap = mouth.interior(opening.lips, opening.x, opening.y)
            cover = np.clip(opening.inside * self.half_width + 0.5, 0, 1)
            cover = cover * np.minimum(gap * self.half_width, 1)
            part = picture[opening.window]
            part += (colour - part) * cover[..., None]
        gain, tilt = state.light
        across = np.linspace(-0.5, 0.5, self.size, dtype=np.float32)[None, :, None]
        lit = picture * (np.float32(gain) + np.float32(tilt) * across)
        return np.asarray(np.clip(lit, 0, 255), dtype=np.float32)

    def landmarks(self, state: State) -> NDArray[np.float64]:
        """True landmarks, (68, 2), pixels: moved by the same field, lids, lips and pose."""
        points = self.neutral.copy()
        for number, side in _UPPER_LIDS.items():
            s = (side * points[number, 0] - self._layout.traits.eye_x) / (
                self._layout.traits.eye_width
            )
            points[number, 1] = eyes.lid_height(self._layout, s, state.lids)
        points = points + self._field.influence(points).T @ state.controls
        if state.mouth > 0:
            lips = self._mouth.lips(state.controls, state.mouth)
            upper = np.isin(np.arange(len(points)), _UPPER_LIP)
            points[:, 1] = lips.opened(points[:, 0], points[:, 1], upper)
        return self._posed(points * self.half_width + self._centre, state)

    def flow(self, first: State, second: State) -> Layer:
        """True motion from one frame to another of what is seen at each pixel of the first.

        (size, size, 2), x and y in pixels; 0 on the backdrop. Light is not considered; eyeballs
        and lids move with the skin around them, the inside of the mouth with the nearer lip.
        """
        source, _ = self._sources(first)
        moved = source + warp.at(self._displacement(second.controls), source)
        if second.mouth > 0:
            lips = self._mouth.lips(second.controls, second.mouth)
            x, y = np.moveaxis((moved - self._centre) / self.half_width, -1, 0)
            rest_x, rest_y = np.moveaxis((source - self._centre) / self.half_width, -1, 0)
            line = self._layout.lips(rest_x / self._layout.traits.mouth_width)[1]
            y = lips.opened(x, y, rest_y <= line)
            moved[..., 1] = y * self.half_width + self._centre[1]
        person = warp.at(self._skin[..., 3], _FINER * source + 0.5) > 0.5
        return np.where(person[..., None], self._posed(moved, second) - self._pixels, 0).astype(
            np.float32
        )

    def _displacement(self, moved: NDArray[np.float64]) -> Layer:
        """Displacement of the skin at each pixel at rest, (size, size, 2), pixels."""
        vectors = (moved * self.half_width).astype(np.float32)
        return np.tensordot(self._influence, vectors, axes=(0, 0))

    def _posed(self, points: NDArray[np.floating], state: State) -> NDArray[np.float64]:
        """Pixels (..., 2) that points of an upright head come to."""
        factor, shift = self._similarity(state)
        turned = factor * ((points - self._centre) @ np.array((1, 1j))) + shift
        return np.stack((turned.real, turned.imag), axis=-1) + self._centre

    def _similarity(self, state: State) -> tuple[complex, complex]:
        """Factor and shift of the complex numbers that stand for pixels about the middle."""
        x, y, roll, scale = state.pose
        return scale * np.exp(1j * roll), complex(x, y) * self.half_width

    def _upright(self, state: State) -> Layer:
        """Position of each pixel on an upright head, pixels."""
        factor, shift = self._similarity(state)
        turn = 1 / factor
        offset = -turn * shift
        x, y = np.moveaxis(self._pixels - self._centre.astype(np.float32), -1, 0)
        real, imaginary = np.float32(turn.real), np.float32(turn.imag)
        return np.stack(
            (
                real * x - imaginary * y + np.float32(offset.real + self._centre[0]),
                imaginary * x + real * y + np.float32(offset.imag + self._centre[1]),
            ),
            axis=-1,
        )

    def _sources(self, state: State) -> tuple[Layer, _Opening | None]:
        """Source of each pixel on the face at rest, in pixels, and the open mouth."""
        sources = self._upright(state)
        opening = None
        if state.mouth > 0:
            lips = self._mouth.lips(state.controls, state.mouth)
            window = self._window(lips, state)
            x, y = np.moveaxis((sources[window] - self._centre) / self.half_width, -1, 0)
            height, inside = lips.closed(x, y)
            sources[window][..., 1] = height * self.half_width + self._centre[1]
            opening = _Opening(window, lips, x, y, inside)
        if state.controls.any():
            back = warp.inverted(self._displacement(state.controls), self._pixels)
            sources += warp.at(back, sources)
        return sources, opening

    def _window(self, lips: mouth.Lips, state: State) -> tuple[slice, slice]:
        """Rows and columns of the picture between which the lips lie."""
        corners = [(x, y) for x in lips.x[[0, -1]] for y in (lips.top.min(), lips.bottom.max())]
        reach = self._posed(np.array(corners) * self.half_width + self._centre, state)
        low = np.clip(np.floor(reach.min(axis=0)).astype(int) - 1, 0, self.size)
        high = np.clip(np.ceil(reach.max(axis=0)).astype(int) + 2, 0, self.size)
        return slice(low[1], high[1]), slice(low[0], high[0])
