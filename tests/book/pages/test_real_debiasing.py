"""Debiasing of a few real people: the page shows them alone and beside its synthetic control."""

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from causalex_book.debiasing import counterfactuals, debiased, real_debiasing
from causalex_book.debiasing.counterfactuals import BOTH, KEEP, MASK, NONE, NULL, SWEEP
from causalex_book.publishing import beside, results
from causalex_book.spotting import figures_spotting
from causalex_book.spotting.variants import CAUSAL_EX
from causalex_core import paths
from causalex_core.data.annotations import CAS, SAMM
from causalex_core.errors import CausalexError

SMALL = {
    "seeds": (1,),
    "epochs": 2,
    "n_thresholds": 3,
    "strengths": ((0.0, 0.0), (0.5, 0.5)),
    "most_subjects": 3,
    "n_bootstrap": 20,
}


@pytest.fixture(scope="module")
def real(trainings, obtained):
    return obtained(real_debiasing, plans=((CAS, (CAUSAL_EX,)),), **SMALL)


@pytest.fixture(scope="module")
def control():
    """The control as it is stored, which may be older than some of its columns."""
    return results.read(paths.PUBLISHED / "counterfactuals.json")


def test_every_counterfactual_is_there_and_nothing_that_is_unknown_of_real_people(real):
    result = set(real.tables["debiasing"]["counterfactual"])
    assert result >= {NONE, NULL, KEEP, MASK, BOTH, SWEEP, "keep random regions"}
    assert all(real.tables[name].empty for name in ("bias", "alarms", "odds"))
    assert set(real.tables["inputs"]["database"]) == {CAS}


def test_without_essential_regions_null_frames_are_left(trainings, obtained):
    result = obtained(real_debiasing, plans=((SAMM, (CAUSAL_EX,)),), views=(NULL,), **SMALL).tables
    names = set(result["debiasing"]["counterfactual"])
    assert NULL in names and not {name for name in names if "E_f" in name or "regions" in name}
    assert debiased.answer(result["debiasing"])


@pytest.mark.parametrize("with_control", [False, True])
def test_the_page_can_show_them_alone_and_with_any_control(real, control, with_control):
    tables = results.joined(real, control) if with_control else results.joined(real)
    rows = real.tables["debiasing"].query("kind == 'overall' and counterfactual != 'none'")
    rates = real.tables["rates"]
    for drawn in (
        figures_spotting.gains(rows),
        figures_spotting.rates(rates.assign(system=rates["counterfactual"])),
    ):
        plt.close(drawn)
    overall = tables["debiasing"].query("kind == 'overall' and chosen == 'cross_fold'")
    shown = beside.table3(
        overall.query("counterfactual == @NONE"),
        overall.query("counterfactual == @BOTH and form == 'probabilities'"),
    )
    assert shown["here"].iloc[0] == CAS and shown["printed"].notna().all()
    assert len(debiased.answer(real.tables["debiasing"])) == 2
    assert list(debiased.undefined(tables["rates"], tables["odds"], 20))


def test_no_synthetic_people_pass_for_real_ones():
    with pytest.raises(CausalexError, match="cas_like"):
        real_debiasing.Config(plans=(("cas_like", (CAUSAL_EX,)),))


def test_the_control_has_the_same_tables(real, control):
    assert list(real.tables) == list(control.tables) == list(counterfactuals.TABLES)
    columns = real.tables["debiasing"].columns
    pd.testing.assert_index_equal(columns, control.tables["debiasing"].columns)
