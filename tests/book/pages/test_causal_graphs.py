"""What FCI recovers from simulated frames."""

import numpy as np
import pandas as pd
import pytest

from causalex_book import pages
from causalex_book.graphs import causal_graphs
from causalex_book.graphs.tables import mean_with_interval

SMALL = {
    "n_graphs": 12,
    "n_compared": 2,
    "n_exact": 2,
    "n_hashed": 2,
    "hash_seeds": (0, 1),
    "frames": (200, 1000, 3000),
    "latents": (0, 6),
    "n_bootstrap": 50,
}


@pytest.fixture(scope="module")
def tables():
    return pages.obtain(causal_graphs, **SMALL).tables


def test_memory_makes_false_edges_and_the_effective_sample_size_takes_them_away(tables):
    edges = tables["independent"].set_index(["series", "sample_size"])["false_edges"]
    assert edges["smooth", "frames"] > 15
    assert edges["smooth", "bartlett"] < 4.5
    assert edges["white", "frames"] == pytest.approx(edges["white", "bartlett"], abs=1)


def test_more_frames_and_more_clips_find_more(tables):
    names = ["series", "possible_d_sep", "sample_size", "frames"]
    recall = tables["recovery"].set_index(names)["recall"].sort_index()
    for kind in ("white", "smooth"):
        for method in ("frames", "bartlett"):
            found = recall[kind, "yes", method]
            assert found[200] < found[3000]
    assert tables["pooling"]["recall"].is_monotonic_increasing


def test_rates_lie_in_their_intervals_and_column_order_does_not_matter(tables):
    rows = tables["recovery"]
    for rate in causal_graphs.RATES:
        assert (rows[f"{rate}_low"] <= rows[rate]).all()
        assert (rows[rate] <= rows[f"{rate}_high"]).all()
        assert rows[rate].between(0, 1).all()
    ours = tables["compared"].set_index("backend").loc["causalex"]
    assert ours["same_in_another_column_order"] == 1


def test_same_seed_same_tables(tables):
    again = pages.obtain(causal_graphs, **SMALL).tables
    for name in ("independent", "recovery", "pooling", "latents", "edges", "exact", "repeated"):
        pd.testing.assert_frame_equal(again[name], tables[name])


def test_more_latent_causes_make_more_edges_and_hide_more(tables):
    rows = tables["latents"].set_index(["series", "latents"]).sort_index()
    for kind in ("white", "smooth"):
        assert rows.loc[(kind, 0), "true_edges"] < rows.loc[(kind, 6), "true_edges"]
        assert rows.loc[(kind, 0), "recall"] > rows.loc[(kind, 6), "recall"]


def test_with_an_oracle_ours_never_contradicts_the_truth_nor_changes_with_the_hash_seed(tables):
    exact = tables["exact"].set_index("backend")
    assert exact.loc["causalex", "right_edges"] == exact.loc["causalex", "graphs"] == 2
    assert exact.loc["causalex", "contradict_the_truth"] == 0
    again = tables["repeated"].set_index("backend")
    assert again.loc["causalex", "same_under_all"] == again.loc["causalex", "graphs"] == 2
    assert set(again.index) == {"causalex", "causal-learn"}


def test_rates_that_are_nowhere_defined_stay_undefined():
    row = mean_with_interval("f1", np.array([]), 10, 1)
    assert set(row) == {"f1", "f1_low", "f1_high"}
    assert np.isnan(list(row.values())).all()
