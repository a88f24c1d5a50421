"""What choosing on the test subjects is worth, on a coarse grid."""

import pytest

from causalex_book.spotting import selection
from causalex_core.errors import CausalexError


@pytest.fixture(scope="module")
def tables(obtained):
    return obtained(selection, lowest=465, highest=505, step=20, n_bootstrap=200).tables


def test_printed_operating_point_is_on_the_grid(tables):
    rules = tables["lgsnet_rules"].set_index(["protocol", "rule"])
    assert rules.loc[("each_truth", selection.PRINTED), ["tp", "n_pred"]].tolist() == [131, 208]


def test_more_choice_on_the_test_subjects_never_lowers_the_pooled_optimum(tables):
    for _, rows in tables["lgsnet_rules"].groupby("protocol"):
        f1 = rows.set_index("rule")["f1"]
        assert f1[selection.POOLED] >= f1[selection.PRINTED]
        assert f1[selection.POOLED] >= f1[selection.CROSS]
    cross = tables["lgsnet_rules"].query("rule == @selection.CROSS")
    assert (cross[["gain", "gain_low", "gain_high"]] == 0).all(axis=None)


def test_every_epoch_and_threshold_is_there(tables):
    assert tables["lgsnet_epochs"].groupby("protocol")["epoch"].nunique().tolist() == [30, 30]
    assert len(tables["mdmd_thresholds"]) == 4 * 99
    assert tables["mdmd_rules"]["n_truth"].unique().tolist() == [300, 57, 343, 159]


def test_a_grid_without_the_printed_threshold_is_refused():
    with pytest.raises(CausalexError, match="485"):
        selection.compute(selection.Config(lowest=300, step=20))


def test_made_up_sources_give_all_tables(made_up):
    config = selection.Config(lowest=485, highest=495, step=10, n_bootstrap=20)
    tables = selection.compute(config)
    rules = tables["lgsnet_rules"].set_index(["protocol", "rule"])
    assert rules.loc[("megc", selection.PRINTED), ["tp", "n_pred", "n_truth"]].tolist() == [3, 4, 3]
    assert rules.loc[("megc", selection.BOTH), "f1"] >= rules.loc[("megc", selection.CROSS), "f1"]
    assert len(tables["lgsnet_epochs"]) == 4
    assert tables["mdmd_thresholds"].query("database == 'CAS(ME)^2' and p > 2")["f1"].eq(0).all()
