"""Which windows each model sees together: shuffled, and padded where models differ."""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from causalex_core.spotting.windows import Fold


@dataclass(frozen=True)
class Run:
    """One model: a fold, its position among the folds, and a seed."""

    fold: Fold
    position: int
    seed: int


def shuffled(run: Run, epoch: int) -> np.ndarray:
    """Training windows of a run in the order of an epoch.

    It depends on the fold's name, the seed and the epoch alone: not on what else is trained,
    nor on whether training was interrupted.
    """
    generator = np.random.default_rng([run.seed, epoch, zlib.crc32(run.fold.name.encode())])
    return generator.permutation(run.fold.train)


def batches(
    runs: Sequence[Run], epoch: int, size: int, device: torch.device
) -> Iterator[tuple[Tensor, Tensor | None]]:
    """Batches of one epoch for several models side by side.

    Yields
    ------
    index
        (runs, B) positions of windows, B at most `size`. A model's last batch may be smaller,
        and models with fewer windows have fewer batches.
    real
        (runs, B) float32, one where the window belongs to the model's batch and zero where it
        only fills it up; None if all belong.
    """
    orders = [shuffled(run, epoch) for run in runs]
    index, real = padded(orders, device)
    for start in range(0, index.shape[1], size):
        part, belongs = index[:, start : start + size], real[:, start : start + size]
        yield part, None if len(runs) == 1 else belongs


def padded(rows: Sequence[np.ndarray], device: torch.device) -> tuple[Tensor, Tensor]:
    """Rows of different lengths as one (rows, longest), filled with 0, and where they are real."""
    index = np.zeros((len(rows), max(map(len, rows))), dtype=np.int64)
    real = np.zeros(index.shape, dtype=np.float32)
    for position, row in enumerate(rows):
        index[position, : len(row)] = row
        real[position, : len(row)] = 1
    return torch.from_numpy(index).to(device), torch.from_numpy(real).to(device)
