"""Motion of a face as it might also have been seen."""

import zlib
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from causalex_core.recognition.maps import SIDE

_SQUARE = 7  # px, side of what is hidden as one
_SQUARES = SIDE // _SQUARE


@dataclass(frozen=True)
class Augmentation:
    """How far motion is changed.

    Attributes
    ----------
    mirror
        Whether half of the faces are mirrored.
    shift
        Faces are moved by up to so many pixels, up or down and to a side.
    gain
        Motion is made weaker or stronger, by up to e to this power.
    hidden
        Share of the squares of 7 px that are hidden, in both phases.
    drop_relaxation
        Share of the samples whose relaxation is hidden.
    mixed
        Samples are averages of two, as are their labels (mixup); the share of one is drawn from
        a beta distribution with this parameter. 0: they are not.
    """

    mirror: bool = True
    shift: int = 2
    gain: float = 0.2
    hidden: float = 0.0
    drop_relaxation: float = 0.0
    mixed: float = 0.0


class Changes(NamedTuple):
    """What is done to samples, by sample.

    Mirrored or not, px down and right, factor of motion (..., 2, 16) by phase and square of the
    face, the sample that it is mixed with, and its own share of the mixture.
    """

    mirrored: Tensor
    down: Tensor
    right: Tensor
    gain: Tensor
    partner: Tensor
    share: Tensor


def drawn(
    config: Augmentation,
    partners: NDArray[np.int64],
    n_samples: int,
    seed: int,
    epoch: int,
    name: str,
) -> Changes:
    """Changes (N,) of one epoch.

    They depend on seed, epoch, name and partners alone: not on what else is trained, nor on
    whether training was interrupted.

    Parameters
    ----------
    partners
        Samples to mix with.
    """
    generator = np.random.default_rng([seed, epoch, zlib.crc32(name.encode())])
    mirrored = config.mirror & (generator.random(n_samples) < 0.5)
    down, right = generator.integers(-config.shift, config.shift + 1, (2, n_samples))
    gain = np.exp(config.gain * generator.uniform(-1, 1, n_samples))[:, None, None]
    seen = generator.random((n_samples, 1, _SQUARES**2)) >= config.hidden
    whole = np.ones((n_samples, 2, 1))
    whole[:, 1, 0] = generator.random(n_samples) >= config.drop_relaxation
    partner = generator.choice(partners, n_samples)
    share = np.ones(n_samples)
    if config.mixed:
        share = generator.beta(config.mixed, config.mixed, n_samples)
    parts = (mirrored, down, right, gain * seen * whole, partner, share)
    return Changes(
        *(torch.from_numpy(np.float32(part) if part.dtype == float else part) for part in parts)
    )


def mirrored(motion: Tensor) -> Tensor:
    """Motion (..., 3, 28, 28) as a mirror shows it: what went to one side goes to the other."""
    return motion.flip(-1) * motion.new_tensor([1, 1, -1])[:, None, None]


def changed(motion: Tensor, changes: Changes) -> Tensor:
    """Motion (N, 2, 3, 28, 28) after changes (N,), before it is mixed.

    Pixels from outside repeat those of the edge.
    """
    device, places = motion.device, torch.arange(SIDE)
    rows = (places - changes.down[:, None]).clamp(0, SIDE - 1)
    columns = (places - changes.right[:, None]).clamp(0, SIDE - 1)
    columns = torch.where(changes.mirrored[:, None], SIDE - 1 - columns, columns)
    index = (rows[:, :, None] * SIDE + columns[:, None]).flatten(1).to(device)  # (N, 784)
    whole = index[:, None, None].expand(*motion.shape[:3], -1)
    moved = motion.flatten(3).gather(3, whole).view(motion.shape)
    signs = torch.ones(len(motion), motion.shape[2])
    signs[:, 2] = 1 - 2 * changes.mirrored.float()  # u points to the other side in a mirror
    squares = changes.gain.unflatten(-1, (_SQUARES, _SQUARES))
    gain = squares.repeat_interleave(_SQUARE, -1).repeat_interleave(_SQUARE, -2)
    return moved * signs.to(device)[:, None, :, None, None] * gain.to(device)[:, :, None]
