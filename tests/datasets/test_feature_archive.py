"""AUW-GCN's archive of features: windows written here become the videos they were cut from."""

import numpy as np
import pytest

from causalex_core.datasets.feature_archive import read_archive
from causalex_core.errors import CausalexError
from causalex_core.spotting.targets import TargetConfig
from causalex_core.spotting.windows import Video, gather

MICRO, MACRO = 0, 4


def marks(frames, *expressions):
    label = np.zeros((frames, 8))
    for kind, onset, apex, offset in expressions:
        label[onset, kind] = label[apex, kind + 1] = label[offset, kind + 2] = 1
        label[onset : offset + 1, kind + 3] = 1
    return label


def write(folder, subject, video, motion, label):
    """Cut a video into windows as the archive has them."""
    for first in range(0, len(motion), 256):
        window = {}
        for name, series in (("feature", motion), ("label", label)):
            room = [(7, 300), *[(0, 0)] * (series.ndim - 1)]
            window[name] = np.pad(series, room)[first : first + 270]
        path = folder / subject / f"{video}_{first:04d}.npz"
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, **window, video_name=np.array(video))


@pytest.fixture
def archive(tmp_path):
    motion = np.random.default_rng(3).normal(size=(600, 12, 2)).astype(np.float32)
    label = marks(600, (MACRO, 240, 255, 290), (MACRO, 280, 300, 320), (MICRO, 0, 5, 9),
                  (MACRO, 512, 599, 530))  # fmt: skip
    for part in ("train", "test"):
        write(tmp_path / part, "casme_015", "casme_015_0401", motion, label)
        write(tmp_path / part, "casme_016", "casme_016_0101", motion[:10], marks(10))
    return tmp_path, motion


def test_windows_become_the_video_they_were_cut_from(archive):
    folder, motion = archive
    recordings, table = read_archive(folder)
    assert [(one.subject, one.video) for one in recordings] == [
        ("casme_015", "casme_015_0401"), ("casme_016", "casme_016_0101"),
    ]  # fmt: skip
    np.testing.assert_array_equal(recordings[0].motion, motion)
    np.testing.assert_array_equal(recordings[1].motion, motion[:10])
    found = table[["onset", "apex", "offset", "kind"]].fillna(-9).values.tolist()
    assert found == [
        [0, 5, 9, "micro"],
        [240, 255, 290, "macro"],
        [280, 300, 320, "macro"],
        [512, -9, 530, "macro"],
    ]
    assert set(table["video"]) == {"casme_015_0401"}


def test_spotting_cuts_the_very_windows_of_the_archive(archive):
    folder, _ = archive
    recordings, table = read_archive(folder)
    videos = [Video(one.subject, one.video, one.motion) for one in recordings]
    cut = gather(videos, table, TargetConfig("released"))
    files = sorted((folder / "test").glob("*/*.npz"))
    features = np.stack([np.load(file)["feature"] for file in files])
    np.testing.assert_array_equal(cut.motion.numpy(), features)
    labels = np.stack([np.load(file)["label"] for file in files])[:, 7:-7]
    np.testing.assert_array_equal(cut.answers.action[:, 0].numpy(), labels[..., 3])
    np.testing.assert_array_equal(cut.answers.action[:, 1].numpy(), labels[..., 7])


def test_two_expressions_that_share_a_frame_are_one(tmp_path):
    label = marks(100, (MICRO, 20, 25, 30), (MICRO, 20, 28, 40))
    write(tmp_path / "train", "s", "v", np.ones((100, 12, 2)), label)
    _, table = read_archive(tmp_path)
    assert table[["onset", "apex", "offset"]].values.tolist() == [[20, 25, 40]]


def change(path, **changes):
    content = dict(np.load(path)) | changes
    np.savez(path, **content)


def nothing(folder):
    for part in ("train", "test"):
        (folder / part).rename(folder / f"not {part}")


def broken(folder, alter):
    alter(folder / "test" / "casme_015" / "casme_015_0401_0256.npz")


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (nothing, "neither test nor train"),
        (
            lambda f: broken(f, lambda p: p.unlink()),
            "video 'casme_015_0401' lacks the window at frame 256",
        ),
        (
            lambda f: broken(f, lambda p: change(p, feature=np.zeros((256, 12, 2)))),
            "feature of shape (256, 12, 2), expected (270, 12, 2)",
        ),
        (lambda f: broken(f, lambda p: change(p, label=np.zeros((270, 4)))), "label of shape"),
        (
            lambda f: broken(f, lambda p: change(p, feature=np.full((270, 12, 2), np.nan))),
            "not finite",
        ),
        (lambda f: broken(f, lambda p: p.write_bytes(p.read_bytes()[:900])), "damaged"),
        (
            lambda f: broken(f, lambda p: change(p, feature=np.array([None] * 270))),
            "damaged, or no window",
        ),
        (lambda f: broken(f, lambda p: np.savez(p, feature=np.zeros(3))), "damaged, or no window"),
        (
            lambda f: broken(f, lambda p: p.rename(p.with_name("casme_015_0401_0250.npz"))),
            "a multiple of 256",
        ),
        (
            lambda f: change(
                f / "test" / "casme_016" / "casme_016_0101_0000.npz",
                feature=np.zeros((270, 12, 2)),
            ),
            "all its motion is zero",
        ),
    ],
)
def test_what_cannot_be_used_is_one_line(archive, damage, said):
    folder, _ = archive
    damage(folder)
    with pytest.raises(CausalexError) as raised:
        read_archive(folder)
    assert said in str(raised.value) and "\n" not in str(raised.value)


def test_an_empty_part(tmp_path):
    (tmp_path / "test").mkdir()
    with pytest.raises(CausalexError, match="holds no windows"):
        read_archive(tmp_path)
