"""What was suspected on SAMM-LV, on three made-up people."""

import numpy as np
import pytest
from test_published_setting import everything_is_proposed

from causalex_book.spotting import published_setting, samm_gap
from causalex_book.spotting.samm_gap import AS_PUBLISHED, FRAMES_MOVED, READ_OUTS, TRAININGS, Config
from causalex_book.spotting.variants import AUW_GCN
from causalex_core.data.annotations import SAMM
from causalex_core.errors import CausalexError
from causalex_core.evaluation.operating_points import EPOCH

TOLD = ("share of the macro losses 0.5", "another seed")
SMALL = Config(trainings=(AS_PUBLISHED, *TOLD), epochs=2, n_bootstrap=20)


@pytest.fixture(scope="module")
def suspects(of_nobody):
    with pytest.MonkeyPatch.context() as patch:
        everything_is_proposed(patch)
        patch.setattr(samm_gap, "_RULES", published_setting.READ_OUT[SAMM])
        return samm_gap.compute(SMALL)["suspects"]


def test_every_suspect_is_counted_in_both_ways_and_kinds(suspects):
    assert np.isfinite(suspects.select_dtypes("number")).all(axis=None)
    assert not suspects.duplicated(["changed_in", "suspect", "protocol", "kind"]).any()
    of_training = suspects.query("changed_in == 'training'")["suspect"].unique().tolist()
    assert of_training == [AS_PUBLISHED, *TOLD]
    of_read_out = suspects.query("changed_in == 'read-out'")["suspect"].unique().tolist()
    assert of_read_out == [
        *(name for name in READ_OUTS if name != AS_PUBLISHED),
        *(f"frames moved by {frames:+d}" for frames in FRAMES_MOVED),
    ]
    assert len(suspects) == (len(of_training) + len(of_read_out)) * 2 * 3
    assert set(suspects["n_truth"]) == {3, 6}


def test_as_published_is_what_the_page_reports(suspects, of_nobody):
    """One seed of AUW-GCN with the same windows and rules, scored by the other page."""
    with pytest.MonkeyPatch.context() as patch:
        everything_is_proposed(patch)
        page = published_setting.compute(
            published_setting.Config(
                databases=(SAMM,), variants=(AUW_GCN,), epochs=2, n_bootstrap=20
            )
        )
    rows = page["scores"].query(f"missing_offset == 'as_is' and rule == '{EPOCH}'")
    expected = rows.set_index(["protocol", "kind"])[["tp", "n_pred", "n_truth", "f1"]]
    published = suspects.query("suspect == @AS_PUBLISHED").set_index(["protocol", "kind"])
    assert (published["n_pred"] > 0).any()
    for key, row in published.iterrows():
        assert tuple(row[expected.columns]) == tuple(expected.loc[key])


def test_each_suspect_changes_one_thing():
    first = TRAININGS[AS_PUBLISHED]
    for name, training in TRAININGS.items():
        changed = [field for field, value in vars(training).items() if value != vars(first)[field]]
        assert len(changed) == (name != AS_PUBLISHED), name
    for name, rules in READ_OUTS.items():
        published = vars(READ_OUTS[AS_PUBLISHED])
        changed = [field for field, value in vars(rules).items() if value != published[field]]
        assert len(changed) == (name != AS_PUBLISHED), name


def test_what_is_compared_with_must_be_trained():
    with pytest.raises(CausalexError, match="'as published'"):
        Config(trainings=("another seed",))
