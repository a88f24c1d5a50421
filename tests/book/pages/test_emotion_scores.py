"""Small models under every rule, on maps of nobody."""

from dataclasses import replace

import pandas as pd
import pytest

from causalex_book.recognition import emotion_scores
from causalex_book.recognition.emotion_scores import (
    COMPACT,
    GUESSES,
    LINEAR,
    NO_CHOICE,
    ONE_LAYER,
    STSTNET,
    Config,
)
from causalex_book.recognition.emotions import COMPOSITE, DATABASES
from causalex_book.recognition.selection import CROSS, LAST, TEST
from causalex_core.recognition.causalnet_text import CausalNetTextConfig

SMALL = Config(compact_epochs=2, ststnet_epochs=6, layer_epochs=10, n_draws=3, n_bootstrap=50)
TINY = CausalNetTextConfig(
    widths=(8, 8), heads=(2, 2), repeats=(1, 1), exchanges=1, fused=8, fused_heads=2, hidden=8
)


@pytest.fixture(scope="module")
def tables(from_made_up_maps, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CAUSALEX_DATA", str(tmp_path_factory.mktemp("data")))
        training = replace(emotion_scores.COMPACT_TRAINING, network=TINY)
        patch.setattr(emotion_scores, "COMPACT_TRAINING", training)
        return from_made_up_maps(emotion_scores, SMALL)


def test_every_system_is_scored_under_the_rules_it_has(tables):
    scores = tables["scores"]
    assert set(scores["scope"]) == {COMPOSITE, *DATABASES.values()}
    rules = scores.groupby("system")["rule"].agg(set).to_dict()
    assert rules[STSTNET] == rules[COMPACT] == {LAST, CROSS, TEST}
    assert rules[ONE_LAYER] == rules[GUESSES] == {LAST, CROSS, TEST}
    assert rules[LINEAR] == rules["majority"] == rules["RBF-SVM"] == {NO_CHOICE}
    accuracy = scores.query("scope == @COMPOSITE and measure == 'accuracy'")
    accuracy = accuracy.set_index(["system", "rule"])["value"]
    for system in (STSTNET, COMPACT, ONE_LAYER, GUESSES):
        assert accuracy[system, TEST] >= max(accuracy[system, LAST], accuracy[system, CROSS])
    # everybody is in the score, right or wrong: shares of the 45 clips
    for value in accuracy.drop(GUESSES, level="system"):
        assert 45 * value == pytest.approx(round(45 * value))


def test_differences_are_those_of_the_scores(tables):
    keys = ["system", "rule", "scope", "measure"]
    values = tables["scores"].set_index(keys)["value"]
    rows = tables["differences"].set_index(keys)
    assert LINEAR not in rows.index.get_level_values("system")
    assert len(rows) == len(values) - 4 * 3
    for (system, rule, scope, measure), row in rows.iterrows():
        expected = values[system, rule, scope, measure] - values[LINEAR, NO_CHOICE, scope, measure]
        assert row["difference"] == pytest.approx(expected)
        assert row["low"] <= row["high"]


def test_curves_end_where_scores_stand(tables):
    uf1 = tables["scores"].query("scope == @COMPOSITE and measure == 'uf1'")
    at_end = uf1.set_index(["system", "rule"])["value"]
    lengths = tables["epochs"].groupby("system")["epochs"].max()
    assert lengths.to_dict() == {COMPACT: 2, STSTNET: 6}
    for system, rows in tables["epochs"].groupby("system"):
        last = rows[rows["epochs"] == lengths[system]].set_index("rule")["uf1"]
        assert last.to_dict() == pytest.approx(at_end[system].to_dict())


def test_the_floor_stands_where_the_public_code_chooses(tables):
    floor = tables["floor"].query("scope == @COMPOSITE").set_index(["epochs", "rule"])["uf1"]
    guesses = tables["scores"].query("system == @GUESSES and scope == @COMPOSITE")
    guesses = guesses.query("measure == 'uf1'").set_index("rule")["value"]
    for rule in (LAST, CROSS, TEST):
        assert floor[200, rule] == pytest.approx(guesses[rule])
    assert floor[40, TEST] > floor[5, TEST] > floor[1, TEST]


def test_a_quick_look_takes_the_first_people_of_each_database():
    clips = pd.DataFrame({"database": list("aabab"), "subject": ["1", "2", "8", "1", "9"]})
    assert emotion_scores._few(clips, 1).index.tolist() == [0, 2, 3]
    assert emotion_scores._few(clips, 0).equals(clips)


def test_networks_are_counted_from_the_code():
    networks = {row["network"]: row for row in emotion_scores._networks()}
    assert networks["as published"]["parameters"] == 276_590_089
    dead = networks["as published"]["parameters"] - networks["as published"]["at_work"]
    assert dead == 41_518_080
    assert networks["as published"]["tokens"].startswith("1 / 1 / 1")
    whole = networks["as described"]["parameters"]
    assert abs(whole / networks["as published"]["parameters"] - 1) < 0.05
    assert networks[COMPACT]["parameters"] < 0.01 * networks["as published"]["parameters"]
    assert networks["as described"]["tokens"] == "4, then 4"
