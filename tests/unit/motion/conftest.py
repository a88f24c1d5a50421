"""A still texture with a made-up face layout, whose motion is known."""

import cv2
import numpy as np
import pytest
from scipy import ndimage

from causalex_book.motion.warps import bumps, seen, warped
from causalex_core.regions import REGIONS

SIZE = 200  # px of a frame
FRAMES = 13
PEAK = np.array([0.5, -0.3])  # px per frame, of the lip corners in the middle of the clip


def arc(x0, y0, x1, y1, bend, count):
    """Points from one place to another on a parabola."""
    t = np.linspace(0, 1, count)
    return np.stack((x0 + (x1 - x0) * t, y0 + (y1 - y0) * t + bend * 4 * t * (1 - t)), axis=1)


@pytest.fixture(scope="session")
def layout():
    """68 points of a face in a frame of SIZE px."""
    unit = np.concatenate([
        arc(-0.9, -0.1, 0.9, -0.1, 1.2, 17),
        arc(-0.8, -0.4, -0.2, -0.4, -0.12, 5), arc(0.2, -0.4, 0.8, -0.4, -0.12, 5),
        arc(0, -0.15, 0, 0.2, 0, 4), arc(-0.2, 0.3, 0.2, 0.3, 0.05, 5),
        arc(-0.65, -0.15, -0.25, -0.15, -0.1, 4), arc(-0.35, -0.1, -0.55, -0.1, 0, 2),
        arc(0.25, -0.15, 0.65, -0.15, -0.1, 4), arc(0.55, -0.1, 0.35, -0.1, 0, 2),
        arc(-0.35, 0.6, 0.35, 0.6, -0.1, 7), arc(0.25, 0.68, -0.25, 0.68, 0.05, 5),
        arc(-0.3, 0.6, 0.3, 0.6, -0.02, 5), arc(0.2, 0.62, -0.2, 0.62, 0.02, 3),
    ])  # fmt: skip
    return SIZE / 2 + unit * SIZE * 0.32


@pytest.fixture(scope="session")
def face():
    """Shading with skin-like grain and darker marks, (SIZE, SIZE) float."""
    generator = np.random.default_rng(7)
    image = np.full((SIZE, SIZE), 130.0)
    for sigma, strength in ((SIZE / 8, 25), (SIZE / 32, 12), (2.5, 6)):
        layer = ndimage.gaussian_filter(generator.standard_normal((SIZE, SIZE)), sigma)
        image += strength * layer / layer.std()
    return np.clip(image, 10, 245)


@pytest.fixture(scope="session")
def clip(face, layout):
    """Frames, landmarks, and true motion of the regions between successive frames.

    The lip corners move and come back while the whole head drifts.
    """
    lips = (
        [region.landmark for region in REGIONS].index(48),
        [region.landmark for region in REGIONS].index(54),
    )
    corners = layout[[48, 54]]
    speed = np.sin(np.linspace(0, 2 * np.pi, FRAMES - 1, endpoint=False))
    way = np.concatenate(([0], np.cumsum(speed)))
    frames, points = [], []
    for number, far in enumerate(way):
        motion = bumps(SIZE, corners, np.tile(far * PEAK, (2, 1)), width=SIZE * 0.08)
        drift = np.array([0.4, 0.25]) * number
        picture = seen(warped(face, motion + drift), noise=1, seed=number)
        frames.append(picture)
        points.append(layout + drift)
    truth = np.zeros((FRAMES - 1, 12, 2))
    truth[:, list(lips)] = (speed[:, None] * PEAK)[:, None]
    return frames, np.array(points), truth


@pytest.fixture(scope="session")
def folder(clip, tmp_path_factory):
    """The clip as pictures img1.png .. img13.png."""
    place = tmp_path_factory.mktemp("frames")
    for number, frame in enumerate(clip[0], start=1):
        cv2.imwrite(str(place / f"img{number}.png"), frame)
    return place
