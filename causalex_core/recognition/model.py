"""CausalNet as its authors published it: the emotion of a micro-expression from four images.

Read from top to bottom: attention, the encoder of one image (NesT), the causal motion position
learning module (CMPLM), the causal attention block (CAB), the network. What the authors' code does
is kept as it is: images are 0 to 255, the head has no activation between its two linear maps, a
token of a phase is every fourth channel of the encoder's features rather than a region of the
face, and attention is within blocks of one token, whose softmax is one (:func:`folded` removes it).
Streams that share weights go through them in one batch, which changes no number.

References
----------
Z. Zhang et al., Nested hierarchical transformer: towards accurate, data-efficient and
interpretable visual understanding. AAAI 2022 (NesT).
"""

from dataclasses import dataclass, replace

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn
from torch.nn.utils import convert_conv2d_weight_memory_format

from causalex_core.errors import CausalexError
from causalex_core.recognition.data import CHANNELS, COUNT, SIDE

CLASSES = 3
GRID = 2  # rows and columns of the tokens of a phase
TOKENS = GRID**2
PATCH = 7  # px
SIDES = (4, 2, 1)  # tokens per side of the map, of each stage of the encoder
WIDTHS, STAGE_HEADS = (256, 512, 1024), (3, 6, 12)
WIDTH, HEADS = 256, 8  # of CMPLM and CAB
HIDDEN = 2048
CACHED_TOKENS = 2048  # whose activations in a layer stay in a processor's cache


# --- Attention -----------------------------------------------------------------------------------


def neighbours() -> Tensor:
    """(4, 4) matrix M: 1 for the same token and tokens side by side, 0 across corners."""
    rows, columns = torch.meshgrid(torch.arange(GRID), torch.arange(GRID), indexing="ij")
    positions = torch.stack([rows.flatten(), columns.flatten()], dim=1)
    distance = (positions[:, None] - positions[None]).abs().sum(-1)
    return (distance <= 1).float()


def penalties(gamma: float) -> Tensor:
    """(4, 4) matrix P: -(j + 1) gamma for key j across a corner, else 0."""
    return torch.where(neighbours() > 0, 0, -gamma * torch.arange(1, TOKENS + 1))


def split_heads(x: Tensor, heads: int) -> Tensor:
    """(N, T, C) to (N, heads, T, C / heads)."""
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def join_heads(x: Tensor) -> Tensor:
    """(N, heads, T, C / heads) to (N, T, C)."""
    return x.transpose(1, 2).flatten(2)


def attend(query: Tensor, key: Tensor, value: Tensor, heads: int) -> Tensor:
    """Scaled dot-product attention of queries (N, Q, C) to keys and values (N, K, C)."""
    query, key, value = (split_heads(x, heads) for x in (query, key, value))
    scores = query @ key.mT * query.shape[-1] ** -0.5
    return join_heads(scores.softmax(-1) @ value)


def feed_forward(width: int) -> nn.Sequential:
    """Two linear maps with four times the channels between them, and GELU."""
    return nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))


class PositionAttention(nn.Module):
    """Attention to neighbours on the grid: softmax(s M + P) M, with scores s = scale q k^T.

    Weights across corners take their share of the softmax and are then set to zero, so that the
    weights of a token sum to less than one; with gamma infinite they take none.
    """

    near: Tensor
    penalty: Tensor

    def __init__(self, width: int, heads: int, gamma: float, scale: float) -> None:
        super().__init__()
        self.heads, self.scale = heads, scale
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)
        self.register_buffer("near", neighbours())
        self.register_buffer("penalty", penalties(gamma))

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        """Tokens (N, 4, C) attend to those of a context (N, 4, C)."""
        key, value = self.key_value(context).chunk(2, dim=-1)
        query, key, value = (split_heads(x, self.heads) for x in (self.query(x), key, value))
        scores = query @ key.mT * self.scale  # (N, heads, 4, 4)
        weights = torch.softmax(scores * self.near + self.penalty, dim=-1) * self.near
        return self.out(join_heads(weights @ value))


# --- Encoder of one image ------------------------------------------------------------------------


