"""The published setting in a process that is killed: the same call again ends with the same.

As a script, this file computes the page until it is told to stand still, and waits there.
"""

import os
import sys
from pathlib import Path

import pandas as pd
import public_sources
from standing_still import kill_when_it_stands_still, stand_still_in
from test_published_setting import TOY, everything_is_proposed

from causalex_book.spotting import published_setting
from causalex_book.spotting.variants import AUW_GCN, CAUSAL_EX
from causalex_core import training
from causalex_core.data import manifest
from causalex_core.data.annotations import SAMM
from causalex_core.spotting.training import FoldTrainer

CONFIG = published_setting.Config(databases=(SAMM,), variants=(AUW_GCN, CAUSAL_EX), **TOY)
STANDS_STILL = 10  # in the second network, whose second fold has one of two epochs


def test_it_goes_on_after_sigkill(made_up_sources, tmp_path, monkeypatch):
    monkeypatch.setattr(manifest, "locate", made_up_sources.get)
    everything_is_proposed(monkeypatch)
    monkeypatch.setenv("CAUSALEX_DATA", str(tmp_path / "whole"))
    whole = published_setting.compute(CONFIG)

    monkeypatch.setenv("CAUSALEX_DATA", str(tmp_path / "killed"))
    sources = made_up_sources["auw_gcn_priors"].folder.parent
    kill_when_it_stands_still(__file__, str(sources))
    assert len(list((tmp_path / "killed" / "training").glob("*.safetensors"))) == 5
    advance, done = FoldTrainer.advance, []

    def counted(group):
        done.append((group.runs[0].fold.name, group.epoch))
        return advance(group)

    monkeypatch.setattr(FoldTrainer, "advance", counted)
    resumed = published_setting.compute(CONFIG)
    assert done == [("samm_007", 1), ("samm_008", 0), ("samm_008", 1)]
    assert len(whole["detections"])
    for name in set(published_setting.TABLES) - {"cost"}:
        pd.testing.assert_frame_equal(resumed[name], whole[name], check_exact=True)
    assert (resumed["cost"]["cpu_minutes"] > 0).all()


if __name__ == "__main__":
    import pytest

    training._SAVE_EVERY, training._SAVING_AT_MOST = 0.0, 1e9
    made_up = {
        folder.name: public_sources.FolderSource(folder) for folder in Path(sys.argv[1]).iterdir()
    }
    assert os.environ["CAUSALEX_DATA"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest, "locate", made_up.get)
        everything_is_proposed(patch)
        stand_still_in(FoldTrainer, "advance", STANDS_STILL)
        published_setting.compute(CONFIG)
