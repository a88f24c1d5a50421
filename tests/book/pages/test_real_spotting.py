"""The pages on graphs and on debiasing with real people in place of synthetic ones."""

import numpy as np
import pytest

from causalex_book.debiasing import counterfactuals, real_debiasing
from causalex_book.publishing import detections
from causalex_book.spotting import graph_spotting, real_spotting
from causalex_book.spotting.threshold_sweep import NESTED, TOGETHER
from causalex_book.spotting.variants import AUW_GCN, CAUSAL_EX, NONE
from causalex_core.data import manifest
from causalex_core.data.annotations import CAS, SAMM
from causalex_core.errors import CausalexError

TOY = {"seeds": (1,), "epochs": 1, "n_thresholds": 3, "n_bootstrap": 10}
GRAPHS = real_spotting.Config(
    plans=((CAS, (NONE, CAUSAL_EX)), (SAMM, (NONE, CAUSAL_EX))),
    nested=(CAUSAL_EX,),
    crossed=(CAUSAL_EX,),
    n_shifts=3,
    **TOY,
)
DEBIASED = real_debiasing.Config(plans=((SAMM, (CAUSAL_EX,)),), **TOY)


@pytest.fixture(scope="module")
def tables(of_nobody):
    return real_spotting.compute(GRAPHS)


def test_both_databases_are_spotted_with_detections_under_every_rule(tables):
    assert tuple(tables) == (*graph_spotting.TABLES, detections.TABLE)
    assert tables["inputs"]["database"].tolist() == [CAS, SAMM]
    kept = tables[detections.TABLE]
    assert {*detections.KEYS, *detections.COLUMNS} == set(kept.columns)
    assert set(kept["protocol"]) == {"megc"} and set(kept["missing_offset"]) == {"as_is"}
    rules = set(tables["scores"]["rule"])
    assert {NESTED, TOGETHER} < rules and set(kept["rule"]) <= rules
    assert (tables["cost"]["cpu_minutes"] > 0).all()


def test_as_many_detections_are_kept_as_were_counted(tables):
    scores = tables["scores"].query("kind != 'overall'")
    keys = ["database", "variant", "rule", "kind"]
    counted = scores.set_index(keys)["n_pred"]
    assert counted.sum() > 0
    kept = tables[detections.TABLE].groupby(keys).size()
    assert kept.reindex(counted.index, fill_value=0).to_dict() == counted.to_dict()


def test_debiasing_of_real_people_has_no_planted_bias(of_nobody):
    tables = real_debiasing.compute(DEBIASED)
    assert tuple(tables) == counterfactuals.TABLES
    assert set(tables["debiasing"]["database"]) == {SAMM}
    for name in ("bias", "alarms", "odds"):
        assert not len(tables[name]), name
    assert np.isfinite(tables["debiasing"].select_dtypes("number")).all(axis=None)


def test_defaults_are_both_real_databases():
    assert [name for name, _ in real_spotting.Config().plans] == [CAS, SAMM]
    assert [name for name, _ in real_debiasing.Config().plans] == [CAS, SAMM]
    assert real_spotting.Config().seeds == real_debiasing.Config().seeds == (1, 2, 3)


@pytest.mark.parametrize("page", [real_spotting, real_debiasing])
@pytest.mark.parametrize(
    "plans", [(), ((CAS, (AUW_GCN,)),), (("casme", (NONE, CAUSAL_EX)),), ((CAS, ("X", CAUSAL_EX)),)]
)
def test_plans_are_refused_where_they_enter(page, plans):
    with pytest.raises(CausalexError, match="parameter 'plans'"):
        page.Config(plans=plans)


@pytest.mark.parametrize(
    ("page", "small"),
    [
        (real_spotting, {"nested": (CAUSAL_EX,), "n_shifts": 2}),
        (real_debiasing, {}),
    ],
)
def test_three_people_of_the_public_motion(page, small, mirror, tmp_path, monkeypatch):
    missing = [name for name in page.SOURCES if manifest.locate(name) is None]
    if missing:
        pytest.skip(f"sources not here: {', '.join(missing)}")
    monkeypatch.setenv("CAUSALEX_DATA", str(tmp_path))
    variants = (CAUSAL_EX, NONE) if page is real_spotting else (CAUSAL_EX,)
    config = page.Config(plans=((SAMM, variants),), most_subjects=3, **TOY, **small)
    tables = page.compute(config)
    assert tables["inputs"]["subjects"].tolist() == [3]
