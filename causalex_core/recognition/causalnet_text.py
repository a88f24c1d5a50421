"""CausalNet as its text describes it, in one network of any size.

Against the published code (:mod:`causalex_core.recognition.model`): attention is between several
tokens; the four tokens that the phases exchange are the quarters of a face; tokens across corners
take no share of attention; a position has a vector of its own; flow has its zero at zero, so that
its direction goes all around; and the head has an activation. Both networks have two phases, flow
and direction, exchange of the directions, and fusion along time read forward and backward.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as nnf
from numpy.typing import NDArray
from torch import Tensor, nn

from causalex_core.errors import CausalexError
from causalex_core.recognition.data import CHANNELS, SIDE, Images, from_median, mosaic
from causalex_core.recognition.model import CAB, CLASSES, CMPLM, GRID, TOKENS, Layer

_UNIT = 64  # grey levels; about the spread of v and u in an image
_STILL = 0.1  # units of motion; below it a direction is short, as it means little
_QUARTER = SIDE // GRID  # px


@dataclass(frozen=True)
class CausalNetTextConfig:
    """Shape of the network; the defaults give it about the size of the published one.

    Attributes
    ----------
    patch
        Side of a token in cells; it divides the side of a quarter.
    widths, heads, repeats
        Channels, heads and layers of attention within each quarter, then across the four.
    exchanges
        Layers of the CMPLM.
    fused, fused_heads
        Channels and heads of the CMPLM and the CAB.
    hidden
        Channels within the head.
    stitched
        Whether the quarters are cut around eyes and corners of the mouth, as in the published
        images, or are those of the whole face.
    smoothed
        Side in pixels, odd, of the square around each pixel over which motion is averaged.
    cells
        Side in pixels of the cells whose averages are the input.
    straight
        Whether a linear map of the first phase is added to the logits.
    """

    patch: int = 7
    widths: tuple[int, int] = (512, 1024)
    heads: tuple[int, int] = (6, 12)
    repeats: tuple[int, int] = (6, 9)
    exchanges: int = 9
    fused: int = 256
    fused_heads: int = 8
    hidden: int = 2048
    stitched: bool = True
    smoothed: int = 1
    cells: int = 1
    straight: bool = False


# A token is a whole quarter, so that there is no attention within it.
COMPACT = CausalNetTextConfig(
    widths=(12, 24), heads=(2, 2), repeats=(0, 1), exchanges=1, fused=24, fused_heads=2, hidden=32,
    stitched=False, cells=2, straight=True,
)  # fmt: skip


class CausalNetText(nn.Module):
    """Logits of negative, positive and surprise.

    Raises
    ------
    CausalexError
        If patches or cells do not fill a quarter, `fused_heads` does not divide `fused`, or
        `smoothed` is even.
    """

    index: Tensor

    def __init__(self, config: CausalNetTextConfig = CausalNetTextConfig()) -> None:
        super().__init__()
        if config.smoothed < 1 or config.smoothed % 2 == 0:
            raise CausalexError(f"smoothed over {config.smoothed} px: expected an odd number")
        side = config.patch * config.cells  # px of a token
        fits = min(config.patch, config.cells) > 0 and _QUARTER % side == 0
        if not fits or config.fused % config.fused_heads:
            raise CausalexError(
                f"patches of {config.patch} cells of {config.cells} px and {config.fused_heads}"
                f" heads for {config.fused} channels: expected divisors of {_QUARTER} and of"
                f" {config.fused}"
            )
        self.config = config
        pixels = np.arange(SIDE * SIDE).reshape(SIDE, SIDE, 1)
        index = mosaic(pixels) if config.stitched else pixels
        self.register_buffer("index", torch.from_numpy(index[..., 0].copy()))
        self.flow, self.direction = FaceEncoder(config), FaceEncoder(config)
        self.positions = nn.ModuleList(
            [CMPLM(math.inf, config.fused, config.fused_heads) for _ in range(config.exchanges)]
        )
        self.causal = CAB(math.inf, config.fused, config.fused_heads)
        self.head = nn.Sequential(
            nn.Linear(3 * TOKENS * config.fused, config.hidden),
            nn.GELU(),
            nn.Linear(config.hidden, CLASSES),
        )
        if config.straight:
            self.straight = nn.Linear(CHANNELS * (SIDE // config.cells) ** 2, CLASSES)
            nn.init.zeros_(self.straight.weight)

    def forward(self, motion: Tensor) -> Tensor:
        """Logits (N, 3) of motion (N, 2, 3, 28, 28), as :func:`centred` gives it."""
        flow = self._sampled(motion)
        first, second = self._tokens(self.direction, directions(flow))
        for layer in self.positions:
            first, second = layer(first, second)
        contraction, relaxation = self._tokens(self.flow, flow)
        logits = self.head(self.causal(contraction + first, relaxation + second).flatten(1))
        return logits + self.straight(flow[:, 0].flatten(1)) if self.config.straight else logits

    def _sampled(self, motion: Tensor) -> Tensor:
        """Motion (N, 2, 3, S, S) smoothed, stitched and averaged over cells."""
        size = self.config.smoothed
        if size > 1:
            motion = nnf.avg_pool2d(
                motion.flatten(0, 2), size, stride=1, padding=size // 2, count_include_pad=False
            ).view(motion.shape)
        if self.config.stitched:
            motion = motion.flatten(-2)[..., self.index]
        return averaged(motion, self.config.cells)

    @staticmethod
    def _tokens(encoder: nn.Module, images: Tensor) -> tuple[Tensor, ...]:
        """Tokens (N, 4, C) of each phase."""
        return encoder(images.flatten(0, 1)).unflatten(0, images.shape[:2]).unbind(1)


class FaceEncoder(nn.Module):
    """A token of each quarter of an image: attention within quarters, then across."""

    def __init__(self, config: CausalNetTextConfig) -> None:
        super().__init__()
        self.patch = config.patch
        (width, wider), (heads, more_heads) = config.widths, config.heads
        within, across = config.repeats
        tokens = (_QUARTER // config.cells // config.patch) ** 2
        self.embed = nn.Linear(CHANNELS * config.patch**2, width)
        self.position = nn.Parameter(torch.zeros(TOKENS, tokens, width))
        self.within = nn.Sequential(*(Layer(width, heads) for _ in range(within)))
        self.merge = nn.Linear(tokens * width, wider)
        self.across = nn.Sequential(*(Layer(wider, more_heads) for _ in range(across)))
        self.norm = nn.LayerNorm(wider)
        self.out = nn.Linear(wider, config.fused)

    def forward(self, images: Tensor) -> Tensor:
        """Images (N, 3, S, S) to tokens (N, 4, C)."""
        tokens = self.embed(quarters(images, self.patch)) + self.position
        inside = self.within(tokens.flatten(0, 1)).unflatten(0, tokens.shape[:2])
        return self.out(self.norm(self.across(self.merge(inside.flatten(2)))))


def quarters(images: Tensor, patch: int) -> Tensor:
    """Images (N, C, S, S) to (N, 4, patches of a quarter, C * patch * patch), row by row."""
    pieces = (GRID, images.shape[-1] // GRID // patch, patch)
    cut = images.unflatten(3, pieces).unflatten(2, pieces).permute(0, 2, 5, 3, 6, 1, 4, 7)
    return cut.flatten(5).flatten(3, 4).flatten(1, 2)


def averaged(images: Tensor, cells: int) -> Tensor:
    """Images (..., S, S) averaged over cells of `cells` by `cells` pixels.

    A sum of slices is several times as fast on a CPU as the library's pooling.
    """
    rows = sum(images[..., start::cells, :] for start in range(1, cells)) + images[..., ::cells, :]
    total = sum(rows[..., start::cells] for start in range(1, cells)) + rows[..., ::cells]
    return total / cells**2


def directions(flow: Tensor) -> Tensor:
    """Flow (..., 3, S, S) to its length and the v and u of its unit vector."""
    v, u = flow[..., 1, :, :], flow[..., 2, :, :]
    length = (v * v + u * u + _STILL**2).sqrt()
    return torch.stack([length, v / length, u / length], dim=-3)


def centred(flow: Images) -> NDArray[np.float32]:
    """Flow with its zero at zero.

    Parameters
    ----------
    flow
        uint8 (N, 2, 28, 28, 3), both flow images of each sample: strain, v, u.

    Returns
    -------
    ndarray
        (N, 2, 3, 28, 28) in units of 64 grey levels; v and u from the median of their image, as
        most of a face does not move.

    Raises
    ------
    CausalexError
        If the images have another shape.
    """
    if flow.shape[1:] != (2, SIDE, SIDE, CHANNELS):
        raise CausalexError(
            f"flow of shape {flow.shape}: expected (N, 2, {SIDE}, {SIDE}, {CHANNELS})"
        )
    return np.ascontiguousarray(np.moveaxis(from_median(flow) / _UNIT, -1, 2))
