"""Figures of graphs show the tables that they are given."""

import numpy as np
import pandas as pd
from matplotlib.patches import Rectangle

from causalex_book.graphs import figures
from causalex_book.publishing import style

MARKS = np.zeros((12, 12), int)
MARKS[0, 1], MARKS[1, 0] = 2, 3
MARKS[2, 9], MARKS[9, 2] = 1, 1


def long(**matrices):
    row, column = np.indices((12, 12)).reshape(2, -1)
    cells = {name: matrix.ravel() for name, matrix in matrices.items()}
    return pd.DataFrame({"row": row, "column": column, **cells})


def test_every_mark_is_written_into_its_cell():
    drawn = figures.marks(long(mark=MARKS))
    heat = drawn.axes[1]
    written = {(text.get_position(), text.get_text()) for text in heat.texts}
    assert written == {((1, 0), "➤"), ((0, 1), "–"), ((9, 2), "o"), ((2, 9), "o")}
    style.plt.close(drawn)


def test_planted_pairs_are_framed_in_every_panel():
    planted = MARKS > 0
    table = pd.concat(
        long(share=planted * 0.5, planted=planted).assign(noise=noise) for noise in (0.0, 1.0, 2.0)
    )
    drawn = figures.pairs(table)
    titles = [axis.get_title("left") for axis in drawn.axes[:3]]
    assert titles == ["no noise", "measured noise", "2 × measured noise"]
    for axis in drawn.axes[:3]:
        frames = [patch for patch in axis.patches if isinstance(patch, Rectangle)]
        assert len(frames) == 4
    style.plt.close(drawn)


def test_clips_stand_in_the_order_of_their_frames():
    rows = [
        {"noise": 0.0, "clips": clips, "sample_size": size, "frames": frames}
        | {f"{rate}{end}": 0.5 for rate in ("f1", "mark_f1") for end in ("", "_low", "_high")}
        for clips, frames in (("16", 900), ("1", 60), ("one person's", 300))
        for size in ("frames", "bartlett")
    ]
    drawn = figures.planted_recovery(pd.DataFrame(rows))
    labels = [label.get_text() for label in drawn.axes[0].get_xticklabels()]
    assert labels == ["1", "one person's", "16"]
    style.plt.close(drawn)


def test_a_row_of_faces_per_graph_and_one_pair_of_matrices():
    one = long(mark=MARKS, share=(MARKS > 0) * 0.7, together=np.eye(12) + (MARKS > 0))
    both = pd.concat([one.assign(graph="first"), one.assign(graph="second")])
    drawn = figures.side_by_side(both, ("together", "causal"))
    assert [axis.get_title("left") for axis in drawn.axes] == [
        "first: together",
        "first: causal",
        "second: together",
        "second: causal",
    ]
    style.plt.close(drawn)
    drawn = figures.matrices_side_by_side(one)
    assert len(drawn.axes[0].texts) == 4
    style.plt.close(drawn)
