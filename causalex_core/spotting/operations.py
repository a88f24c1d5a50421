"""Differentiable steps of the network whose backward pass is written out.

Activations are (folds, windows, frames, channels). On a CPU the cost of such a small network is
less its products than the passes over memory between them, so each step takes a few windows at
a time, as many as a core's cache holds.
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

_CACHED = 2**18  # numbers that are worked on at a time on a CPU


class NormaliseRelu(torch.autograd.Function):
    """Batch normalisation with the batch's own statistics, then rectification.

    Inputs: ``z`` (F, B, R, C), ``scale`` and ``shift`` (F, C), ``count`` (F, 1) rows that count,
    ``real`` (F, B) ones and zeros or None, ``epsilon``. Windows that do not count must be zero in
    ``z``; they are zero in what comes out. Outputs: activations, and the mean and (biased)
    variance (F, C), through which no gradient runs.
    """

    @staticmethod
    def forward(
        ctx: Any,
        z: Tensor,
        scale: Tensor,
        shift: Tensor,
        count: Tensor,
        real: Tensor | None,
        epsilon: float,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Normalise each fold by itself."""
        first, second = torch.zeros_like(scale), torch.zeros_like(scale)
        for part in _parts(z, z.shape[2] * z.shape[3]):
            wide = z[:, part].to(scale.dtype)
            first += wide.sum((1, 2))
            second += wide.square().sum((1, 2))
        mean = first / count
        variance = (second / count - mean * mean).clamp(min=0)
        inverse = torch.rsqrt(variance + epsilon)
        gain = scale * inverse
        level, slope = _row(shift - mean * gain), _row(gain)
        out = torch.empty_like(z)
        for part in _parts(z, z.shape[2] * z.shape[3]):
            wide = torch.addcmul(level, z[:, part].to(scale.dtype), slope).relu_()
            if real is not None:
                wide *= real[:, part, None, None]
            out[:, part] = wide
        ctx.save_for_backward(z, out, mean, inverse, gain, count)
        ctx.mark_non_differentiable(mean, variance)
        return out, mean, variance

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Gradient of `z`, `scale` and `shift`; windows that do not count get what nobody reads."""
        z, out, mean, inverse, gain, count = ctx.saved_tensors
        first, second = torch.zeros_like(gain), torch.zeros_like(gain)
        through = torch.empty_like(z)
        for part in _parts(z, z.shape[2] * z.shape[3]):
            passed = torch.ops.aten.threshold_backward(gradients[0][:, part], out[:, part], 0)
            through[:, part] = passed
            wide = passed.to(gain.dtype)
            first += wide.sum((1, 2))
            second += (wide * z[:, part].to(gain.dtype)).sum((1, 2))
        second = inverse * (second - mean * first)
        slope = -gain * inverse * second / count
        level, slope, straight = _row(-gain * first / count - slope * mean), _row(slope), _row(gain)
        for part in _parts(z, z.shape[2] * z.shape[3]):
            wide = torch.addcmul(level, z[:, part].to(gain.dtype), slope)
            through[:, part] = wide.addcmul_(through[:, part].to(gain.dtype), straight)
        return through, second, first, None, None, None


class MaxPool(torch.autograd.Function):
    """Larger of the frame before and the frame after, for activations that are not negative.

    A pool of two frames, dilation two, padding one: as many frames come out as go in. (F, B, T,
    C) to the same shape.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        """The first and the last frame have one neighbour."""
        out = torch.empty_like(x)
        out[:, :, 0], out[:, :, -1] = x[:, :, 1], x[:, :, -2]
        for part in _parts(x, x.shape[2] * x.shape[3]):
            out[:, part, 1:-1] = torch.maximum(x[:, part, :-2], x[:, part, 2:])
        ctx.save_for_backward(x)
        return out

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        """Hand the gradient to the frame that was taken; to the later one of equals."""
        (x,) = ctx.saved_tensors
        inner = torch.empty_like(x)
        for part in _parts(x, x.shape[2] * x.shape[3]):
            gradient, whole = gradients[0][:, part], inner[:, part]
            earlier = gradient[:, :, 1:-1] * (x[:, part, :-2] > x[:, part, 2:])
            whole[:, :, :-2], whole[:, :, -2:] = earlier, 0
            whole[:, :, 2:] += gradient[:, :, 1:-1] - earlier
            whole[:, :, 1] += gradient[:, :, 0]
            whole[:, :, -2] += gradient[:, :, -1]
        return inner


def _parts(x: Tensor, per_window: int) -> Iterator[slice]:
    """Runs of windows of (F, B, ...) that are worked on together; on a GPU all."""
    together = max(_CACHED // (per_window * len(x)), 1) if x.device.type == "cpu" else x.shape[1]
    for start in range(0, x.shape[1], together):
        yield slice(start, start + together)


def _row(values: Tensor) -> Tensor:
    """(F, C) as (F, 1, 1, C)."""
    return values[:, None, None]
