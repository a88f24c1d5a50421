"""Differentiable steps of the network whose backward pass is written out.

Activations stand as (folds, windows, frames, channels), so that a convolution along time is one
product of matrices and statistics run over rows that lie together in memory. Composed of single
operations of torch these steps would spend more time on moving memory than on the products.
"""

from typing import Any

import torch
from torch import Tensor

TAPS = 3


class NormaliseRelu(torch.autograd.Function):
    """Batch normalisation with the batch's own statistics, then rectification.

    Inputs: ``z`` (F, R, C), ``scale`` and ``shift`` (F, C), ``count`` (F, 1) number of rows that
    count, ``real`` (F, B) ones and zeros, one per window of R / B rows, or None, ``epsilon``. Rows
    that do not count must be zero in ``z``; they are zero in what comes out. Outputs: activations
    (F, R, C), and the mean and (biased) variance (F, C), through which no gradient runs.
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
        wide = scale.dtype
        mean = z.sum(1, dtype=wide) / count
        variance = ((z * z).sum(1, dtype=wide) / count - mean * mean).clamp(min=0)
        inverse = torch.rsqrt(variance + epsilon)
        gain = scale * inverse
        out = torch.addcmul(_row(shift - mean * gain, z), z, _row(gain, z)).relu_()
        if real is not None:
            out.view(*real.shape, -1).mul_(real[..., None])
        ctx.save_for_backward(z, out, mean, inverse, gain, count)
        ctx.mark_non_differentiable(mean, variance)
        return out, mean, variance

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Gradient of `z`, `scale` and `shift`; rows that do not count get what nobody reads."""
        z, out, mean, inverse, gain, count = ctx.saved_tensors
        wide = gain.dtype
        through = torch.ops.aten.threshold_backward(gradients[0], out, 0)
        shift = through.sum(1, dtype=wide)
        scale = inverse * ((through * z).sum(1, dtype=wide) - mean * shift)
        slope = -gain * inverse * scale / count
        level = -gain * shift / count - slope * mean
        inner = torch.addcmul(_row(level, z), z, _row(slope, z)).addcmul_(through, _row(gain, z))
        return inner, scale, shift, None, None, None


class Unfold(torch.autograd.Function):
    """Each frame beside the frames `distance` before and after it, zero beyond the window.

    (F, B, T, C) to (F, B, T, 3 C), earliest first.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, distance: int) -> Tensor:
        """Copy three shifted views."""
        ctx.distance = distance
        out = x.new_empty(*x.shape[:3], TAPS, x.shape[3])
        out[:, :, :distance, 0] = 0
        out[:, :, distance:, 0] = x[:, :, :-distance]
        out[..., 1, :] = x
        out[:, :, :-distance, 2] = x[:, :, distance:]
        out[:, :, -distance:, 2] = 0
        return out.flatten(3)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        """Add up what the three views received."""
        taps = gradients[0].unflatten(3, (TAPS, -1))
        inner = taps[..., 1, :].clone(memory_format=torch.contiguous_format)
        inner[:, :, : -ctx.distance] += taps[:, :, ctx.distance :, 0]
        inner[:, :, ctx.distance :] += taps[:, :, : -ctx.distance, 2]
        return inner, None


class MaxPool(torch.autograd.Function):
    """Larger of the frame before and the frame after, for activations that are not negative.

    A pool of two frames, dilation two, padding one: as many frames come out as go in.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        """(F, B, T, C) to the same shape."""
        before, after = torch.zeros_like(x), torch.zeros_like(x)
        before[:, :, 1:] = x[:, :, :-1]
        after[:, :, :-1] = x[:, :, 1:]
        ctx.save_for_backward(before > after)
        return torch.maximum(before, after)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        """Hand the gradient to the frame that was taken; to the later one of equals."""
        (earlier,) = ctx.saved_tensors
        to_earlier = gradients[0] * earlier
        to_later = gradients[0] - to_earlier
        inner = torch.zeros_like(to_later)
        inner[:, :, :-1] = to_earlier[:, :, 1:]
        inner[:, :, 1:] += to_later[:, :, :-1]
        return inner


def _row(values: Tensor, like: Tensor) -> Tensor:
    """(F, C) statistics as (F, 1, C) in the precision of activations."""
    return values.to(like.dtype)[:, None]
