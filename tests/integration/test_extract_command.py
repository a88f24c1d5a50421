import json
import os

import numpy as np
import pytest

from causalex_core import cli
from causalex_core.commands import extract as command
from causalex_core.errors import CausalexError, CausalexWarning
from causalex_core.motion import alignment, video
from causalex_core.motion.landmarks import face_mesh
from causalex_core.motion.record import read_motion

COUNT = 10


@pytest.fixture
def frames(tmp_path):
    """Two videos as folders of pictures, laid out by subject, and their landmarks."""
    import cv2

    generator = np.random.default_rng(5)
    texture = cv2.GaussianBlur(generator.uniform(0, 255, (140, 140)), (0, 0), 2)
    layout = np.stack((np.linspace(40, 100, 68), np.tile(np.linspace(50, 110, 4), 17)), axis=1)
    layout[36:42], layout[42:48] = (50, 60), (90, 60)
    for name in ("s15/0101", "s15/0102"):
        (tmp_path / "videos" / name).mkdir(parents=True)
        (tmp_path / "points" / name).parent.mkdir(parents=True, exist_ok=True)
        for number in range(COUNT):
            shifted = np.roll(texture, number % 3, axis=1).astype(np.uint8)
            cv2.imwrite(str(tmp_path / "videos" / name / f"img{number}.png"), shifted)
        np.save(tmp_path / "points" / f"{name}.npy", np.tile(layout, (COUNT, 1, 1)))
    return tmp_path


def run(frames, *words):
    base = ["extract", str(frames / "videos"), "--landmarks", str(frames / "points")]
    return cli.main([*base, "--fps", "20", "--crop", "64", *words])


def test_many_videos_whatever_the_number_of_processes(frames, capsys):
    assert run(frames, "-o", str(frames / "one"), "--processes", "1") == 0
    assert run(frames, "-o", str(frames / "two"), "--processes", "2") == 0
    shown = capsys.readouterr().out
    assert f"{COUNT} frames (1 s), stride 2: 8 measured, 2 end of video" in shown
    for name in ("0101", "0102"):
        first, second = (frames / place / "s15" / f"{name}.npz" for place in ("one", "two"))
        assert first.read_bytes() == second.read_bytes()


def test_what_is_done_is_kept_until_settings_or_video_change(frames, capsys):
    words = ["-o", str(frames / "out"), "--processes", "1"]
    done = frames / "out" / "s15" / "0101.npz"
    assert run(frames, *words) == 0
    written = done.stat().st_mtime_ns
    (frames / "out" / "s15" / "0102.npz").write_bytes(b"half a file")
    capsys.readouterr()
    assert run(frames, *words) == 0
    shown = capsys.readouterr().out
    assert "1 of 2 already extracted" in shown
    assert "0102.npz: 10 frames" in shown
    assert done.stat().st_mtime_ns == written
    assert run(frames, *words, "--stride", "4") == 0
    assert int(np.load(done)["stride"]) == 4


def _swapped(frames):
    first, second = (frames / "videos" / "s15" / "0101" / f"img{k}.png" for k in (4, 5))
    content = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(content)


def _lost(frames):
    (frames / "videos" / "s15" / "0101" / "img9.png").unlink()
    path = frames / "points" / "s15" / "0101.npy"
    np.save(path, np.load(path)[:-1])


def _moved(frames):
    path = frames / "points" / "s15" / "0101.npy"
    np.save(path, np.load(path) + 0.5)


def _older(frames):
    path = frames / "out" / "s15" / "0101.npz"
    stored = dict(np.load(path))
    stored["made_with"] = np.array(str(stored["made_with"]).replace("opencv", "cv"))
    np.savez(path, **stored)


def _unknown(frames):
    path = frames / "out" / "s15" / "0101.npz"
    stored = dict(np.load(path))
    del stored["source"]
    np.savez(path, **stored)


