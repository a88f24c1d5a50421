"""AUW-GCN's archive of features: windows written here become the videos they were cut from."""

import pickle

import numpy as np
import pandas as pd
import pytest
from window_archive import MACRO, MICRO, change, marks, write

from causalex_core.data.feature_archive import is_archive, read_archive, read_windows
from causalex_core.errors import CausalexError
from causalex_core.spotting.data import TargetConfig, Video, gather


@pytest.fixture
def archive(tmp_path):
    motion = np.random.default_rng(3).normal(size=(600, 12, 2)).astype(np.float32)
    label = marks(600, (MACRO, 240, 255, 290), (MACRO, 280, 300, 320), (MICRO, 0, 5, 9),
                  (MACRO, 512, 599, 530))  # fmt: skip
    for part in ("train", "test"):
        write(tmp_path / part, "casme_015", "casme_015_0401", motion, label)
        write(tmp_path / part, "casme_016", "casme_016_0101", motion[:10], marks(10))
    return tmp_path, motion, label


def test_windows_become_the_video_they_were_cut_from(archive):
    folder, motion, label = archive
    videos = read_archive(folder)
    assert [(one.recording.subject, one.recording.video) for one in videos] == [
        ("casme_015", "casme_015_0401"), ("casme_016", "casme_016_0101"),
    ]  # fmt: skip
    np.testing.assert_array_equal(videos[0].recording.motion, motion)
    np.testing.assert_array_equal(videos[1].recording.motion, motion[:10])
    np.testing.assert_array_equal(videos[0].marks.reshape(600, 8), label)
    assert videos[0].marks.dtype == bool and not videos[1].marks.any()
    assert videos[0].recording.measured.all() and videos[0].recording.fps is None


def test_a_length_decides_where_a_video_ends_and_what_lies_behind_its_motion_is_not_measured(
    archive,
):
    folder, _, _ = archive
    videos = read_archive(folder, {"casme_015_0401": 602, "casme_016_0101": 10}, 30.0)
    assert len(videos[0].recording.motion) == len(videos[0].marks) == 602
    assert not videos[0].recording.motion[600:].any() and not videos[0].marks[600:].any()
    assert np.flatnonzero(~videos[0].recording.measured).tolist() == [600, 601]
    assert videos[1].recording.measured.all() and videos[1].recording.fps == 30


def test_windows_are_read_in_any_order_and_in_double_precision(archive):
    folder, motion, _ = archive
    files = sorted((folder / "test" / "casme_015").glob("*.npz"), reverse=True)
    for file in files[:2]:
        change(file, feature=np.load(file)["feature"].astype(np.float64))
    (video,) = read_windows(files)
    assert video.recording.motion.dtype == np.float32
    np.testing.assert_array_equal(video.recording.motion, motion)


def test_spotting_cuts_the_very_windows_of_the_archive(archive):
    folder, _, _ = archive
    videos = read_archive(folder)
    recordings = [one.recording for one in videos]
    cut = gather(
        [Video(one.subject, one.video, one.motion) for one in recordings],
        pd.DataFrame(columns=["subject", "video"]),
        TargetConfig("released"),
        [one.marks for one in videos],
    )
    files = sorted((folder / "test").glob("*/*.npz"))
    features = np.stack([np.load(file)["feature"] for file in files])
    np.testing.assert_array_equal(cut.motion.numpy(), features)
    labels = np.stack([np.load(file)["label"] for file in files])[:, 7:-7]
    np.testing.assert_array_equal(cut.targets.action[:, 0].numpy(), labels[..., 3])
    np.testing.assert_array_equal(cut.targets.action[:, 1].numpy(), labels[..., 7])


def nothing(folder):
    for part in ("train", "test"):
        (folder / part).rename(folder / f"not {part}")


def broken(folder, alter):
    alter(folder / "test" / "casme_015" / "casme_015_0401_0256.npz")


