"""The planted graph, and what comes back from the motion of synthetic people."""

import numpy as np
import pandas as pd
import pytest

from causalex_book import pages
from causalex_book.graphs import region_graphs
from causalex_book.graphs.tables import edges_table
from causalex_core import regions
from causalex_core.graphs.pag import Pag
from causalex_synthetic import dataset

SMALL = {
    "plan": "samm_like",
    "n_cohorts": 1,
    "clips": (1, 8),
    "n_groups": 3,
    "noise": (0.0, 1.0),
    "n_draws": 5,
    "n_bootstrap": 50,
}
OUTER, MIDDLE, UPPER_LIP = 0, 1, regions.NAMES.index("upper lip")


@pytest.fixture(scope="module")
def tables():
    return pages.obtain(region_graphs, **SMALL).tables


def test_the_planted_graph_is_the_margin_of_all_causes(tables):
    cells = tables["planted"].set_index(["row", "column"])
    assert cells.loc[(OUTER, MIDDLE), "mark"] == 2  # the skin hands motion on inwards
    assert cells.loc[(MIDDLE, OUTER), "mark"] == 3
    assert (cells["mark"] > 0).sum() == (cells["ancestral_mark"] > 0).sum() == 48
    assert not (cells["ancestral_mark"] == 1).any()


def test_more_clips_find_more_and_noise_makes_false_edges(tables):
    rows = tables["amount"].set_index(["sample_size", "noise", "clips"]).sort_index()
    assert set(rows.index.get_level_values("clips")) == {"1", "8", "one person's", "all"}
    for noise in SMALL["noise"]:
        found = rows.loc[("bartlett", noise)]
        assert found.loc["all", "recall"] > found.loc["1", "recall"]
    quiet, noisy = (rows.loc[("bartlett", noise, "all"), "precision"] for noise in SMALL["noise"])
    assert quiet > 0.95
    assert noisy < quiet


def test_rates_lie_in_their_intervals(tables):
    for name in ("amount", "components", "drives"):
        for rate in region_graphs.RATES:
            known = tables[name].dropna(subset=[rate])
            assert (known[f"{rate}_low"] <= known[rate] + 1e-12).all()
            assert (known[rate] <= known[f"{rate}_high"] + 1e-12).all()


def test_without_drives_there_is_another_graph_to_find(tables):
    rows = tables["drives"]
    assert rows["drives"].tolist() == ["act", "act", "silent", "silent"]
    assert rows["graphs"].eq(3).all()


def test_readings_of_equation_1_are_counted_by_what_truly_acts(tables):
    rows = tables["policies"].set_index(["clips", "policy"])
    everybody = rows.loc["all"]
    amount = tables["amount"].set_index(["sample_size", "noise", "clips"])
    found = amount.loc[("bartlett", 1.0, "all")]
    assert everybody.loc["any_edge", "ones"] == 2 * found["edges"]
    assert everybody.loc["any_edge", "true"] == pytest.approx(found["precision"])
    directed, possible = (everybody.loc[name] for name in ("directed", "possibly_directed"))
    assert directed["ones"] <= possible["ones"] <= found["edges"]
    assert 1 <= everybody.loc["regions of largest out-degree", "ones"] <= 12


def test_each_kind_of_graph_is_counted_against_the_planted_one(tables):
    rows = tables["contrast"].set_index(["graph", "kind"])
    everybody = rows.loc["cohort"]
    assert (everybody["planted"] + everybody["not_planted"] == everybody["edges"]).all()
    assert everybody["planted"].max() <= 24
    causal = everybody.loc["causal graph"]
    assert causal["precision"] == causal["planted"] / causal["edges"]
    assert causal["edges"] < everybody.loc["motion correlated", "edges"]
    pairs = tables["pairs"].query("noise == 1")
    assert pairs.query("share > 0")["share"].eq(1).all()  # one cohort
    assert len(pairs.query("share == 1 and row < column")) == causal["edges"]


def test_edges_are_listed_with_their_shares(tables):
    rows = tables["edges"].query("graph == 'cohort'")
    marks = tables["graphs"].query("graph == 'cohort' and row < column and mark > 0")
    assert (rows["edge"] != "none").sum() == len(marks)
    assert rows["share"].is_monotonic_decreasing
    first = rows[
        rows["region"].eq("left brow, outer") & rows["other_region"].eq("left brow, middle")
    ]
    assert first["planted"].tolist() == ["-->"]


def test_an_edge_of_the_draws_alone_is_listed_too():
    marks, shares = np.zeros((12, 12)), np.zeros((12, 12))
    marks[0, 1], marks[1, 0] = 2, 1
    shares[[0, 1], [1, 0]] = 0.4
    shares[[2, 5], [5, 2]] = 0.7
    rows = edges_table(Pag(marks), shares)
    assert rows["edge"].tolist() == ["none", "o->"]
    assert rows["share"].tolist() == [0.7, 0.4]


def test_groups_share_no_clip_and_people_keep_theirs():
    people = dataset.draw(dataset.Config(spec="samm_like"))
    groups = region_graphs._groups(region_graphs.Config(**SMALL), people)
    eights = [clips for name, clips in groups if name == "8"]
    assert [len(clips) for clips in eights] == [8, 8, 8]
    assert len(set(np.concatenate(eights))) == 24
    for name, clips in groups:
        if name == region_graphs.PERSON:
            assert len({people.videos[clip].person.subject for clip in clips}) == 1
    assert groups[-1] == ("all", list(range(len(people.videos))))


def test_same_seed_same_tables(tables):
    again = pages.obtain(region_graphs, **SMALL).tables
    for name, table in tables.items():
        pd.testing.assert_frame_equal(again[name], table)
