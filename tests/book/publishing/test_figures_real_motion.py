import numpy as np
import pandas as pd
import pytest

from causalex_book.data import figures_real_motion
from causalex_core import regions

DATABASES = ["CAS(ME)^2", "SAMM-LV"]


def test_a_panel_of_each_database_has_a_curve_of_each_kind():
    rows = [
        {"database": database, "kind": kind, "seconds": seconds, "auc": 0.6 + place / 10}
        for database in DATABASES
        for place, kind in enumerate(("micro", "macro"))
        for seconds in (-1.0, 0.0, 1.0)
    ]
    table = pd.DataFrame(rows).assign(auc_low=0.5, auc_high=0.8)
    drawn = figures_real_motion.separation(table)
    assert [axis.get_title(loc="left") for axis in drawn.axes] == ["CAS(ME)²", "SAMM-LV"]
    for axis in drawn.axes:
        curves = {line.get_label(): line.get_ydata() for line in axis.lines[2:]}
        assert {name: set(values) for name, values in curves.items()} == {
            "micro": {0.6}, "macro": {0.7},
        }  # fmt: skip


def test_beginnings_show_both_databases():
    table = pd.DataFrame(
        [
            {"database": name, "frame": frame, "z": float(frame), "z_low": 0.0, "z_high": 9.0}
            for name in DATABASES
            for frame in range(4)
        ]
    )
    (axis,) = figures_real_motion.beginnings(table).axes
    assert [text.get_text() for text in axis.get_legend().get_texts()] == ["CAS(ME)²", "SAMM-LV"]
    np.testing.assert_array_equal(axis.lines[1].get_ydata(), [0, 1, 2, 3])


def test_arrows_point_up_where_the_image_moves_up():
    table = pd.DataFrame(
        [
            {
                "database": "SAMM-LV",
                "unit": 12,
                "expressions": 5,
                "subjects": 3,
                "region": name,
                "right_px": 1.0,
                "down_px": -2.0,
            }
            for name in regions.NAMES
        ]
    )
    (axis,) = figures_real_motion.units(table).axes
    assert axis.get_title() == "AU12, SAMM-LV\n5 expressions, 3 subjects"
    arrows = axis.collections[1]
    assert len(arrows.U) == 12
    assert arrows.V[0] == pytest.approx(2 * arrows.U[0]) and arrows.U[0] > 0
