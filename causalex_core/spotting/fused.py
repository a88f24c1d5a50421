"""The network of :mod:`causalex_core.spotting.model` with few passes over memory, for training.

On a processor a step spends most of its time on reading and writing: torch normalises, rectifies
and pools in passes of their own. Here a compiled loop does all that lies between two convolutions,
and the loss is another. The first graph layer, with two channels of input, is computed anew
wherever it is needed; its statistics follow from moments of its input. Convolutions are torch's,
with channels last. Weights are those of the plain network, which stays the definition: tests hold
the two together.

Shapes: B windows of a batch, T frames, N regions, H channels of a region, C channels in all.
"""

from functools import cache
from typing import Any, NamedTuple, Self

import numpy as np
import torch
import torch.nn.functional as nnf
from numpy.typing import NDArray
from torch import Tensor

from causalex_core.compilation import compiled
from causalex_core.spotting import losses
from causalex_core.spotting.data import KINDS, NEITHER, Targets
from causalex_core.spotting.losses import LossConfig
from causalex_core.spotting.model import Network
from causalex_core.vectors import (
    LANES,
    exp,
    inlined,
    larger,
    load,
    log,
    multiply_add,
    number,
    spread,
    spread_from,
    store,
    where_less,
)

_ROWS = 4  # of a product at a time, which share what they load
_TERMS = tuple(f"{kind}_{name}" for name in ("phase", "apex", "action") for kind in KINDS)

Matrices = list[Tensor | None]  # (N, N) or (W, N, N) of each graph layer
Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]


def fits(network: Network) -> bool:
    """Whether a network is one that this form is written for: on a processor, in whole vectors."""
    config, device = network.config, next(network.parameters()).device
    return (
        device.type == "cpu"
        and config.width % LANES == 0
        and len(config.graph) <= 2
        and (not config.graph or (config.hidden, config.nodes % _ROWS) == (LANES, 0))
        and config.channels < _ROWS
    )


class Inputs(NamedTuple):
    """What the first graph layer gets of all windows W, which stays the same in all epochs.

    Attributes
    ----------
    values
        Motion along the first matrix: (W, T, N, 4), a one and then the channels; without a graph
        layer (W, T, C).
    moments
        (W, 4, 4) sums over frames and regions of products of two of the four numbers.
    """

    values: Tensor
    moments: Doubles

    @classmethod
    def of(cls, motion: Tensor, matrices: Matrices) -> Self:
        """Prepare normalised motion (W, T, N, channels); matrices as `Network.matrices` gives."""
        if not matrices:
            return cls(motion.flatten(2).contiguous(), np.zeros((len(motion), 0, 0)))
        along = motion
        if matrices[0] is not None:
            flat = matrices[0] @ motion.transpose(1, 2).flatten(2)  # (W, N, T channels)
            along = flat.unflatten(2, motion.shape[1::2]).transpose(1, 2)
        padding = _ROWS - 1 - motion.shape[3]
        values = nnf.pad(nnf.pad(along, (1, 0), value=1.0), (0, padding)).contiguous()
        points = values.flatten(1, 2)
        return cls(values, (points.transpose(1, 2) @ points).double().numpy())


def logits(
    network: Network,
    inputs: Inputs,
    index: Tensor,
    matrices: Matrices,
    precision: torch.dtype,
) -> Tensor:
    """Logits (B, T, 10), in the precision of the convolutions, of the windows at an index."""
    config = network.config
    if config.graph:
        layers: list[Any] = list(network.graph_layers)
        trained = [
            parameter
            for layer in layers
            for parameter in (layer.linear.weight, layer.norm.weight, layer.norm.bias)
        ]
        y = _GraphLayers.apply(inputs, index, matrices[-1], precision, layers, *trained)
    else:
        y = inputs.values[index].to(precision)  # (B, T, C)
    norms: list[Any] = list(network.norms)
    for position, norm in enumerate(norms):
        y = _convolve(y, network.convolutions[position])
        pooling = config.pooling and position < 2
        y = _NormReluPool.apply(y, norm, pooling, norm.weight, norm.bias)
    return _convolve(y, network.convolutions[-1])


@cache
def _weights(config: LossConfig) -> Doubles:
    """Weights of the six losses in their sum."""
    return np.array([
        float(losses.total({name: torch.tensor(float(name == term)) for name in _TERMS}, config))
        for term in _TERMS
    ])  # fmt: skip


