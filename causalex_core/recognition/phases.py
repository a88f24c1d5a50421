"""What CausalNet makes of the two phases of a movement: contraction and relaxation.

Features of a phase are four tokens (N, 4, C). As published, a token is every fourth channel of
the encoder's features: the grid on which tokens are neighbours is not that of the face.
"""

import torch
from torch import Tensor, nn

from causalex_core.recognition.attention import PositionAttention, attend, feed_forward

WIDTH, HEADS = 256, 8  # as published


class MotionPosition(nn.Module):
    """One layer of the causal motion position learning module (CMPLM).

    The directions of the two phases attend to one another, the second to what the first has
    become; what is attended to is not normalised.
    """

    def __init__(self, gamma: float, width: int = WIDTH, heads: int = HEADS) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        # the published code scales by all channels here, by those of a head everywhere else
        self.attention = PositionAttention(width, heads, gamma, scale=width**-0.5)
        self.feed_forward = feed_forward(width)

    def forward(self, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
        """Tokens of both phases to the same."""
        asking = self.norm(second)
        first = first + self.attention(self.norm(first), second)
        second = second + self.attention(asking, first)
        both = torch.cat([first, second])
        first, second = (both + self.feed_forward(both)).chunk(2)
        return first, second


class Temporal(nn.Module):
    """What each token of a phase takes from itself and from its like in an earlier phase."""

    def __init__(self, width: int = WIDTH, heads: int = HEADS) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)

    def forward(self, earlier: Tensor, later: Tensor) -> Tensor:
        """Tokens of two phases to what is to be added to the later."""
        pair = torch.stack([earlier, later], dim=2).flatten(0, 1)
        key, value = self.key_value(pair).chunk(2, dim=-1)
        query = self.query(later).flatten(0, 1)[:, None]
        return self.out(attend(query, key, value, self.heads).reshape(later.shape))


class CRM(nn.Module):
    """The whole movement from the later phase of both directions of time (CRM)."""

    def __init__(self, width: int = WIDTH, heads: int = HEADS) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.out = nn.Linear(width, width)

    def forward(self, forward: Tensor, backward: Tensor) -> Tensor:
        """Tokens of relaxation read forward and of contraction read backward, to tokens."""
        both = forward + backward
        taken = attend(self.query(forward), self.key(backward), self.value(both), self.heads)
        return self.out(taken + both)


class CausalAttention(nn.Module):
    """The causal attention block (CAB).

    Time is read forward and backward with the same weights: relaxation sees contraction, then
    contraction sees relaxation. What a phase takes from itself is the same in both.
    """

    def __init__(self, gamma: float, width: int = WIDTH, heads: int = HEADS) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.spatial = PositionAttention(width, heads, gamma, scale=(width // heads) ** -0.5)
        self.temporal = Temporal(width, heads)
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
