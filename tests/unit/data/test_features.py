"""Motion files as inputs of spotting, one or a folder, and what is none."""

import pickle

import numpy as np
import pandas as pd
import pytest

from causalex_core.errors import CausalexError
from causalex_core.motion.record import read_folder, read_motion

NAMES = np.array(["measured", "several_faces", "end_of_video", "no_face", "scene_cut"])
TABLE = pd.DataFrame({"subject": ["p1", "p1", "p11"], "video": ["p1_1", "p1_1", "other"]})


def write(path, **changes):
    content = {
        "motion": np.full((20, 12, 2), 0.5, np.float32),
        "quality": np.array([0] * 17 + [1, 2, 3], np.uint8),
        "quality_names": NAMES,
        "fps": np.array(30.0),
        "config": np.array("{}"),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **{**content, **changes})
    return path


def test_rows_that_were_not_measured_are_zero(tmp_path):
    motion = np.full((20, 12, 2), 0.5)
    motion[18:] = np.nan
    found = read_motion(write(tmp_path / "v.npz", motion=motion))
    assert found.measured.tolist() == [True] * 18 + [False] * 2
    assert found.motion.dtype == np.float32
    assert (found.motion[:18] == 0.5).all() and not found.motion[18:].any()
    assert (found.subject, found.video, found.fps, found.config) == ("v", "v", 30.0, "{}")


def test_motion_alone_is_enough(tmp_path):
    np.savez(tmp_path / "v.npz", motion=np.ones((5, 12, 2)))
    found = read_motion(tmp_path / "v.npz")
    assert found.measured.all() and found.fps is None and found.config == ""


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"motion": np.zeros((9, 11, 2))}, "motion of shape (9, 11, 2)"),
        ({"motion": np.full((20, 12, 2), np.nan)}, "per frame, first in frame 0"),
        ({"quality": np.full(20, 4)}, "none of its 20 frames"),
        ({"quality": np.zeros(3)}, "for 20 frames"),
        ({"fps": np.array(0.0)}, "0 frames per second"),
        ({"fps": np.zeros(2)}, "cannot read the motion file"),
        ({"motion": np.array([{}], dtype=object)}, "cannot read the motion file"),
    ],
)
def test_what_cannot_be_used(tmp_path, changes, said):
    path = write(tmp_path / "v.npz", **changes)
    with pytest.raises(CausalexError) as raised:
        read_motion(path)
    assert said in str(raised.value) and str(path) in str(raised.value)


def test_damaged_pickled_and_missing_files(tmp_path):
    whole = write(tmp_path / "v.npz").read_bytes()
    for name, content in (
        ("cut.npz", whole[:400]), ("flipped.npz", whole[:200] + b"\xff" * 40 + whole[240:]),
        ("pickle.npz", pickle.dumps({"motion": 1})), ("empty.npz", b""),
    ):  # fmt: skip
        (tmp_path / name).write_bytes(content)
        with pytest.raises(CausalexError, match="cannot read the motion file"):
            read_motion(tmp_path / name)
    with (tmp_path / "array.npz").open("wb") as stream:
        np.save(stream, np.zeros(3))
    for name in ("array.npz", "missing.npz"):
        with pytest.raises(CausalexError, match="cannot read the motion file"):
            read_motion(tmp_path / name)


def test_subjects_of_a_folder(tmp_path):
    for number, name in enumerate(("p1_1", "other", "p11_2", "s15/0101")):
        write(tmp_path / f"{name}.npz", motion=np.full((20, 12, 2), number))
    found = read_folder(tmp_path, TABLE)
    assert [(one.subject, one.video) for one in found] == [
        ("p11", "other"), ("p11", "p11_2"), ("p1", "p1_1"), ("s15", "0101"),
    ]  # fmt: skip


def test_folders_that_cannot_be_used(tmp_path):
    with pytest.raises(CausalexError, match="is no folder"):
        read_folder(tmp_path / "none", TABLE)
    with pytest.raises(CausalexError, match="holds no motion files"):
        read_folder(tmp_path, TABLE)
    write(tmp_path / "p1_1.npz")
    write(tmp_path / "who.npz")
    with pytest.raises(CausalexError, match="its subject is unknown"):
        read_folder(tmp_path, TABLE)
    (tmp_path / "who.npz").unlink()
    write(tmp_path / "p1_2.npz", fps=np.array(25.0))
    with pytest.raises(CausalexError, match="frames per second 25, but 30 in"):
        read_folder(tmp_path, TABLE)
    (tmp_path / "p1_2.npz").unlink()
    write(tmp_path / "p1" / "p1_1.npz")
    with pytest.raises(CausalexError, match="a second file of video"):
        read_folder(tmp_path, TABLE)
