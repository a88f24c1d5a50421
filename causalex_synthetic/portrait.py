"""All that is painted of one person, put together: the person with an outline, and the backdrop."""

import colorsys

import numpy as np
from numpy.typing import NDArray

from causalex_synthetic import hair, skin
from causalex_synthetic.canvas import Canvas, Layer, displayed, linear, over, rise
from causalex_synthetic.shapes import Layout

_SOFTENING = 0.75  # px of the canvas: nothing finer than a picture of half its size can show


def person(canvas: Canvas, layout: Layout, tone: float, seed: int) -> Layer:
    """Head, hair, neck and shoulders; eyes closed, lips together.

    Returns
    -------
    (side, side, 4) array
        Blue, green, red (0 to 255, times the cover) and cover (0 to 1).
    """
    generators = [np.random.default_rng([seed, part]) for part in range(3)]
    face = skin.painted(canvas, layout, tone, generators[0])
    strands = hair.painted(canvas, layout, tone, generators[1])
    brow = hair.brows(canvas, layout, generators[2])
    inside = _f32(rise(1.008, 0.992, face.head))
    hair_colour = hair.colour(layout, tone)
    front = over(face.colour, hair_colour * face.shade[..., None] * 0.8, brow)
    front = front * strands.shadow[..., None]
    picture, cover = strands.colour, strands.behind
    for colour, layer in (
        _neck(canvas, layout, face),
        _clothes(canvas, layout),
        _ears(canvas, layout, face),
        (front, inside),
        (strands.colour, _f32(strands.before * np.maximum(inside, strands.behind))),
    ):
        picture = over(picture, colour, layer)
        cover = 1 - (1 - cover) * (1 - layer)
    shown = displayed(picture)[..., ::-1] * cover[..., None]
    whole = np.concatenate((shown, cover[..., None]), axis=-1)
    return canvas.blurred(_f32(whole), _SOFTENING / canvas.unit)


def backdrop(canvas: Canvas, layout: Layout) -> Layer:
    """Wall behind the person, (side, side, 3), blue first, grey levels."""
    grey = 88 + 112 * layout.traits.backdrop
    lit = 1 - 0.10 * canvas.y / 1.7 + 0.10 * layout.traits.light_x * canvas.x
    return _f32(np.clip(grey * lit, 0, 255)[..., None] * (1.02, 1.0, 0.985))


def _neck(canvas: Canvas, layout: Layout, face: skin.Skin) -> tuple[Layer, Layer]:
    x, y = np.abs(canvas.x), canvas.y
    wide = 0.60 + 0.05 * rise(0.9, 1.3, y) + 0.5 * np.clip(y - 1.40, 0, None) ** 1.5
    cover = rise(0.012, -0.012, x - wide) * (y > layout.mouth_y - 0.5)
    round_ = np.sqrt(np.clip(1 - (canvas.x / 0.72) ** 2, 0.05, 1))
    lit = 0.30 + 0.45 * round_ + 0.15 * layout.traits.light_x * canvas.x
    shadow = 1 - 0.55 * rise(1.38, 0.98, face.head)
    return _f32(face.base * (lit * shadow)[..., None] * (1.04, 0.98, 0.94)), _f32(cover)


def _clothes(canvas: Canvas, layout: Layout) -> tuple[Layer, Layer]:
    x, y = np.abs(canvas.x), canvas.y
    hue = layout.traits.clothes
    dye = colorsys.hsv_to_rgb((5 * hue) % 1, 0.25 + 0.35 * hue, 0.30 + 0.35 * (1 - hue))
    shoulder = 1.40 * layout.height + 0.30 * np.clip(x - 0.62, 0, None)
    collar = 1.54 * layout.height - 0.22 * np.clip(x / 0.62, 0, 1) ** 3
    edge = np.where(x < 0.62, collar, np.minimum(shoulder, collar + 9 * (x - 0.62)))
    cover = rise(-0.012, 0.012, y - edge)
    seam = 1 - 0.35 * np.exp(-(((y - edge - 0.055) / 0.012) ** 2)) * (x < 0.75)
    lit = 0.75 - 0.22 * x**2 / 2 + 0.2 * layout.traits.light_x * canvas.x
    return _f32(linear(tuple(255 * part for part in dye)) * (lit * seam)[..., None]), _f32(cover)


def _ears(canvas: Canvas, layout: Layout, face: skin.Skin) -> tuple[Layer, Layer]:
    """Ears, hidden under long hair."""
    down = (canvas.y - layout.eye_y - 0.17 * layout.height) / 0.27
    across = (np.abs(canvas.x) - 1.005 + 0.035 * down) / (0.105 - 0.025 * down)
    away = np.sqrt(across**2 + down**2)
    shown = 1 - rise(0.15, 0.5, np.array(layout.traits.length))
    rim = 1 - 0.38 * np.exp(-(((away - 0.66) / 0.16) ** 2))
    lit = (0.46 + 0.16 * np.sign(canvas.x) * layout.traits.light_x) * rim
    colour = face.base * (1.05, 0.92, 0.90) * lit[..., None]
    return _f32(colour), _f32(rise(1.04, 0.94, away) * shown)


def _f32(values: NDArray[np.floating]) -> Layer:
    return np.asarray(values, dtype=np.float32)
