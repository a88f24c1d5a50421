"""The published setting, on three made-up people of each database."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from causalex_book.publishing import detections
from causalex_book.spotting import published_setting
from causalex_book.spotting.published_setting import NETWORKS, Config
from causalex_book.spotting.variants import AUW_GCN, CAUSAL_EX
from causalex_core.data import auw_gcn, manifest
from causalex_core.data.annotations import CAS, SAMM
from causalex_core.data.intervals import read_intervals
from causalex_core.errors import CausalexError
from causalex_core.evaluation.operating_points import EPOCH, LAST
from causalex_core.evaluation.spotting import PROTOCOLS, pool, score
from causalex_core.expressions import MissingOffset

TOY = {"epochs": 2, "batch": 1, "n_bootstrap": 20}
SMALL = Config(variants=(AUW_GCN, CAUSAL_EX, published_setting.RANDOM), **TOY)


def everything_is_proposed(patch):
    """Look at every epoch, and take any frame as an apex: networks have learnt next to nothing."""
    for database, rules in published_setting.READ_OUT.items():
        of_kinds = {kind: replace(getattr(rules, kind), threshold=0) for kind in ("macro", "micro")}
        patch.setitem(published_setting.READ_OUT, database, replace(rules, **of_kinds))
        patch.setitem(published_setting.FIRST_EPOCH, database, 0)


@pytest.fixture(scope="module")
def tables(of_nobody):
    with pytest.MonkeyPatch.context() as patch:
        everything_is_proposed(patch)
        return published_setting.compute(SMALL)


def test_every_table_is_there_and_finite(tables):
    assert tuple(tables) == published_setting.TABLES
    for name, frame in tables.items():
        assert len(frame) and np.isfinite(frame.select_dtypes("number")).all(axis=None), name


def test_every_network_way_of_counting_and_rule_counts_every_truth(tables):
    scores = tables["scores"]
    assert len(scores) == 2 * 3 * 12 * 3 * 3
    keys = ["database", "variant", "protocol", "missing_offset", "rule", "kind"]
    assert not scores.duplicated(keys).any()
    for row in tables["inputs"].to_dict("records"):
        assert (row["subjects"], row["macro"], row["micro"]) == (3, 3, 3)
        rows = scores[scores["database"] == row["database"]]
        assert set(rows["n_truth"]) == {3, 6}
    assert (scores["low"] <= scores["f1"]).all() and (scores["f1"] <= scores["high"]).all()
    assert not scores[scores["rule"] == LAST]["over_last"].any()
    assert tables["inputs"]["database"].tolist() == [CAS, SAMM]


def test_some_is_found_so_that_the_rest_says_something(tables):
    assert (tables["scores"]["tp"] > 0).any()
    assert tables["scores"].query("kind == 'overall'")["f1"].nunique() > 5


def test_the_published_rule_is_the_best_of_all_epochs(tables):
    """The mean of draws ends at it; the last epoch of the curve is what that rule reports."""
    keys = ["database", "variant", "protocol", "missing_offset"]
    scores = tables["scores"].query("kind == 'overall'").set_index([*keys, "rule"])["f1"]
    for row in tables["draws"].query("epochs == 2").to_dict("records"):
        assert scores[(*(row[key] for key in keys), EPOCH)] == pytest.approx(row["f1"])
    last = tables["epochs"].query("epoch == 2 and kind == 'overall'")
    assert len(last) == 2 * 3 * 2
    for row in last.to_dict("records"):
        assert scores[(*(row[key] for key in keys), LAST)] == pytest.approx(row["f1"])


def test_differences_are_those_of_the_scores(tables):
    keys = ["database", "variant", "protocol", "missing_offset", "rule", "kind"]
    scores = tables["scores"].set_index(keys)["f1"]
    differences = tables["differences"]
    assert set(zip(differences["variant"], differences["baseline"], strict=True)) == {
        (CAUSAL_EX, AUW_GCN),
        (CAUSAL_EX, published_setting.RANDOM),
    }
    for row in differences.to_dict("records"):
        better, worse = (
            scores[tuple(row[key] for key in keys)],
            scores[tuple((row | {"variant": row["baseline"]})[key] for key in keys)],
        )
        assert row["gain"] == pytest.approx(better - worse)


def test_stored_detections_have_the_counts_of_the_row(tables, made_up_sources, tmp_path):
    """As `causalex score` counts them, with the annotation table as it is fetched."""
    detections.write(tables["detections"], tmp_path)
    index = pd.read_csv(tmp_path / detections.INDEX)
    keys = ["database", "variant", "rule", "protocol", "missing_offset"]
    scores = tables["scores"].set_index([*keys, "kind"])
    assert len(index) > 20
    for row in index.to_dict("records"):
        source = made_up_sources["auw_gcn_annotations"]
        counted = pool(
            score(
                read_intervals(source.path(auw_gcn.FILES[row["database"]])),
                read_intervals(tmp_path / row["file"]),
                PROTOCOLS[row["protocol"]],
                MissingOffset(row["missing_offset"]),
            )
        )
        for kind, result in counted.items():
            of_row = scores.loc[(*(row[key] for key in keys), kind)]
            assert (result.tp, result.n_pred, result.n_truth, result.f1) == tuple(
                of_row[["tp", "n_pred", "n_truth", "f1"]]
            )


def test_cost_is_said_of_every_network(tables):
    cost = tables["cost"]
    assert len(cost) == 6 and (cost["folds"] == 3).all() and (cost["cpu_minutes"] > 0).all()
    minutes = cost["cpu_seconds_per_fold"] * cost["folds"] * cost["seeds"] / 60
    np.testing.assert_allclose(cost["cpu_minutes"], minutes)


def test_in_the_released_code_only_directed_edges_enter():
    assert NETWORKS[published_setting.RELEASED].policy == "directed"
    assert NETWORKS[CAUSAL_EX].policy == "any_edge"


def test_the_setting_is_the_published_one_by_default():
    setting = Config().setting
    assert (setting.epochs, setting.batch, setting.normalisation) == (100, 128, "auw_gcn")
    assert setting.optimiser.weight_decay == 0.1 and setting.published_prior


def test_without_the_predecessor_the_plan_is_refused():
    with pytest.raises(CausalexError, match=r"parameter 'variants'.*'AUW-GCN'"):
        Config(variants=(CAUSAL_EX,))


def test_three_people_of_the_public_motion(mirror, tmp_path, monkeypatch):
    missing = [name for name in published_setting.SOURCES if manifest.locate(name) is None]
    if missing:
        pytest.skip(f"sources not here: {', '.join(missing)}")
    monkeypatch.setenv("CAUSALEX_DATA", str(tmp_path))
    config = Config(
        databases=(SAMM,), variants=(AUW_GCN,), epochs=1, most_subjects=3, n_bootstrap=10
    )
    result = published_setting.compute(config)
    assert result["inputs"]["subjects"].tolist() == [3]
    assert result["epochs"]["epoch"].unique().tolist() == [1]
    assert set(result["scores"]["database"]) == {SAMM}
