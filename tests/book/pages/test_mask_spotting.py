"""Spotting on motion levels from published masks."""

import numpy as np
import pytest
from invented_people import dataset

from causalex_book.spotting import mask_spotting
from causalex_book.spotting.mask_spotting import NONE, NULL, SWEEP, Config

SMALL = Config(
    seeds=(1, 2), epochs=2, width=8, n_thresholds=5, strengths=(0.0, 0.5), n_bootstrap=50
)


def invented(database, subjects=5):
    """Videos with pulses of motion that are labelled."""
    generator = np.random.default_rng(0)
    pulses = {"macro": (80, 40), "micro": (250, 10)}  # onset and length
    expressions, motion = {}, []
    for subject in range(subjects):
        levels = generator.random((400, 2)) * 0.1
        for onset, length in pulses.values():
            levels[onset : onset + length] += np.hanning(length)[:, None]
        motion.append(mask_spotting.channels(levels))
        expressions[f"{database[:4]}_{subject}"] = [
            (onset, onset + length // 2, onset + length - 1, kind)
            for kind, (onset, length) in pulses.items()
        ]
    return dataset(expressions, motion, database)


@pytest.fixture(scope="module")
def tables(trainings):
    with pytest.MonkeyPatch.context() as patch:
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
    f1 = by_rule["f1"].unstack("rule")
    # per subject never lower; pooled nearly never
    assert (f1["best pair per subject"] >= f1["best epoch per subject"] - 0.15).all()


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
    data = mask_spotting.read("CAS(ME)^2", Config(most_subjects=2))
    assert len(data.subjects) == 2 and data.windows.motion.shape[1:] == (270, 1, 22)
    assert data.windows.motion[..., 0].min() >= 0 and data.windows.motion[..., 0].max() <= 1


def test_the_level_itself_comes_first_and_a_constant_has_no_slope():
    levels = np.full((300, 2), 0.5)
    channels = mask_spotting.channels(levels)
    assert channels.shape == (300, 1, 22) and channels.dtype == np.float32
    assert np.allclose(channels[:, 0, :2], 0.5)
    slopes = channels[:, 0, [4, 5, 8, 9, 12, 13, 16, 17, 20, 21]]
    assert np.allclose(slopes, 0, atol=1e-6)


def test_larger_scales_see_a_pulse_from_farther_away():
    levels = np.zeros((301, 1))
    levels[150] = 1
    channels = mask_spotting.channels(levels)[:, 0]
    reach = [
        np.count_nonzero(channels[:, 1 + 2 * k] > 1e-4) for k in range(len(mask_spotting.SCALES))
    ]
    assert reach == sorted(reach) and reach[0] < 20 < reach[-1]


def test_one_frame():
    assert mask_spotting.channels(np.ones((1, 2))).shape == (1, 1, 22)
