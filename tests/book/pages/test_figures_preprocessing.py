import numpy as np
import pandas as pd
import pytest

from causalex_book.motion import figures
from causalex_book.publishing import style
from causalex_core import regions


def test_steps_draw_landmarks_regions_and_arrows():
    generator = np.random.default_rng(0)
    points = generator.uniform(20, 100, (68, 2))
    flow = np.zeros((120, 120, 2))
    flow[:60, :, 0] = 1.0
    drawn = figures.steps(
        np.zeros((90, 160, 3), np.uint8),
        points,
        np.zeros((120, 120), np.uint8),
        points,
        flow,
        np.ones((12, 2)),
        [region.landmark for region in regions.REGIONS],
        longer=4,
    )
    left, right = drawn.axes
    assert len(left.lines[0].get_xdata()) == 68
    assert len(right.patches) == 12
    field, motion = right.collections
    assert len(field.U) == 50  # the half that moves, every 12 px
    assert set(field.U) == {4.0}
    assert len(motion.U) == 12


def test_every_region_has_a_panel_and_unmeasured_rows_a_gap():
    motion = np.random.default_rng(0).normal(size=(40, 12, 2))
    measured = np.arange(40) > 9
    drawn = figures.region_motion(motion, measured, 20.0, regions.NAMES, 30)
    assert [axis.get_title(loc="left") for axis in drawn.axes] == list(regions.NAMES)
    axis = drawn.axes[8]
    np.testing.assert_array_equal(axis.lines[1].get_ydata(), motion[:, 8, 1])
    assert axis.collections[0].get_paths()[0].vertices[:, 0].min() == pytest.approx(0.5)


def test_errors_are_percentages_with_8_bits_dotted():
    rows = [
        {
            "method": method,
            "motion_px": motion,
            "error": 0.1 * place,
            "error_low": 0.05,
            "error_high": 0.6,
        }
        for place, method in enumerate(figures.METHOD_NAMES, 1)
        for motion in (0.1, 1.0)
    ]
    axis = figures.errors(pd.DataFrame(rows)).axes[0]
    lines = {line.get_label(): line for line in axis.lines}
    assert set(lines) == set(figures.METHOD_NAMES.values())
    assert lines["DIS"].get_ydata() == pytest.approx([20, 20])
    assert lines["TV-L1, 8 bits"].get_linestyle() == ":"


def test_films_have_a_row_per_setting_and_a_colour_per_head_motion():
    rows = [
        {
            "varied": varied,
            "setting": setting,
            "head_motion": head,
            "snr": 10.0,
            "snr_low": 5.0,
            "snr_high": 20.0,
        }
        for varied, setting in (("", "default"), ("stride", "1 frame"))
        for head in (1.0, 6.0)
    ]
    axis = figures.films(pd.DataFrame(rows), {1.0: "little", 6.0: "much"}).axes[0]
    labels = [label.get_text() for label in axis.get_yticklabels()]
    assert labels == ["default", "stride: 1 frame"]
    assert [line.get_color() for line in axis.lines] == [style.BLUE, style.VERMILION]


def test_a_missing_picture_says_so():
    (text,) = figures.missing().axes[0].texts
    assert "not on the machine" in text.get_text()
