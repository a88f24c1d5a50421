"""Layers of many models at once: the fold is the first dimension of every parameter.

Activations are (folds, windows, ...). ``real`` (folds, windows) marks with ones the windows that
count, None means all; where it is zero, activations are zero.
"""

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from causalex_core.spotting.operations import NormaliseRelu

TAPS = 3
_EPSILON, _MOMENTUM = 1e-5, 0.1  # of batch normalisation


class BatchNormReLU(nn.Module):
    """Parameters and running statistics (folds, channels) of batch normalisation."""

    running_mean: Tensor
    running_variance: Tensor

    def __init__(self, folds: int, channels: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(folds, channels))
        self.shift = nn.Parameter(torch.zeros(folds, channels))
        self.register_buffer("running_mean", torch.zeros(folds, channels))
        self.register_buffer("running_variance", torch.ones(folds, channels))

    def forward(self, z: Tensor, real: Tensor | None, omitted: Tensor | float = 0.0) -> Tensor:
        """Normalise and rectify.

        Parameters
        ----------
        z
            (folds, windows, rows, channels).
        omitted
            A constant (folds, channels) that `z` lacks: normalisation takes it out again, and
            only the running mean knows of it.
        """
        if not self.training:
            gain, level = self.affine(self.running_mean - omitted, self.running_variance)
            gain, level = gain.to(z.dtype), level.to(z.dtype)
            return torch.addcmul(level[:, None, None], z, gain[:, None, None]).relu_()
        count = rows_that_count(z, real)
        out, mean, variance = NormaliseRelu.apply(
            z, self.scale, self.shift, count.clamp(min=1), real, _EPSILON
        )
        self.remember(mean + omitted, variance, count)
        return out

    def affine(self, mean: Tensor, variance: Tensor) -> tuple[Tensor, Tensor]:
        """Gain and level (folds, channels) that normalise values of this mean and variance."""
        gain = self.scale * torch.rsqrt(variance + _EPSILON)
        return gain, self.shift - mean * gain

    @torch.no_grad()
    def remember(self, mean: Tensor, variance: Tensor, count: Tensor) -> None:
        """Move the running statistics of the folds that have rows."""
        step = (_MOMENTUM * (count > 0)).expand_as(mean)
        self.running_mean.lerp_(mean, step)
        self.running_variance.lerp_(variance * count / (count - 1).clamp(min=1), step)


class GraphLayer(nn.Module):
    """Linear map of the channels of every node, normalised over windows, frames and nodes.

    The nodes have been mixed before: (M X) W is M (X W).
    """

    def __init__(self, folds: int, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(folds, inputs, outputs))
        self.bias = nn.Parameter(torch.empty(folds, outputs))
        self.norm = BatchNormReLU(folds, outputs)

    def draw(self, fold: int, generator: torch.Generator) -> None:
        """Weights of one fold, uniform within 1 / sqrt(outputs)."""
        for parameter in (self.weight, self.bias):
            drawn = torch.rand(parameter.shape[1:], generator=generator)
            parameter[fold] = (2 * drawn - 1) * parameter.shape[-1] ** -0.5

    def forward(self, x: Tensor, real: Tensor | None, precision: torch.dtype) -> Tensor:
        """(folds, windows, ..., inputs) to (folds, windows, ..., outputs) in that precision."""
        folds, inputs, outputs = self.weight.shape
        rows = x.reshape(folds, x.shape[1], -1, inputs)
        if self.training and inputs >= outputs:
            z = torch.bmm(rows.flatten(1, 2).to(precision), self.weight.to(precision))
            out = self.norm(z.view(*rows.shape[:3], outputs), real, self.bias)
            return out.view(*x.shape[:-1], outputs)
        if self.training:
            # The statistics of a linear map follow from those of its few inputs: no pass over
            # an output that is larger by far.
            count = rows_that_count(rows, real)
            flat, divisor = rows.flatten(1, 2), count.clamp(min=1)
            mean_in = flat.sum(1) / divisor
            second = flat.mT @ flat / divisor[..., None]
            covariance = second - mean_in[:, :, None] * mean_in[:, None]
            mean = (mean_in[:, None] @ self.weight)[:, 0]
            variance = ((covariance @ self.weight) * self.weight).sum(1).clamp(min=0)
            self.norm.remember(mean.detach() + self.bias.detach(), variance.detach(), count)
        else:
            mean, variance = self.norm.running_mean - self.bias, self.norm.running_variance
        gain, level = self.norm.affine(mean, variance)
        out = torch.baddbmm(
            level[:, None].to(precision),
            rows.flatten(1, 2).to(precision),
            (self.weight * gain[:, None]).to(precision),
        ).relu()
        out = out.view(*rows.shape[:2], -1)
        if real is not None:
            out = out * real[..., None].to(precision)
        return out.view(*x.shape[:-1], outputs)


class Convolution(nn.Module):
    """Convolution along time without bias, zero beyond the window; as many frames as before.

    Parameters
    ----------
    distance
        Frames between the three taps, of which the earliest stands first in the weights;
        0: only one tap.
    """

    def __init__(self, folds: int, inputs: int, outputs: int, distance: int) -> None:
        super().__init__()
        self.distance = distance
        self.weight = nn.Parameter(torch.empty(folds, (TAPS if distance else 1) * inputs, outputs))

    def draw(self, fold: int, generator: torch.Generator) -> None:
        """Weights of one fold, normal with variance 2 / inputs."""
        drawn = torch.randn(self.weight.shape[1:], generator=generator)
        self.weight[fold] = drawn * (2 / self.weight.shape[1]) ** 0.5

    def forward(self, x: Tensor) -> Tensor:
        """(folds, windows, frames, inputs) to (folds, windows, frames, outputs)."""
        made = [self._of_fold(*pair) for pair in zip(x, self.weight, strict=True)]
        return made[0][None] if len(made) == 1 else torch.stack(made)

    def _of_fold(self, x: Tensor, weight: Tensor) -> Tensor:
        """(windows, frames, inputs) to (windows, frames, outputs), for one fold.

        Frames before channels is what the libraries call channels last, their fastest layout: on
        a CPU this takes half the time of products over all folds.
        """
        taps = TAPS if self.distance else 1
        kernel = weight.to(x.dtype).unflatten(0, (taps, -1)).permute(2, 1, 0)[:, :, None]
        image = x.transpose(1, 2)[:, :, None]
        spread = (1, max(self.distance, 1))
        made = nnf.conv2d(image, kernel, padding=(0, self.distance), dilation=spread)
        return made[:, :, 0].transpose(1, 2)


def rows_that_count(z: Tensor, real: Tensor | None) -> Tensor:
    """Number of rows (folds, 1) of windows that count, of (folds, windows, rows, channels)."""
    if real is None:
        return torch.full((z.shape[0], 1), float(z.shape[1] * z.shape[2]), device=z.device)
    return real.sum(1, keepdim=True) * z.shape[2]
