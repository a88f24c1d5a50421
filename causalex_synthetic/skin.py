"""Relief, colour and light of a synthetic face, its eyes closed and its lips together."""

from dataclasses import dataclass

import numpy as np

from causalex_synthetic.canvas import Canvas, Layer, linear, rise
from causalex_synthetic.shapes import Layout

# sRGB of skin from the lightest tone to the darkest, red first.
_TONES = (
    (248, 216, 194),
    (232, 188, 158),
    (205, 157, 124),
    (168, 117, 84),
    (124, 82, 58),
    (78, 51, 39),
)
_AMBIENT, _DIRECT = 0.36, 0.74
_DEPTH = 0.95  # of the head's front, half-widths
_EDGE = 0.975  # of the outline; nearer to it the dome is too steep for the grid
_OUTLINE_POINTS = 721


@dataclass(frozen=True)
class Skin:
    """Painted skin on a canvas.

    Attributes
    ----------
    colour : (side, side, 3) array
        Light that it throws back, red first.
    shade : (side, side) array
        Share of the light that reaches it.
    head : (side, side) array
        Distance from the middle over that of the outline there: below 1 inside.
    base : (3,) array
        Colour of the unmarked skin.
    """

    colour: Layer
    shade: Layer
    head: Layer
    base: Layer


def tone_colour(tone: float, undertone: float) -> Layer:
    """Skin colour as light, red first, for a tone from 0 (lightest) to 1 (darkest)."""
    at = np.linspace(0, 1, len(_TONES))
    mean = [np.interp(tone, at, column) for column in np.array(_TONES, dtype=float).T]
    warm = np.array((0.008, 0.0, -0.045)) * undertone
    return linear(np.array(mean) * (1 + warm))


def painted(canvas: Canvas, layout: Layout, tone: float, generator: np.random.Generator) -> Skin:
    """Paint the skin of a head, hairless but for stubble, of a tone from 0 (lightest) to 1."""
    head = _head(canvas, layout)
    base = tone_colour(tone, layout.traits.undertone)
    relief = _relief(canvas, layout, head)
    shade, gloss = _light(canvas, layout, relief)
    colour = _albedo(canvas, layout, base, tone, generator)
    lit = colour * shade[..., None] * _scattered(shade) + gloss[..., None]
    return Skin(np.asarray(lit, np.float32), shade, head, base)


def _head(canvas: Canvas, layout: Layout) -> Layer:
    """Relative distance of each pixel from the middle, 1 on the outline."""
    jaw = layout.jaw(np.linspace(0, np.pi, _OUTLINE_POINTS))
    skull = layout.skull(np.linspace(np.pi, 2 * np.pi, _OUTLINE_POINTS) - np.pi)[::-1]
    middle = np.array((0, jaw[0, 1]))
    outline = np.concatenate((jaw, skull[1:-1])) - middle
    angle = np.arctan2(outline[:, 1], outline[:, 0])
    order = np.argsort(angle)
    distance = np.hypot(canvas.x, canvas.y - middle[1])
    reach = np.interp(
        np.arctan2(canvas.y - middle[1], canvas.x),
        angle[order],
        np.hypot(*outline.T)[order],
        period=2 * np.pi,
    )
    return np.asarray(distance / reach, dtype=np.float32)


