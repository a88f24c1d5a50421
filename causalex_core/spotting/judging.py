"""What trained models say of counterfactual motion."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from causalex_core.errors import CausalexError
from causalex_core.spotting.fold_trainer import Graphs, TrainingConfig
from causalex_core.spotting.network import Network
from causalex_core.spotting.proposals import probabilities, type_probabilities
from causalex_core.spotting.training import FoldResults


def judge(
    outcome: FoldResults, config: TrainingConfig, graphs: Graphs, views: Mapping[str, Tensor]
) -> dict[str, tuple[np.ndarray, ...]]:
    """All four probabilities of Eq. 7, after the last epoch.

    Parameters
    ----------
    outcome
        Trained models.
    config, graphs
        What they were trained with. The graphs of the factual motion stay: FCI of motion that is
        zero in some region is undefined.
    views
        Motion of all windows (W, 270, nodes, channels), as measured.

    Returns
    -------
    dict
        For each view and run: (held-out windows, 2, 4, 256) float32, rounded to float16; onset,
        offset, apex and type of micro and of macro.

    Raises
    ------
    CausalexError
        If a view has values that are not finite: they would come out as scores that are none.
    """
    for name, motion in views.items():
        bad = int(torch.isfinite(motion).logical_not().sum())
        if bad:
            raise CausalexError(
                f"view '{name}': {bad} of {motion.numel()} values are not finite; set them to zero"
            )
    found: dict[str, list[np.ndarray]] = {name: [] for name in views}
    for run, state in zip(outcome.runs, outcome.states, strict=True):
        network = Network(config.network, precision=getattr(torch, config.precision))
        network.load_state_dict(dict(state))
        network.eval()
        position = torch.tensor([run.position])
        index = torch.from_numpy(run.fold.held_out)[None]
        normalise, matrices = outcome.normalisation.of(position), graphs.of(position, index)
        with torch.no_grad():
            for name, motion in views.items():
                logits = network(normalise(motion[index]), **matrices)[0]
                kinds = type_probabilities(logits)[:, :, None]
                said = torch.cat([probabilities(logits), kinds], dim=2)
                found[name].append(said.to(torch.float16).float().numpy())
    return {name: tuple(of_runs) for name, of_runs in found.items()}
