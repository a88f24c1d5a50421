"""Spotting and debiasing on synthetic people."""

import numpy as np
import pytest
import torch

from causalex_core.chapters import cohort_spotting
from causalex_core.chapters.cohort_spotting import Config
from causalex_core.graphs.prior import normalise_rows

SMALL = Config(
    plans=(("cas_like", ("none", "paper")),),
    seeds=(1, 2),
    epochs=2,
    n_thresholds=3,
    strengths=(0.0, 0.5),
    forms=("probabilities",),
    most_subjects=4,
    n_bootstrap=20,
)


@pytest.fixture(scope="module")
def part():
    return cohort_spotting.material("cas_like", SMALL)


@pytest.fixture(scope="module")
def tables():
    return cohort_spotting.compute(SMALL)


def test_every_table_is_there_and_finite(tables):
    assert tuple(tables) == cohort_spotting.TABLES
    for frame in tables.values():
        assert len(frame) and np.isfinite(frame.select_dtypes("number")).all(axis=None)


def test_every_variant_and_rule_counts_every_truth(tables):
    scores, inputs = tables["scores"], tables["inputs"].iloc[0]
    assert len(scores) == 2 * 4 * 3  # variants, rules, kinds
    for kind in ("macro", "micro"):
        assert (scores.query("kind == @kind")["n_truth"] == inputs[kind]).all()
    assert (scores["low"] <= scores["f1"]).all() and (scores["f1"] <= scores["high"]).all()
    assert not scores.query("variant == 'none'")["gain"].any()
    assert not scores.query("rule == 'last epoch'")["over_last"].any()
    last = tables["epochs"].query("epoch == 2").set_index(["variant", "kind"])["f1"]
    of_rule = scores.query("rule == 'last epoch' and kind != 'overall'")
    assert of_rule.set_index(["variant", "kind"])["f1"].to_dict() == pytest.approx(last.to_dict())


def test_debiasing_may_choose_strength_zero(tables):
    debiasing = tables["debiasing"]
    tuned = debiasing.query("chosen == 'test_tuned' and kind != 'overall'")
    methods = {"null frames", "keep E_f", "mask E_f", cohort_spotting.SWEEP}
    assert set(debiasing["counterfactual"]) > methods | {cohort_spotting.CONSTANT}
    assert np.allclose(tables["strengths"].groupby(["counterfactual", "kind"])["share"].sum(), 1)
    subtracted = tuned[tuned["counterfactual"] != cohort_spotting.SWEEP]
    assert (subtracted["gain"] > -1e-9).all()  # zero is among the strengths


def test_the_tied_unit_is_counted_in_both_halves_of_the_people(tables, part):
    bias = tables["bias"].query("variant == 'none'")
    assert (tables["bias"]["detected"] <= tables["bias"]["number"]).all()
    micro = int((part.truth["kind"] == "micro").sum())
    assert bias.query("event == 'expression'")["number"].sum() == micro
    alarms = tables["alarms"].query("variant == 'none'")
    assert alarms["minutes"].sum() == pytest.approx(part.minutes)


def test_random_graphs_are_as_dense_and_drawn_anew(part):
    one, again, other = (
        cohort_spotting.graphs(part, "random", seed).compound for seed in (1, 1, 2)
    )
    assert torch.equal(one, again) and not torch.equal(one, other)
    both = cohort_spotting.graphs(part, "paper", 1)
    permuted = cohort_spotting._permuted(part.causal, np.random.default_rng(0))
    assert permuted.sum(axis=(1, 2)).tolist() == part.causal.sum(axis=(1, 2)).tolist()
    assert not permuted[:, range(12), range(12)].any()
    assert one.shape == both.compound.shape == (4, len(part.windows.video), 12, 12)


def test_the_prior_of_a_fold_is_not_of_the_subject_that_is_held_out(part):
    first, second = part.priors[:2]
    assert not np.array_equal(first, second)
    only = cohort_spotting.graphs(part, "causal only", 1).compound
    assert np.array_equal(only.numpy(), normalise_rows(part.causal)[part.windows.video])


def test_a_video_without_edges_out_of_any_region_is_judged_as_it_is(part):
    views = cohort_spotting._views(part, 1)
    silent = ~cohort_spotting.counterfactual.most_causal_regions(part.marks).any(axis=1)
    same = torch.from_numpy(silent[part.windows.video])
    assert same.any() and not same.all()
    for name in ("keep E_f", "mask E_f"):
        assert torch.equal(views[name][same], part.windows.motion[same])
        assert not torch.equal(views[name][~same], part.windows.motion[~same])
