"""The spotting network of Causal-Ex and of AUW-GCN: motion in, logits of every frame out.

Two graph layers mix the motion of face regions along the compound graph C = A + B, which
:mod:`causalex_core.graphs.compound` computes; convolutions along time follow. Shapes: B windows,
T frames, N regions, H channels.

Tan et al., Causal-Ex: Causal Graph-based Micro and Macro Expression Spotting.
Yin et al., AU-aware graph convolutional network for macro- and micro-expression spotting.
"""

from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from causalex_core import regions
from causalex_core.errors import CausalexError

Matrix = Literal["compound", "prior", "identity"]

FRAMES, CONTEXT = 270, 7  # of a window; frames on each side that only inform the ones between
# Output channels: start, end and neither of micro and of macro, then apex and action of each.
OUTPUTS = 10


@dataclass(frozen=True)
class NetworkConfig:
    """Shape of the network.

    A network sees as many frames on each side as its `distances` sum to, and one for each pool.
    """

    graph: tuple[Matrix, ...] = ("compound", "compound")  # matrix of each graph layer, if any
    pooling: bool = True  # max-pooling after the first two convolutions
    nodes: int = regions.COUNT  # regions of the input
    channels: int = 2  # numbers of each region
    hidden: int = 16  # channels of a region after each graph layer
    width: int = 64  # channels of the convolutions; the last gives the logits
    distances: tuple[int, ...] = (0, 1, 2, 2)  # frames between three taps; 0: a single tap


PAPER = NetworkConfig()
RELEASED = NetworkConfig(graph=("compound", "prior"))  # the authors' code
AUW_GCN = NetworkConfig(graph=("prior",), pooling=False)


class GraphLayer(nn.Module):
    """Graph convolution with batch normalisation over windows, regions and frames."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, outputs)
        self.norm = nn.BatchNorm1d(outputs)

    def forward(self, h: Tensor, matrix: Tensor | None) -> Tensor:
        """Features (B, N, T, inputs) to (B, N, T, outputs), along a matrix (B, N, N)."""
        if matrix is not None:
            h = (matrix @ h.flatten(2)).view(h.shape)  # C H
        h = self.linear(h)  # C H W + b
        return nnf.relu(self.norm(h.flatten(0, 2)).view(h.shape))  # Eq. 3


class Network(nn.Module):
    """Logits of onset, apex and offset; matrices (N, N) are kept with the weights, if given."""

    compound: Tensor | None
    prior: Tensor | None

    def __init__(
        self,
        config: NetworkConfig = PAPER,
        *,
        compound: Tensor | None = None,
        prior: Tensor | None = None,
    ) -> None:
        super().__init__()
        self.config = config
        channels = [config.channels, *[config.hidden] * len(config.graph)]
        self.graph_layers = nn.ModuleList(map(GraphLayer, channels, channels[1:]))
        widths = [config.nodes * channels[-1], *[config.width] * (len(config.distances) - 1)]
        self.convolutions = nn.ModuleList(
            map(_convolution, widths, [*widths[1:], OUTPUTS], config.distances)
        )
        self.norms = nn.ModuleList(map(nn.BatchNorm2d, widths[1:]))
        for name, matrix in (("compound", compound), ("prior", prior)):
            if matrix is not None and not matrix.isfinite().all():
                raise CausalexError(f"the {name} matrix: expected finite numbers in all entries")
        self.register_buffer("compound", compound)
        self.register_buffer("prior", prior)
        self.initialise(0)

    def forward(
        self, motion: Tensor, *, compound: Tensor | None = None, prior: Tensor | None = None
    ) -> Tensor:
        """Logits (B, 10, T) of normalised motion (B, T, N, channels), float32.

        Matrices (N, N) or (B, N, N) that are given here replace those kept.
        """
        nodes, channels = self.config.nodes, self.config.channels
        if motion.ndim != 4 or motion.shape[2:] != (nodes, channels):
            raise CausalexError(
                f"motion of shape {tuple(motion.shape)}: expected (windows, frames, {nodes},"
                f" {channels})"
            )
        h = motion.transpose(1, 2)  # (B, N, T, H)
        for matrix, layer in zip(self.matrices(compound, prior), self.graph_layers, strict=True):
            h = layer(h, matrix)
        y = h.transpose(1, 2).flatten(2)  # (B, T, N H)
        y = y.transpose(1, 2)[:, :, None]  # (B, N H, 1, T)
        for number, norm in enumerate(self.norms):
            y = nnf.relu(norm(self.convolutions[number](y)))  # Eq. 4
            if self.config.pooling and number < 2:
                # Eq. 5: p = 2 frames, t - 1 and t + 1; with stride 1, so that all frames stay
                y = nnf.max_pool2d(y, (1, 2), stride=1, padding=(0, 1), dilation=(1, 2))
        return self.convolutions[-1](y)[:, :, 0].float()

    def matrices(self, compound: Tensor | None, prior: Tensor | None) -> list[Tensor | None]:
        """Matrix of each graph layer, given or kept; None for the identity."""
        given = {
            "compound": self.compound if compound is None else compound,
            "prior": self.prior if prior is None else prior,
        }
        for name in self.config.graph:
            if name != "identity" and given[name] is None:
                raise CausalexError(
                    f"a layer of this network needs the {name} matrix: give it as {name}="
                )
        return [given.get(name) for name in self.config.graph]

    @torch.no_grad()
    def initialise(self, seed: int) -> None:
        """Draw the weights from a seed, distributed as in AUW-GCN."""
        generator = torch.Generator().manual_seed(seed)
        for layer in self.modules():
            if isinstance(layer, nn.Linear):
                for parameter in (layer.weight.T, layer.bias):
                    drawn = torch.rand(parameter.shape, generator=generator)
                    parameter.copy_((2 * drawn - 1) * layer.out_features**-0.5)
            elif isinstance(layer, nn.Conv2d):
                kernel = layer.weight[:, :, 0].permute(2, 1, 0)  # (taps, inputs, outputs)
                drawn = torch.randn(kernel.shape, generator=generator)
                kernel.copy_(drawn * (2 / kernel.shape[:2].numel()) ** 0.5)


def _convolution(inputs: int, outputs: int, distance: int) -> nn.Conv2d:
    """Convolution along time; of images one row high, as torch is faster with those."""
    taps, dilation = (1, 3 if distance else 1), (1, max(distance, 1))
    return nn.Conv2d(inputs, outputs, taps, padding=(0, distance), dilation=dilation, bias=False)
