"""Adam for many models at once, each with its own number of steps."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

_BETAS, _EPSILON = (0.9, 0.999), 1e-8


@dataclass(frozen=True)
class OptimiserConfig:
    """How weights are moved.

    Attributes
    ----------
    rate
        Learning rate of the first epoch.
    gamma
        Factor of the rate from epoch to epoch.
    decay
        Weight decay, apart from the gradient (AdamW), on the weights of graph layers and
        convolutions only. The text of Causal-Ex says Adam: 0.
    """

    rate: float = 0.01
    gamma: float = 0.96
    decay: float = 0.1


RELEASED = OptimiserConfig()
PAPER = OptimiserConfig(decay=0.0)


class Optimiser:
    """AdamW on parameters whose first dimension is the fold.

    Parameters
    ----------
    network
        Its parameters are moved in place.
    config
        Rates.
    """

    def __init__(self, network: nn.Module, config: OptimiserConfig) -> None:
        self.config = config
        self._parameters = dict(network.named_parameters())
        first = next(iter(self._parameters.values()))
        self.state: dict[str, Tensor] = {"steps": torch.zeros(len(first), device=first.device)}
        for name, parameter in self._parameters.items():
            self.state[f"mean.{name}"] = torch.zeros_like(parameter)
            self.state[f"square.{name}"] = torch.zeros_like(parameter)

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Take over the state of an earlier run."""
        for name, value in self.state.items():
            value.copy_(state[name])

    @torch.no_grad()
    def step(self, epoch: int, active: Tensor) -> None:
        """Move the weights of the active folds (F,) along their gradients, which are cleared."""
        rate = self.config.rate * self.config.gamma**epoch
        self.state["steps"] += active
        steps = self.state["steps"].clamp(min=1)
        correction = [1 - beta**steps for beta in _BETAS]
        for name, parameter in self._parameters.items():
            if parameter.grad is None:
                continue
            gradient, parameter.grad = parameter.grad, None

            shape = (-1, *[1] * (parameter.ndim - 1))
            on = active.to(parameter.dtype).view(shape)
            mean, square = self.state[f"mean.{name}"], self.state[f"square.{name}"]
            mean.lerp_(gradient, ((1 - _BETAS[0]) * on).expand_as(mean))
            square.lerp_(gradient * gradient, ((1 - _BETAS[1]) * on).expand_as(square))
            if name.endswith("weight"):
                parameter.mul_(1 - rate * self.config.decay * on)
            size = (square / correction[1].view(shape)).sqrt_().add_(_EPSILON)
            parameter.sub_(on * rate * mean / correction[0].view(shape) / size)
