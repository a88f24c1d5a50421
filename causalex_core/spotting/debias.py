"""Counterfactual debiasing at inference: counterfactual motion, and what its scores correct.

Motion is (W, frames, regions, components), as measured.
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

_FLOOR = 1e-3  # lower bound of the float16 scores of a counterfactual, which are divided by


def debiased(
    factual: np.ndarray,
    counterfactual: np.ndarray,
    strength: ArrayLike,
    form: Form = "probabilities",
) -> np.ndarray:
    """Scores of a video less a share of those of its counterfactual.

    Parameters
    ----------
    factual, counterfactual
        (..., 2, 3, frames) probabilities of micro and macro; of onset, offset and apex. Onset and
        offset share their sum of at most 1 with neither.
    strength
        lambda, one for all or (2, 3) of each head.
    form
        ``probabilities``: F = P - lambda P0, which may be negative. ``logits``: the same
        difference before softmax and sigmoid; the result is probabilities again. Neither then
        takes the mean of the strengths of onset and offset.

    Returns
    -------
    ndarray
        float32 of the shape of `factual`; with strength 0 the factual.
    """
    if form not in ("probabilities", "logits"):
        raise CausalexError(f"form '{form}': expected probabilities or logits")
    p, p0 = factual.astype(np.float32), counterfactual.astype(np.float32)
    lam = np.broadcast_to(np.asarray(strength, np.float32), factual.shape[-3:-1])[..., None]
    if form == "probabilities":
        return p - lam * p0  # Eq. 8
    p0 = np.clip(p0, _FLOOR, 1 - _FLOOR)
    phase = _phase(p[..., :2, :], p0[..., :2, :], lam[..., :2, :])
    apex = _apex(p[..., 2:, :], p0[..., 2:, :], lam[..., 2:, :])
    return np.concatenate([phase, apex], axis=-2)


def _phase(p: np.ndarray, p0: np.ndarray, lam: np.ndarray) -> np.ndarray:
    """Softmax of the difference of logits: p / p0^lambda, normalised."""
    neither = np.maximum(1 - p.sum(axis=-2, keepdims=True), 0)
    neither0 = np.maximum(1 - p0.sum(axis=-2, keepdims=True), _FLOOR)
    marks = p * p0**-lam
    rest = neither * neither0 ** -lam.mean(axis=-2, keepdims=True)
    return np.asarray(marks / (marks.sum(axis=-2, keepdims=True) + rest))


def _apex(p: np.ndarray, p0: np.ndarray, lam: np.ndarray) -> np.ndarray:
    """Sigmoid of the difference of logits: odds / odds0^lambda."""
    return np.asarray(p / (p + (1 - p) * (p0 / (1 - p0)) ** lam))


def null_motion(motion: Tensor) -> Tensor:
    """One window (1, frames, regions, components) in which nothing moves."""
    return torch.zeros_like(motion[:1])


def most_causal_regions(marks: Sequence[np.ndarray]) -> NDArray[np.bool_]:
    """E_f of each video (V, regions) from the marks of its graph.

    See :func:`causalex_core.graphs.compound.most_causal`.
    """
    return np.stack([compound.most_causal(graph) for graph in marks])


def keep(motion: Tensor, chosen: NDArray[np.bool_]) -> Tensor:
    """Motion with every region but the chosen ones (W, regions) set to zero: the text's reading.

    Where none is chosen, nothing is masked.
    """
    none = ~chosen.any(axis=1, keepdims=True)
    return motion * _of_regions(chosen | none, motion)


def mask(motion: Tensor, chosen: NDArray[np.bool_]) -> Tensor:
    """Motion with the chosen regions (W, regions) set to zero: the other reading."""
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


def _of_regions(kept: NDArray[np.bool_], motion: Tensor) -> Tensor:
    """Ones and zeros (W, 1, regions, 1) that go with motion."""
    if kept.shape != (motion.shape[0], motion.shape[2]):
        raise CausalexError(
            f"regions {kept.shape} for motion of shape {tuple(motion.shape)}: expected a row for"
            " each window and a column for each region"
        )
    return torch.from_numpy(kept)[:, None, :, None].to(motion)
