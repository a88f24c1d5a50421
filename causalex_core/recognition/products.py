"""The products of a network on a processor, by oneDNN in shapes that it is good at.

:class:`FastProducts` takes over the linear maps and 3 x 3 convolutions of whatever runs within it,
so that a network is written in torch's own modules. Against torch's own:

- float32 products go to oneDNN instead of MKL, which leaves half of the units of an AMD processor
  idle; biases are added within the product;
- weights of another type than float32 set the type of their product;
- a convolution multiplies no padding: each output position is a linear map of the part of the
  map that its kernel covers. On a map of 2 x 2 that is 4 of 9 taps.
"""

import platform
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import torch
import torch.nn.functional as nnf
from torch import Tensor
from torch.autograd.function import Function, once_differentiable
from torch.overrides import TorchFunctionMode

_LARGE = 2**16  # weights
# An operator that torch keeps to itself: without it products are torch's own.
_AVAILABLE = (
    torch.backends.mkldnn.is_available()
    and platform.machine() in ("x86_64", "AMD64")
    and hasattr(torch.ops.mkldnn, "_linear_pointwise")
)


class FastProducts(TorchFunctionMode):
    """Context in which linear maps and 3 x 3 convolutions are computed by this module."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Call the function, or ours instead."""
        if func is nnf.linear and is_large(args[1]):
            return linear(*args, **kwargs or {})
        if func is torch.conv2d and _padded_by_one(*args, **kwargs or {}):
            return convolve(*args[:3])
        return func(*args, **kwargs or {})


def is_large(weight: Tensor) -> bool:
    """Whether a product with the weight takes longer than what this module adds to its call."""
    return weight.numel() >= _LARGE


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Of x (..., C): x W^T + b, in the type of the weight."""
    return _Linear.apply(x.flatten(0, -2), weight, bias).unflatten(0, x.shape[:-1])


def convolve(maps: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """3 x 3 convolution of maps (N, C, rows, columns) padded by one, in the type of the weight."""
    return _Convolution.apply(maps.permute(0, 2, 3, 1), weight.permute(0, 2, 3, 1), bias).permute(
        0, 3, 1, 2
    )


def product(a: Tensor, b: Tensor, bias: Tensor | None = None) -> Tensor:
    """A B^T + b."""
    if _AVAILABLE and (
        a.dtype == torch.float32 or (a.dtype == torch.bfloat16 and bias is not None)
    ):
        a, b = _dense(a), _dense(b)
        return torch.ops.mkldnn._linear_pointwise(a, b, bias, "none", [], "")
    return a @ b.mT if bias is None else torch.addmm(bias, a, b.mT)


def _dense(matrix: Tensor) -> Tensor:
    """A copy of a part of a larger matrix: oneDNN takes hundreds of times as long for the part."""
    return matrix if matrix.is_contiguous() or matrix.mT.is_contiguous() else matrix.contiguous()


class _Linear(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        x = x.to(weight.dtype)
        ctx.save_for_backward(x, weight)
        return product(x, weight, None if bias is None else bias.to(weight.dtype))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        of_x, of_weight, of_bias = ctx.needs_input_grad
        grad = grad.to(weight.dtype)
        return (
            product(grad, weight.mT) if of_x else None,
            product(grad.mT, x.mT) if of_weight else None,
            grad.sum(0) if of_bias else None,
        )


class Rounded(Function):
    """Weights for which a rounded copy is at hand; gradients of the copy are theirs."""

    @staticmethod
    def forward(ctx: Any, weights: Tensor, rounded: Tensor) -> Tensor:
        """The copy."""
        return rounded.view_as(rounded)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        """In the type of the weights."""
        return grad.float(), None


class Span(NamedTuple):
    """Output positions along one side of a map whose kernel has the same taps within it."""

    outputs: slice
    inputs: slice
    taps: slice

    @property
    def width(self) -> int:
        """Number of taps."""
        return self.taps.stop - self.taps.start


def spans(side: int) -> Iterator[Span]:
    """The first position, those between, the last."""
    if side == 1:
        yield Span(slice(0, 1), slice(0, 1), slice(1, 2))
        return
    yield Span(slice(0, 1), slice(0, 2), slice(1, 3))
    if side > 2:
        yield Span(slice(1, side - 1), slice(0, side), slice(0, 3))
    yield Span(slice(side - 1, side), slice(side - 2, side), slice(0, 2))


def _windows(maps: Tensor, rows: Span, columns: Span) -> Tensor:
    """What the taps of each output position cover: (N, rows, columns, taps, taps, C)."""
    part = maps[:, rows.inputs, columns.inputs]
    return part.unfold(1, rows.width, 1).unfold(2, columns.width, 1).permute(0, 1, 2, 4, 5, 3)


class _Convolution(Function):
    """Of maps (N, rows, columns, C) with kernels (D, 3, 3, C)."""

    @staticmethod
    def forward(ctx: Any, maps: Tensor, kernels: Tensor, bias: Tensor) -> Tensor:
        maps, bias = maps.to(kernels.dtype), bias.to(kernels.dtype)
        ctx.save_for_backward(maps, kernels)
        out = maps.new_empty(*maps.shape[:3], len(kernels))
        for rows in spans(maps.shape[1]):
            for columns in spans(maps.shape[2]):
                windows = _windows(maps, rows, columns)
                kernel = kernels[:, rows.taps, columns.taps].flatten(1)
                values = product(windows.flatten(3).flatten(0, 2), kernel, bias)
                out[:, rows.outputs, columns.outputs] = values.view(*windows.shape[:3], -1)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        maps, kernels = ctx.saved_tensors
        grad = grad.to(kernels.dtype)
        of_maps, of_kernels = (  # sums of several products, which would round each time
            torch.zeros_like(values, dtype=torch.promote_types(values.dtype, torch.float32))
            for values in (maps, kernels)
        )
        for rows in spans(maps.shape[1]):
            for columns in spans(maps.shape[2]):
                windows = _windows(maps, rows, columns)
                kernel = kernels[:, rows.taps, columns.taps]
                values = grad[:, rows.outputs, columns.outputs].flatten(0, 2)
                parts = product(values, kernel.flatten(1).mT).view(windows.shape)
                targets = _windows(of_maps, rows, columns)
                for row in range(rows.width):
                    for column in range(columns.width):
                        targets[:, :, :, row, column] += parts[:, :, :, row, column]
                summed = product(values.mT, windows.flatten(3).flatten(0, 2).mT)
                of_kernels[:, rows.taps, columns.taps] += summed.view(kernel.shape)
        return of_maps, of_kernels, grad.flatten(0, 2).sum(0)


def _padded_by_one(
    maps: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> bool:
    """Whether :func:`convolve` is that convolution."""
    return (
        is_large(weight)
        and bias is not None
        and weight.shape[2:] == (3, 3)
        and all(value in (1, (1, 1)) for value in (stride, padding, dilation, groups))
    )
