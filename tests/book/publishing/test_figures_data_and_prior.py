import numpy as np
import pandas as pd
import pytest

from causalex_book.data import figures_data
from causalex_book.graphs import figures
from causalex_core import regions


@pytest.fixture
def matrices():
    row, column = np.indices((12, 12)).reshape(2, -1)
    parts = [
        pd.DataFrame(
            {
                "database": database,
                "matrix": matrix,
                "row": row,
                "column": column,
                "count": (row == column).astype(int) + place,
                "weight": (row + column) / 100 + place,
            }
        )
        for place, (database, matrix) in enumerate(
            (database, matrix)
            for database in ("CAS(ME)^2", "SAMM-LV")
            for matrix in ("published", "FACS")
        )
    ]
    return pd.concat(parts, ignore_index=True)


def test_heatmaps_name_every_region(matrices):
    drawn = figures.prior_matrices(matrices)
    panels = drawn.axes[:4]
    assert [label.get_text() for label in panels[0].get_yticklabels()] == list(regions.NAMES)
    assert panels[0].images[0].get_array()[2, 5] == pytest.approx(0.07)
    assert panels[3].images[0].get_array()[2, 5] == pytest.approx(3.07)


def test_a_face_per_matrix_says_its_largest_count(matrices):
    titles = [axis.get_title(loc="left") for axis in figures.prior_faces(matrices).axes]
    assert titles[0] == "CAS(ME)², as published\n(largest count 1)"
    assert titles[3].endswith("(largest count 4)")


def test_the_menu_shows_one_matrix_at_a_time(matrices):
    drawn = figures.prior_explorer(matrices)
    assert [trace.visible for trace in drawn.data] == [True, False, False, False]
    choices = [button.args[0]["visible"] for button in drawn.layout.updatemenus[0].buttons]
    assert np.array(choices).tolist() == np.eye(4, dtype=bool).tolist()
    assert drawn.data[0].customdata[0][0] == 1


def test_duration_curves_are_percentages_with_the_border():
    curves = pd.DataFrame(
        {"database": "CAS(ME)^2", "kind": "micro", "seconds": [0.25, 0.5, 1], "share": [0, 0.5, 1]}
    )
    axis = figures_data.durations(curves, 0.5).axes[0]
    assert axis.lines[0].get_ydata().tolist() == [0, 50, 100]
    assert axis.lines[1].get_xdata() == [0.5, 0.5]
    assert "(s" in axis.get_xlabel()
    assert "%" in axis.get_ylabel()


def test_the_most_frequent_action_units_come_first():
    counts = pd.DataFrame(
        {
            "database": ["CAS(ME)^2", "CAS(ME)^2", "SAMM-LV"],
            "kind": ["macro", "macro", "micro"],
            "unit": [4, 12, 12],
            "expressions": [3, 2, 2],
            "of": [10, 10, 10],
            "percent": [30.0, 20.0, 20.0],
        }
    )
    drawn = figures_data.action_units(counts, 2)
    assert [list(bar.x) for bar in drawn.data] == [["AU12", "AU4"]] * 2
    assert list(drawn.data[1].y) == [20, 0]
    assert list(drawn.data[1].customdata) == [2, 0]
