import struct

import cv2
import numpy as np
import pytest

from causalex_core.errors import CausalexError
from causalex_core.motion.video import open_frames

WIDTH, HEIGHT, COUNT = 96, 64, 30


@pytest.fixture
def clip(tmp_path):
    """A clip that brightens by 7 grey levels per frame, with a white left edge."""
    path = tmp_path / "clip.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), 25, (WIDTH, HEIGHT))
    for number in range(COUNT):
        frame = np.full((HEIGHT, WIDTH, 3), 20 + 7 * number, np.uint8)
        frame[:, :16] = 255
        writer.write(frame)
    writer.release()
    return path


def level(picture):
    """Number of the frame that a picture of the clip shows."""
    return round((float(picture[20:40, 40:80].mean()) - 20) / 7)


def test_a_video_hands_out_all_frames(clip):
    frames = open_frames(clip)
    assert frames.fps == 25
    pictures = list(frames.grey())
    assert [level(picture) for picture in pictures] == list(range(COUNT))
    assert pictures[0].shape == (HEIGHT, WIDTH)


def test_samples_carry_the_number_of_their_frame(clip):
    found = {number: level(picture) for number, picture in open_frames(clip).colour(7)}
    assert found == {0: 0, 7: 7, 14: 14, 21: 21, 28: 28}


def test_subsampling_keeps_every_nth_frame(clip):
    frames = open_frames(clip, every=8)
    assert frames.fps == 25 / 8
    assert [level(picture) for picture in frames.grey()] == [0, 8, 16, 24]
    assert {number: level(picture) for number, picture in frames.colour(2)} == {0: 0, 2: 16}


def test_a_rotation_noted_in_the_file_is_applied(clip):
    content = bytearray(clip.read_bytes())
    matrix = content.index(b"tkhd") + 4 + 40  # after version, times, track, duration, layers
    upright = struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    assert content[matrix : matrix + 36] == upright
    quarter = struct.pack(">9i", 0, 1 << 16, 0, -(1 << 16), 0, 0, HEIGHT << 16, 0, 1 << 30)
    content[matrix : matrix + 36] = quarter
    clip.write_bytes(content)
    picture = next(open_frames(clip).grey())
    assert picture.shape == (WIDTH, HEIGHT)
    assert picture[:10].mean() > 240 > 60 > picture[-10:].mean()


def test_a_truncated_video_is_refused(clip, tmp_path):
    content = clip.read_bytes()
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(content[: len(content) // 2])
    with pytest.raises(CausalexError, match=r"cut\.mp4 cannot be read as a video"):
        open_frames(cut)


def test_a_video_that_breaks_off_is_refused(tmp_path):
    path = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 25, (WIDTH, HEIGHT))
    generator = np.random.default_rng(0)
    for _ in range(COUNT):
        writer.write(generator.integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8))
    writer.release()
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(CausalexError, match=r"breaks off after \d+ of \d+ frames|cannot be read"):
        list(open_frames(path).grey())


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.mp4", b"", "is empty"),
        ("text.mp4", b"no video at all" * 50, "cannot be read as a video"),
        (None, b"", "does not exist"),
    ],
)
def test_what_is_no_video(tmp_path, capfd, name, content, said):
    if name:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(CausalexError, match=said):
        open_frames(tmp_path / (name or "absent.mp4"))
    assert capfd.readouterr().err == ""


@pytest.fixture
def pictures(tmp_path):
    for number in (1, 2, 9, 10, 11):
        picture = np.full((HEIGHT, WIDTH, 3), 20 + 7 * number, np.uint8)
        cv2.imwrite(str(tmp_path / f"img{number}.jpg"), picture)
    (tmp_path / "notes.txt").write_text("not a picture")
    return tmp_path


def test_pictures_come_in_the_order_of_their_numbers(pictures):
    frames = open_frames(pictures, fps=30)
    assert [level(picture) for picture in frames.grey()] == [1, 2, 9, 10, 11]
    assert {number: level(picture) for number, picture in frames.colour(3)} == {0: 1, 3: 10}


def test_pictures_left_out_are_never_decoded(pictures):
    (pictures / "img2.jpg").write_bytes(b"damaged")
    frames = open_frames(pictures, fps=200, every=2)
    assert frames.fps == 100
    assert [level(picture) for picture in frames.grey()] == [1, 9, 11]


def test_folders_that_cannot_be_read(pictures, tmp_path):
    with pytest.raises(CausalexError, match="--fps"):
        open_frames(pictures)
    cv2.imwrite(str(pictures / "img3.jpg"), np.zeros((10, 20), np.uint8))
    with pytest.raises(CausalexError, match="20 x 10 px, the frames before it 96 x 64"):
        list(open_frames(pictures, fps=30).grey())
    (pictures / "img1.jpg").write_bytes(b"")
    with pytest.raises(CausalexError, match=r"img1\.jpg cannot be read as a picture"):
        list(open_frames(pictures, fps=30).grey())
    (tmp_path / "nothing").mkdir()
    with pytest.raises(CausalexError, match="holds no pictures"):
        open_frames(tmp_path / "nothing", fps=30)
