"""Hair, brows and what is seen around the face."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causalex_synthetic.canvas import Canvas, Layer, linear, rise
from causalex_synthetic.shapes import CROWN, Layout

# sRGB of hair from the least melanin to the most, red first.
_MELANIN = ((205, 172, 118), (158, 113, 66), (98, 64, 38), (48, 34, 27), (24, 20, 19))
_RED, _GREY = (172, 82, 38), (172, 170, 167)


@dataclass(frozen=True)
class Hair:
    """Painted hair.

    Attributes
    ----------
    colour : (side, side, 3) array
        Light that it throws back, red first.
    behind, before : (side, side) arrays
        Where it covers what lies behind the head, and the head itself.
    shadow : (side, side) array
        Share of the light that it leaves to the skin below.
    """

    colour: Layer
    behind: Layer
    before: Layer
    shadow: Layer


def colour(layout: Layout, tone: float) -> Layer:
    """Colour of hair and brows as light, red first."""
    traits = layout.traits
    melanin = 1 - (1 - traits.hair_melanin) * (1 - tone) ** 1.3
    at = np.linspace(0, 1, len(_MELANIN))
    mean = np.array([np.interp(melanin, at, c) for c in np.array(_MELANIN, dtype=float).T])
    mean += 0.7 * traits.hair_red**3 * (1 - tone) * (np.array(_RED) - mean) * (1 - melanin**3)
    mean += max(traits.hair_grey, 0) * (np.array(_GREY) - mean)
    return linear(mean)


def painted(canvas: Canvas, layout: Layout, tone: float, generator: np.random.Generator) -> Hair:
    """Paint the hair of a head; see :func:`causalex_synthetic.skin.painted`."""
    traits = layout.traits
    x, y = np.abs(canvas.x), canvas.y
    along = _lie(canvas, layout, generator)
    strands = canvas.streaks(canvas.noise(generator, 0.006), *along)
    locks = canvas.streaks(canvas.noise(generator, 0.022), *along)
    ragged = 0.014 * strands + (0.010 + 0.012 * traits.curl) * locks
    # Outline of the hair: a cap that goes over into falling sides.
    start = layout.eye_y - 0.20
    wide = 1 + 0.75 * traits.volume
    tall = start - CROWN * layout.height + 0.85 * traits.volume
    end = traits.length
    hanging = 0.10 * traits.volume + rise(end + 0.15, min(end - 0.45, start), y)
    side = (1 + (wide - 1) * np.clip(hanging, 0, 1)) * (1 + 0.05 * rise(0.2, 1.6, y))
    up = np.clip(start - y, 0, None) / tall
    out = np.where(y < start, ((x / wide) ** 2.2 + up**2.2) ** (1 / 2.2), x / side)
    behind = rise(1.015, 0.975, out + ragged) * rise(end + 0.06, end - 0.10, y + 2 * ragged)
    # Line of the hair on the forehead, the temples and in front of the ears.
    temple = traits.temples + 0.6 * np.clip(y - layout.eye_y + 0.05, 0, None)
    first = traits.hairline * layout.height + 0.05 * traits.parting * canvas.x
    high = np.clip(layout.eye_y - y, 0, None) / (layout.eye_y - first)
    beyond = ((x / temple) ** 3 + high**3) ** (1 / 3)
    side_end = layout.eye_y + 0.36
    before = rise(0.985, 1.03, beyond + 1.4 * ragged) * rise(
        side_end + 0.15, side_end - 0.2, y + 5 * ragged
    )
    shadow = 1 - 0.34 * rise(0.84, 1.02, beyond) * rise(side_end + 0.3, side_end - 0.1, y)
    # Light on a dome of strands.
    across, upward = canvas.x / wide, np.clip((start - y) / tall, -0.15, 1)
    towards = np.sqrt(np.clip(1 - across**2 - upward**2, 0, 1))
    light = np.array((traits.light_x, -traits.light_y, 0.85))
    light /= np.linalg.norm(light)
    facing = across * light[0] + upward * light[1] + towards * light[2]
    shade = 0.20 + 0.62 * np.clip(0.25 + 0.75 * facing, 0, 1) ** 1.5
    under = 1 - 0.55 * rise(start, start + 0.5, y) * rise(1.12, 0.98, x)
    shade = shade * under * np.clip(1 + 0.26 * strands + 0.22 * locks, 0.25, None)
    sheen = np.exp(-(((facing - 0.80 + 0.05 * locks) / 0.13) ** 2)) * np.clip(1 + strands, 0, 2.5)
    base = colour(layout, tone)
    glint = (0.018 + 0.35 * base) * (1 - 0.75 * traits.curl)
    lit = base * shade[..., None] + glint * (0.5 * sheen * under)[..., None]
    return Hair(*(np.asarray(layer, np.float32) for layer in (lit, behind, before, shadow)))


def brows(canvas: Canvas, layout: Layout, generator: np.random.Generator) -> Layer:
    """Cover of the skin by the brows, (side, side)."""
    t = np.linspace(-0.1, 1.1, 60)
    line = layout.brow(t)
    along = np.interp(np.abs(canvas.x), line[:, 0], t)
    middle = np.interp(np.abs(canvas.x), line[:, 0], line[:, 1])
    down = canvas.y - middle
    lean = np.sign(canvas.x) * (0.35 + 1.6 * rise(0.0, 0.5, along))
    rising = -0.55 * rise(0.75, 0.0, along) + 0.45 * rise(0.45, 1.0, along) - 2.5 * down
    grain = canvas.noise(generator, 0.012)
    grain = np.where(canvas.x < 0, grain[:, ::-1], grain)  # both brows are about alike
    strands = 0.7 * canvas.streaks(grain, *map(_f32, (lean, rising))) + 0.5 * grain
    thick = layout.traits.brow_thickness * (0.35 + 0.65 * rise(1.05, 0.45, along))
    thick = thick * (0.75 + 0.25 * rise(-0.05, 0.2, along))
    body = np.exp(-(np.abs(down / thick) ** 3)) * rise(-0.08, 0.10, along) * rise(1.07, 0.9, along)
    return _f32(np.clip(body * (0.83 + 0.22 * strands), 0, 0.95))


def _lie(canvas: Canvas, layout: Layout, generator: np.random.Generator) -> tuple[Layer, Layer]:
    """Direction in which the hair lies, as a unit vector up to its sign."""
    traits = layout.traits
    x, y = canvas.x, canvas.y
    crown = CROWN * layout.height
    divided = np.arctan2(y - crown - 0.12, 0.9 * (x - traits.parting))
    swept = np.arctan2(y - 0.25 * layout.height, x)
    falling = np.arctan2(np.ones_like(x), 0.12 * x)
    hanging = rise(layout.eye_y - 0.55, layout.eye_y + 0.05, y)
    shares = ((1 - hanging) * (1 - traits.sweep), (1 - hanging) * traits.sweep, hanging)
    # Directions without a sign are averaged as twice their angle.
    mixed = sum(
        share * np.exp(2j * angle)
        for share, angle in zip(shares, (divided, swept, falling), strict=True)
    )
    angle = np.angle(mixed) / 2
    waves = canvas.noise(generator, 0.05)
    angle = angle + (0.10 + 1.9 * traits.curl**2.5) * waves
    return _f32(np.cos(angle)), _f32(np.sin(angle))


def _f32(values: NDArray[np.floating]) -> Layer:
    return np.asarray(values, dtype=np.float32)
