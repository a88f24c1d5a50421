"""From one database to the other, on three made-up people of each."""

import numpy as np
import pytest
from factories import FRAMES, NAMES, everything_is_proposed, label, motion, write_windows

from causalex_book.spotting import across_databases
from causalex_book.spotting.across_databases import AS_RECORDED, CAUSAL, COMMON, Config
from causalex_book.spotting.variants import AUW_GCN
from causalex_core.data.annotations import CAS, SAMM
from causalex_core.evaluation.operating_points import EPOCH, LAST

SMALL = Config(variants=(CAUSAL, AUW_GCN), epochs=2, n_bootstrap=20)


@pytest.fixture(scope="module")
def crossed(of_nobody):
    with pytest.MonkeyPatch.context() as patch:
        everything_is_proposed(patch)
        return across_databases.compute(SMALL)["crossed"]


def test_both_directions_at_both_rates_count_every_truth_of_the_tested(crossed):
    assert len(crossed) == 2 * 2 * 2 * 2 * 2 * 3
    keys = ["rate", "trained_on", "variant", "protocol", "rule", "kind"]
    assert not crossed.duplicated(keys).any()
    assert (crossed["trained_on"] != crossed["tested_on"]).all()
    assert set(crossed["tested_on"]) == {CAS, SAMM} and set(crossed["rule"]) == {EPOCH, LAST}
    assert set(crossed.query("kind == 'macro'")["n_truth"]) == {3}
    assert np.isfinite(crossed.select_dtypes("number")).all(axis=None)
    assert (crossed["n_pred"] > 0).any()


def test_the_best_epoch_of_each_is_no_worse_than_the_last_for_each_alone(crossed):
    """Of a single way of counting the published rule gives each subject its best."""
    keys = ["rate", "trained_on", "variant", "protocol"]
    f1 = crossed.query("kind == 'overall'").set_index([*keys, "rule"])["f1"].unstack("rule")
    assert (f1[EPOCH] > f1[LAST]).any()


def test_only_what_has_another_rate_changes(crossed):
    """SAMM-LV has 25 frames per second already; both directions contain CAS(ME)^2."""
    rows = crossed.query("kind == 'overall'").set_index("rate")["f1"]
    assert set(crossed["rate"]) == {AS_RECORDED, COMMON}
    assert rows[AS_RECORDED].tolist() != rows[COMMON].tolist()


def test_features_of_ones_own_are_crossed_too(of_nobody, tmp_path):
    for name in NAMES[CAS]:
        subject = name.rpartition("_")[0]
        write_windows(
            tmp_path / "test", subject, name, motion(name, FRAMES[CAS]), label(FRAMES[CAS])
        )
    config = Config(features={CAS: str(tmp_path)}, variants=(AUW_GCN,), epochs=1, n_bootstrap=10)
    table = across_databases.compute(config)["crossed"]
    assert set(table["trained_on"]) == {f"{CAS}, own features", SAMM}