def loss(y: Tensor, targets: Targets, config: LossConfig) -> Tensor:
    """Weighted sum of the six losses of logits (B, T, 10), the context at both ends left out."""
    return _Loss.apply(y, targets, _weights(config))


def _convolve(x: Tensor, layer: Any) -> Tensor:
    """Convolution along time of (B, T, C)."""
    image = x.transpose(1, 2).unsqueeze(2)
    weight = layer.weight.to(x.dtype, memory_format=torch.channels_last)
    y = nnf.conv2d(image, weight, None, layer.stride, layer.padding, layer.dilation)
    return y.squeeze(2).transpose(1, 2)


class _NormReluPool(torch.autograd.Function):
    """Normalisation over windows and frames of (B, T, C), ReLU, and max-pooling."""

    @staticmethod
    def forward(context: Any, y: Tensor, norm: Any, pooling: bool, *_: Tensor) -> Tensor:
        shape, flat = tuple(y.shape), _flat(y)
        sums = np.zeros((2, shape[0], shape[2]), np.float32)
        if norm.training:
            _sums(flat, sums.reshape(-1), shape)
        context.norm = _Normalisation.of(norm, shape[0] * shape[1], sums)
        context.pooling = pooling
        context.save_for_backward(y)
        out = torch.empty_like(y)
        _norm_relu_pool(flat, context.norm.scale, context.norm.shift, _flat(out), shape, pooling)
        return out

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> Any:
        (y,) = context.saved_tensors
        norm, shape, flat, g = context.norm, tuple(y.shape), _flat(y), _flat(gradient)
        weight, bias, slope, constant = norm.backward(flat, g, shape, context.pooling)
        out, rest = torch.empty_like(y), (shape, context.pooling)
        _norm_backward(flat, g, norm.scale, norm.shift, slope, constant, _flat(out), *rest)
        return out, None, None, _tensor(weight), _tensor(bias)


class _GraphLayers(torch.autograd.Function):
    """One or two graph layers."""

    @staticmethod
    def forward(
        context: Any,
        inputs: Inputs,
        index: Tensor,
        matrix: Tensor | None,
        precision: torch.dtype,
        layers: list,
        *_: Tensor,
    ) -> Tensor:
        frames, nodes, width = inputs.values.shape[1:]
        shape = len(index), frames, nodes
        points = len(index) * frames * nodes
        # A bias in front of a normalisation changes no output: its gradient is left out.
        weight = np.zeros((width, LANES))  # (4, H)
        first = layers[0].linear.weight.detach().double().numpy().T
        weight[1 : 1 + len(first)] = first
        moments = inputs.moments[index.numpy()].sum(0)
        squares = (weight * (moments @ weight)).sum(0)
        sums = np.stack([moments[0] @ weight, squares])[:, None]
        norm = _Normalisation.of(layers[0].norm, points, sums, layers[0].linear.bias)
        scaled = weight * norm.scale
        scaled[0] = norm.shift
        out = torch.empty(*shape[:2], nodes * LANES, dtype=precision)
        z, rows = _flat(inputs.values), index.numpy()
        affine = scaled.astype(np.float32).ravel()
        context.first = z, rows, affine, shape, (weight, moments, norm)
        context.channels, context.second = len(first), None
        if len(layers) == 1:
            _first(z, rows, affine, _flat(out), shape)
            return out
        second = layers[1].linear.weight.detach().T.contiguous().view(-1).numpy()
        matrices = np.eye(nodes, dtype=np.float32).ravel() if matrix is None else _flat(matrix)
        v = torch.empty_like(out)
        sums = np.zeros((2, shape[0], LANES), np.float32)
        _second(z, rows, affine, matrices, second, _flat(v), sums.reshape(-1), shape)
        norm = _Normalisation.of(layers[1].norm, points, sums, layers[1].linear.bias)
        context.second = v, matrices, second, norm
        whole = shape[0], frames * nodes, LANES
        _norm_relu_pool(_flat(v), norm.scale, norm.shift, _flat(out), whole, False)
        return out

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> Any:
        z, rows, affine, shape, (weight, moments, norm) = context.first
        windows, frames, nodes = shape
        g = _flat(gradient)
        sums = np.zeros((windows, len(weight), LANES), np.float32)  # of z times the gradient
        second: list = []
        if context.second is None:
            _first_backward(z, rows, affine, g, sums.reshape(-1), shape)
        else:
            v, matrices, along_weight, later = context.second
            weights, bias, slope, constant = later.backward(
                _flat(v), g, (windows, frames * nodes, LANES), False
            )
            products = np.zeros((windows, LANES, LANES), np.float32)
            transposed = along_weight.reshape(LANES, LANES).T.ravel().copy()
            inputs = z, rows, affine, matrices, transposed, _flat(v), g, later.scale, later.shift
            outputs = sums.reshape(-1), products.reshape(-1)
            _second_backward(*inputs, slope, constant, *outputs, shape)
            second = [products.sum(0, dtype=np.float64).T, weights, bias]
        along = sums.sum(0, dtype=np.float64)  # (4, H)
        bias = along[0]
        of_norm = norm.rate * ((weight * along).sum(0) - norm.mean * bias)
        points = windows * frames * nodes
        normed = norm.rate * (moments @ weight - moments[:, :1] * norm.mean)  # sums of z times it
        of_weight = norm.scale * (along - (moments[:, :1] * bias + normed * of_norm) / points)
        first = [of_weight[1 : 1 + context.channels].T, of_norm, bias]
        return None, None, None, None, None, *map(_tensor, [*first, *second])