def _relief(canvas: Canvas, layout: Layout, head: Layer) -> Layer:
    """Height of the face towards the viewer, half-widths."""
    traits, bump = layout.traits, canvas.bump
    x, y = np.abs(canvas.x), canvas.y
    eye, nose, mouth, chin = layout.eye_y, layout.nose_y, layout.mouth_y, layout.chin_y
    inside = np.minimum(head, _EDGE)
    # Beyond the edge the side of the head falls away as steeply as at it.
    z = _DEPTH * ((1 - inside**2.4) ** 0.55 - 6 * (head - inside))
    # Nose: a ridge that widens downward, a ball at its end, and the wings.
    down = (y - eye) / (nose - eye)
    ridge = np.exp(-((canvas.x / (0.090 + 0.020 * np.clip(down, 0, 1))) ** 2) / 2)
    ridge *= rise(-0.30, 0.9, down) * rise(1.06, 0.86, down)
    z += traits.nose_depth * (0.17 * ridge + 0.15 * bump(0, nose - 0.10, 0.085, 0.075, both=False))
    z += 0.085 * bump(traits.nose_width * 0.66, nose - 0.055, 0.055, 0.055)
    # Eyes: sockets with a ball in each; brow ridges above them.
    z -= 0.13 * bump(traits.eye_x - 0.06, eye - 0.01, 0.20, 0.12)
    z += 0.065 * bump(traits.eye_x, eye - 0.015, 0.125, 0.085)
    z += 0.050 * bump(0.40, eye - traits.brow_gap - 0.02, 0.26, 0.07)
    # Cheekbones, cheeks and the folds between them and the mouth.
    z += 0.065 * traits.cheek * bump(0.66, eye + 0.42, 0.17, 0.13, lean=0.35)
    z += 0.035 * bump(0.46, mouth - 0.16, 0.17, 0.17)
    fold = x - (traits.nose_width + 0.035 + 0.42 * (y - nose + 0.06))
    along = rise(nose - 0.12, nose + 0.02, y) * rise(mouth + 0.14, mouth - 0.05, y)
    z -= (0.010 + 0.020 * traits.age) * np.exp(-((fold / 0.04) ** 2) / 2) * along
    bag = y - (eye + 0.145 - 0.03 * ((x - traits.eye_x) / 0.2) ** 2)
    z -= 0.008 * traits.age * np.exp(-((bag / 0.022) ** 2) / 2) * bump(traits.eye_x, eye, 0.13, 1)
    # Mouth: a mound, the groove above it, the lips, the hollow below, the chin.
    t = canvas.x / traits.mouth_width
    top, line, bottom = layout.lips(t)
    z += 0.05 * bump(0, mouth, 0.34, 0.20, both=False)
    z -= 0.020 * bump(0, (nose + mouth) / 2 - 0.03, 0.035, 0.075, both=False)
    for edge, height in ((top, 0.026), (bottom, 0.048)):
        thick = np.abs(edge - line) + 0.02
        away = (y - line - 0.5 * (edge - line)) / thick
        z += height * np.exp(-((away / 0.42) ** 2) / 2) * rise(1.0, 0.55, np.abs(t))
    z -= 0.035 * bump(0, mouth + 0.5 * (chin - mouth) - 0.045, 0.17, 0.05, both=False)
    z += 0.055 * traits.chin * bump(0, chin - 0.20, 0.17, 0.12, both=False)
    return canvas.blurred(np.asarray(z, np.float32), 0.012)


def _light(canvas: Canvas, layout: Layout, relief: Layer) -> tuple[Layer, Layer]:
    """Share of the light that reaches each place, and the gloss that it leaves."""
    slope_y, slope_x = np.gradient(relief * canvas.unit)
    steep = np.sqrt(1 + slope_x**2 + slope_y**2)
    towards = np.array((layout.traits.light_x, layout.traits.light_y, 0.85))
    towards /= np.linalg.norm(towards)
    facing = (-slope_x * towards[0] - slope_y * towards[1] + towards[2]) / steep
    soft = np.clip((facing + 0.35) / 1.35, 0, None) ** 1.25
    hollow = canvas.blurred(relief, 0.10) - relief
    deep = canvas.blurred(relief, 0.03) - relief
    closed_in = np.clip(1 - 1.9 * np.clip(hollow, 0, None) - 3.0 * np.clip(deep, 0, None), 0.3, 1)
    shade = (_AMBIENT * closed_in + _DIRECT * soft * (0.4 + 0.6 * closed_in)).astype(np.float32)
    half = towards + np.array((0, 0, 1))
    half /= np.linalg.norm(half)
    mirror = (-slope_x * half[0] - slope_y * half[1] + half[2]) / steep
    gloss = 0.026 * np.clip(mirror, 0, 1) ** 12 + 0.022 * np.clip(mirror, 0, 1) ** 50
    return shade, np.asarray(gloss, np.float32)


def _scattered(shade: Layer) -> Layer:
    """Red light wanders under the skin: shadows are warmer than what lies in the light."""
    dark = np.clip(0.9 - shade, 0, 1)[..., None]
    return np.asarray(1 + dark * np.array((0.10, -0.02, -0.07)), np.float32)


