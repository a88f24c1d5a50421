import subprocess
import sys

import numpy as np
import pytest

from causalex_core import paths
from causalex_core.errors import CausalexError
from causalex_core.motion import landmarks
from causalex_core.motion.landmarks import FaceMesh, Given, read


@pytest.fixture
def points():
    return np.random.default_rng(1).uniform(0, 500, (4, 68, 2)).round(2)


def rows(points):
    """All x, then all y, of each frame."""
    return points.transpose(0, 2, 1).reshape(len(points), -1)


def openface(points, frames, success, faces=None):
    names = [f"{axis}_{k}" for axis in "xy" for k in range(68)]
    lines = [", ".join(["frame", "face_id", "timestamp", "confidence", "success", *names])]
    for number, values, good in zip(frames, rows(points), success, strict=True):
        lines.append(", ".join(map(str, [number, 0, 0.0, 0.98, good, *values])))
    return "\n".join(lines) + "\n"


def test_plain_rows_as_auw_gcn_writes_them(points, tmp_path):
    file = tmp_path / "points.csv"
    np.savetxt(file, rows(points), delimiter=",", fmt="%.2f")
    np.testing.assert_array_equal(read(file).points, points)


def test_openface_rows_are_placed_by_frame_and_success(points, tmp_path):
    file = tmp_path / "points.csv"
    file.write_text(openface(points, frames=[1, 2, 4, 5], success=[1, 0, 1, 1]))
    found = read(file).points
    assert found.shape == (5, 68, 2)
    np.testing.assert_array_equal(found[[0, 3, 4]], points[[0, 2, 3]])
    assert np.isnan(found[[1, 2]]).all()


def test_an_array_is_read_as_it_is(points, tmp_path):
    np.save(tmp_path / "points.npy", points)
    np.testing.assert_array_equal(read(tmp_path / "points.npy").points, points)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.csv", "", "is empty"),
        ("short.csv", "1,2,3\n", "row 1: 3 values, expected 136"),
        ("words.csv", ",".join(["1"] * 135 + ["x"]) + "\n", "could not convert"),
        ("header.csv", "frame,x_0\n1,2\n", "lacks the column 'x_1'"),
        ("points.txt", "1\n", "read from .csv or .npy"),
        ("points.npy", "1\n", "not an array of landmarks"),
    ],
)
def test_files_that_cannot_be_meant(tmp_path, name, content, said):
    (tmp_path / name).write_text(content)
    with pytest.raises(CausalexError, match=said):
        read(tmp_path / name)


def test_two_faces_in_one_frame_are_refused(points, tmp_path):
    file = tmp_path / "points.csv"
    file.write_text(openface(points, frames=[1, 2, 2, 3], success=[1] * 4))
    with pytest.raises(CausalexError, match="several rows for one frame"):
        read(file)


def test_frames_counted_from_zero_are_refused(points, tmp_path):
    file = tmp_path / "points.csv"
    file.write_text(openface(points, frames=range(4), success=[1] * 4))
    with pytest.raises(CausalexError, match="counted from 1"):
        read(file)


def test_other_shapes_are_refused():
    with pytest.raises(CausalexError, match=r"\(5, 49, 2\): expected \(frames, 68, 2\)"):
        Given(np.zeros((5, 49, 2)))


def test_the_name_tells_landmarks_apart(points):
    assert Given(points).name == Given(points.copy()).name != Given(points + 1).name


def test_missing_mediapipe_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "mediapipe", None)
    with pytest.raises(CausalexError, match=r"--no-deps mediapipe==0\.10\.21") as raised:
        FaceMesh()
    assert "\n" not in str(raised.value)


QUIET = """
import numpy as np
from causalex_core.motion.landmarks import FaceMesh
print(FaceMesh().find(np.zeros((120, 160, 3), np.uint8)).shape)
"""


def test_nothing_is_found_in_black_and_nothing_is_said():
    pytest.importorskip("mediapipe", reason="mediapipe is not installed")
    run = subprocess.run(
        [sys.executable, "-c", QUIET], cwd=paths.ROOT, capture_output=True, text=True, check=True
    )
    assert run.stdout == "(0, 68, 2)\n"
    assert run.stderr == ""


def test_mesh_has_a_vertex_of_its_own_for_each_point():
    assert len(set(landmarks.MESH_TO_IBUG)) == 68