@pytest.mark.parametrize("change", [_swapped, _lost, _moved, _older, _unknown])
def test_what_was_made_from_something_else_is_made_anew(frames, capsys, change):
    words = ["-o", str(frames / "out"), "--processes", "1"]
    assert run(frames, *words) == 0
    change(frames)
    for file in frames.rglob("*"):
        if not file.is_relative_to(frames / "out"):
            os.utime(file, (0, 0))  # no time tells
    capsys.readouterr()
    assert run(frames, *words) == 0
    shown = capsys.readouterr().out
    assert "1 of 2 already extracted" in shown
    assert "0101.npz: " in shown


def test_the_same_content_elsewhere_is_the_same(frames, capsys):
    words = ["-o", str(frames / "out"), "--processes", "1"]
    assert run(frames, *words) == 0
    for file in [*(frames / "videos").rglob("*"), *(frames / "points").rglob("*")]:
        os.utime(file)  # as a copy would be
    assert run(frames, *words) == 0
    assert "2 of 2 already extracted" in capsys.readouterr().out


def test_every_other_frame_is_not_the_same_as_half_the_rate(frames, capsys):
    video, points = frames / "videos" / "s15" / "0101", frames / "points" / "s15" / "0101.npy"
    words = [str(video), "-o", str(frames / "x.npz"), "--landmarks", str(points), "--crop", "64"]
    assert cli.main(["extract", *words, "--fps", "40", "--every", "2"]) == 0
    assert cli.main(["extract", *words, "--fps", "20"]) == 0
    assert "already" not in capsys.readouterr().out
    assert len(np.load(frames / "x.npz")["motion"]) == COUNT


def test_one_bad_video_does_not_stop_the_others(frames, capsys):
    (frames / "videos" / "s15" / "0101" / "img3.png").write_bytes(b"damaged")
    assert run(frames, "-o", str(frames / "out"), "--processes", "1") == 2
    shown = capsys.readouterr()
    assert "img3.png cannot be read as a picture" in shown.err
    assert shown.err.endswith("causalex: error: 1 of 2 videos could not be extracted, see above\n")
    assert (frames / "out" / "s15" / "0102.npz").is_file()
    assert not (frames / "out" / "s15" / "0101.npz").exists()


def test_one_video_into_one_file(frames):
    video, points = frames / "videos" / "s15" / "0101", frames / "points" / "s15" / "0101.npy"
    words = [str(video), "-o", str(frames / "motion.npz"), "--landmarks", str(points)]
    assert cli.main(["extract", *words, "--fps", "40", "--every", "2", "--crop", "64"]) == 0
    stored = np.load(frames / "motion.npz")
    assert stored["motion"].shape == (COUNT // 2, 12, 2)
    assert stored["fps"] == 20
    assert stored["frames"].tolist() == [0, 2, 4, 6, 8]
    np.testing.assert_allclose(stored["times"], np.arange(5) / 20)
    assert set(json.loads(str(stored["made_with"]))) == {"av", "causalex", "opencv"}
    assert len(str(stored["source"])) == 64


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["videos", "-o", "motion.npz"], "2 videos, but -o motion.npz is one file"),
        (["videos/s15/0101", "-o", "out"], "is a folder of pictures: give their rate (--fps)"),
        (["absent.mp4", "-o", "out"], "absent.mp4 does not exist"),
        (["points", "-o", "out"], "holds neither videos nor folders of pictures"),
        (["videos", "-o", "out", "--crop", "10"], "at least 64"),
        (
            ["videos/s15", "-o", "out", "--landmarks", "points"],
            "points holds no landmarks for 0101",
        ),
        (
            ["videos/s15/0101", "videos/s15/../s15/0101", "-o", "out"],
            "would both become out/0101.npz",
        ),
    ],
)
def test_what_cannot_be_meant(frames, monkeypatch, capsys, words, said):
    monkeypatch.chdir(frames)
    assert cli.main(["extract", *words]) == 2
    assert said in capsys.readouterr().err


def test_paper_settings_can_be_varied(frames):
    assert run(frames, "-o", str(frames / "out"), "--paper", "--flow", "farneback") == 0
    config = str(np.load(frames / "out" / "s15" / "0101.npz")["config"])
    assert '"flow": "farneback"' in config
    assert '"eight_bits": true' in config


