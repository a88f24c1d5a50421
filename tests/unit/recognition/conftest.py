"""Checkpoints of random numbers under the published names."""

import numpy as np
import pytest
import torch

from causalex_core.recognition.model import CausalNet, CausalNetConfig
from causalex_core.recognition.weights import published_names

SMALLEST = CausalNetConfig(repeats=(1, 1, 1))


@pytest.fixture(scope="session")
def checkpoint():
    """Published entries of a network of one layer per stage, without its fixed matrices."""
    with torch.device("meta"):
        state = CausalNet(SMALLEST).state_dict()
    generator = np.random.default_rng(5)
    made = {}
    for ours, theirs in published_names(SMALLEST).items():
        if theirs.endswith(("M_mask", "P_matrix")):
            continue
        shape = tuple(state[ours].shape)
        values = generator.standard_normal(shape, dtype=np.float32)
        if len(shape) > 1:
            values /= np.sqrt(np.prod(shape[1:]), dtype=np.float32)
        else:
            values = 0.1 * values + float("norm" in ours and ours.endswith("weight"))
        made[theirs] = values.astype(np.float16)
    return made


@pytest.fixture(scope="session")
def samples():
    """Random maps (4, 4, 3, 28, 28)."""
    return torch.randint(0, 256, (4, 4, 3, 28, 28), generator=torch.Generator().manual_seed(2))