def exchanged(folder):
    """The second windows of two videos, each in the place of the other, with the right name."""
    other = np.random.default_rng(4).normal(size=(600, 12, 2))
    write(folder / "test", "casme_015", "casme_015_0502", other, marks(600))
    one, two = (
        folder / "test" / "casme_015" / f"{name}_0256.npz"
        for name in ("casme_015_0401", "casme_015_0502")
    )
    first, second = dict(np.load(one)), dict(np.load(two))
    change(one, feature=second["feature"], label=second["label"])
    change(two, feature=first["feature"], label=first["label"])


WINDOW = "casme_015_0401_0256.npz"


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (nothing, "neither test nor train"),
        (
            lambda f: broken(f, lambda p: p.unlink()),
            "video 'casme_015_0401' lacks the window at frame 256",
        ),
        (
            lambda f: [p.unlink() for p in (f / "test").rglob("casme_015_0401_0512.npz")],
            "video 'casme_015_0401' lacks the window at frame 512",
        ),
        (
            lambda f: broken(f, lambda p: change(p, feature=np.zeros((256, 12, 2)))),
            f"{WINDOW}: feature of shape (256, 12, 2), expected (270, 12, 2)",
        ),
        (lambda f: broken(f, lambda p: change(p, label=np.zeros((270, 4)))), "label of shape"),
        (
            lambda f: broken(f, lambda p: change(p, feature=np.full((270, 12, 2), np.nan))),
            f"{WINDOW}: feature has values that are not finite",
        ),
        (lambda f: broken(f, lambda p: p.write_bytes(p.read_bytes()[:900])), "damaged"),
        (
            lambda f: broken(f, lambda p: change(p, feature=np.array([None] * 270))),
            f"{WINDOW}: damaged, or no window",
        ),
        (
            lambda f: broken(f, lambda p: p.write_bytes(pickle.dumps({"feature": 1}))),
            f"{WINDOW}: damaged, or no window",
        ),
        (lambda f: broken(f, lambda p: np.savez(p, feature=np.zeros(3))), "damaged, or no window"),
        (
            lambda f: broken(f, lambda p: p.rename(p.with_name("casme_015_0401_0250.npz"))),
            "a multiple of 256",
        ),
        (exchanged, f"{WINDOW}: its first 14 rows are not the last ones of the window before"),
        (
            lambda f: broken(f, lambda p: change(p, video_name=np.array("casme_015_0502"))),
            f"{WINDOW} holds a window of video 'casme_015_0502'",
        ),
        (
            lambda f: change(
                f / "test" / "casme_016" / "casme_016_0101_0000.npz",
                feature=np.zeros((270, 12, 2)),
            ),
            "video 'casme_016_0101': all its motion is zero",
        ),
    ],
)
def test_what_cannot_be_used_is_one_line(archive, damage, said):
    damage(archive[0])
    with pytest.raises(CausalexError) as raised:
        read_archive(archive[0])
    assert said in str(raised.value) and "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (590, "motion in 600 rows, but its published duration leaves 590"),
        (800, "3 windows for 800 rows, expected 4; the window at frame 768 is missing"),
        (None, "has no published duration; expected names such as 'casme_016_0101'"),
    ],
)
def test_lengths_that_do_not_fit_are_one_line(archive, length, said):
    lengths = {"casme_016_0101": 10} | ({"casme_015_0401": length} if length else {})
    with pytest.raises(CausalexError) as raised:
        read_archive(archive[0], lengths)
    assert "'casme_015_0401'" in str(raised.value) and said in str(raised.value)


def test_a_window_behind_the_end_is_too_much(tmp_path):
    motion = np.ones((256, 12, 2))
    write(tmp_path / "test", "s", "v", np.pad(motion, ((0, 1), (0, 0), (0, 0))), marks(257))
    with pytest.raises(CausalexError, match=r"2 windows for 256 rows.*frame 256 is too much"):
        read_archive(tmp_path, {"v": 256})


def test_an_empty_part(tmp_path):
    (tmp_path / "test").mkdir()
    assert is_archive(tmp_path) and not is_archive(tmp_path / "test")
    with pytest.raises(CausalexError, match="holds no windows"):
        read_archive(tmp_path)
