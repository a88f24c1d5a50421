import numpy as np
import pytest

from causalex_core import cli
from causalex_core.commands import extract as command

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


def test_videos_are_found_below_a_folder(frames):
    (frames / "videos" / "clip.MP4").write_bytes(b"")
    found = [str(relative) for _, relative in command.videos_in(frames / "videos")]
    assert found == ["clip", "s15/0101", "s15/0102"]
