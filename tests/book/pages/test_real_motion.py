"""Real motion: what is counted and measured, on made-up videos and, where it is, on the real."""

import numpy as np
import pandas as pd
import pytest

from causalex_book.data import real_motion
from causalex_book.data.real_motion import Video
from causalex_core.data.annotations import CAS, SAMM
from causalex_core.data.feature_archive import MarkedRecording
from causalex_core.data.region_motion import RegionMotion
from causalex_core.motion.record import MotionRecord
from causalex_core.spotting.data import marks

CONFIG = real_motion.Config(most_shift=6, first_frames=5, n_bootstrap=50)
CORNER, BROW = 10, 1


def expressions(*rows):
    names = ["subject", "video", "onset", "apex", "offset", "kind", "action_units"]
    return pd.DataFrame(rows, columns=names)


def macro(*frames):
    """Macro-expressions (onset, apex, offset) of one video."""
    return expressions(*(("s", "v", *map(float, times), "macro", "12") for times in frames))


def kept(*frames, length=100):
    rows = macro(*frames)
    return real_motion.kept(rows, marks(rows, length, "released")[:, 1])


def test_what_marks_keep_of_the_annotations():
    apart = kept((5, 8, 12), (20, 25, np.nan), (90, 95, np.nan))
    assert apart == {
        "expressions": 3, "exact": 3, "other_offset": 0, "lost": 0, "no_offset": 2, "mirrored": 2,
    }  # fmt: skip
    nested = kept((5, 20, 40), (10, 15, 18))
    assert (nested["exact"], nested["other_offset"], nested["lost"]) == (0, 2, 0)
    same_onset = kept((5, 20, 40), (5, 10, 18))
    assert (same_onset["exact"], same_onset["other_offset"], same_onset["lost"]) == (1, 0, 1)


def test_pairs_leave_out_an_onset_that_nothing_ends():
    marked = np.zeros((30, 4), bool)
    marked[[3, 20], 0] = True
    marked[[1, 9], 2] = True
    assert real_motion.pairs(marked) == [(3, 9)]


def test_area_under_the_curve_counts_pairs():
    generator = np.random.default_rng(2)
    score, positive = generator.integers(0, 6, 40).astype(float), generator.random(40) < 0.3
    higher = score[positive][:, None] - score[~positive]
    expected = ((higher > 0) + 0.5 * (higher == 0)).mean()
    assert real_motion.area_under_curve(score, positive) == pytest.approx(expected)
    assert np.isnan(real_motion.area_under_curve(score, np.zeros(40, bool)))


def videos(late=0, start=1.0):
    """Of three people, who move more in expressions, or `late` frames after them."""
    generator = np.random.default_rng(5)
    made = []
    for subject in ("a", "b", "c"):
        size = generator.uniform(0.5, 1.5, (300, 12))
        action = np.zeros((300, 2), bool)
        action[60:70, 0] = action[150:190, 1] = True
        size[60 + late : 70 + late] *= 4
        size[150 + late : 190 + late] *= 4
        size[0] *= start
        made.append(Video(subject, size, action))
    return made


@pytest.mark.parametrize("late", [-4, 0, 3])
def test_the_shift_at_which_motion_fits_the_labels_best_is_found(late):
    table = pd.DataFrame(real_motion.separation(videos(late), 25.0, CONFIG))
    best = table.loc[table.groupby("kind")["auc"].idxmax()]
    assert best["shift"].tolist() == [late, late]
    assert (best["auc"] > 0.99).all() and (table["subjects"] == 3).all()
    assert (table["auc_low"] <= table["auc"]).all() and (table["auc"] <= table["auc_high"]).all()
    assert table["seconds"].tolist() == (table["shift"] / 25).tolist()


def test_a_subject_without_expressions_of_a_kind_is_left_out():
    made = videos()
    made[0].action[:, 0] = False
    table = pd.DataFrame(real_motion.separation(made, 25.0, CONFIG))
    assert set(table.query("kind == 'micro'")["subjects"]) == {2}
    assert set(table.query("kind == 'macro'")["subjects"]) == {3}


