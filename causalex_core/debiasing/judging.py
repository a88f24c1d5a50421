"""What trained models say of counterfactual motion."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from causalex_core.spotting.network import Network
from causalex_core.spotting.proposals import probabilities
from causalex_core.spotting.side_by_side import Graphs, TrainingConfig
from causalex_core.spotting.training import Outcome
from causalex_core.spotting.windows import JUDGED


def judge(
    outcome: Outcome, config: TrainingConfig, graphs: Graphs, views: Mapping[str, Tensor]
) -> dict[str, np.ndarray]:
    """Scores after the last epoch, as training keeps those of the factual motion.

    Only what is asked for at the end is judged; `train` judges its views after every epoch.

    Parameters
    ----------
    outcome
        Models of one seed, whose held-out windows do not overlap.
    config, graphs
        What they were trained with. The graphs of the factual motion stay: FCI of motion that is
        zero in some region is undefined.
    views
        Motion of all windows (W, 270, nodes, channels), as measured.

    Returns
    -------
    dict
        (W, 2, 3, 256) float32 probabilities of each view, rounded to float16; NaN in windows that
        no fold holds out.
    """
    windows = len(next(iter(views.values())))
    found = {name: np.full((windows, 2, 3, JUDGED), np.nan, np.float32) for name in views}
    for run, state in zip(outcome.runs, outcome.states, strict=True):
        network = Network(config.network, precision=getattr(torch, config.precision))
        network.load_state_dict(dict(state))
        network.eval()
        position = torch.tensor([run.position])
        index = torch.from_numpy(run.fold.held_out)[None]
        normalise, matrices = outcome.normalisation.of(position), graphs.of(position, index)
        with torch.no_grad():
            for name, motion in views.items():
                said = probabilities(network(normalise(motion[index]), **matrices)[0])
                found[name][run.fold.held_out] = said.to(torch.float16).numpy()
    return found