def names(folder):
    return [str(relative) for _, relative in command.videos_in(folder)]


def test_videos_are_found_below_a_folder(frames):
    (frames / "videos" / "clip.MP4").write_bytes(b"")
    (frames / "videos" / "._clip.MP4").write_bytes(b"")
    (frames / "videos" / "00001.MTS").write_bytes(b"")
    (frames / "videos" / "s15" / "loop").symlink_to(frames / "videos")
    assert names(frames / "videos") == ["00001", "clip", "s15/0101", "s15/0102"]
    assert names(frames / "videos" / "s15" / "0101") == ["0101"]


def test_previews_make_no_video_of_a_folder_and_are_told(frames):
    folder = frames / "videos" / "s15"
    (folder / "preview.jpg").write_bytes(b"")
    (folder / "0101" / "photo.heic").write_bytes(b"")
    with pytest.warns(CausalexWarning) as told:
        assert names(frames / "videos") == ["s15/0101", "s15/0102"]
    said = [str(warning.message) for warning in told]
    assert said == [
        f"{folder / '0101'}: left out are photo.heic",
        f"{folder}: left out are preview.jpg",
    ]


def test_a_film_among_frames_is_ambiguous(frames):
    (frames / "videos" / "s15" / "0101" / "clip.mp4").write_bytes(b"")
    with pytest.raises(CausalexError, match=r"0101 holds 10 pictures and beside them 'clip\.mp4'"):
        names(frames / "videos")


def test_landmarks_of_frames_some_of_which_are_missing(frames, capsys):
    folder = frames / "videos" / "s15" / "0101"
    for k in (4, 5):
        (folder / f"img{k}.png").unlink()
    words = ["extract", str(folder), "-o", str(frames / "x.npz"), "--fps", "20", "--crop", "64"]
    points = ["--landmarks", str(frames / "points" / "s15" / "0101.npy")]
    assert cli.main([*words, *points]) == 2
    assert "landmarks have a row for each of its frames" in capsys.readouterr().err