class _Loss(torch.autograd.Function):
    """The six losses, weighted and summed; the gradient is computed with them."""

    @staticmethod
    def forward(context: Any, y: Tensor, targets: Targets, weights: Doubles) -> Tensor:
        values = y.detach().float().contiguous()
        gradient = torch.zeros_like(values)
        windows, frames = y.shape[:2]
        valid = targets.phase.shape[-1]
        sums = np.zeros(windows)
        phase, apex, action = (target.float().numpy() for target in targets)
        scaled = (weights / (windows * valid)).astype(np.float32)
        context_frames = (frames - valid) // 2
        _losses(values.numpy(), phase, apex, action, scaled, gradient.numpy(), sums, context_frames)
        context.save_for_backward(gradient.to(y.dtype))
        return torch.tensor(sums.sum(), dtype=torch.float32)

    @staticmethod
    def backward(context: Any, upstream: Tensor) -> Any:
        (gradient,) = context.saved_tensors
        return gradient * upstream.to(gradient.dtype), None, None


class _Normalisation(NamedTuple):
    """What a normalisation layer does to its input y: scale y + shift, of (y - mean) rate."""

    mean: Doubles
    rate: Doubles
    scale: Floats
    shift: Floats
    n: int

    @classmethod
    def of(cls, norm: Any, n: int, sums: NDArray, left_out: Tensor | None = None) -> Self:
        """From sums (2, parts, C) of n numbers and of their squares; running ones move with it.

        Running means are those of numbers with the bias of a linear layer, which was left out.
        """
        bias = 0 if left_out is None else left_out.detach().numpy()
        if norm.training:
            mean, square = sums.sum(1, dtype=np.float64) / n
            variance = np.maximum(square - mean**2, 0)
            running = norm.running_mean.numpy(), norm.running_var.numpy()
            for kept, new in zip(running, (mean + bias, variance * n / (n - 1)), strict=True):
                kept += norm.momentum * (new - kept)
            norm.num_batches_tracked += 1
        else:
            mean, variance = norm.running_mean.numpy() - bias, norm.running_var.numpy()
        rate = 1 / np.sqrt(variance + norm.eps)
        scale = norm.weight.detach().numpy() * rate
        shift = norm.bias.detach().numpy() - scale * mean
        return cls(mean, rate, scale.astype(np.float32), shift.astype(np.float32), n)

    def backward(
        self, y: NDArray, g: NDArray, shape: tuple[int, int, int], pooling: bool
    ) -> tuple[Doubles, Doubles, Floats, Floats]:
        """Gradients of weight and bias; slope and constant of that of y: scale g + slope y + ..."""
        sums = np.zeros((2, shape[0], shape[2]), np.float32)
        _gradient_sums(y, g, self.scale, self.shift, sums.reshape(-1), shape, pooling)
        bias, product = sums.sum(1, dtype=np.float64)
        weight = self.rate * (product - self.mean * bias)
        slope = -self.scale * weight * self.rate / self.n
        constant = -self.scale * bias / self.n - slope * self.mean
        return weight, bias, slope.astype(np.float32), constant.astype(np.float32)


