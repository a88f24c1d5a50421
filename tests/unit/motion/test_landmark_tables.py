"""Landmarks as other programs write them."""

import numpy as np
import pytest

from causalex_core.errors import CausalexError
from causalex_core.motion.alignment import track_given
from causalex_core.motion.landmark_tables import read
from causalex_core.motion.landmarks import LEFT_EYE, LIPS, MESH_TO_IBUG, RIGHT_EYE, Given


def no_mirror(points, order):
    """Points with both eyes, in the order that iBUG has, above the lips."""
    left, right, lips = (list(order[part]) for part in (LEFT_EYE, RIGHT_EYE, LIPS))
    points[:, left + right] *= 0.4
    points[:, right, 0] += 300
    points[:, lips] = 250 + points[:, lips] / 2
    return points.round(2)


@pytest.fixture
def points():
    return no_mirror(np.random.default_rng(1).uniform(0, 500, (4, 68, 2)), range(68))


@pytest.fixture
def vertices():
    return no_mirror(np.random.default_rng(2).uniform(0, 500, (4, 478, 2)), MESH_TO_IBUG)


class Film:
    """Grey frames of some size."""

    name, fps = "film", 30.0

    def __init__(self, count, size=(640, 480)):
        self.count, self.size = count, size

    def grey(self):
        return (np.zeros(self.size[::-1], np.uint8) for _ in range(self.count))


def rows(points):
    """All x, then all y, of each frame."""
    return points.transpose(0, 2, 1).reshape(len(points), -1)


def table(points, name="{axis}_{k}", **columns):
    """A table with some columns in front of those of the points."""
    count = points.shape[1]
    header = [*columns, *(name.format(axis=axis, k=k) for axis in "xy" for k in range(count))]
    lines = [",".join(header)]
    for *values, numbers in zip(*columns.values(), rows(points), strict=True):
        lines.append(",".join(map(str, [*values, *numbers])))
    return "\n".join(lines) + "\n"


def openface(points, frames, success, face_id=0):
    ids = face_id if isinstance(face_id, list) else [face_id] * len(frames)
    return table(
        points, frame=frames, face_id=ids, confidence=[0.98] * len(frames), success=success
    ).replace(",", ", ")


def py_feat(points, frames, **more):
    columns = {"FaceScore": [0.99] * len(frames), "input": ["a, b.mp4"] * len(frames)} | more
    return table(points, frame=frames, **columns).replace("a, b.mp4", '"a, b.mp4"')


@pytest.fixture
def written(tmp_path):
    def write(content):
        (tmp_path / "points.csv").write_text(content)
        return tmp_path / "points.csv"

    return write


def test_plain_rows_as_auw_gcn_writes_them(points, tmp_path):
    file = tmp_path / "points.csv"
    np.savetxt(file, rows(points), delimiter=",", fmt="%.2f")
    np.testing.assert_array_equal(read(file).points, points)


def test_openface_rows_are_placed_by_frame_and_success(points, written):
    found = read(written(openface(points, frames=[1, 2, 4, 5], success=[1, 0, 1, 1]))).points
    assert found.shape == (5, 68, 2)
    np.testing.assert_array_equal(found[[0, 3, 4]], points[[0, 2, 3]])
    assert np.isnan(found[[1, 2]]).all()


def test_a_table_that_excel_saved_has_a_mark_before_its_first_column(points, written):
    content = openface(points, frames=[1, 2, 3, 4], success=[1] * 4)
    np.testing.assert_array_equal(read(written("\ufeff" + content)).points, points)


def test_py_feat_counts_from_zero_and_has_columns_of_text(points, written):
    content = py_feat(points, frames=[0, 1, 2, 3], Identity=["Person_0"] * 4)
    np.testing.assert_array_equal(read(written(content)).points, points)
    lost = content.splitlines()
    lost[2] = ",".join(cell if k < 4 else "" for k, cell in enumerate(lost[2].split(",")))
    found = read(written("\n".join(lost))).points
    assert np.isnan(found[1]).all() and np.isfinite(found[[0, 2, 3]]).all()


def test_each_nth_frame_is_a_sample_and_not_a_row(points, written):
    """As py-feat writes it with ``skip_frames=10``."""
    given = read(written(py_feat(points, frames=[0, 10, 20, 30])))
    track = track_given(given, Film(35))
    assert track.index.tolist() == [0, 10, 20, 30] and track.every == 10
    np.testing.assert_array_equal(track.points, points)
    halved = track_given(read(written(py_feat(points, frames=[0, 10, 20, 30])), every=2), Film(18))
    assert halved.index.tolist() == [0, 5, 10, 15] and halved.every == 5
    with pytest.raises(CausalexError, match="each 40th frame, at 30 per second"):
        track_given(read(written(py_feat(points, frames=[0, 40, 80, 120]))), Film(130))


def test_frames_left_out_by_every_are_left_out_of_the_table(points, written):
    given = read(written(openface(points, frames=[1, 2, 3, 4], success=[1] * 4)), every=2)
    np.testing.assert_array_equal(given.points, points[::2])


