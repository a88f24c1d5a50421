"""The graph of one clip: from its motion, and from the clip itself where it is here."""

import numpy as np
import pytest

from causalex_book.graphs import clip_graph
from causalex_book.graphs.simulation import series
from causalex_core.errors import CausalexError
from causalex_core.motion.record import MotionRecord, Quality


@pytest.fixture
def motion():
    generator = np.random.default_rng(1)
    values = np.stack([series("smooth", generator, 300, 12) for _ in range(2)], axis=-1)
    values[:, 1] += 2 * values[:, 0]
    quality = np.full(300, Quality.MEASURED, np.uint8)
    quality[[0, -1]] = Quality.END_OF_VIDEO
    values[[0, -1]] = 1000
    return MotionRecord(values.astype(np.float32), quality, 30.0)


def test_blocks_stand_in_for_clips(motion):
    tables = clip_graph.tables(clip_graph.Config(n_draws=10), motion)
    about = tables["clip"].iloc[0]
    assert (about["frames"], about["measured"], about["blocks"]) == (300, 298, 9)
    cells = tables["graph"].set_index(["row", "column"])
    assert cells.loc[(0, 1), "mark"] > 0
    assert cells.loc[(0, 1), "share"] == 1
    assert cells.loc[(0, 1), "correlated"]
    first = tables["edges"].iloc[0]
    assert (first["region"], first["other_region"]) == ("left brow, outer", "left brow, middle")


def test_every_choice_is_counted(motion):
    rows = clip_graph.tables(clip_graph.Config(n_draws=2), motion)["choices"]
    rows = rows.set_index(["components", "sample_size"])
    assert len(rows) == 8
    assert rows.loc[("stacked", "frames"), "samples"] == 596
    assert rows.loc[("vertical", "frames"), "n_eff_least"] == 298
    assert rows.loc[("vertical", "bartlett"), "n_eff_least"] < 150
    assert rows.loc[("vertical", "frames"), "edges"] > rows.loc[("vertical", "bartlett"), "edges"]


def test_the_real_clip(obtained):
    pytest.importorskip("mediapipe", reason="mediapipe is not installed")
    tables = obtained(clip_graph, n_draws=5).tables
    assert tables["clip"].iloc[0]["measured"] > 400
    choices = tables["choices"]
    assert (choices["edges"] < choices["correlated_pairs"]).all()


def test_a_block_keeps_both_components_of_a_frame():
    motion = np.arange(36.0).reshape(9, 2, 2)
    measured = np.arange(9) != 4
    found = clip_graph.motion_blocks(motion, 2, measured, "stacked")
    assert [len(block) for block in found] == [2] * 4
    for (u, v), start in zip(found, (0, 2, 5, 7), strict=True):
        np.testing.assert_array_equal(u, motion[start : start + 2, :, 0])
        np.testing.assert_array_equal(v, motion[start : start + 2, :, 1])
    with pytest.raises(CausalexError, match="longest series, 4"):
        clip_graph.motion_blocks(motion, 5, measured, "stacked")
