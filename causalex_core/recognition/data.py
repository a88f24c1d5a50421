"""Inputs of the networks, folds, and augmentation.

A flow image is uint8 (28, 28, 3): optical strain, then v (down) and u (to the right), both
stretched to 0..255 within the image, so that no motion is at no fixed value. CausalNet takes four
images of a micro-expression, two of flow and the direction of each.

The angle of (u, v) and its colour are computed here in the float32 steps of OpenCV 4, with which
the published images were made; OpenCV 5 gives many hues one step less of green.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from causalex_core.errors import CausalexError

Images = NDArray[np.uint8]

SIDE = 28  # px
CHANNELS = 3  # strain, v, u
COUNT = 4  # flow before and after the apex, then the direction of each

_HALF = SIDE // 4  # from the landmark of a patch to its edge
# (row, column) of eye and corner of the mouth on the image's left, then on its right: the
# published code takes the same for all people, within 7 to 21.
_LANDMARKS = ((9, 11), (21, 10), (10, 21), (20, 21))

_ATAN = (0.9997878412794807, -0.3258083974640975, 0.1555786518463281, -0.04432655554792128)
_TINY = np.float32(np.finfo(np.float64).eps)
_DEGREES_PER_HUE = 2
_HUES_PER_SECTOR = 30  # red to yellow, yellow to green

_SQUARE = 7  # px, side of a square of cutout
_SQUARES = SIDE // _SQUARE


def inputs(flow: Images) -> Images:
    """Input of the published network.

    Parameters
    ----------
    flow
        (N, 2, 28, 28, 3) flow images, from onset to apex and from apex to offset.

    Returns
    -------
    ndarray
        uint8 (N, 4, 3, 28, 28): both flows, then the direction of each, as :func:`mosaic`.

    Raises
    ------
    CausalexError
        If the images have another shape or are not uint8.
    """
    if flow.shape[1:] != (2, SIDE, SIDE, CHANNELS) or flow.dtype != np.uint8:
        raise CausalexError(
            f"flow of shape {flow.shape} and type {flow.dtype}: expected uint8"
            f" (N, 2, {SIDE}, {SIDE}, {CHANNELS})"
        )
    images = mosaic(np.concatenate([flow, direction(flow)], axis=1))
    return np.ascontiguousarray(np.moveaxis(images, -1, 2))


def from_median(images: Images) -> NDArray[np.float32]:
    """Flow images (..., 28, 28, 3) less the median of v and of u, as most of a face is still."""
    flow = images.astype(np.float32)
    flow[..., 1:] -= np.median(flow[..., 1:], axis=(-3, -2), keepdims=True)
    return flow


def direction(flow: Images) -> Images:
    """Images (..., 3) that show the angle between u and v of flow images (..., 3) as a colour.

    Both are positive as they are stored: angles are between 0 and 90 degrees, colours between
    red and yellowish green.
    """
    return _colours()[flow[..., 1], flow[..., 2]]


def mosaic(images: NDArray[np.integer]) -> NDArray[np.integer]:
    """Four patches of images (..., 28, 28, C), which overlap there, as one image of that shape.

    Above, around the left eye and the left corner of the mouth; below, the same of the right.
    """
    left_eye, left_mouth, right_eye, right_mouth = (
        images[..., row - _HALF : row + _HALF, column - _HALF : column + _HALF, :]
        for row, column in _LANDMARKS
    )
    rows = ((left_eye, left_mouth), (right_eye, right_mouth))
    return np.concatenate([np.concatenate(row, axis=-2) for row in rows], axis=-3)


@cache
def _colours() -> Images:
    """Colour (256, 256, 3) of each v and u, as blue, green, red."""
    v, u = np.mgrid[:256, :256].astype(np.float32)
    hue = np.trunc(_degrees(v, u) / _DEGREES_PER_HUE)
    sector = hue * np.float32(1 / _HUES_PER_SECTOR)
    fraction = sector - np.floor(sector)
    one = np.float32(1)
    green = np.where(sector < 1, one - (one - fraction), one)
    red = np.where(sector < 1, one, one - fraction)
    return np.rint(np.float32(255) * np.stack([0 * red, green, red], axis=-1)).astype(np.uint8)


def _degrees(v: NDArray[np.float32], u: NDArray[np.float32]) -> NDArray[np.float32]:
    """Angle of (u, v), 0 to 90, by a polynomial that is up to 0.01 degrees off.

    The exact arctangent would change the colour of 60 of all 65,536 pairs.
    """
    ratio = np.minimum(u, v) / (np.maximum(u, v) + _TINY)
    square, angle = ratio * ratio, np.zeros_like(ratio)
    for factor in reversed(_ATAN):
        angle = angle * square + np.float32(factor) * np.float32(180 / np.pi)
    angle = angle * ratio
    return np.where(u >= v, angle, np.float32(90) - angle)


@dataclass(frozen=True)
class Folds:
    """Leave one subject out.

    Attributes
    ----------
    subjects
        Held-out subject of each fold, in alphabetical order.
    held_out
        (F, N), true for the samples of a fold's subject; all others are trained on.
    """

    subjects: tuple[str, ...]
    held_out: NDArray[np.bool_]


def leave_one_subject_out(subjects: Sequence[str]) -> Folds:
    """Folds from the subject of each sample.

    Raises
    ------
    CausalexError
        If there are fewer than two subjects.
    """
    names = np.unique(np.asarray(subjects, dtype=str))
    if len(names) < 2:
        raise CausalexError(f"{len(names)} subjects given: leaving one out needs at least two")
    return Folds(tuple(names.tolist()), np.asarray(subjects, dtype=str) == names[:, None])


@dataclass(frozen=True)
class Augmentation:
    """Random changes of motion.

    Attributes
    ----------
    mirror
        Whether half of the faces are mirrored.
    shift
        Largest shift in pixels, in rows and in columns.
    gain
        Motion is multiplied by up to e to this power, or divided by it.
    cutout
        Share of the squares of 7 px that are set to zero, in both phases.
    drop_relaxation
        Share of the samples whose relaxation is set to zero.
    mixup
        Parameter of the beta distribution of mixup, which averages two samples and their labels;
        0: none.
    """

    mirror: bool = True
    shift: int = 2
    gain: float = 0.2
    cutout: float = 0.0
    drop_relaxation: float = 0.0
    mixup: float = 0.0


class Changes(NamedTuple):
    """Changes of each sample.

    Mirrored or not, px down and right, factor of motion (..., 2, 16) by phase and square of the
    face, the other sample of mixup, and the share of the sample itself.
    """

    mirrored: Tensor
    down: Tensor
    right: Tensor
    gain: Tensor
    partner: Tensor
    share: Tensor


def draw_changes(
    config: Augmentation,
    partners: NDArray[np.int64],
    n_samples: int,
    seed: int,
    epoch: int,
    name: str,
) -> Changes:
    """Changes (N,) of one epoch; `partners` are the samples to mix with.

    They depend on seed, epoch, name and partners alone: not on what else is trained, nor on
    whether training was interrupted.
    """
    generator = np.random.default_rng([seed, epoch, zlib.crc32(name.encode())])
    mirrored = config.mirror & (generator.random(n_samples) < 0.5)
    down, right = generator.integers(-config.shift, config.shift + 1, (2, n_samples))
    gain = np.exp(config.gain * generator.uniform(-1, 1, n_samples))[:, None, None]
    squares = generator.random((n_samples, 1, _SQUARES**2)) >= config.cutout
    phases = np.ones((n_samples, 2, 1))
    phases[:, 1, 0] = generator.random(n_samples) >= config.drop_relaxation
    partner = generator.choice(partners, n_samples)
    share = np.ones(n_samples)
    if config.mixup:
        share = generator.beta(config.mixup, config.mixup, n_samples)
    columns = (mirrored, down, right, gain * squares * phases, partner, share)
    return Changes(*(torch.from_numpy(np.float32(x) if x.dtype == float else x) for x in columns))


def mirrored(motion: Tensor) -> Tensor:
    """Mirror image of motion (..., 3, 28, 28): u changes its sign."""
    return motion.flip(-1) * motion.new_tensor([1, 1, -1])[:, None, None]


def apply_changes(motion: Tensor, changes: Changes) -> Tensor:
    """Motion (N, 2, 3, 28, 28) after changes (N,) other than mixup.

    Pixels from outside repeat those of the edge.
    """
    device, pixels = motion.device, torch.arange(SIDE)
    rows = (pixels - changes.down[:, None]).clamp(0, SIDE - 1)
    columns = (pixels - changes.right[:, None]).clamp(0, SIDE - 1)
    columns = torch.where(changes.mirrored[:, None], SIDE - 1 - columns, columns)
    index = (rows[:, :, None] * SIDE + columns[:, None]).flatten(1).to(device)  # (N, 784)
    index = index[:, None, None].expand(*motion.shape[:3], -1)
    moved = motion.flatten(3).gather(3, index).view(motion.shape)
    signs = torch.ones(len(motion), motion.shape[2])
    signs[:, 2] = 1 - 2 * changes.mirrored.float()  # u points to the other side in a mirror
    squares = changes.gain.unflatten(-1, (_SQUARES, _SQUARES))
    gain = squares.repeat_interleave(_SQUARE, -1).repeat_interleave(_SQUARE, -2)
    return moved * signs.to(device)[:, None, :, None, None] * gain.to(device)[:, :, None]
