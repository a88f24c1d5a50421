"""The published network on made-up maps, as small as its stages go."""

import pytest

from causalex_book.recognition import full_network
from causalex_book.recognition.emotions import COMPOSITE
from causalex_book.recognition.full_network import (
    COMPACT,
    GUESSES,
    LINEAR,
    NO_CHOICE,
    PUBLISHED_NETWORK,
    Config,
)
from causalex_book.recognition.selection import CROSS, LAST, TEST
from causalex_core.errors import CausalexError

SMALL = Config(groups=2, epochs=2, repeats=(1, 1, 1), exact_epochs=1, n_draws=3, n_bootstrap=20)


@pytest.fixture(scope="module")
def tables(from_made_up_maps, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CAUSALEX_DATA", str(tmp_path_factory.mktemp("data")))
        return from_made_up_maps(full_network, SMALL)


def test_a_model_judges_a_group_and_is_trained_on_all_others(tables):
    models = tables["models"]
    assert models["model"].tolist() == ["group 1", "group 2"]
    assert (models["trained_on"] + models["held_out"]).tolist() == [45, 45]
    assert models["subjects"].tolist() == [3, 3]
    assert (models["epochs"] == 2).all()


def test_every_system_is_scored_under_its_rules(tables):
    scores = tables["scores"]
    rules = scores.groupby("system")["rule"].agg(set).to_dict()
    assert rules[PUBLISHED_NETWORK] == rules[COMPACT] == rules[GUESSES] == {LAST, CROSS, TEST}
    assert rules[LINEAR] == {NO_CHOICE}
    composite = scores.query(f"scope == '{COMPOSITE}' and measure == 'uf1'")
    assert len(composite) == 10
    assert (composite["low"] <= composite["high"]).all()


def test_losses_are_told_for_every_epoch(tables):
    losses = tables["losses"].query(f"system == '{PUBLISHED_NETWORK}'")
    assert losses["epoch"].tolist() == [1, 2]
    assert (losses["low"] < losses["high"]).all()
    last = tables["models"]["loss"]
    assert losses["loss"].iloc[-1] == pytest.approx(last.mean())


def test_rounded_products_hardly_change_the_first_loss(tables):
    both = tables["precision"]
    assert both["epoch"].tolist() == [1]
    assert both["bfloat16"].iloc[0] == pytest.approx(both["float32"].iloc[0], rel=0.02)
    assert both["bfloat16"].iloc[0] != both["float32"].iloc[0]
    assert 0 <= both["agreement"].iloc[0] <= 1


@pytest.mark.parametrize("groups", [0, 6])
def test_a_number_of_groups_that_there_is_not_is_refused(groups):
    with pytest.raises(
        CausalexError, match=f"'groups' .*: {groups} given, expected .* from 1 to 5"
    ):
        Config(groups=groups)
