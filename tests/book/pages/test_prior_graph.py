import pandas as pd
import pytest

from causalex_book.graphs import prior_graph
from causalex_book.publishing import results
from causalex_core.data.annotations import CAS, SAMM


@pytest.fixture(scope="session")
def result(obtained):
    return obtained(prior_graph)


@pytest.fixture(scope="session")
def tables(result):
    return result.tables


def test_cas_is_bit_identical_and_samm_is_not(tables):
    found = tables["agreement"].set_index(["database", "reading"])
    assert found.loc[(CAS, "exact"), "bit_identical"] == "yes"
    assert set(found.loc[SAMM, "bit_identical"]) == {"no"}
    assert found.loc[(SAMM, "exact"), "contributing"] == 67
    nearest = found.loc[SAMM, "largest_difference"].idxmin()
    assert nearest == "two-sided"
    assert found.loc[(SAMM, nearest), "largest_difference"] < 0.01


def test_dividing_in_another_precision_is_seen_in_the_bits(tables):
    cells = tables["arithmetic"]["differing_cells"].tolist()
    assert cells[0] == 0
    assert cells[1] > 0


def test_recovered_row_sums(tables):
    assert sorted(set(tables["row_sums"][SAMM])) == [0, 70, 114, 200, 235]


def test_the_facs_map_fills_the_nose(tables):
    empty = tables["use"].set_index(["database", "map", "reading"])["empty_regions"]
    assert set(empty.xs("AUW-GCN", level="map")) == {2}
    assert set(empty.xs("FACS", level="map")) == {0}


def test_leaving_a_subject_out_moves_the_matrix(tables):
    leakage = tables["leakage"]
    assert (leakage["largest_change"] > leakage["median_change"]).all()
    assert leakage["folds"].tolist() == [22, 22, 30, 30]


def test_only_aggregates_are_returned_and_they_survive_storage(result, tmp_path):
    stored = results.read(results.write(result, tmp_path / "result.json"))
    for name, frame in result.tables.items():
        assert not {"subject", "video"} & set(frame.columns), name
        pd.testing.assert_frame_equal(
            stored.tables[name], frame.reset_index(drop=True), check_dtype=False
        )
