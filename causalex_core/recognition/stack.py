"""Networks of one shape that are called together."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap


class Stack:
    """Networks whose parameters stand above one another.

    Attributes
    ----------
    parameters
        By name, (F, ...): of each network.
    """

    def __init__(self, make: Callable[[], nn.Module], seeds: Sequence[int], device: torch.device):
        """Build a network per seed; networks of the same seed start from the same weights."""
        made: dict[int, nn.Module] = {}
        for seed in seeds:
            if seed not in made:
                with torch.random.fork_rng(devices=[]):
                    torch.manual_seed(seed)
                    made[seed] = make().to(device)
        self._network = made[seeds[0]]
        self.parameters = {
            name: self._above(name, [made[seed] for seed in seeds])
            for name, _ in self._network.named_parameters()
        }
        for parameter in self._network.parameters():
            parameter.data = parameter.new_empty(0)  # what is called are the copies

    @staticmethod
    def _above(name: str, networks: Sequence[nn.Module]) -> Tensor:
        each = [network.get_parameter(name).detach() for network in networks]
        # one network's weights need no copy, which would be another gigabyte of the published one
        whole = each[0][None] if len(each) == 1 else torch.stack(each)
        return whole.requires_grad_()

    def __call__(self, inputs: Tensor) -> Tensor:
        """Outputs (F, B, ...) of inputs (F, B, ...), those of a network each."""
        if len(inputs) == 1:
            own = {name: value.squeeze(0) for name, value in self.parameters.items()}
            return functional_call(self._network, own, (inputs[0],))[None]
        return vmap(self._one)(self.parameters, inputs)

    def _one(self, parameters: dict[str, Tensor], inputs: Tensor) -> Tensor:
        return functional_call(self._network, parameters, (inputs,))

    def states(self) -> list[dict[str, Tensor]]:
        """Weights of each network, copied."""
        n_networks = len(next(iter(self.parameters.values())))
        return [
            {name: value[place].detach().cpu().clone() for name, value in self.parameters.items()}
            for place in range(n_networks)
        ]
