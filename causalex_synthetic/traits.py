"""Traits of a synthetic face. Unit of all lengths: the half-width of the face."""

from dataclasses import dataclass
from typing import Annotated, get_type_hints

import numpy as np


@dataclass(frozen=True)
class Traits:
    """Traits that vary from person to person, with their ranges.

    Attributes
    ----------
    eye_x, eye_width, eye_height, eye_tilt
        Distance of an eye from the middle, half its width, its opening above the line between
        its corners, and how much higher the outer corner lies.
    brow_gap, brow_arch, brow_thickness, brow_fall
        Height above the eye, height of the arch, thickness, and fall of the outer end.
    nose_width, nose_length, nose_depth
        Half its width, from the eye line to its base, and how far it stands out.
    mouth_width, upper_lip, lower_lip, mouth_curve
        Half its width, thickness of the lips, and how much lower the corners lie.
    jaw, taper, chin
        How angular the outline is, how much it narrows, and how far the chin stands out.
    cheek
        How far the cheekbones stand out.
    undertone, ruddiness, freckles, beard, age
        Colour and surface of the skin.
    iris, hair_melanin, hair_red, hair_grey
        Colours, 0 the lightest.
    hairline, temples, volume, length, curl, parting, sweep
        Of the hair: where it starts on the forehead and at the sides, how far it stands off, how
        far down it reaches, and how it lies.
    light_x, light_y, backdrop, clothes
        Where light comes from, and what is seen around the face.
    """

    eye_x: Annotated[float, (0.42, 0.47)]
    eye_width: Annotated[float, (0.175, 0.215)]
    eye_height: Annotated[float, (0.076, 0.104)]
    eye_tilt: Annotated[float, (-0.012, 0.022)]
    brow_gap: Annotated[float, (0.275, 0.345)]
    brow_arch: Annotated[float, (0.015, 0.065)]
    brow_thickness: Annotated[float, (0.036, 0.066)]
    brow_fall: Annotated[float, (0.01, 0.07)]
    nose_width: Annotated[float, (0.20, 0.29)]
    nose_length: Annotated[float, (0.62, 0.72)]
    nose_depth: Annotated[float, (0.75, 1.15)]
    mouth_width: Annotated[float, (0.32, 0.41)]
    upper_lip: Annotated[float, (0.070, 0.120)]
    lower_lip: Annotated[float, (0.100, 0.155)]
    mouth_curve: Annotated[float, (-0.022, 0.008)]
    jaw: Annotated[float, (2.0, 2.4)]
    taper: Annotated[float, (0.08, 0.24)]
    chin: Annotated[float, (0.5, 1.3)]
    cheek: Annotated[float, (0.5, 1.3)]
    undertone: Annotated[float, (-1.0, 1.0)]
    ruddiness: Annotated[float, (0.3, 1.0)]
    freckles: Annotated[float, (-1.5, 1.0)]
    beard: Annotated[float, (-2.0, 0.9)]
    age: Annotated[float, (0.0, 1.0)]
    iris: Annotated[float, (0.0, 1.0)]
    hair_melanin: Annotated[float, (0.0, 1.0)]
    hair_red: Annotated[float, (0.0, 1.0)]
    hair_grey: Annotated[float, (-4.0, 0.9)]
    hairline: Annotated[float, (-1.16, -0.98)]
    temples: Annotated[float, (0.74, 0.90)]
    volume: Annotated[float, (0.06, 0.24)]
    length: Annotated[float, (-0.3, 1.6)]
    curl: Annotated[float, (0.0, 1.0)]
    parting: Annotated[float, (-0.5, 0.5)]
    sweep: Annotated[float, (0.0, 1.0)]
    light_x: Annotated[float, (-0.45, 0.45)]
    light_y: Annotated[float, (-0.7, -0.35)]
    backdrop: Annotated[float, (0.0, 1.0)]
    clothes: Annotated[float, (0.0, 1.0)]


_HINTS = get_type_hints(Traits, include_extras=True)
RANGES = {name: hint.__metadata__[0] for name, hint in _HINTS.items()}


def drawn(seed: int) -> Traits:
    """Traits of one person; each has its own share of the seed's random numbers."""
    shares = np.random.default_rng(seed).random(len(RANGES))
    ends = np.array(list(RANGES.values()))
    return Traits(*(ends[:, 0] + shares * (ends[:, 1] - ends[:, 0])).tolist())