CASES = {
    "done_other_video": (["first.mp4"], ["second.mp4"], 60),
    "done_other_landmarks": (
        ["pan.mp4", "--landmarks", "all120.npy"],
        ["pan.mp4", "--landmarks", "moved.npy"],
        120,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_second_is_not_taken_for_the_first(cases, tmp_path, monkeypatch, capsys, name):
    pytest.importorskip("mediapipe", reason="mediapipe is not installed")
    monkeypatch.chdir(cases / name)
    first, second, rows = CASES[name]
    for words in (first, second):
        assert cli.main(["extract", *words, "-o", str(tmp_path / "x.npz")]) == 0
    assert "already" not in capsys.readouterr().out
    both = np.load(tmp_path / "x.npz")["motion"]
    assert cli.main(["extract", *second, "-o", str(tmp_path / "y.npz")]) == 0
    np.testing.assert_array_equal(both, np.load(tmp_path / "y.npz")["motion"])
    assert len(both) == rows


def test_pixels_that_are_not_square_give_the_same_motion(cases, tmp_path, capsys):
    pytest.importorskip("mediapipe", reason="mediapipe is not installed")
    folder = cases / "anamorphic_16_11"
    assert cli.main(["extract", str(folder), "-o", str(tmp_path), "--processes", "1"]) == 0
    assert "sar_s.mp4: pixels are 16/11 as wide as high" in capsys.readouterr().err
    wide, square = (np.load(tmp_path / f"{name}.npz")["motion"] for name in ("sar_s", "square_s"))
    for axis in (0, 1):
        moves = np.abs(square[..., axis]) > 0.1
        x, y = square[..., axis][moves], wide[..., axis][moves]
        assert x @ y / (x @ x) == pytest.approx(1, abs=0.05)


def test_interlaced_films_are_measured(cases, tmp_path):
    pytest.importorskip("mediapipe", reason="mediapipe is not installed")
    folder = cases / "interlaced_h264"
    assert cli.main(["extract", str(folder), "-o", str(tmp_path), "--processes", "1"]) == 0
    for name, measured in (("h264i", 58), ("ilace", 56)):
        stored = np.load(tmp_path / f"{name}.npz")
        assert (stored["quality"] == 0).sum() == measured
        assert stored["motion"].any()


def extracted(words, output):
    """Record that the command wrote, and what it printed."""
    assert cli.main(["extract", *map(str, words), "-o", str(output)]) == 0
    return read_motion(output)


def landmarks_seen(path, face="largest"):
    """Centres of the face that is followed, each half second; NaN without one."""
    track = alignment.track(video.open_frames(path), face_mesh(), 15, face)
    return track.points.mean(axis=1)


@pytest.fixture
def mediapipe():
    pytest.importorskip("mediapipe", reason="mediapipe is not installed")


def test_the_largest_of_four_faces_is_followed(mediapipe, cases, tmp_path, capsys):
    film = cases / "face_largest_of_four" / "four0.mp4"
    record = extracted([film], tmp_path / "x.npz")
    assert "measured: largest of 4 faces, at (134, 154)" in capsys.readouterr().out
    assert record.landmarks.endswith("; largest of 4 faces, at (134, 154)")
    np.testing.assert_allclose(landmarks_seen(film), [[134, 154]] * 4, atol=3)


def test_another_face_can_be_chosen_and_is_extracted_anew(mediapipe, cases, tmp_path, capsys):
    film = cases / "face_largest_of_four" / "four0.mp4"
    for face, place in (("right", "(381, 127)"), ("111,394", "(111, 397)"), ("left", "(111, 397)")):
        words = [film, "--face", face]
        assert place in extracted(words, tmp_path / "x.npz").landmarks
        assert "already extracted" not in capsys.readouterr().out
        assert place in extracted(words, tmp_path / "x.npz").landmarks
        assert "1 of 1 already extracted" in capsys.readouterr().out
    assert cli.main(["extract", str(film), "-o", str(tmp_path / "x.npz"), "--face", "tall"]) == 2
    assert "face 'tall': expected largest, left, right" in capsys.readouterr().err


def test_a_face_that_was_hidden_is_not_exchanged_for_another(mediapipe, cases):
    film = cases / "face_returns" / "hidden.mp4"
    x, hidden = landmarks_seen(film)[:, 0], np.array([0, 0, 0, 1, 1, 0, 0, 0], dtype=bool)
    np.testing.assert_array_equal(np.isnan(x), hidden)
    assert (x[~hidden] < 280).all()
    assert (landmarks_seen(film, "right")[:, 0] > 400).all()


def test_landmarks_of_all_frames_with_every(cases, tmp_path, capsys):
    film, points = (cases / "landmarks_every" / name for name in ("pan.mp4", "all120.npy"))
    half, part = tmp_path / "half.npy", tmp_path / "part.npy"
    np.save(half, np.load(points)[::2])
    np.save(part, np.load(points)[:90])
    words = [film, "--every", "2", "--landmarks"]
    records = [extracted([*words, file], tmp_path / "x.npz") for file in (points, half)]
    np.testing.assert_array_equal(records[0].motion, records[1].motion)
    assert np.linalg.norm(records[0].motion, axis=-1).mean() == pytest.approx(0.145, abs=0.005)
    assert cli.main(["extract", *map(str, words), str(part), "-o", str(tmp_path / "y.npz")]) == 2
    assert "landmarks of 90 frames, the video has 60" in capsys.readouterr().err


def test_landmarks_in_fractions_of_the_picture(cases, tmp_path, capsys):
    folder = cases / "landmarks_unit"
    words = [str(folder / "pan.mp4"), "--landmarks", str(folder / "unit.npy")]
    assert cli.main(["extract", *words, "-o", str(tmp_path / "x.npz")]) == 2
    assert "all points of a face lie within 0.45 px" in capsys.readouterr().err