def _flat(values: Tensor) -> NDArray:
    """Numbers of a tensor in one row, as the compiled loops take them."""
    flat = values.detach().contiguous().view(-1)
    return (flat.view(torch.uint16) if flat.dtype == torch.bfloat16 else flat).numpy()


def _tensor(values: Doubles) -> Tensor:
    return torch.from_numpy(values).float()


@compiled
def _sums(y, sums, shape):  # type: ignore[no-untyped-def]
    """Sums of y and of its squares, per window and channel."""
    windows, frames, channels = shape
    for window in range(windows):
        for frame in range(frames):
            row = (window * frames + frame) * channels
            for channel in range(0, channels, LANES):
                values, total = load(y, row + channel), window * channels + channel
                store(sums, total, load(sums, total) + values)
                total += sums.size // 2
                store(sums, total, multiply_add(values, values, load(sums, total)))


@inlined
def _normed(y, position, channel, scale, shift):  # type: ignore[no-untyped-def]
    return multiply_add(load(scale, channel), load(y, position), load(shift, channel))


@compiled
def _norm_relu_pool(y, scale, shift, out, shape, pooling):  # type: ignore[no-untyped-def]
    """max(0, scale y + shift); with pooling the larger one of the frames before and after."""
    windows, frames, channels = shape
    for window in range(windows):
        for frame in range(frames):
            row = (window * frames + frame) * channels
            before = after = row
            if pooling:  # there is none beyond the ends
                before = row + channels * (-1 if frame > 0 else 1)
                after = row + channels * (1 if frame + 1 < frames else -1)
            for channel in range(0, channels, LANES):
                value = _normed(y, before + channel, channel, scale, shift)
                if pooling:
                    other = _normed(y, after + channel, channel, scale, shift)
                    value = larger(value, other)
                store(out, row + channel, larger(value, number(0)))


