"""CausalNet as its authors published it: the emotion of a micro-expression from four images.

Streams that share weights go through them side by side, which changes no number. What the
authors' code does is kept as it is: images are 0 to 255, the head has no activation between its
two linear maps, and attention within blocks of one token is computed although it does nothing
(:func:`folded` takes it away).
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from causalex_core.errors import CausalexError
from causalex_core.recognition.attention import TOKENS
from causalex_core.recognition.encoder import SIDES, Encoder
from causalex_core.recognition.maps import CHANNELS, COUNT, SIDE
from causalex_core.recognition.phases import WIDTH, CausalAttention, MotionPosition

CLASSES = 3
HIDDEN = 2048


@dataclass(frozen=True)
class NetworkConfig:
    """Shape of the network.

    Attributes
    ----------
    repeats
        Layers of each stage of an encoder; as many as in the last has the CMPLM.
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


class Network(nn.Module):
    """Scores of negative, positive and surprise.

    Raises
    ------
    CausalexError
        If a stage has no layer, or blocks do not divide its map.
    """

    def __init__(self, config: NetworkConfig = NetworkConfig()) -> None:
        super().__init__()
        _check(config)
        self.config = config
        self.flow = Encoder(config.repeats, config.blocks, config.folded)
        self.direction = Encoder(config.repeats, config.blocks, config.folded)
        self.positions = nn.ModuleList(
            [MotionPosition(config.gamma) for _ in range(config.repeats[-1])]
        )
        self.causal = CausalAttention(config.gamma)
        self.head = nn.Sequential(nn.Linear(3 * TOKENS * WIDTH, HIDDEN), nn.Linear(HIDDEN, CLASSES))

    def forward(self, maps: Tensor) -> Tensor:
        """Logits of each sample.

        Parameters
        ----------
        maps
            (N, 4, 3, 28, 28), 0 to 255, of any type: flow from onset to apex and from apex to
            offset, then the direction of each (see :func:`causalex_core.recognition.maps.inputs`).

        Returns
        -------
        Tensor
            (N, 3) in the type of the weights.

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
        maps = maps.to(next(self.parameters()).dtype)
        flow, direction = maps.split(2, dim=1)
        first, second = _tokens(self.direction, direction)
        for layer in self.positions:
            first, second = layer(first, second)
        contraction, relaxation = _tokens(self.flow, flow)
        return self.head(self.causal(contraction + first, relaxation + second).flatten(1))


def folded(network: Network) -> Network:
    """A copy of a network without attention in blocks of one token; its outputs are the same.

    Its queries and keys are gone, which no output depends on and no gradient reaches: under an
    optimiser without weight decay both networks also learn the same.
    """
    with torch.device("meta"):
        made = Network(replace(network.config, folded=True))
    wanted = made.state_dict()
    state = {}
    for name, value in network.state_dict().items():
        kept = name if name in wanted else name.replace("query_key_value", "value")
        state[kept] = value[-len(wanted[kept]) :].clone()
    made.load_state_dict(state, assign=True)
    return made.train(network.training)


def _tokens(encoder: Encoder, images: Tensor) -> tuple[Tensor, ...]:
    """Tokens (N, 4, C) of each of two images, of images (N, 2, 3, 28, 28)."""
    features = encoder(images.flatten(0, 1))
    return features.reshape(*images.shape[:2], WIDTH, TOKENS).mT.unbind(1)


def _check(config: NetworkConfig) -> None:
    if min(config.repeats) < 1:
        raise CausalexError(f"repeats {config.repeats}: expected at least one layer per stage")
    if any(parts < 1 or side % parts for side, parts in zip(SIDES, config.blocks, strict=True)):
        raise CausalexError(f"blocks {config.blocks}: expected divisors of {SIDES}")
