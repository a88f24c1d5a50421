"""What the choice of epochs is worth, on few draws and on made-up maps."""

import pytest

from causalex_book.recognition import emotion_floor, printed_scores
from causalex_book.recognition.emotion_floor import GUESSES, NO_CHOICE, ONE_LAYER
from causalex_book.recognition.emotions import COMPOSITE, DATABASES
from causalex_book.recognition.selection import CROSS, LAST, TEST

SMALL = {"n_epochs": 20, "n_draws": 4, "n_bootstrap": 100}


@pytest.fixture(scope="module")
def tables(from_made_up_maps):
    return from_made_up_maps(emotion_floor, emotion_floor.Config(**SMALL))


@pytest.fixture(scope="module")
def real(obtained):
    return obtained(emotion_floor, **SMALL).tables


def test_more_epochs_to_choose_from_never_read_less(tables):
    floor = tables["floor"].query("scope == @COMPOSITE")
    by_rule = {rule: rows["uf1"].tolist() for rule, rows in floor.groupby("rule")}
    assert by_rule[TEST] == sorted(by_rule[TEST])
    assert by_rule[TEST][0] == by_rule[LAST][0] == by_rule[CROSS][0]
    assert by_rule[TEST][-1] > by_rule[LAST][-1] + 0.3
    assert (floor["low"] <= floor["uf1"]).all()
    assert (floor["uf1"] <= floor["high"]).all()


def test_every_system_stands_in_every_scope(tables):
    scores = tables["scores"]
    assert set(scores["scope"]) == {COMPOSITE, *DATABASES.values()}
    rules = scores.groupby("system")["rule"].agg(set).to_dict()
    assert rules[GUESSES] == rules[ONE_LAYER] == {LAST, CROSS, TEST}
    assert rules["majority"] == rules["linear model"] == rules["RBF-SVM"] == {NO_CHOICE}
    accuracy = scores.query("measure == 'accuracy' and scope == @COMPOSITE").set_index(
        ["system", "rule"]
    )["value"]
    assert accuracy["linear model", NO_CHOICE] > 0.8
    assert accuracy[ONE_LAYER, TEST] >= accuracy[ONE_LAYER, LAST]
    shares = tables["gains"].query(
        "system == @ONE_LAYER and over == @LAST and measure == 'accuracy'"
    )
    expected = accuracy[ONE_LAYER, TEST] - accuracy[ONE_LAYER, LAST]
    assert shares["gain"].item() == pytest.approx(expected)


def test_everybody_is_in_one_group_of_sizes(tables):
    sizes = tables["sizes"]
    assert sizes["subjects"].sum() == 15
    assert sizes["samples"].sum() == 45
    assert sizes[["fewest", "most"]].to_numpy().tolist() == [[1, 1], [2, 2], [3, 4], [5, 5]]
    assert sizes["of_one_emotion"].iloc[0] == sizes["subjects"].iloc[0]
    assert sizes[TEST].iloc[0] == 1


def test_only_those_who_are_never_right_would_be_dropped(tables):
    dropping = tables["dropping"]
    once = dropping.query("system == @GUESSES and epochs == 1").iloc[0]
    assert once["subjects_dropped"] > 0
    assert once["samples_dropped"] >= once["subjects_dropped"]
    assert (dropping["gain"] == dropping["uf1_after_dropping"] - dropping["uf1"]).all()
    nobody = dropping["subjects_dropped"] == 0
    assert (dropping.loc[nobody, "gain"] == 0).all()


def test_the_same_seed_gives_the_same_tables(tables, from_made_up_maps):
    again = from_made_up_maps(emotion_floor, emotion_floor.Config(**SMALL))
    other = from_made_up_maps(emotion_floor, emotion_floor.Config(**SMALL, seed=2))
    for name, table in tables.items():
        assert table.equals(again[name]), name
    assert not tables["floor"].equals(other["floor"])


def test_real_maps_read_what_was_measured_before(real):
    uf1 = real["scores"].query("measure == 'uf1' and scope == @COMPOSITE")
    uf1 = uf1.set_index(["system", "rule"])["value"]
    assert uf1["linear model", NO_CHOICE] == pytest.approx(0.755, abs=0.01)
    assert uf1["majority", NO_CHOICE] == pytest.approx(0.241, abs=0.001)
    floor = real["floor"].query("scope == @COMPOSITE and rule == @TEST").set_index("epochs")["uf1"]
    assert floor[200] == pytest.approx(0.778, abs=0.02)
    assert floor[800] == pytest.approx(0.828, abs=0.02)
    sizes = real["sizes"]
    assert sizes["subjects"].sum() == 68
    assert sizes["samples"].sum() == 442
    assert sizes.query("most <= 4")["subjects"].sum() == 36
    assert sizes["of_one_emotion"].sum() == 23


def test_printed_scores_are_fractions_of_both_sources():
    printed = printed_scores.printed().set_index(["method", "scope", "measure"])["value"]
    assert printed["CausalNet", COMPOSITE, "uf1"] == pytest.approx(0.8976)
    assert printed["HTNet", COMPOSITE, "uf1"] == pytest.approx(0.8603)
    assert printed["HTNet", "SAMM", "uar"] == pytest.approx(0.8124)
    assert printed.between(0, 1).all()
    scopes = set(printed.index.get_level_values("scope"))
    assert scopes == {COMPOSITE, *DATABASES.values()}
    assert set(printed_scores.CHOSEN_AMONG) <= set(printed.index.get_level_values("method"))


def test_figures_show_the_tables(tables):
    composite = tables["floor"].query("scope == @COMPOSITE")
    printed = printed_scores.printed().query("scope == @COMPOSITE and measure == 'uf1'")
    codes = printed.assign(epochs=printed["method"].map(printed_scores.CHOSEN_AMONG)).dropna()
    drawn = emotion_floor.floor_figure(composite, codes, {"linear": 0.7})
    names = [trace.name for trace in drawn.data if trace.name]
    assert names == [f"guesses, {rule}" for rule in (LAST, CROSS, TEST)] + ["as printed"]
    assert sorted(drawn.data[-1].y) == pytest.approx([0.8603, 0.8976])

    uf1 = tables["scores"].query("scope == @COMPOSITE and measure == 'uf1'")
    own = uf1.assign(label=uf1["system"], on_test=uf1["rule"] == TEST).reset_index(drop=True)
    known = printed.assign(label=printed["method"], known=printed["method"] == "HTNet")
    floors = composite.query("rule == @TEST and epochs == 200").assign(label="guesses")
    axis = emotion_floor.comparison_figure(known, own, floors).axes[0]
    labels = [label.get_text() for label in axis.get_yticklabels()]
    assert (labels[0], labels[13], len(labels)) == ("GoogLeNet", "CausalNet", 14 + 9)

    bars = emotion_floor.sizes_figure(tables["sizes"]).axes[0].patches
    assert bars[-1].get_height() == pytest.approx(100 * tables["sizes"][TEST].iloc[-1])
    lines = emotion_floor.training_figure(tables["epochs"]).axes[0].lines
    assert [line.get_label() for line in lines] == [LAST, CROSS, TEST]