@inlined
def _gradient(y, g, position, channel, scale, shift, frame, frames, channels, pooling):  # type: ignore[no-untyped-def]
    """Gradient of scale y + shift; at a tie of two frames the earlier one gets it, as in torch."""
    zero, here = number(0), _normed(y, position, channel, scale, shift)
    if not pooling:
        return where_less(zero, here, load(g, position), zero)
    # Frames t - 1 and t + 1 are pooled from this one and from t - 2 or t + 2. Beyond the ends of a
    # window there is neither. No branches: they would cost more than all the rest.
    left, right = min(frame, 2), min(frames - 1 - frame, 2)
    far = np.float32(-np.inf), np.float32(0)
    above = _normed(y, position - channels * left, channel, scale, shift)
    below = _normed(y, position + channels * right, channel, scale, shift)
    above = above + spread(far[left // 2])
    below = below + spread(far[right // 2])
    later = where_less(above, here, load(g, position - channels * min(left, 1)), zero)
    earlier = where_less(here, below, zero, load(g, position + channels * min(right, 1)))
    total = later * spread(np.float32(min(left, 1))) + earlier * spread(np.float32(min(right, 1)))
    return where_less(zero, here, total, zero)


@compiled
def _gradient_sums(y, g, scale, shift, sums, shape, pooling):  # type: ignore[no-untyped-def]
    """Sums of the gradient of scale y + shift, and of it times y."""
    windows, frames, channels = shape
    for window in range(windows):
        for frame in range(frames):
            row = (window * frames + frame) * channels
            for channel in range(0, channels, LANES):
                at, total = row + channel, window * channels + channel
                slope = _gradient(y, g, at, channel, scale, shift, frame, frames, channels, pooling)
                store(sums, total, load(sums, total) + slope)
                total += sums.size // 2
                store(sums, total, multiply_add(slope, load(y, at), load(sums, total)))


@compiled
def _norm_backward(y, g, scale, shift, slope, constant, out, shape, pooling):  # type: ignore[no-untyped-def]
    """Gradient of y."""
    windows, frames, channels = shape
    for window in range(windows):
        for frame in range(frames):
            row = (window * frames + frame) * channels
            for channel in range(0, channels, LANES):
                at = row + channel
                value = multiply_add(load(slope, channel), load(y, at), load(constant, channel))
                along = _gradient(y, g, at, channel, scale, shift, frame, frames, channels, pooling)
                store(out, at, multiply_add(load(scale, channel), along, value))


@inlined
def _product(numbers, begin, row_step, step, vectors, out, position, rows, depth):  # type: ignore[no-untyped-def]
    """Add the product of numbers (rows, depth) and vectors (depth,) to vectors (rows,).

    The numbers of a row lie `step` apart.
    """
    for row in range(0, rows, _ROWS):
        first, target = begin + row * row_step, position + row * LANES
        a, b = load(out, target), load(out, target + LANES)
        c, d = load(out, target + 2 * LANES), load(out, target + 3 * LANES)
        for k in range(depth):
            vector, at = load(vectors, k * LANES), first + k * step
            a = multiply_add(spread_from(numbers, at), vector, a)
            b = multiply_add(spread_from(numbers, at + row_step), vector, b)
            c = multiply_add(spread_from(numbers, at + 2 * row_step), vector, c)
            d = multiply_add(spread_from(numbers, at + 3 * row_step), vector, d)
        store(out, target, a)
        store(out, target + LANES, b)
        store(out, target + 2 * LANES, c)
        store(out, target + 3 * LANES, d)


@inlined
def _clear(values):  # type: ignore[no-untyped-def]
    for position in range(0, values.size, LANES):
        store(values, position, number(0))


@inlined
def _first_normed(z, at, weight):  # type: ignore[no-untyped-def]
    """First graph layer of one region in one frame, before its ReLU."""
    value = number(0)
    for k in range(_ROWS):
        value = multiply_add(spread_from(z, at + k), load(weight, k * LANES), value)
    return value


@compiled
def _first(z, index, weight, out, shape):  # type: ignore[no-untyped-def]
    """First graph layer."""
    windows, frames, nodes = shape
    points = frames * nodes
    for window in range(windows):
        for point in range(points):
            value = _first_normed(z, (index[window] * points + point) * _ROWS, weight)
            store(out, (window * points + point) * LANES, larger(value, number(0)))


@compiled
def _first_backward(z, index, weight, g, sums, shape):  # type: ignore[no-untyped-def]
    """Sums of z times the gradient of the first layer before its ReLU, per window."""
    windows, frames, nodes = shape
    zero, slopes = number(0), np.empty(nodes * LANES, np.float32)
    for window in range(windows):
        for frame in range(frames):
            begin = (index[window] * frames + frame) * nodes * _ROWS
            for node in range(nodes):
                value = _first_normed(z, begin + node * _ROWS, weight)
                slope = load(g, ((window * frames + frame) * nodes + node) * LANES)
                store(slopes, node * LANES, where_less(zero, value, slope, zero))
            _product(z, begin, 1, _ROWS, slopes, sums, window * _ROWS * LANES, _ROWS, nodes)


@compiled
def _second(z, index, weight, matrices, second, v, sums, shape):  # type: ignore[no-untyped-def]
    """Second graph layer before its normalisation, with its sums per window."""
    windows, frames, nodes = shape
    size = nodes * LANES
    h, u, w = np.empty(size, np.float32), np.empty(size, np.float32), np.empty(size, np.float32)
    for window in range(windows):
        matrix = window * nodes * nodes % matrices.size
        total = square = number(0)
        for frame in range(frames):
            begin = (index[window] * frames + frame) * nodes * _ROWS
            for node in range(nodes):
                value = _first_normed(z, begin + node * _ROWS, weight)
                store(h, node * LANES, larger(value, number(0)))
            _clear(u)
            _clear(w)
            _product(matrices, matrix, nodes, 1, h, u, 0, nodes, nodes)
            _product(u, 0, LANES, 1, second, w, 0, nodes, LANES)
            for node in range(nodes):
                value = load(w, node * LANES)
                store(v, ((window * frames + frame) * nodes + node) * LANES, value)
                total, square = total + value, multiply_add(value, value, square)
        store(sums, window * LANES, total)
        store(sums, (windows + window) * LANES, square)


@compiled
def _second_backward(  # type: ignore[no-untyped-def]
    z, index, weight, matrices, transposed,
    v, g, scale, shift, slope, constant, sums, products, shape,
):  # fmt: skip
    """Sums for the gradients of both layers' weights, per window."""
    windows, frames, nodes = shape
    zero, size = number(0), nodes * LANES
    h, dv = np.empty(size, np.float32), np.empty(size, np.float32)
    along, dh = np.empty(size, np.float32), np.empty(size, np.float32)
    for window in range(windows):
        matrix = window * nodes * nodes % matrices.size
        for frame in range(frames):
            begin = (index[window] * frames + frame) * nodes * _ROWS
            for node in range(nodes):
                at = ((window * frames + frame) * nodes + node) * LANES
                value = _first_normed(z, begin + node * _ROWS, weight)
                store(h, node * LANES, larger(value, zero))
                value = where_less(zero, _normed(v, at, 0, scale, shift), load(g, at), zero)
                rest = multiply_add(load(slope, 0), load(v, at), load(constant, 0))
                store(dv, node * LANES, multiply_add(load(scale, 0), value, rest))
            _clear(along)
            _clear(dh)
            _product(matrices, matrix, 1, nodes, dv, along, 0, nodes, nodes)
            _product(along, 0, LANES, 1, transposed, dh, 0, nodes, LANES)
            _product(h, 0, 1, LANES, along, products, window * LANES * LANES, LANES, nodes)
            for node in range(nodes):
                value, at = load(h, node * LANES), node * LANES
                store(dh, at, where_less(zero, value, load(dh, at), zero))
            _product(z, begin, 1, _ROWS, dh, sums, window * _ROWS * LANES, _ROWS, nodes)


@compiled
def _losses(y, phase, apex, action, weights, gradient, sums, context):  # type: ignore[no-untyped-def]
    """Weighted losses of each window, and the gradient of their sum; sixteen frames at a time."""
    windows, _, channels = y.shape
    frames = phase.shape[2]
    x, slopes = np.empty(channels * LANES, np.float32), np.empty(channels * LANES, np.float32)
    phase, apex, action = phase.reshape(-1), apex.reshape(-1), action.reshape(-1)
    lanes = np.empty(LANES, np.float32)
    zero, unit = number(0), number(1)
    for window in range(windows):
        total = zero
        for start in range(0, frames, LANES):
            for lane in range(LANES):
                for channel in range(channels):
                    x[channel * LANES + lane] = y[window, context + start + lane, channel]
            for kind in range(2):
                target = (window * 2 + kind) * frames + start
                first = 3 * kind * LANES
                a, b, c = load(x, first), load(x, first + LANES), load(x, first + 2 * LANES)
                largest = larger(larger(a, b), c)
                a, b, c = a - largest, b - largest, c - largest
                label = load(phase, target)
                right = where_less(label, number(0.5), a, where_less(label, number(1.5), b, c))
                a, b, c = exp(a), exp(b), exp(c)
                whole = a + b + c
                logarithm = right - log(whole)
                p = exp(logarithm)
                unmarked = number(NEITHER - 0.5)
                weight = spread(weights[kind]) * where_less(
                    label, unmarked, number(losses.MARK), number(losses.NO_MARK)
                )
                total = total - weight * (unit - p) * logarithm
                along = weight * (p * logarithm - (unit - p))  # by the logarithm of the right class
                a, b, c = along * a / whole, along * b / whole, along * c / whole
                a = where_less(label, number(0.5), along, zero) - a
                c = where_less(number(1.5), label, along, zero) - c
                b = zero - a - c  # slopes of a softmax add up to zero
                store(slopes, first, a)
                store(slopes, first + LANES, b)
                store(slopes, first + 2 * LANES, c)
                for head in range(2):
                    at = (6 + 2 * head + kind) * LANES
                    score = load(action, target) if head else load(apex, target)
                    present = number(losses.ACTION) if head else number(losses.APEX)
                    p = unit / (unit + exp(zero - load(x, at)))
                    # |answer - p| log(likely), where a frame with a score wants p to be it
                    sign = where_less(zero, score, unit, zero - unit)
                    answer = where_less(zero, score, score, number(losses.SMOOTH))
                    likely = where_less(zero, score, p, unit - p) + number(losses.EPSILON)
                    weight = spread(weights[2 + 2 * head + kind]) * where_less(
                        zero, score, present, unit - present
                    )
                    distance, logarithm = p - answer, log(likely)
                    side = where_less(
                        distance, zero, zero - unit, where_less(zero, distance, unit, zero)
                    )
                    total = total - weight * side * distance * logarithm
                    along = side * logarithm + sign * side * distance / likely
                    store(slopes, at, zero - weight * along * p * (unit - p))
            for lane in range(LANES):
                for channel in range(channels):
                    gradient[window, context + start + lane, channel] = slopes[
                        channel * LANES + lane
                    ]
        store(lanes, 0, total)
        sums[window] = lanes.sum()
