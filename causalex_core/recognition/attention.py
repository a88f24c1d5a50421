"""Attention between the four tokens of a map, as the modules of CausalNet share it."""

import torch
from torch import Tensor, nn

GRID = 2  # tokens stand on a grid of so many rows and columns
TOKENS = GRID**2


def neighbours() -> Tensor:
    """(4, 4) ones where two tokens are the same or stand side by side, zeros across corners."""
    rows, columns = torch.meshgrid(torch.arange(GRID), torch.arange(GRID), indexing="ij")
    places = torch.stack([rows.flatten(), columns.flatten()], dim=1)
    steps = (places[:, None] - places[None]).abs().sum(-1)
    return (steps <= 1).float()


def penalties(gamma: float) -> Tensor:
    """(4, 4) logits of tokens across corners: -gamma for the first key, -4 gamma for the last."""
    return torch.where(neighbours() > 0, 0, -gamma * torch.arange(1, TOKENS + 1))


def split(x: Tensor, heads: int) -> Tensor:
    """(N, T, C) to (N, heads, T, C / heads)."""
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def joined(x: Tensor) -> Tensor:
    """(N, heads, T, C / heads) to (N, T, C)."""
    return x.transpose(1, 2).flatten(2)


def attend(query: Tensor, key: Tensor, value: Tensor, heads: int) -> Tensor:
    """Scaled attention of queries (N, Q, C) to keys and values (N, K, C)."""
    query, key, value = (split(x, heads) for x in (query, key, value))
    scores = query @ key.mT * query.shape[-1] ** -0.5
    return joined(scores.softmax(-1) @ value)


def feed_forward(width: int) -> nn.Sequential:
    """Two linear maps with four times the channels between them, and GELU."""
    return nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))


class PositionAttention(nn.Module):
    """Attention that is meant to leave out tokens that are no neighbours.

    Their scores become the fixed penalties, which still take their share of the softmax, and
    then their weights are set to zero: the weights of a token sum to less than one.

    Parameters
    ----------
    width, heads
        Channels, and heads that they are divided among.
    gamma
        Size of the penalties; if infinite, tokens across corners are left out for good and the
        weights of a token sum to one.
    scale
        Factor of the scores.
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
        """What tokens (N, 4, C) take from the tokens of a context (N, 4, C)."""
        key, value = self.key_value(context).chunk(2, dim=-1)
        query, key, value = (split(x, self.heads) for x in (self.query(x), key, value))
        scores = query @ key.mT * self.scale
        weights = torch.softmax(scores * self.near + self.penalty, dim=-1) * self.near
        return self.out(joined(weights @ value))
