"""What an extraction should find in pictures of a synthetic face, and how near it comes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causalex_core import regions
from causalex_core.motion import alignment
from causalex_core.motion.extract import Config
from causalex_synthetic import shapes, traits
from causalex_synthetic.face import Appearance, Face, State

MOVING = 0.05  # px of the crop per frame


def region_motion(
    face: Face, states: Sequence[State], fps: float, config: Config | None = None
) -> NDArray[np.float64]:
    """True motion of the 12 regions, in the unit and at the frames of an extraction.

    Displacement of each region's control over the stride, without that of the head, in pixels of
    the aligned crop per frame.

    Parameters
    ----------
    face, states
        What was filmed, and what it did in each of the T frames.
    fps
        Frames per second.
    config
        Of the extraction; defaults if None.

    Returns
    -------
    (T, 12, 2) array
        Zero where one of the two frames lies outside the video.
    """
    config = config or Config()
    stride = config.stride_at(fps)
    sigma = math.inf if config.smoothing is None else config.smoothing * fps
    points = np.stack([face.landmarks(state) for state in states])
    pose = alignment.align(alignment.given_track(points), config.crop_px, sigma).pose[:, 0]
    head = np.array([state.pose[3] * np.exp(1j * state.pose[2]) for state in states])
    moved = np.stack([state.controls[: regions.COUNT] for state in states]) @ np.array((1, 1j))
    placed = moved * (face.half_width * head / pose)[:, None]
    motion = (placed[stride:] - placed[:-stride]) / stride
    before = stride // 2
    padded = np.pad(motion, ((before, stride - before), (0, 0)))
    return np.stack((padded.real, padded.imag), axis=-1)


def crop_scale(appearance: Appearance, crop_px: int) -> float:
    """Pixels of the aligned crop to a half-width of a face."""
    layout = shapes.Layout.of(traits.drawn(appearance.seed), appearance.shape)
    still = alignment.given_track(layout.landmarks()[None])
    return float(1 / np.abs(alignment.align(still, crop_px, math.inf).pose[0, 0]))


@dataclass(frozen=True)
class Agreement:
    """Correlation of found with true motion, x and y of all regions together.

    Attributes
    ----------
    moving
        Over the frames in which a region truly moves more than `MOVING`; NaN if none does.
    whole
        Over all frames.
    gain
        Found per true motion (least squares) over the moving frames.
    frames
        How many frames are moving.
    """

    moving: float
    whole: float
    gain: float
    frames: int


def agreement(found: NDArray[np.floating], true: NDArray[np.floating]) -> Agreement:
    """Compare (T, 12, 2) motions."""
    rows = np.linalg.norm(true, axis=-1).max(axis=1) > MOVING
    seen, is_so = found[rows].ravel().astype(float), true[rows].ravel()
    return Agreement(
        moving=_correlation(seen, is_so),
        whole=_correlation(found.ravel().astype(float), true.ravel()),
        gain=float(seen @ is_so / (is_so @ is_so)) if rows.any() else math.nan,
        frames=int(rows.sum()),
    )


def _correlation(first: NDArray[np.floating], second: NDArray[np.floating]) -> float:
    if len(first) < 2 or not (first.std() and second.std()):
        return math.nan
    return float(np.corrcoef(first, second)[0, 1])
