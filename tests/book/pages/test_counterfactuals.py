"""Debiasing of a few synthetic people."""

import numpy as np
import pytest
import torch

from causalex_book.debiasing import counterfactuals
from causalex_book.debiasing.counterfactuals import CONSTANT, MAIN, NONE, SWEEP, Config
from causalex_book.spotting import material
from causalex_book.spotting.variants import AUW_GCN, CAUSAL_EX
from causalex_core.errors import CausalexError
from causalex_core.spotting.graph import GraphConfig

SMALL = Config(
    plans=(("cas_like", (CAUSAL_EX, AUW_GCN)),),
    seeds=(1, 2),
    epochs=2,
    n_thresholds=3,
    strengths=((0.0, 0.0), (0.5, 0.5)),
    forms=("probabilities",),
    most_subjects=4,
    n_bootstrap=20,
)


@pytest.fixture(scope="module")
def part():
    return material.read("cas_like", {}, GraphConfig(), 4)


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CAUSALEX_DATA", str(tmp_path_factory.mktemp("data")))
        return counterfactuals.compute(SMALL)


def test_every_table_is_there_and_finite(tables):
    assert tuple(tables) == counterfactuals.TABLES
    for name, frame in tables.items():
        # There may be no false alarm to divide by after two epochs.
        numbers = frame.select_dtypes("number").filter(regex="^(?!ratio)")
        assert len(frame) and np.isfinite(numbers).all(axis=None), name


def test_what_is_left_out_of_a_gap_is_said(tables):
    assert (tables["odds"]["groups_left_out"] == 0).all()  # each half has expressions of each kind
    assert tables["odds"]["resamples_left_out"].between(0, SMALL.n_bootstrap).all()


def test_debiasing_may_choose_to_do_nothing(tables):
    debiasing = tables["debiasing"]
    whole = debiasing.query("variant == @CAUSAL_EX")
    assert set(whole["counterfactual"]) > {NONE, *MAIN, SWEEP, CONSTANT}
    assert set(debiasing.query("variant == @AUW_GCN")["counterfactual"]) == {
        NONE,
        *MAIN,
        SWEEP,
    }
    assert not debiasing.query("counterfactual == @NONE")["gain"].any()
    tuned = debiasing.query("chosen == 'test_tuned' and kind != 'overall'")
    assert (tuned.query("counterfactual != @SWEEP")["gain"] > -1e-9).all()
    shares = tables["strengths"].groupby(["variant", "counterfactual", "kind"])["share"].sum()
    assert np.allclose(shares, 1)


def test_what_the_paper_proposes_is_chosen_on_inner_folds_too(tables):
    nested = tables["debiasing"].query("chosen == 'nested' and variant == @CAUSAL_EX")
    assert set(nested["counterfactual"]) == {NONE, *MAIN, SWEEP}
    assert (nested["n_truth"] > 0).all()


def test_null_frames_say_the_same_in_every_frame(tables):
    said = tables["confidence"].set_index("motion")
    assert said.loc["null frames", "spread"].max() < 1e-3 < said.loc["as measured", "spread"].min()
    assert np.allclose(said.loc["null frames", "mean"], said.loc["null frames", "highest"])


def test_the_tied_unit_is_counted_in_both_halves_of_the_people(tables, part):
    bias = tables["bias"].query("variant == @AUW_GCN and counterfactual == 'none'")
    assert (tables["bias"]["detected"] <= tables["bias"]["number"]).all()
    micro = int((part.truth["kind"] == "micro").sum())
    assert bias.query("event == 'expression'")["number"].sum() == micro
    alarms = tables["alarms"].query("variant == @AUW_GCN and counterfactual == 'none'")
    assert alarms["minutes"].sum() == pytest.approx(part.minutes)


def test_a_video_without_edges_out_of_any_region_is_judged_as_it_is(part):
    views = counterfactuals._views(part, 1)
    silent = ~counterfactuals.debias.most_causal_regions(part.marks).any(axis=1)
    same = torch.from_numpy(silent[part.windows.video])
    assert same.any() and not same.all()
    for name in ("keep E_f", "mask E_f"):
        assert torch.equal(views[name][same], part.windows.motion[same])
        assert not torch.equal(views[name][~same], part.windows.motion[~same])


def test_strengths_without_nothing_are_refused():
    with pytest.raises(CausalexError, match=r"\(0\.0, 0\.0\) among them"):
        Config(strengths=((0.5, 0.5),))


@pytest.mark.parametrize(
    "plans", [(), (("cas_like", (AUW_GCN,)),), (("cas_like", ("X", CAUSAL_EX)),)]
)
def test_plans_without_the_network_of_the_paper_are_refused(plans):
    with pytest.raises(CausalexError, match="parameter 'plans'"):
        Config(plans=plans)
