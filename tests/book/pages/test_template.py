"""The page that is there to be copied."""

import pandas as pd

from causalex_book import pages
from causalex_book.graphs import template

SMALL = {"n_graphs": 6, "frames": (200, 2000), "n_bootstrap": 50}


def recovery(**changes):
    return pages.obtain(template, **SMALL, **changes).tables["recovery"].set_index("frames")


def test_more_frames_find_more_and_rates_lie_in_their_intervals():
    table = recovery()
    assert table["recall"].is_monotonic_increasing and table["recall"].is_unique
    for rate in ("precision", "recall", "f1"):
        assert (table[f"{rate}_low"] <= table[rate]).all()
        assert (table[rate] <= table[f"{rate}_high"]).all()
    pd.testing.assert_frame_equal(table, recovery())


def test_each_parameter_counts():
    table = recovery()
    assert (recovery(sample_size="frames")["precision"] < table["precision"]).all()
    assert (recovery(kind="white")["recall"] > table["recall"]).all()
    changes = ({"alpha": 0.001}, {"edge_probability": 0.5}, {"seed": 2})
    assert all(not recovery(**one)["f1"].equals(table["f1"]) for one in changes)
