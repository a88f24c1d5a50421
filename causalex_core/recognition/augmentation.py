"""Motion of a face as it might also have been seen."""

import zlib
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from causalex_core.recognition.maps import SIDE


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
    """

    mirror: bool = True
    shift: int = 2
    gain: float = 0.2


class Changes(NamedTuple):
    """What is done to samples, (...) of each: mirrored or not, px down and right, factor."""

    mirrored: Tensor
    down: Tensor
    right: Tensor
    gain: Tensor


def drawn(config: Augmentation, n_samples: int, seed: int, epoch: int, name: str) -> Changes:
    """Changes (N,) of one epoch.

    They depend on seed, epoch and name alone: not on what else is trained, nor on whether
    training was interrupted.
    """
    generator = np.random.default_rng([seed, epoch, zlib.crc32(name.encode())])
    mirrored = config.mirror & (generator.random(n_samples) < 0.5)
    down, right = generator.integers(-config.shift, config.shift + 1, (2, n_samples))
    gain = np.exp(config.gain * generator.uniform(-1, 1, n_samples)).astype(np.float32)
    return Changes(*(torch.from_numpy(part) for part in (mirrored, down, right, gain)))


def changed(motion: Tensor, changes: Changes) -> Tensor:
    """Motion (N, 2, 3, 28, 28) after changes (N,); pixels from outside repeat those of the edge."""
    device, places = motion.device, torch.arange(SIDE)
    rows = (places - changes.down[:, None]).clamp(0, SIDE - 1)
    columns = (places - changes.right[:, None]).clamp(0, SIDE - 1)
    columns = torch.where(changes.mirrored[:, None], SIDE - 1 - columns, columns)
    index = (rows[:, :, None] * SIDE + columns[:, None]).flatten(1).to(device)  # (N, 784)
    whole = index[:, None, None].expand(*motion.shape[:3], -1)
    moved = motion.flatten(3).gather(3, whole).view(motion.shape)
    signs = torch.ones(len(motion), motion.shape[2])
    signs[:, 2] = 1 - 2 * changes.mirrored.float()  # u points to the other side in a mirror
    factors = (signs * changes.gain[:, None]).to(device)
    return moved * factors[:, None, :, None, None]
