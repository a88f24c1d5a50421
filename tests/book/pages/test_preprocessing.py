"""What the extraction measures on the clips, on known warps and on synthetic films."""

import numpy as np
import pytest

from causalex_book.motion import preprocessing
from causalex_book.motion.warps import bumps
from causalex_core.motion.record import MotionRecord

SMALL = {
    "crop_px": 128,
    "motions": (0.2, 2.0),
    "n_pairs": 2,
    "n_slow": 1,
    "n_people": 2,
    "head_motions": (1.0, 6.0),
    "n_bootstrap": 50,
}


@pytest.fixture(scope="module")
def tables(obtained):
    pytest.importorskip("mediapipe", reason="mediapipe is not installed")
    return obtained(preprocessing, **SMALL).tables


def test_every_frame_of_the_clip_is_accounted_for(tables):
    counts = tables["quality"].set_index("quality")["frames"]
    assert counts.sum() == 472
    assert counts["measured"] > 450
    assert len(tables["regions"]) == 12
    assert (tables["regions"]["median_px"] < tables["regions"]["p95_px"]).all()


def test_the_default_reads_small_motion_best(tables):
    errors = tables["accuracy"].set_index(["method", "motion_px"])["error"]
    assert errors["lucas_kanade", 0.2] < 0.6 * errors["tv_l1", 0.2]
    pairs = tables["accuracy"].set_index("method")["pairs"]
    assert set(pairs["lucas_kanade"]) == {6}
    assert set(pairs["tv_l1, 8 bits"]) == {3}


def test_times_stand_in_a_table_of_their_own(tables):
    (times,) = preprocessing.TIMINGS
    assert tables[times]["method"].tolist() == ["lucas_kanade", "dis", "farneback", "tv_l1"]
    assert tables[times]["pairs"].tolist() == [12, 12, 12, 6]
    assert not any("ms" in column for column in tables["accuracy"])


def test_eight_bits_make_stillness_move(tables):
    still = tables["accuracy"].set_index(["method", "motion_px"])["still_px"]
    for method in preprocessing.STORED_IN_8_BITS:
        assert still[f"{method}, 8 bits", 0.2] > still[method, 0.2]


def test_a_large_head_motion_is_only_undone_by_the_similarity(tables):
    stands = tables["films"].set_index(["varied", "setting", "head_motion"])["snr"]
    assert stands["", "default", 6.0] > 2 * stands["head motion", "kept", 6.0]
    assert stands["", "truth", 1.0] == stands["", "truth", 6.0]
    rows = tables["films"]
    assert (rows["films"] == 2).all()
    assert ((rows["snr_low"] <= rows["snr"]) & (rows["snr"] <= rows["snr_high"])).all()


def test_one_frame_is_looked_at_as_the_extraction_does(tables):
    seen = preprocessing.look(preprocessing.Config(**SMALL))
    assert seen.crop.shape == (128, 128)
    assert seen.flow.shape == (128, 128, 2)
    corner = tuple(np.round(seen.crop_points[48]).astype(int))
    measured = seen.motion.motion[seen.number, 8]
    around = seen.flow[corner[1] - 5 : corner[1] + 6, corner[0] - 5 : corner[0] + 6]
    np.testing.assert_allclose(around.mean(axis=(0, 1)), measured, atol=0.15)
    width = seen.frame.shape[1]
    assert ((0 < seen.points[:, 0]) & (seen.points[:, 0] < width)).all()


def test_a_flow_is_compared_with_its_truth():
    centres = np.array([[40, 40], [90, 80]])
    truth = bumps(128, centres, np.array([[1.0, 0.0], [0.0, 1.0]]), width=8)
    turned = np.stack((-truth[..., 1], truth[..., 0]), axis=-1)
    assert preprocessing._compared(truth, truth, centres)["error"] == pytest.approx(0)
    found = preprocessing._compared(turned + 0.01, truth, centres)
    assert found["angle"] == pytest.approx(90, abs=3)
    assert found["still_px"] == pytest.approx(0.01 * np.sqrt(2), abs=0.002)


def test_a_peak_is_measured_in_deviations_of_quiet():
    motion = np.zeros((80, 12, 2))
    motion[::2, preprocessing._CORNERS] = (0.0, 2.0)  # mean 1, deviation 1
    motion[43, preprocessing._CORNERS] = (3.0, 4.0)
    assert preprocessing._stands_out(motion) == pytest.approx(4, abs=0.1)


def test_correlation_only_counts_what_moves_and_was_measured():
    truth = np.zeros((20, 12, 2))
    truth[:10, 3] = np.random.default_rng(0).normal(size=(10, 2))
    motion = (5 * truth).astype(np.float32)
    motion[10:] = 9.0  # where the truth is still
    motion[4] = -7.0  # not measured
    quality = np.zeros(20, np.uint8)
    quality[4] = 4
    found = MotionRecord(motion, quality, 30.0, 4)
    assert preprocessing._correlation(found, truth) == pytest.approx(1)