def test_a_start_shows_in_its_frame_and_short_videos_are_left_out():
    made = [*videos(start=8.0), Video("d", np.ones((3, 12)), np.zeros((3, 2), bool))]
    table = pd.DataFrame(real_motion.beginnings(made, CONFIG))
    assert table["frame"].tolist() == list(range(5)) and set(table["videos"]) == {3}
    assert table["z"][0] > 2 and (table["z"][1:].abs() < 1).all()


def test_stillness_is_the_least_motion():
    size = np.ones((20, 12)) * np.arange(20)[:, None]  # the first frame does not move at all
    table = pd.DataFrame(
        real_motion.beginnings([Video("a", size, np.zeros((20, 2), bool))], CONFIG)
    )
    assert np.isfinite(table["z"]).all() and table["z"][0] == table["z"][1]


def motion():
    """One unit of the archive is 20 px: AU12 raises a corner of the mouth by 4 px in 10 frames."""
    moved = np.zeros((60, 12, 2), np.float32)
    moved[10:20, CORNER, 1] = -4 / 20 / 10
    moved[40:45, BROW, 0] = 3 / 20 / 5
    rows = expressions(
        ("a", "v", 10.0, 20.0, 30.0, "macro", "12"),
        ("a", "v", 40.0, 45.0, 50.0, "macro", "4"),
        ("a", "v", 41.0, 45.0, 50.0, "macro", "4+12"),  # not alone
        ("a", "v", 10.0, 20.0, 22.0, "micro", "12"),
        ("a", "v", 10.0, np.nan, 22.0, "macro", "12"),
    )
    recording = MotionRecord(
        moved, np.where(np.arange(60) < 58, 0, 2).astype(np.uint8), 30.0, subject="a", video="v"
    )
    return RegionMotion(CAS, 30.0, [MarkedRecording(recording, marks(rows, 60, "released"))], rows)


def test_displacements_are_pixels_from_onset_to_apex():
    table = pd.DataFrame(real_motion.displacements(motion(), CONFIG))
    assert set(table["expressions"]) == set(table["subjects"]) == {1}
    table = table.set_index(["unit", "region"])
    assert table.loc[(12, "right mouth corner"), "down_px"] == pytest.approx(-4)
    assert table.loc[(12, "right mouth corner"), "right_px"] == 0
    assert table.loc[(4, "left brow, middle"), "right_px"] == pytest.approx(3)


def test_rows_that_were_not_measured_do_not_count():
    (video,) = real_motion._videos(motion())
    assert video.size.shape == (58, 12) and video.action.shape == (58, 2)
    assert video.size[12, CORNER] == pytest.approx(0.4)


@pytest.fixture(scope="module")
def tables(obtained):
    return obtained(real_motion, most_shift=2, n_bootstrap=100).tables


def test_the_real_inputs_are_what_is_known_of_them(tables):
    inputs = tables["inputs"].pivot(index="what", columns="database", values="value")
    assert inputs.loc[real_motion.ENDS].to_dict() == {CAS: 96, SAMM: 147}
    assert inputs.loc["windows with an expression"].to_dict() == {CAS: 292, SAMM: 281}
    assert inputs.loc["steps from frame to frame"].to_dict() == {CAS: 251724, SAMM: 60388}


def test_the_real_marks_are_those_of_the_table(tables):
    by_database = tables["marks"].groupby("database").sum(numeric_only=True)
    assert (by_database["differ_as_written"] == 0).all()
    assert by_database["differ"].to_dict() == {CAS: 0, SAMM: 11}
    assert by_database.loc[CAS, ["no_offset", "mirrored"]].tolist() == [44, 44]
    parts = by_database[["exact", "other_offset", "lost"]].sum(axis=1)
    assert (parts == by_database["expressions"]).all()


def test_real_motion_fits_the_labels_best_without_a_shift(tables):
    rows = tables["separation"]
    best = rows.loc[rows.groupby(["database", "kind"])["auc"].idxmax()]
    assert (best["shift"] == 0).all() and (best["auc_low"] > 0.6).all()


def test_only_the_first_frames_of_cas_move_more(tables):
    low = tables["beginnings"].set_index(["database", "frame"])["z_low"]
    assert low[CAS, 0] > 1.5 and low[SAMM, 0] < 0
