"""Counterfactual debiasing at inference (Eq. 8 of Causal-Ex), and what to hold it against.

A trained model judges the video and a counterfactual of it; a share of what it says of the second
is taken from what it says of the first. Motion is (W, frames, regions, components), as measured.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage
from torch import Tensor

from causalex_core.errors import CausalexError
from causalex_core.graphs import compound

Form = Literal["probabilities", "logits"]

_LEAST = 1e-3  # probability below which float16 scores of a counterfactual are taken for this


def null_motion(motion: Tensor) -> Tensor:
    """One window (1, frames, regions, components) in which nothing moves."""
    return torch.zeros_like(motion[:1])


def most_causal_regions(marks: Sequence[np.ndarray]) -> NDArray[np.bool_]:
    """E_f of each video (V, regions), from the marks of its graph; no region if no edge leaves any.

    See :func:`causalex_core.graphs.compound.most_causal`.
    """
    return np.stack([compound.most_causal(each) for each in marks])


def keep(motion: Tensor, chosen: NDArray[np.bool_]) -> Tensor:
    """Motion with every region but the chosen ones set to zero: the reading of the text.

    Parameters
    ----------
    motion
        (W, frames, regions, components).
    chosen
        (W, regions); where none is chosen, nothing is masked.
    """
    none = ~chosen.any(axis=1, keepdims=True)
    return motion * _of_regions(chosen | none, motion)


def mask(motion: Tensor, chosen: NDArray[np.bool_]) -> Tensor:
    """Motion with the chosen regions set to zero: the other reading."""
    return motion * _of_regions(~chosen, motion)


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
    first = int(video[0])
    if (video == first).all():
        raise CausalexError("all windows are of one video: there is no other to take from")
    found = np.zeros(len(video), dtype=np.int64)
    for one in np.unique(video):
        own = video == one
        found[own] = generator.choice(np.flatnonzero(~own), size=int(own.sum()))
    return found


def noise(motion: Tensor, generator: np.random.Generator) -> Tensor:
    """White noise with the deviation that each region and component has in its window."""
    drawn = generator.standard_normal(tuple(motion.shape), dtype=np.float32)
    return torch.from_numpy(drawn) * motion.std(dim=1, keepdim=True, correction=0)


def blurred(motion: Tensor, frames: float) -> Tensor:
    """Motion smoothed along time with a Gaussian of that standard deviation."""
    return torch.from_numpy(ndimage.gaussian_filter1d(motion.numpy(), frames, axis=1))


def debiased(
    factual: np.ndarray,
    counterfactual: np.ndarray,
    strength: ArrayLike,
    form: Form = "probabilities",
) -> np.ndarray:
    """F = P - lambda P0.

    Parameters
    ----------
    factual, counterfactual
        (..., 2, 3, frames) probabilities of micro and macro; of onset, offset and apex. Onset and
        offset share their sum of at most 1 with neither.
    strength
        lambda, one for all or (2, 3) of each head.
    form
        ``probabilities``: as in Eq. 8; the result may be negative. ``logits``: the same
        difference before softmax and sigmoid; the result is probabilities again. Neither then
        takes the mean of the strengths of onset and offset.

    Returns
    -------
    ndarray
        float32 of the shape of `factual`; with strength 0 the factual.
    """
    if form not in ("probabilities", "logits"):
        raise CausalexError(f"form '{form}': expected probabilities or logits")
    said, other = factual.astype(np.float32), counterfactual.astype(np.float32)
    each = np.broadcast_to(np.asarray(strength, np.float32), factual.shape[-3:-1])[..., None]
    if form == "probabilities":
        return said - each * other
    other = np.clip(other, _LEAST, 1 - _LEAST)
    return np.concatenate(
        [
            _phase(said[..., :2, :], other[..., :2, :], each[..., :2, :]),
            _apex(said[..., 2:, :], other[..., 2:, :], each[..., 2:, :]),
        ],
        axis=-2,
    )


def _phase(said: np.ndarray, other: np.ndarray, each: np.ndarray) -> np.ndarray:
    """Softmax of the difference: probabilities divided by powers of probabilities."""
    neither = np.maximum(1 - said.sum(axis=-2, keepdims=True), 0)
    absent = np.maximum(1 - other.sum(axis=-2, keepdims=True), _LEAST)
    marks = said * other**-each
    rest = neither * absent ** -each.mean(axis=-2, keepdims=True)
    return np.asarray(marks / (marks.sum(axis=-2, keepdims=True) + rest))


def _apex(said: np.ndarray, other: np.ndarray, each: np.ndarray) -> np.ndarray:
    """Sigmoid of the difference: odds divided by a power of odds."""
    return np.asarray(said / (said + (1 - said) * (other / (1 - other)) ** each))


def _of_regions(kept: NDArray[np.bool_], motion: Tensor) -> Tensor:
    """Ones and zeros (W, 1, regions, 1) that go with motion.

    Raises
    ------
    CausalexError
        If there are not as many rows as windows, and columns as regions.
    """
    if kept.shape != (motion.shape[0], motion.shape[2]):
        raise CausalexError(
            f"regions {kept.shape} for motion of shape {tuple(motion.shape)}: expected a row for"
            " each window and a column for each region"
        )
    return torch.from_numpy(kept)[:, None, :, None].to(motion)
