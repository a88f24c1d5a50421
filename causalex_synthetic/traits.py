"""What makes a synthetic face that of one person.

Unit of all lengths: the half-width of the face.
"""

from dataclasses import dataclass, fields

import numpy as np


@dataclass(frozen=True)
class Traits:
    """Traits that vary from person to person; ranges in :data:`RANGES`.

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

    eye_x: float
    eye_width: float
    eye_height: float
    eye_tilt: float
    brow_gap: float
    brow_arch: float
    brow_thickness: float
    brow_fall: float
    nose_width: float
    nose_length: float
    nose_depth: float
    mouth_width: float
    upper_lip: float
    lower_lip: float
    mouth_curve: float
    jaw: float
    taper: float
    chin: float
    cheek: float
    undertone: float
    ruddiness: float
    freckles: float
    beard: float
    age: float
    iris: float
    hair_melanin: float
    hair_red: float
    hair_grey: float
    hairline: float
    temples: float
    volume: float
    length: float
    curl: float
    parting: float
    sweep: float
    light_x: float
    light_y: float
    backdrop: float
    clothes: float


RANGES = {
    "eye_x": (0.42, 0.47),
    "eye_width": (0.175, 0.215),
    "eye_height": (0.076, 0.104),
    "eye_tilt": (-0.012, 0.022),
    "brow_gap": (0.275, 0.345),
    "brow_arch": (0.015, 0.065),
    "brow_thickness": (0.036, 0.066),
    "brow_fall": (0.01, 0.07),
    "nose_width": (0.20, 0.29),
    "nose_length": (0.62, 0.72),
    "nose_depth": (0.75, 1.15),
    "mouth_width": (0.32, 0.41),
    "upper_lip": (0.070, 0.120),
    "lower_lip": (0.100, 0.155),
    "mouth_curve": (-0.022, 0.008),
    "jaw": (2.0, 2.4),
    "taper": (0.08, 0.24),
    "chin": (0.5, 1.3),
    "cheek": (0.5, 1.3),
    "undertone": (-1.0, 1.0),
    "ruddiness": (0.3, 1.0),
    "freckles": (-1.5, 1.0),
    "beard": (-2.0, 0.9),
    "age": (0.0, 1.0),
    "iris": (0.0, 1.0),
    "hair_melanin": (0.0, 1.0),
    "hair_red": (0.0, 1.0),
    "hair_grey": (-4.0, 0.9),
    "hairline": (-1.16, -0.98),
    "temples": (0.74, 0.90),
    "volume": (0.06, 0.24),
    "length": (-0.3, 1.6),
    "curl": (0.0, 1.0),
    "parting": (-0.5, 0.5),
    "sweep": (0.0, 1.0),
    "light_x": (-0.45, 0.45),
    "light_y": (-0.7, -0.35),
    "backdrop": (0.0, 1.0),
    "clothes": (0.0, 1.0),
}


def drawn(seed: int) -> Traits:
    """Traits of one person; each has its own share of the seed's random numbers."""
    shares = np.random.default_rng(seed).random(len(fields(Traits)))
    ends = np.array([RANGES[field.name] for field in fields(Traits)])
    return Traits(*(ends[:, 0] + shares * (ends[:, 1] - ends[:, 0])).tolist())