def test_vertices_of_mediapipe_become_the_68_points(vertices, written, tmp_path):
    for count in (468, 478):
        expected = vertices[:, list(MESH_TO_IBUG)]
        np.save(tmp_path / "v.npy", np.dstack((vertices[:, :count], np.zeros((4, count)))))
        np.testing.assert_array_equal(read(tmp_path / "v.npy").points, expected)
        found = read(written(table(vertices[:, :count], frame=[1, 2, 3, 4]))).points
        np.testing.assert_array_equal(found, expected)


def test_libreface_counts_from_zero_in_fractions_of_the_picture(vertices, written):
    content = table(
        vertices / 500, "lm_mp_{k}_{axis}", frame_idx=[0, 1, 2, 3], facial_expression=["Anger"] * 4
    )
    track = track_given(read(written(content)), Film(4, (500, 500)))
    np.testing.assert_allclose(track.points, vertices[:, list(MESH_TO_IBUG)])


def faces(points):
    """Two in each frame: one of 40 px at the left, one of 100 px at the right."""
    unit = points[:1] / 500
    return np.concatenate([[unit[0] * 40 + (50, 100), unit[0] * 100 + (300, 100)]] * 4)


def test_one_of_two_faces_can_be_chosen(points, written):
    both = faces(points)
    frames, ids = np.repeat([1, 2, 3, 4], 2).tolist(), [0, 1] * 4
    for content in (
        openface(both, frames, [1] * 8, ids),
        py_feat(both, [frame - 1 for frame in frames]),
    ):
        file = written(content)
        with pytest.raises(CausalexError, match="it holds several faces: choose one"):
            read(file)
        for which, first in (("left", 0), ("largest", 1), ("right", 1), ("70,120", 0)):
            given = read(file, face=which)
            np.testing.assert_allclose(given.points, both[first::2])
            assert given.face.startswith(f"{which} of 2 faces") and given.several.all()
    file = written(openface(both, frames, [1] * 8, ids))
    np.testing.assert_allclose(read(file, face="1").points, both[1::2])
    with pytest.raises(CausalexError, match="no face_id is 7; they are: 0, 1"):
        read(file, face="7")


@pytest.mark.parametrize("face", ["nobody", "nan,nan", "1,2,3", "", "-1"])
def test_a_choice_that_is_none_is_refused_even_of_one_face(points, written, tmp_path, face):
    np.save(tmp_path / "one.npy", points)
    for file in (written(openface(points, [1, 2, 3, 4], [1] * 4)), tmp_path / "one.npy"):
        np.testing.assert_array_equal(read(file, face="left").points, points)
        with pytest.raises(CausalexError, match=f"face '{face}': expected largest, left, right"):
            read(file, face=face)
    with pytest.raises(CausalexError, match="face '7': expected largest"):
        read(tmp_path / "one.npy", face="7")


def test_a_second_row_without_a_face_is_no_second_face(points, written):
    both = np.repeat(points, 2, axis=0)
    content = openface(both, np.repeat([1, 2, 3, 4], 2), [1, 0] * 4, [0, 1] * 4)
    np.testing.assert_array_equal(read(written(content)).points, points)


def test_an_empty_row_is_a_frame_without_a_face(points, written):
    lines = [",".join(map(str, row)) for row in rows(points).tolist()]
    lines[1] = "," * 135
    found = read(written("\n".join(lines))).points
    assert np.isnan(found[1]).all()
    np.testing.assert_array_equal(found[[0, 2, 3]], points[[0, 2, 3]])


def test_two_people_who_are_never_seen_together_are_two(points, written):
    file = written(openface(points, [1, 2, 3, 4], [1] * 4, [0, 0, 1, 1]))
    with pytest.raises(CausalexError, match="several faces"):
        read(file)
    found = read(file, face="0").points
    np.testing.assert_allclose(found, points[:2])


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.csv", "", "is empty"),
        ("header.csv", "frame,x_0,y_0\n", "no row below its header"),
        ("short.csv", "1,2,3\n", "row 1: 3 values, expected 136"),
        ("words.csv", ",".join(["1"] * 135 + ["x"]) + "\n", "could not convert"),
        ("one.csv", "frame,x_0,y_0\n1,2,3\n", "columns of 1 x and 1 y"),
        ("excel.csv", "frame;x_0;y_0\n1;2;3\n", "columns of 0 x and 0 y"),
        (
            "twice.csv",
            ",".join([*(f"{a}_{k}" for a in "xy" for k in range(68)), "x_3"])
            + "\n"
            + ",".join(["1"] * 137)
            + "\n",
            "stands twice",
        ),
        ("nul.csv", "frame,x_0\n1,\0\n", "points|columns of|NUL"),
        ("points.txt", "1\n", "read from .csv or .npy"),
        ("points.npy", "1\n", "not an array of landmarks"),
    ],
)
def test_files_that_cannot_be_meant(tmp_path, name, content, said):
    (tmp_path / name).write_text(content)
    with pytest.raises(CausalexError, match=said) as raised:
        read(tmp_path / name)
    assert str(raised.value).startswith(f"{tmp_path / name}: ")


