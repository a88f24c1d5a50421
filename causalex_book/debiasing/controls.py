"""Counterfactuals that know nothing of the causal graph, to compare debiasing with.

Motion is (W, frames, regions, components), as measured.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor

from causalex_core.errors import CausalexError


def random_regions(chosen: NDArray[np.bool_], generator: np.random.Generator) -> NDArray[np.bool_]:
    """As many regions for each video, drawn without regard to its graph."""
    return generator.permuted(chosen, axis=1)


def from_another_video(video: NDArray[np.integer], generator: np.random.Generator) -> np.ndarray:
    """For each window a window of another video, (W,) positions.

    Raises
    ------
    CausalexError
        If there is only one video.
    """
    if (video == video[0]).all():
        raise CausalexError("all windows are of one video: there is no other to take from")
    positions = np.zeros(len(video), dtype=np.int64)
    for number in np.unique(video):
        same = video == number
        positions[same] = generator.choice(np.flatnonzero(~same), size=int(same.sum()))
    return positions


def noise(motion: Tensor, generator: np.random.Generator) -> Tensor:
    """White noise with the deviation that each region and component has in its window."""
    drawn = generator.standard_normal(tuple(motion.shape), dtype=np.float32)
    return torch.from_numpy(drawn) * motion.std(dim=1, keepdim=True, correction=0)


def blurred(motion: Tensor, frames: float) -> Tensor:
    """Motion smoothed along time with a Gaussian of that standard deviation."""
    return torch.from_numpy(ndimage.gaussian_filter1d(motion.numpy(), frames, axis=1))