class BlockAttention(nn.Module):
    """Self-attention within a block; 85 channels per head."""

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
    """:class:`BlockAttention` in a block of one token."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        inner = width // heads * heads
        self.value = nn.Linear(width, inner, bias=False)
        self.out = nn.Linear(inner, width)

    def forward(self, x: Tensor) -> Tensor:
        """(blocks, 1, C) to the same."""
        if x.shape[:-1].numel() < self.value.out_features:
            return self.out(self.value(x))
        # of many tokens, the product of both maps first takes fewer multiplications
        both = nnf.linear(self.out.weight, self.value.weight.mT)
        return nnf.linear(x, both, self.out.bias)


class Layer(nn.Module):
    """Pre-norm transformer layer: attention and a perceptron, each with a residual."""

    def __init__(self, width: int, heads: int, alone: bool = False) -> None:
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
    """Layers within the blocks of a map, of `side` by `side` tokens.

    Each position in a block has one number, which is added to all channels.
    """

    def __init__(self, width: int, heads: int, repeats: int, side: int, folded: bool) -> None:
        super().__init__()
        self.side = side
        self.position = nn.Parameter(torch.randn(side * side))
        alone = folded and side == 1
        self.layers = nn.Sequential(*(Layer(width, heads, alone) for _ in range(repeats)))

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, rows, columns, C) to the same."""
        side, shape = self.side, x.shape
        blocks = x.unflatten(2, (-1, side)).unflatten(1, (-1, side)).transpose(2, 3)
        tokens = blocks.reshape(-1, side * side, shape[-1]) + self.position[:, None]
        # no token sees one of another block: on a processor, a few blocks at a time
        n_blocks = max(1, CACHED_TOKENS // side**2) if x.device.type == "cpu" else len(tokens)
        tokens = torch.cat([self.layers(part) for part in tokens.split(n_blocks)])
        return tokens.reshape(blocks.shape).transpose(2, 3).reshape(shape)


class Downsample(nn.Module):
    """Twice the channels on a map of half the side: convolution, norm, maximum pooling."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(width, 2 * width, 3, padding=1)
        # channels last, as in the maps: products need no copy of the weights
        convert_conv2d_weight_memory_format(self.convolution, torch.channels_last)
        self.norm = nn.LayerNorm(2 * width)

    def forward(self, x: Tensor) -> Tensor:
        """(N, rows, columns, C) to (N, rows / 2, columns / 2, 2 C)."""
        x = self.convolution(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        x = self.norm(x).permute(0, 3, 1, 2)
        return nnf.max_pool2d(x, 3, stride=2, padding=1).permute(0, 2, 3, 1)


class Encoder(nn.Module):
    """Features (N, 1024) of images (N, 3, 28, 28), by three stages."""

    def __init__(
        self, repeats: tuple[int, int, int], blocks: tuple[int, int, int], folded: bool
    ) -> None:
        super().__init__()
        self.embed = nn.Linear(PATCH * PATCH * CHANNELS, WIDTHS[0])
        shapes = zip(WIDTHS, STAGE_HEADS, repeats, SIDES, blocks, strict=True)
        self.stages = nn.ModuleList(
            Stage(width, heads, n, side // parts, folded) for width, heads, n, side, parts in shapes
        )
        self.shrinks = nn.ModuleList([Downsample(width) for width in WIDTHS[:-1]])

    def forward(self, images: Tensor) -> Tensor:
        """Features of images."""
        x = self.embed(patches(images))  # (N, 4, 4, 256)
        for stage, shrink in zip(self.stages[:-1], self.shrinks, strict=True):
            x = shrink(stage(x))  # (N, 2, 2, 512), (N, 1, 1, 1024)
        return self.stages[-1](x).flatten(1)


def patches(images: Tensor) -> Tensor:
    """Images (N, 3, 28, 28) to (N, 4, 4, 147): rows of a patch, its columns, then channels."""
    cut = images.unflatten(3, (SIDE // PATCH, PATCH)).unflatten(2, (SIDE // PATCH, PATCH))
    return cut.permute(0, 2, 4, 3, 5, 1).flatten(3)


# --- Modules of the two phases -------------------------------------------------------------------


class CMPLM(nn.Module):
    """One layer of the causal motion position learning module.

    The directions of the two phases attend to each other, the second to the updated first. The
    context of an attention is not normalised.
    """

    def __init__(self, gamma: float, width: int = WIDTH, heads: int = HEADS) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        # the published code scales by all channels here, by those of a head everywhere else
        self.attention = PositionAttention(width, heads, gamma, scale=width**-0.5)
        self.feed_forward = feed_forward(width)

    def forward(self, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
        """Tokens (N, 4, C) of both phases to the same."""
        query = self.norm(second)
        first = first + self.attention(self.norm(first), second)
        second = second + self.attention(query, first)
        both = torch.cat([first, second])
        first, second = (both + self.feed_forward(both)).chunk(2)
        return first, second


class TemporalAttention(nn.Module):
    """A token of the later phase attends to itself and to the same token of the earlier one."""

    def __init__(self, width: int = WIDTH, heads: int = HEADS) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)

    def forward(self, earlier: Tensor, later: Tensor) -> Tensor:
        """Tokens of two phases to what is added to the later."""
        pair = torch.stack([earlier, later], dim=2).flatten(0, 1)  # (4 N, 2, C)
        key, value = self.key_value(pair).chunk(2, dim=-1)
        query = self.query(later).flatten(0, 1)[:, None]  # (4 N, 1, C)
        return self.out(attend(query, key, value, self.heads).reshape(later.shape))


class CRM(nn.Module):
    """The whole movement, from the later phases of both directions of time (CRM)."""

    def __init__(self, width: int = WIDTH, heads: int = HEADS) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.out = nn.Linear(width, width)

    def forward(self, forward: Tensor, backward: Tensor) -> Tensor:
        """Relaxation read forward and contraction read backward, to tokens."""
        both = forward + backward
        attended = attend(self.query(forward), self.key(backward), self.value(both), self.heads)
        return self.out(attended + both)


class CAB(nn.Module):
    """Causal attention block.

    Time is read forward and backward with the same weights: relaxation attends to contraction,
    then contraction to relaxation; an earlier phase never attends to a later one.
    """

    def __init__(self, gamma: float, width: int = WIDTH, heads: int = HEADS) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.spatial = PositionAttention(width, heads, gamma, scale=(width // heads) ** -0.5)
        self.temporal = TemporalAttention(width, heads)
        self.feed_forward = feed_forward(width)
        self.relation = CRM(width, heads)

    def forward(self, contraction: Tensor, relaxation: Tensor) -> Tensor:
        """Tokens of both phases to (N, 3, 4, C): the movement, contraction, relaxation."""
        earlier, later = self.in_time(*self.norm(torch.stack([contraction, relaxation])))
        both = torch.cat([earlier, later])
        contracted, relaxed, forward, backward = (both + self.feed_forward(both)).chunk(4)
        return torch.stack([self.relation(forward, backward), contracted, relaxed], dim=1)

    def in_time(self, contraction: Tensor, relaxation: Tensor) -> tuple[Tensor, Tensor]:
        """Earlier and later phase (2 N, 4, C), first of time read forward, then of backward."""
        both = torch.cat([contraction, relaxation])
        earlier = both + self.spatial(both, both)
        later = torch.cat(earlier.chunk(2)[::-1])
        return earlier, later + self.temporal(earlier, later)


# --- The network ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class CausalNetConfig:
    """Shape of the network.

    Attributes
    ----------
    repeats
        Layers of each stage of an encoder; the CMPLM has as many as the last.
    gamma
        Penalty on tokens that are no neighbours.
    blocks
        Blocks per side of the map (4, 2, 1 tokens), of each stage of an encoder.
    folded
        Whether attention in blocks of one token is left out (see :func:`folded`).
    """

    repeats: tuple[int, int, int] = (3, 3, 9)
    gamma: float = 0.5
    blocks: tuple[int, int, int] = SIDES
    folded: bool = False


class CausalNet(nn.Module):
    """Logits of negative, positive and surprise.

    Raises
    ------
    CausalexError
        If a stage has no layer, or blocks do not divide its map.
    """

    def __init__(self, config: CausalNetConfig = CausalNetConfig()) -> None:
        super().__init__()
        if min(config.repeats) < 1:
            raise CausalexError(f"repeats {config.repeats}: expected at least one layer per stage")
        if any(n < 1 or side % n for side, n in zip(SIDES, config.blocks, strict=True)):
            raise CausalexError(f"blocks {config.blocks}: expected divisors of {SIDES}")
        self.config = config
        self.flow = Encoder(config.repeats, config.blocks, config.folded)
        self.direction = Encoder(config.repeats, config.blocks, config.folded)
        self.positions = nn.ModuleList([CMPLM(config.gamma) for _ in range(config.repeats[-1])])
        self.causal = CAB(config.gamma)
        self.head = nn.Sequential(nn.Linear(3 * TOKENS * WIDTH, HIDDEN), nn.Linear(HIDDEN, CLASSES))

    def forward(self, maps: Tensor) -> Tensor:
        """Logits (N, 3), in the type of the weights.

        Parameters
        ----------
        maps
            (N, 4, 3, 28, 28), 0 to 255, of any type: flow from onset to apex and from apex to
            offset, then the direction of each (see :func:`causalex_core.recognition.data.inputs`).

        Raises
        ------
        CausalexError
            If the maps have another shape.
        """
        if maps.shape[1:] != (COUNT, CHANNELS, SIDE, SIDE):
            raise CausalexError(
                f"maps of shape {tuple(maps.shape)}: expected"
                f" (N, {COUNT}, {CHANNELS}, {SIDE}, {SIDE})"
            )
        flow, direction = maps.to(next(self.parameters()).dtype).split(2, dim=1)
        first, second = self._tokens(self.direction, direction)
        for layer in self.positions:
            first, second = layer(first, second)
        contraction, relaxation = self._tokens(self.flow, flow)
        return self.head(self.causal(contraction + first, relaxation + second).flatten(1))

    @staticmethod
    def _tokens(encoder: Encoder, images: Tensor) -> tuple[Tensor, ...]:
        """Tokens (N, 4, 256) of each phase of images (N, 2, 3, 28, 28)."""
        features = encoder(images.flatten(0, 1))  # (2 N, 1024)
        return features.reshape(*images.shape[:2], WIDTH, TOKENS).mT.unbind(1)


def folded(network: CausalNet) -> CausalNet:
    """A copy without attention in blocks of one token; its outputs are the same.

    No output depends on the queries and keys that go, and no gradient reaches them: under an
    optimiser without weight decay both networks also learn the same.
    """
    with torch.device("meta"):
        copy = CausalNet(replace(network.config, folded=True))
    expected = copy.state_dict()
    state = {}
    for name, value in network.state_dict().items():
        kept = name if name in expected else name.replace("query_key_value", "value")
        state[kept] = value[-len(expected[kept]) :].clone()
    copy.load_state_dict(state, assign=True)
    return copy.train(network.training)
