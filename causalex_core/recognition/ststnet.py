"""STSTNet: three shallow streams over one flow image, as a baseline.

Channels, padding and pooling are as remembered of the paper, not checked against its text or code.

References
----------
S.-T. Liong et al., Shallow triple stream three-dimensional CNN (STSTNet) for micro-expression
recognition. FG 2019.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from causalex_core.recognition.data import CHANNELS
from causalex_core.recognition.model import CLASSES

_PIXELS = 5 * 5  # of each channel after pooling


@dataclass(frozen=True)
class StstnetConfig:
    """Channels of each stream."""

    channels: tuple[int, ...] = (3, 5, 8)


class Ststnet(nn.Module):
    """Logits of negative, positive and surprise from the flow from onset to apex alone."""

    def __init__(self, config: StstnetConfig = StstnetConfig()) -> None:
        super().__init__()
        self.streams = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(CHANNELS, count, 3, padding=2), nn.ReLU(), nn.MaxPool2d(3, stride=3)
            )
            for count in config.channels
        )
        self.join = nn.AvgPool2d(2)
        self.head = nn.Linear(sum(config.channels) * _PIXELS, CLASSES)

    def forward(self, motion: Tensor) -> Tensor:
        """Logits (N, 3) of motion (N, 2, 3, 28, 28); the second phase is ignored."""
        features = torch.cat([stream(motion[:, 0]) for stream in self.streams], dim=1)
        return self.head(self.join(features).flatten(1))
