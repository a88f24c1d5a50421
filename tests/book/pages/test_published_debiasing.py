"""Debiasing of networks that are trained as published, on a few real people."""

import numpy as np
import pytest

from causalex_book.debiasing import published_debiasing
from causalex_book.debiasing.counterfactuals import BOTH, CONSTANT, KEEP, MASK, NULL
from causalex_book.spotting import published_setting
from causalex_book.spotting.variants import AUW_GCN
from causalex_core.data.annotations import CAS
from causalex_core.errors import CausalexError

SMALL = {
    "databases": (CAS,),
    "variants": (AUW_GCN,),
    "epochs": 2,
    "most_subjects": 3,
    "n_bootstrap": 20,
}


@pytest.fixture(scope="module")
def tables(trainings, obtained):
    return obtained(published_debiasing, **SMALL, strengths=(0.0, 0.3)).tables


def test_nothing_subtracted_is_the_last_epoch_of_the_published_setting(tables, obtained):
    plain = obtained(published_setting, **SMALL).tables["scores"].query("rule == 'last epoch'")
    nothing = tables["strengths"].query("strength == 0")
    assert set(nothing["counterfactual"]) == {NULL, KEEP, MASK, BOTH, CONSTANT}
    keys = ["protocol", "missing_offset"]
    last = plain.query("kind == 'overall'").set_index(keys)["f1"]
    assert np.allclose(nothing.set_index(keys)["f1"], last[nothing.set_index(keys).index])


def test_the_test_subjects_choose_what_is_best_on_them(tables):
    tuned = tables["debiasing"].query("chosen == 'test_tuned' and kind == 'overall'")
    assert (tuned["gain"] > -1e-9).all()
    keys = ["counterfactual", "protocol"]
    best = tables["strengths"].groupby(keys)["f1"].max()
    assert np.allclose(tuned.set_index(keys)["f1"], best[tuned.set_index(keys).index])


def test_strengths_without_nothing_are_refused():
    with pytest.raises(CausalexError, match=r"0\.0 among them"):
        published_debiasing.Config(strengths=(0.5,))
