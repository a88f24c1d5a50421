"""Spotting with every graph, on a few synthetic people."""

import numpy as np
import pytest

from causalex_book.spotting import graph_spotting
from causalex_book.spotting.graph_spotting import Config
from causalex_book.spotting.variants import AUW_GCN, CAUSAL_EX, NONE
from causalex_core.errors import CausalexError

SMALL = Config(
    plans=(("cas_like", (NONE, CAUSAL_EX, AUW_GCN)), ("samm_like", (NONE, CAUSAL_EX))),
    seeds=(1, 2),
    epochs=2,
    nested=(NONE, CAUSAL_EX),
    crossed=(CAUSAL_EX,),
    n_thresholds=3,
    n_shifts=5,
    most_subjects=4,
    n_bootstrap=20,
)


@pytest.fixture(scope="module")
def tables(trainings):
    return graph_spotting.compute(SMALL)


def test_every_table_is_there_and_finite(tables):
    for frame in tables.values():
        assert len(frame) and np.isfinite(frame.select_dtypes("number")).all(axis=None)


def test_every_variant_and_rule_counts_every_truth(tables):
    scores = tables["scores"]
    # Rules and kinds of five variants, one of them without inner models.
    assert len(scores) == (5 * 6 - 1) * 3
    for row in tables["inputs"].to_dict("records"):
        rows = scores[scores["database"] == row["database"]]
        for kind in ("macro", "micro"):
            assert (rows.query("kind == @kind")["n_truth"] == row[kind]).all()
    assert (scores["low"] <= scores["f1"]).all() and (scores["f1"] <= scores["high"]).all()
    assert not scores.query("variant == @NONE")["gain"].any()
    assert not scores.query("rule == 'last epoch'")["over_last"].any()
    keys = ["database", "variant", "kind"]
    last = tables["epochs"].query("epoch == 2").set_index(keys)["f1"]
    of_rule = scores.query("rule == 'last epoch'").set_index(keys)["f1"]
    assert of_rule.to_dict() == pytest.approx(last.to_dict())


def test_pooling_does_not_shorten_the_answer(tables):
    networks = tables["networks"].set_index("variant")
    assert networks.loc[[CAUSAL_EX, AUW_GCN], "parameters"].tolist() == [39_552, 39_248]
    assert (networks["frames_out"] == networks["frames_in"]).all()


def test_claims_are_differences_between_variants(tables):
    contrasts, scores = tables["contrasts"], tables["scores"].query("rule == 'last epoch'")
    assert len(contrasts) == 3 * 3 and set(contrasts["beside"]) == {AUW_GCN, NONE}
    f1 = scores.set_index(["database", "variant", "kind"])["f1"]
    for row in contrasts.itertuples():
        difference = (
            f1[row.database, row.variant, row.kind] - f1[row.database, row.beside, row.kind]
        )
        assert row.gain == pytest.approx(difference)


def test_baselines_and_crossing_count_every_truth_of_the_tested(tables):
    inputs = tables["inputs"].set_index("database")
    assert set(tables["baselines"]["detector"]) == {graph_spotting.PEAKS, graph_spotting.MDMD}
    crossed = tables["crossed"]
    assert len(crossed) == 2 * 3 and (crossed["trained_on"] != crossed["tested_on"]).all()
    micro = crossed.query("kind == 'micro'").set_index("tested_on")["n_truth"]
    assert micro.to_dict() == inputs["micro"].to_dict()


def test_shifted_labels_have_a_band(tables):
    shifted = tables["shifted"]
    assert set(shifted["trained_on"]) == {"as labelled", "shifted"}
    assert (shifted["band_low"] <= shifted["band_high"]).all()


@pytest.mark.parametrize(
    ("plans", "message"),
    [
        ((), "a list of one or more values"),
        ((("cas_like", (AUW_GCN, CAUSAL_EX)),), "'no graph' and 'Causal-Ex' among them"),
        ((("cas_like", (NONE, "Causal-X", CAUSAL_EX)),), "did you mean 'Causal-Ex'"),
        (
            (("cas_like", (NONE, CAUSAL_EX)), ("samm_like", (NONE,))),
            r"\['no graph'\] in .*among them",
        ),
    ],
)
def test_a_plan_needs_what_the_page_is_about(plans, message):
    with pytest.raises(CausalexError, match=message):
        Config(plans=plans)
