"""Training in a process that is killed: what was done is kept, and what comes out is the same.

As a script, this file trains until it is told to stand still, and waits there to be killed.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from standing_still import kill_when_it_stands_still, stand_still_in

from causalex_core import paths, training
from causalex_core.spotting.data import Video, gather, leave_one_subject_out
from causalex_core.spotting.model import NetworkConfig
from causalex_core.spotting.training import FoldResults, FoldTrainer, TrainingConfig, train

EPOCHS, SUBJECTS = 5, 3
STANDS_STILL = 7  # in the second fold, whose first epoch is done and saved


def trained(folder: Path | None) -> FoldResults:
    """Train a fold per subject on noise with one stretch of action each."""
    generator = np.random.default_rng(3)
    motion = generator.normal(0, 1, (SUBJECTS, 300, 1, 2)).astype(np.float32)
    videos = [Video(f"s{number}", "1", one) for number, one in enumerate(motion)]
    table = pd.DataFrame(
        [(video.subject, "1", 20.0, 30.0, 50.0, "macro") for video in videos],
        columns=["subject", "video", "onset", "apex", "offset", "kind"],
    )
    windows = gather(videos, table)
    network = NetworkConfig(graph=(), nodes=1, width=8, pooling=False)
    return train(
        windows,
        leave_one_subject_out(windows, all_windows=True),
        TrainingConfig(network=network, epochs=EPOCHS, batch=2),
        folder=folder,
        device="cpu",
    )


@pytest.mark.parametrize("moment", ["in an epoch", "while writing"])
def test_it_goes_on_after_sigkill(moment, tmp_path, monkeypatch):
    whole = trained(None)
    kill_when_it_stands_still(__file__, moment, str(tmp_path))
    assert len(list(tmp_path.glob("*.safetensors"))) == 2

    advance, done = FoldTrainer.advance, []

    def counted(group):
        done.append((group.runs[0].fold.name, group.epoch))
        return advance(group)

    monkeypatch.setattr(FoldTrainer, "advance", counted)
    resumed = trained(tmp_path)
    last = [("s2", epoch) for epoch in range(EPOCHS)]
    assert done == [("s1", epoch) for epoch in range(1, EPOCHS)] + last
    np.testing.assert_array_equal(resumed.losses, whole.losses)
    for one, two in zip(resumed.predictions, whole.predictions, strict=True):
        np.testing.assert_array_equal(one, two)
    for one, two in zip(resumed.states, whole.states, strict=True):
        assert all(torch.equal(one[name], two[name]) for name in two)


if __name__ == "__main__":
    training._SAVE_EVERY, training._SAVING_AT_MOST = 0.0, 1e9
    if sys.argv[1] == "in an epoch":
        stand_still_in(FoldTrainer, "advance", STANDS_STILL)
    else:
        stand_still_in(paths.os, "fsync", STANDS_STILL)
    trained(Path(sys.argv[2]))
