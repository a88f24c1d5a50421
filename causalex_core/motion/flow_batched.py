"""Lucas-Kanade's flow of many pairs at once, in torch: what a GPU computes.

The same steps as :func:`causalex_core.motion.flow.lucas_kanade`, with OpenCV's conventions for
borders and centres of pixels. Both differ by rounding, less than 1e-3 px, but for a rare pair whose
motion only one of them takes for large. On a processor the other form is many times as fast.
"""

import numpy as np
import torch
import torch.nn.functional as nnf
from numpy.typing import NDArray
from torch import Tensor

from causalex_core.motion.pyramid import COARSER, LARGE, LARGE_SHARE, RIDGE, middle, window_side


@torch.inference_mode()
def lucas_kanade(
    first: NDArray[np.uint8],
    second: NDArray[np.uint8],
    weights: NDArray[np.float32] | None,
    device: torch.device,
) -> NDArray[np.float32]:
    """Flow (N, H, W, 2) of N pairs of images (N, H, W), with weights (N, H, W) of their pixels."""
    before, after = (torch.from_numpy(images).to(device).float() for images in (first, second))
    counts = torch.ones_like(before) if weights is None else torch.from_numpy(weights).to(device)
    pyramid = [(before, after, counts)]
    for _ in range(COARSER):
        before, after, counts = pyramid[-1]
        pyramid.append((_halve(before), _halve(after), _halve(counts)))
    flow = _step(*pyramid.pop())
    for before, after, counts in reversed(pyramid):
        far = _are_large(flow, LARGE / 2)[:, None, None]
        known = torch.where(far[..., None], 2 * _resized(flow, before), 0)
        after = torch.where(far, _moved_back(after, known), after)
        flow = known + _step(before, after, counts)
    return flow.cpu().numpy()


def _step(before: Tensor, after: Tensor, weights: Tensor) -> Tensor:
    """One linear step for all pixels of (N, H, W) images, (N, H, W, 2)."""
    along_x, along_y = (weights * part for part in _gradients(before + after))
    change = after - before
    xx, yy, xy, xt, yt = (
        _mean(_halve(product), window_side(before.shape[1]))
        for product in (
            along_x * along_x,
            along_y * along_y,
            along_x * along_y,
            along_x * change,
            along_y * change,
        )
    )
    xx, yy = xx + RIDGE, yy + RIDGE
    scale = 1 / (xx * yy - xy * xy)
    flow = torch.stack(((xy * yt - yy * xt) * scale, (xy * xt - xx * yt) * scale), dim=-1)
    return _resized(flow, before)


def _gradients(both: Tensor) -> tuple[Tensor, Tensor]:
    """Scharr's gradients along x and y of the mean of two images, of their sum (N, H, W)."""
    padded = _mirrored_beyond(both, 1)
    smooth_y = 3 * (padded[:, :-2] + padded[:, 2:]) + 10 * padded[:, 1:-1]
    smooth_x = 3 * (padded[..., :-2] + padded[..., 2:]) + 10 * padded[..., 1:-1]
    return (
        (smooth_y[..., 2:] - smooth_y[..., :-2]) / 64,
        (smooth_x[:, 2:] - smooth_x[:, :-2]) / 64,
    )


def _mean(images: Tensor, side: int) -> Tensor:
    """Mean in the square window around each pixel; no convolution, whose factors may be rounded."""
    padded = _mirrored_beyond(images, side // 2)
    return nnf.avg_pool2d(nnf.avg_pool2d(padded, (side, 1), stride=1), (1, side), stride=1)


def _mirrored_beyond(images: Tensor, width: int) -> Tensor:
    """Images (N, H, W) continued beyond their ends, whose own pixels are not repeated."""
    return nnf.pad(images, (width, width, width, width), mode="reflect")


def _halve(images: Tensor) -> Tensor:
    """Images of half the height and width; each pixel is the mean of what it covers."""
    down, across = (_shares(side).to(images) for side in images.shape[1:])
    return down @ images @ across.mT


def _shares(side: int) -> Tensor:
    """(side // 2, side) share that each pixel has in each one of half their number."""
    factor = side / (side // 2)
    start, pixel = factor * torch.arange(side // 2)[:, None], torch.arange(side)
    ends = torch.minimum(start + factor, pixel + 1)
    return (ends - torch.maximum(start, pixel)).clamp(min=0) / factor


def _are_large(flow: Tensor, threshold: float) -> Tensor:
    """(N,) whether the middle of each image moves far."""
    sampled = flow[:, middle(flow.shape[1]), middle(flow.shape[2])]
    far = sampled.square().sum(-1) > threshold**2
    return far.sum((1, 2)) > LARGE_SHARE * far[0].numel()


def _moved_back(images: Tensor, flow: Tensor) -> Tensor:
    """Images as they were before everything in them moved by a flow (N, H, W, 2)."""
    height, width = images.shape[1:]
    rows, columns = (torch.arange(side, device=flow.device) for side in (height, width))
    pixels = torch.stack(torch.meshgrid(columns, rows, indexing="xy"), dim=-1)
    ends = torch.tensor([width - 1, height - 1], device=flow.device)
    moved = nnf.grid_sample(
        images[:, None],
        2 * (pixels + flow) / ends - 1,
        mode="bicubic",
        padding_mode="border",
        align_corners=True,
    )
    return moved[:, 0]


def _resized(flow: Tensor, like: Tensor) -> Tensor:
    """Flow (N, h, w, 2) in the size of images (N, H, W)."""
    wide = nnf.interpolate(flow.movedim(-1, 1), like.shape[1:], mode="bilinear")
    return wide.movedim(1, -1)
