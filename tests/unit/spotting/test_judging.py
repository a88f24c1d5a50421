"""Models judge other motion as they judge their own."""

import numpy as np
import pandas as pd
import pytest
import torch

from causalex_core.errors import CausalexError
from causalex_core.spotting import candidates
from causalex_core.spotting.debias import null_motion
from causalex_core.spotting.fold_trainer import Graphs, TrainingConfig
from causalex_core.spotting.judging import judge
from causalex_core.spotting.training import train
from causalex_core.spotting.windows import Video, gather, leave_one_subject_out


def test_the_factual_motion_is_judged_as_in_training_and_a_null_one_without_time():
    generator = np.random.default_rng(0)
    videos = [
        Video(name, f"{name}_1", generator.normal(size=(300, 12, 2)).astype(np.float32))
        for name in "abc"
    ]
    labels = pd.DataFrame(
        [(name, f"{name}_1", 40.0, 60.0, 90.0, "macro") for name in "abc"],
        columns=["subject", "video", "onset", "apex", "offset", "kind"],
    )
    windows = gather(videos, labels)
    config = TrainingConfig(epochs=2, precision="bfloat16")
    graphs = Graphs(torch.rand(3, len(windows.video), 12, 12, generator=torch.manual_seed(0)))
    outcome = train(windows, leave_one_subject_out(windows), config, graphs=graphs)
    views = {
        "same": windows.motion,
        "null": null_motion(windows.motion).expand_as(windows.motion),
    }
    found = {
        name: candidates.in_place(outcome.runs, said, len(windows.video))
        for name, said in judge(outcome, config, graphs, views).items()
    }
    last = candidates.held_out(outcome, windows, 1)[-1].astype(np.float32)
    assert found["same"].shape == (len(windows.video), 2, 4, 256)
    assert np.allclose(found["same"][:, :, :3], last, atol=2e-3)
    assert np.ptp(found["null"], axis=-1).max() < 1e-6
    assert np.ptp(found["same"], axis=-1).max(axis=(0, 1)).min() > 1e-3  # every head sees motion

    views["null"] = torch.full_like(windows.motion, torch.nan)
    with pytest.raises(CausalexError, match=r"view 'null': .* values are not finite"):
        judge(outcome, config, graphs, views)
