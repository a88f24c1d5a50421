"""Shapes chosen on inner groups, two of them, on maps of nobody."""

from dataclasses import replace

import numpy as np
import pytest

from causalex_book.recognition import nested_emotions
from causalex_book.recognition.emotions import COMPOSITE, DATABASES
from causalex_book.recognition.inner_recognisers import Variant
from causalex_book.recognition.nested_emotions import COMPACT, LINEAR, NO_CHOICE, Config
from causalex_book.recognition.selection import CROSS, LAST, TEST
from causalex_book.spotting import nested
from causalex_book.spotting.threshold_sweep import NESTED
from causalex_core.recognition.training import COMPACT_TRAINING

SMALL = Config(seeds=(1, 2), n_bootstrap=50)
GOOD = replace(COMPACT_TRAINING, epochs=6)
TWO = {"learns nothing": Variant(replace(GOOD, lr=1e-9)), "learns": Variant(GOOD, ensemble=2)}


@pytest.fixture(scope="module")
def tables(from_made_up_maps, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CAUSALEX_DATA", str(tmp_path_factory.mktemp("data")))
        patch.setattr(nested_emotions, "VARIANTS", TWO)
        return from_made_up_maps(nested_emotions, SMALL)


def test_what_is_nested_stands_beside_every_rule_and_the_linear_model(tables):
    scores = tables["scores"]
    assert set(scores["scope"]) == {COMPOSITE, *DATABASES.values()}
    rules = scores.groupby("system")["rule"].agg(set).to_dict()
    assert rules == {COMPACT: {NESTED, LAST, CROSS, TEST}, LINEAR: {NO_CHOICE}}
    assert (scores["low"] <= scores["value"]).all() and (scores["value"] <= scores["high"]).all()
    keys = ["scope", "measure"]
    values = scores.set_index(["rule", *keys])["value"]
    for _, row in tables["differences"].iterrows():
        place = tuple(row[keys])
        expected = values[row["rule"], *place] - values[NO_CHOICE, *place]
        assert row["difference"] == pytest.approx(expected)
    assert values[TEST, COMPOSITE, "accuracy"] >= values[LAST, COMPOSITE, "accuracy"]


def test_scores_are_means_over_seeds(tables):
    seeds = tables["seeds"]
    assert set(seeds["seed"]) == {1, 2}
    means = seeds.groupby(["rule", "measure"])["value"].mean()
    scores = tables["scores"].query("scope == @COMPOSITE and system == @COMPACT")
    for _, row in scores.iterrows():
        assert row["value"] == pytest.approx(means[row["rule"], row["measure"]])
    # everybody is in the score: shares of the 45 clips
    shares = 45 * seeds.query("measure == 'accuracy'")["value"]
    np.testing.assert_allclose(shares, shares.round(), atol=1e-9)


def test_what_learns_is_chosen_and_told(tables):
    groups = tables["groups"]
    assert len(groups) == nested.GROUPS
    assert groups["subjects"].sum() == 15 and groups["clips"].sum() == 45
    assert set(groups["variant"]) == {"learns"}
    assert groups["linear_uf1"].between(0.5, 1).all()
    variants = tables["variants"].set_index("variant")
    assert variants["groups"].to_dict() == {"learns nothing": 0, "learns": nested.GROUPS}
    assert variants["uf1"]["learns"] == pytest.approx(groups["uf1"].mean())
    assert variants["uf1"]["learns"] > variants["uf1"]["learns nothing"] + 0.2
    assert variants["members"].to_dict() == {"learns nothing": 1, "learns": 2}
    assert (variants["parameters"] < 2_765_901).all()
    (tried,) = tables["tried"].to_dict("records")
    assert (tried["inside"], tried["outside"]) == (2, 1)


def test_curves_end_where_scores_stand(tables):
    ends = tables["epochs"].query("epochs == @GOOD.epochs").set_index(["seed", "rule"])["uf1"]
    composite = tables["seeds"].query("measure == 'uf1' and rule != @NESTED")
    for _, row in composite.iterrows():
        assert ends[row["seed"], row["rule"]] == pytest.approx(row["value"])
