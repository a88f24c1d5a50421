"""The spotters AUW-GCN and Causal-Ex as one network, for one fold or for many at once.

Leave-one-subject-out trains all its models in one pass: every parameter carries the fold in its
first dimension. Folds share nothing, statistics of normalisation neither.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from causalex_core import regions
from causalex_core.errors import CausalexError
from causalex_core.spotting.layers import BatchNormReLU, Convolution, GraphLayer
from causalex_core.spotting.operations import MaxPool

Matrix = Literal["compound", "prior", "identity"]

FRAMES, CONTEXT = 270, 7  # of a window; frames on each side that only inform the ones between
# Output channels: start, end and neither of micro and of macro, then apex and action of each.
OUTPUTS = 10

_POOLED = 2  # the first convolutions, which a pool may follow


@dataclass(frozen=True)
class NetworkConfig:
    """Shape of the network.

    Attributes
    ----------
    graph
        Matrix of each graph layer; empty: no graph, channels go straight to the convolutions.
    pooling
        Max-pooling after the first two convolutions.
    nodes, channels
        Of the input: regions, and numbers of each.
    hidden
        Channels of a node after each graph layer.
    width
        Channels of the convolutions.
    distances
        Frames between the three taps of each convolution, 0 for a single tap; the last gives the
        logits. Their sum, and one for each pool, is how many frames the network sees on each side.
    """

    graph: tuple[Matrix, ...] = ("compound", "compound")
    pooling: bool = True
    nodes: int = regions.COUNT
    channels: int = 2
    hidden: int = 16
    width: int = 64
    distances: tuple[int, ...] = (0, 1, 2, 2)


PAPER = NetworkConfig()  # Eq. 3: the compound matrix in both layers
RELEASED = NetworkConfig(graph=("compound", "prior"))  # the authors' code
AUW_GCN = NetworkConfig(graph=("prior",), pooling=False)


class Network(nn.Module):
    """Scores of onset, apex and offset from motion.

    Parameters
    ----------
    config
        Shape of the network.
    folds
        Number of independent models.
    compound, prior
        Matrices of the graph layers, kept with the weights: (nodes, nodes), or one per fold as
        (folds, 1, nodes, nodes). One that comes with the motion goes before.
    precision
        Type of activations in products; parameters and statistics stay float32.
    """

    compound: Tensor | None
    prior: Tensor | None

    def __init__(
        self,
        config: NetworkConfig = PAPER,
        folds: int = 1,
        *,
        compound: Tensor | None = None,
        prior: Tensor | None = None,
        precision: torch.dtype = torch.float32,
    ) -> None:
        super().__init__()
        self.config, self.folds, self.precision = config, folds, precision
        hidden, width = config.hidden, config.width
        inputs = [config.channels, *[hidden] * len(config.graph)]
        self.graph_layers = nn.ModuleList(
            [GraphLayer(folds, channels, hidden) for channels in inputs[:-1]]
        )
        between = [width] * (len(config.distances) - 1)
        features, outputs = [config.nodes * inputs[-1], *between], [*between, OUTPUTS]
        self.convolutions = nn.ModuleList(
            [
                Convolution(folds, *shape)
                for shape in zip(features, outputs, config.distances, strict=True)
            ]
        )
        self.norms = nn.ModuleList([BatchNormReLU(folds, width) for _ in between])
        self.register_buffer("compound", compound)
        self.register_buffer("prior", prior)
        self.initialise([0] * folds)

    @torch.no_grad()
    def initialise(self, seeds: list[int]) -> None:
        """Draw the weights of each fold from its own seed, distributed as in AUW-GCN."""
        for fold, seed in enumerate(seeds):
            generator = torch.Generator().manual_seed(seed)
            for layer in self.modules():
                if isinstance(layer, GraphLayer | Convolution):
                    layer.draw(fold, generator)

    def forward(
        self,
        motion: Tensor,
        *,
        compound: Tensor | None = None,
        prior: Tensor | None = None,
        real: Tensor | None = None,
    ) -> Tensor:
        """Logits of every frame.

        Parameters
        ----------
        motion
            Normalised motion (windows, frames, nodes, channels), the same for all folds, or
            (folds, windows, frames, nodes, channels).
        compound, prior
            Matrices in place of those kept: (nodes, nodes); per fold (folds, 1, nodes, nodes);
            per window (windows, nodes, nodes) or (folds, windows, nodes, nodes).
        real
            (folds, windows), one for windows that count and zero for those that only fill up
            the batch of a fold that has fewer; None: all count.

        Returns
        -------
        Tensor
            float32 (folds, windows, 10, frames); without folds where the network has one fold
            and the motion none.

        Raises
        ------
        CausalexError
            If the motion does not fit the network, or a matrix is missing that a layer needs.
        """
        config = self.config
        if motion.ndim not in (4, 5) or motion.shape[-2:] != (config.nodes, config.channels):
            raise CausalexError(
                f"motion of shape {tuple(motion.shape)}: expected (windows, frames,"
                f" {config.nodes}, {config.channels}), or the same with the folds before"
            )
        given = {"compound": compound, "prior": prior}
        x = motion.expand(self.folds, *motion.shape[-4:])
        if real is not None:
            real = real.to(x.dtype)
            x = x * real[..., None, None, None]
        if config.graph:
            x = x.transpose(2, 3)  # nodes before frames: mixing them is one product per window
        for position, layer in enumerate(self.graph_layers):
            name = config.graph[position]
            if name != "identity":
                kept = self.compound if name == "compound" else self.prior
                x = _mixed(x, kept if given[name] is None else given[name], name)
            if position == len(config.graph) - 1:
                x = x.transpose(2, 3)
            x = layer(x, real, self.precision)
        x = x.flatten(3).to(self.precision)
        for position, norm in enumerate(self.norms):
            x = norm(self.convolutions[position](x), real)
            if config.pooling and position < _POOLED:
                x = MaxPool.apply(x)
        logits = self.convolutions[-1](x).float().transpose(2, 3)
        return logits[0] if motion.ndim == 4 and self.folds == 1 else logits


def _mixed(x: Tensor, matrix: Tensor | None, name: Matrix) -> Tensor:
    """Weighted sum over the nodes of each row of the matrix, (F, B, N, T, C)."""
    if matrix is None:
        raise CausalexError(f"a layer of this network needs the {name} matrix: give it as {name}=")
    folds, windows, nodes = x.shape[:3]
    each = matrix.to(x).expand(folds, windows, nodes, nodes).reshape(-1, nodes, nodes)
    return torch.bmm(each, x.reshape(folds * windows, nodes, -1)).view(x.shape)