def _albedo(
    canvas: Canvas, layout: Layout, base: Layer, tone: float, generator: np.random.Generator
) -> Layer:
    """Colour of the skin itself."""
    traits, bump = layout.traits, canvas.bump
    x, y = np.abs(canvas.x), canvas.y
    eye, nose, mouth = layout.eye_y, layout.nose_y, layout.mouth_y
    fine, coarse, broad = (canvas.noise(generator, width) for width in (0.007, 0.028, 0.14))
    grain = 1 + 0.034 * fine + 0.022 * broad
    mottled = 1 + 0.040 * coarse[..., None] * np.array((0.55, 1.0, 1.05))
    colour = base * grain[..., None] * mottled
    # Blood: cheeks, nose, lids; it shows less in dark skin.
    blood = traits.ruddiness * (0.5 + 0.15 * broad) * bump(0.56, nose - 0.04, 0.20, 0.15)
    blood = blood + 0.45 * bump(0, nose - 0.08, 0.14, 0.09, both=False)
    blood = blood + 0.25 * bump(traits.eye_x, eye, 0.20, 0.11)
    blood = (np.clip(blood, 0, 1) * (1 - 0.6 * tone)).astype(np.float32)
    colour = colour * (1 - blood[..., None] * np.array((0.06, 0.38, 0.34)))
    # Below the eyes and around the mouth skin is a little darker, the more so the older.
    tired = bump(traits.eye_x - 0.03, eye + 0.115, 0.15, 0.04) * (0.10 + 0.14 * traits.age)
    colour = colour * (1 - tired[..., None] * np.array((0.8, 1.0, 0.9)))
    colour = colour * (1 - _freckles(canvas, traits.freckles, generator) * (1 - 0.6 * tone))
    colour = colour * _stubble(canvas, layout, generator)
    # Furrows of the forehead.
    level = (y - eye + traits.brow_gap + 0.16 + 0.06 * x**2) / 0.115
    across = rise(0.5, 0.25, x) * rise(-2.7, -2.3, level) * rise(0.3, -0.1, level)
    furrow = np.exp(-(((level - np.round(level)) / 0.11) ** 2)) * across
    colour = colour * (1 - 0.10 * traits.age**2 * furrow[..., None])
    # Lips.
    t = canvas.x / traits.mouth_width
    top, line, bottom = layout.lips(t)
    lip = rise(-0.012, 0.016, np.minimum(y - top, bottom - y)) * rise(1.0, 0.93, np.abs(t))
    rose = base * np.array((0.88, 0.50, 0.52)) * (1 - 0.06 * tone) + (1 - tone) * np.array(
        (0.02, 0.0, 0.005)
    )
    creases = 1 + 0.05 * canvas.streaks(fine, 0.25 * canvas.x, np.ones_like(canvas.y))
    colour += (rose * creases[..., None] - colour) * (0.85 * lip)[..., None]
    seam = np.exp(-(((y - line) / 0.011) ** 2)) * rise(1.06, 0.9, np.abs(t))
    corner = bump(traits.mouth_width + 0.005, mouth + traits.mouth_curve, 0.020, 0.015)
    colour = colour * (1 - np.clip(0.72 * seam + 0.35 * corner, 0, 0.8))[..., None]
    # Nostrils, and the crease around the wings of the nose.
    wide = traits.nose_width
    nostril = bump(0.40 * wide, nose - 0.012, 0.22 * wide, 0.020, lean=0.6)
    crease = x - wide * (1.0 + 0.05) + 1.6 * (y - nose + 0.06) ** 2
    wing = np.exp(-((crease / 0.014) ** 2) / 2) * rise(nose - 0.13, nose - 0.06, y)
    wing = wing * rise(nose + 0.03, nose - 0.01, y)
    dark = np.clip(0.85 * nostril + 0.30 * wing, 0, 0.9)
    return np.asarray(colour * (1 - dark[..., None] * np.array((0.85, 1, 1))), np.float32)


def _freckles(canvas: Canvas, amount: float, generator: np.random.Generator) -> Layer:
    """Share of the light that freckles and moles take, per colour."""
    spots = canvas.noise(generator, 0.013)
    crowded = canvas.bump(0.35, 0.0, 0.35, 0.28)
    freckles = 0.30 * max(amount, 0) * crowded * rise(1.2, 2.4, spots)
    moles = np.zeros_like(spots)
    for x, y in generator.uniform((-0.8, -0.9), (0.8, 1.0), (5, 2)):
        moles += 0.55 * canvas.bump(x, y, 0.011, 0.011, both=False)
    both = np.clip(freckles + moles, 0, 0.7)
    return np.asarray(both[..., None] * np.array((0.6, 0.95, 1.0)), np.float32)


def _stubble(canvas: Canvas, layout: Layout, generator: np.random.Generator) -> Layer:
    """Share of the light that a shaved or short beard lets through."""
    traits = layout.traits
    x, y, mouth = np.abs(canvas.x), canvas.y, layout.mouth_y
    strands = canvas.noise(generator, 0.008)
    cheek = mouth - 0.30 + 0.55 * np.clip(0.62 - x, 0, None) - 0.75 * np.clip(x - 0.62, 0, None)
    beard = rise(-0.10, 0.14, y - cheek) * (1 - 0.9 * canvas.bump(0, mouth + 0.18, 0.12, 0.05))
    moustache = rise(0.40, 0.30, x) * rise(layout.nose_y + 0.04, layout.nose_y + 0.12, y)
    where = np.maximum(beard, moustache)
    cover = max(traits.beard, 0) * where * np.clip(0.50 + 0.22 * strands, 0, 1)
    return np.asarray(1 - 0.75 * cover[..., None] * np.array((0.9, 1, 1)), np.float32)
