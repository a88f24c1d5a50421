"""The encoder of one image: attention within blocks of a map at three scales, as in NesT.

As published, a block is a single token at every scale. A softmax over one key is one, so this
attention is a linear map of the token itself, its queries and keys never learn, and what is left
is a residual perceptron at each place with two convolutions.

References
----------
Z. Zhang et al., Nested hierarchical transformer: towards accurate, data-efficient and
interpretable visual understanding. AAAI 2022 (NesT).
"""

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from causalex_core.recognition.attention import attend, feed_forward
from causalex_core.recognition.maps import CHANNELS, SIDE

PATCH = 7  # px
SIDES = (4, 2, 1)  # tokens per side of the map, of each stage
WIDTHS, HEADS = (256, 512, 1024), (3, 6, 12)


class BlockAttention(nn.Module):
    """Attention of the tokens of a block to one another; 85 channels per head."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        inner = width // heads * heads
        self.query_key_value = nn.Linear(width, 3 * inner, bias=False)
        self.out = nn.Linear(inner, width)

    def forward(self, x: Tensor) -> Tensor:
        """(blocks, tokens, C) to the same."""
        query, key, value = self.query_key_value(x).chunk(3, dim=-1)
        return self.out(attend(query, key, value, self.heads))


class ValueProjection(nn.Module):
    """What :class:`BlockAttention` is to a token that is alone in its block."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        inner = width // heads * heads
        self.value = nn.Linear(width, inner, bias=False)
        self.out = nn.Linear(inner, width)

    def forward(self, x: Tensor) -> Tensor:
        """(blocks, 1, C) to the same."""
        return self.out(self.value(x))


class Layer(nn.Module):
    """Attention, then a perceptron, each added to what it was given in normalised form."""

    def __init__(self, width: int, heads: int, alone: bool) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(width)
        self.attention = (ValueProjection if alone else BlockAttention)(width, heads)
        self.feed_forward_norm = nn.LayerNorm(width)
        self.feed_forward = feed_forward(width)

    def forward(self, x: Tensor) -> Tensor:
        """(blocks, tokens, C) to the same."""
        x = x + self.attention(self.attention_norm(x))
        return x + self.feed_forward(self.feed_forward_norm(x))


class Stage(nn.Module):
    """Layers within the blocks of a map; each place in a block has a number that is added first.

    Parameters
    ----------
    side
        Tokens per side of a block.
    folded
        Whether queries and keys are left out where a block has one token.
    """

    def __init__(self, width: int, heads: int, repeats: int, side: int, folded: bool) -> None:
        super().__init__()
        self.side = side
        self.position = nn.Parameter(torch.randn(side * side))
        alone = folded and side == 1
        self.layers = nn.ModuleList([Layer(width, heads, alone) for _ in range(repeats)])

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, rows, columns, C) to the same."""
        side, shape = self.side, x.shape
        blocks = x.unflatten(2, (-1, side)).unflatten(1, (-1, side)).transpose(2, 3)
        tokens = blocks.reshape(-1, side * side, shape[-1]) + self.position[:, None]
        for layer in self.layers:
            tokens = layer(tokens)
        return tokens.reshape(blocks.shape).transpose(2, 3).reshape(shape)


class Downsample(nn.Module):
    """Twice the channels on a map of half the side."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(width, 2 * width, 3, padding=1)
        self.norm = nn.LayerNorm(2 * width)

    def forward(self, x: Tensor) -> Tensor:
        """(N, rows, columns, C) to (N, rows / 2, columns / 2, 2 C)."""
        x = self.convolution(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        x = self.norm(x).permute(0, 3, 1, 2)
        return nnf.max_pool2d(x, 3, stride=2, padding=1).permute(0, 2, 3, 1)


class Encoder(nn.Module):
    """From an image to its features.

    Parameters
    ----------
    repeats
        Layers of each stage.
    blocks
        Blocks per side of the map, of each stage.
    folded
        See :class:`Stage`.
    """

    def __init__(
        self, repeats: tuple[int, int, int], blocks: tuple[int, int, int], folded: bool
    ) -> None:
        super().__init__()
        self.embed = nn.Linear(PATCH * PATCH * CHANNELS, WIDTHS[0])
        self.stages = nn.ModuleList(
            [
                Stage(width, heads, count, side // parts, folded)
                for width, heads, count, side, parts in zip(
                    WIDTHS, HEADS, repeats, SIDES, blocks, strict=True
                )
            ]
        )
        self.shrinks = nn.ModuleList([Downsample(width) for width in WIDTHS[:-1]])

    def forward(self, images: Tensor) -> Tensor:
        """Images (N, 3, 28, 28) to features (N, 1024)."""
        x = self.embed(patches(images))
        for stage, shrink in zip(self.stages[:-1], self.shrinks, strict=True):
            x = shrink(stage(x))
        return self.stages[-1](x).flatten(1)


def patches(images: Tensor) -> Tensor:
    """Images (N, 3, 28, 28) to (N, 4, 4, 147): rows of a patch, its columns, then channels."""
    cut = images.unflatten(3, (SIDE // PATCH, PATCH)).unflatten(2, (SIDE // PATCH, PATCH))
    return cut.permute(0, 2, 4, 3, 5, 1).flatten(3)