def test_pictures_and_programs_are_no_tables(tmp_path):
    (tmp_path / "points.csv").write_bytes(bytes(range(256)))
    with pytest.raises(CausalexError, match="not a text file"):
        read(tmp_path / "points.csv")


@pytest.mark.parametrize(
    ("frames", "said"),
    [
        (range(4), "frame '0'; frames are whole numbers, counted from 1"),
        ([1, 2, 3, 999_999], "4 frames have rows, the last is number 999998 from 0"),
        (["1", "2", "2.5", "3"], "frame '2.5'"),
        (["1", "2", "", "3"], "frame ''"),
        (["1", "2", "1e12", "3"], "frame '1e12'"),
    ],
)
def test_numbers_of_frames_that_cannot_be_meant(points, written, frames, said):
    with pytest.raises(CausalexError, match=said):
        read(written(openface(points, frames, success=[1] * 4)))


def test_a_table_of_several_videos_is_refused(points, written):
    content = py_feat(points, frames=[0, 1, 0, 1], input=["a.mp4", "a.mp4", "b.mp4", "b.mp4"])
    with pytest.raises(CausalexError, match="several videos"):
        read(written(content))


@pytest.mark.parametrize("shape", [(5, 49, 2), (5, 68), (5, 68, 4), (5, 2, 68)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(CausalexError, match=r"expected \(frames, 68, 2\), or MediaPipe's 468 or"):
        Given(np.zeros(shape))


@pytest.mark.parametrize("values", [np.zeros((0, 68, 2)), np.full((3, 68, 2), "1")])
def test_no_numbers_are_refused(values):
    with pytest.raises(CausalexError, match="expected numbers"):
        Given(values)


def test_the_name_tells_landmarks_apart(points):
    assert Given(points).name == Given(points.copy()).name != Given(points + 1).name


def test_rows_may_be_those_before_every_or_those_kept(points):
    whole = np.concatenate([points, points + 1])
    for given in (Given(whole, every=2), Given(whole[::2], every=2)):
        np.testing.assert_array_equal(track_given(given, Film(4)).points, whole[::2])
    np.testing.assert_array_equal(
        track_given(Given(whole[:7], every=2), Film(4)).points, whole[:7:2]
    )
    for count in (3, 5, 9):
        with pytest.raises(CausalexError, match=f"landmarks of {count} frames, the video has 4"):
            track_given(Given(np.tile(points[:1], (count, 1, 1)), every=2), Film(4))


@pytest.mark.parametrize("scale", [1 / 640, 1 / 480 * 2, 0.01])
def test_fractions_of_the_picture_are_refused_by_their_unit(points, scale):
    with pytest.raises(CausalexError, match=r"all points of a face lie within .* px.*640 x 480"):
        track_given(Given(points * scale), Film(4))


@pytest.mark.parametrize("value", [0, -1, np.nan, np.inf])
def test_rows_without_extent_have_no_face(points, value):
    points = np.concatenate([points] * 3)
    points[[1, 4]] = value
    track = track_given(Given(points), Film(12))
    assert np.flatnonzero(np.isnan(track.points).all(axis=(1, 2))).tolist() == [1, 4]


def test_a_face_beside_the_picture_is_none_and_a_video_of_them_is_another_size(points):
    beside = np.concatenate([points] * 3)
    beside[[2, 3]] += (700, 0)
    track = track_given(Given(beside), Film(12))
    assert np.flatnonzero(np.isnan(track.points).all(axis=(1, 2))).tolist() == [2, 3]
    with pytest.raises(CausalexError, match="beside the picture of 640 x 480"):
        track_given(Given(points * 3), Film(4))


@pytest.mark.parametrize("change", [
    lambda face: face[:, ::-1],  # x and y exchanged
    lambda face: (0, 200) + face * (1, -1),  # y counted from below
    lambda face: (200, 0) + face * (-1, 1),  # a mirrored picture
])  # fmt: skip
def test_a_mirrored_face_is_refused(layout, change):
    faces = np.array([change(layout)] * 3 + [layout])
    with pytest.raises(CausalexError, match="those of a mirrored face: expected x to the right"):
        track_given(Given(faces), Film(4))


def test_a_face_may_be_turned_in_any_way(layout):
    for turned in (layout, 200 - layout, np.stack((200 - layout[:, 1], layout[:, 0]), axis=1)):
        assert np.isfinite(track_given(Given(turned[None]), Film(1)).points).all()


@pytest.mark.parametrize("far", [(0, 1e5), (900, 0), (-500, -500)])
def test_a_face_with_a_point_far_off_is_none(layout, far):
    faces = np.array([layout] * 8)
    faces[5, 60] += far
    track = track_given(Given(faces), Film(8))
    assert np.flatnonzero(np.isnan(track.points).all(axis=(1, 2))).tolist() == [5]
