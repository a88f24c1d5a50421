"""Spotting on motion levels from published masks."""

import numpy as np
import pandas as pd
import pytest

from causalex_book.spotting import mask_spotting, scales
from causalex_book.spotting.mask_spotting import NONE, NULL, SWEEP, Config
from causalex_book.spotting.material import SpottingDataset
from causalex_core.spotting import proposals
from causalex_core.spotting.data import Video, gather
from causalex_core.spotting.losses import CAS as LOSS

SMALL = Config(
    seeds=(1, 2),
    epochs=2,
    width=8,
    n_thresholds=5,
    strengths=(0.0, 0.5),
    n_bootstrap=50,
)


def invented(database, subjects=5, seed=0):
    """Videos with pulses of motion that are labelled."""
    generator = np.random.default_rng(seed)
    videos, rows = [], []
    for subject in range(subjects):
        levels = generator.random((400, 2)) * 0.1
        name = f"{database[:4]}_{subject}"
        for kind, onset, length in (("macro", 80, 40), ("micro", 250, 10)):
            levels[onset : onset + length] += np.hanning(length)[:, None]
            middle, offset = onset + length // 2, onset + length - 1
            rows.append((name, f"{name}_1", onset, middle, offset, kind))
        videos.append(Video(name, f"{name}_1", scales.channels(levels)))
    columns = ["subject", "video", "onset", "apex", "offset", "kind"]
    truth = pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(columns[2:5], float))
    return SpottingDataset(database, 30.0, gather(videos, truth), truth, proposals.CAS, LOSS)


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CAUSALEX_DATA", str(tmp_path_factory.mktemp("data")))
        patch.setattr(mask_spotting, "read", lambda name, _: invented(name))
        return mask_spotting.compute(SMALL)


def test_every_rule_counts_every_truth_once_per_seed(tables):
    rules = tables["rules"]
    assert set(rules["rule"]) == {
        "last epoch",
        "cross_fold",
        "last epoch, kinds together",
        "best epoch per subject",
        "best pair per subject",
        "nested",
    }
    assert (rules.query("kind != 'overall'")["n_truth"] == 5).all()
    assert (rules.query("kind == 'overall'")["n_truth"] == 10).all()
    assert (rules["low"] <= rules["f1"]).all() and (rules["f1"] <= rules["high"]).all()
    last = rules.query("rule == 'last epoch'")
    assert np.allclose(last["gain"], 0)


def test_choosing_on_the_test_subject_never_reads_lower_than_choosing_the_epoch(tables):
    by_rule = tables["rules"].query("kind != 'overall'").set_index(["database", "kind", "rule"])
    for place in by_rule.index.droplevel(2).unique():
        both, epoch = (
            by_rule.loc[(*place, rule), "f1"]
            for rule in ("best pair per subject", "best epoch per subject")
        )
        assert both >= epoch - 0.15  # per subject never lower; pooled nearly never


def test_without_debiasing_nothing_is_gained_and_crossing_counts_the_other_database(tables):
    debiasing = tables["debiasing"]
    assert np.allclose(debiasing.query("method == @NONE")["gain"], 0)
    tried = debiasing.groupby(["method", "chosen"]).size()
    assert set(tried.index) == {
        (method, rule) for method in (NONE, NULL, SWEEP) for rule in ("cross_fold", "nested")
    }
    crossed = tables["crossed"]
    assert (crossed["trained_on"] != crossed["tested_on"]).all()
    assert (crossed.query("kind == 'overall'")["n_truth"] == 10).all()


def test_the_highest_level_of_eight_frames_is_kept():
    levels = np.arange(20, dtype=np.uint8)[:, None]
    assert mask_spotting.thinned(levels, 8)[:, 0].tolist() == [7, 15, 19]


def test_levels_of_the_masks_become_windows(mirror):
    part = mask_spotting.read("CAS(ME)^2", Config(most_subjects=2))
    assert len(part.subjects) == 2 and part.windows.motion.shape[1:] == (270, 1, 22)
    assert part.windows.motion[..., 0].min() >= 0 and part.windows.motion[..., 0].max() <= 1
