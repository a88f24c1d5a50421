import warnings

import cv2
import numpy as np
import pytest

from causalex_core.errors import CausalexError, CausalexWarning
from causalex_core.motion.video import open_frames

WIDTH, HEIGHT = 96, 64


def paint(folder, names, first=1):
    """Pictures that brighten by 7 grey levels from one name to the next."""
    folder.mkdir(exist_ok=True)
    for number, name in enumerate(names, start=first):
        picture = np.full((HEIGHT, WIDTH, 3), 20 + 7 * (number % 33), np.uint8)
        cv2.imwrite(str(folder / name), picture)
    return folder


def levels(frames):
    """Numbers of the pictures that are shown."""
    return [round((float(picture[20:40, 40:80].mean()) - 20) / 7) for picture in frames.grey()]


def silently(folder, fps=30, **settings):
    with warnings.catch_warnings(action="error"):
        return open_frames(folder, fps, **settings)


@pytest.fixture
def pictures(tmp_path):
    folder = paint(tmp_path / "frames", [f"img{number}.jpg" for number in range(7, 12)])
    (folder / "notes.txt").write_text("not a picture")
    for hidden in ("._img7.jpg", ".img8.jpg"):
        (folder / hidden).write_bytes(b"of another system")
    return folder


def test_pictures_come_in_the_order_of_their_numbers(pictures):
    frames = silently(pictures)
    assert levels(frames) == [1, 2, 3, 4, 5]
    assert [number for number, _ in frames.colour(3)] == [0, 3]


def test_pictures_left_out_are_never_decoded(pictures):
    (pictures / "img8.jpg").write_bytes(b"damaged")
    frames = silently(pictures, fps=200, every=2)
    assert frames.fps == 100
    assert levels(frames) == [1, 3, 5]


def test_folders_that_cannot_be_read(pictures, tmp_path):
    with pytest.raises(CausalexError, match="--fps"):
        open_frames(pictures)
    with pytest.raises(CausalexError, match="0 frames per second; expected 1 to 1000"):
        open_frames(pictures, fps=0)
    cv2.imwrite(str(pictures / "img9.jpg"), np.zeros((10, 20), np.uint8))
    with pytest.raises(CausalexError, match=r"img9\.jpg has 20 x 10 px, .* before it 96 x 64"):
        list(open_frames(pictures, fps=30).grey())
    (pictures / "img7.jpg").write_bytes(b"")
    with pytest.raises(CausalexError, match=r"img7\.jpg cannot be read as a picture"):
        list(open_frames(pictures, fps=30).grey())
    (tmp_path / "nothing").mkdir()
    with pytest.raises(CausalexError, match="holds no pictures"):
        open_frames(tmp_path / "nothing", fps=30)


@pytest.mark.parametrize(
    "names",
    [
        ["8.png", "9.png", "10.png"],
        ["img-001.png", "img-002.png", "img-003.png"],
        ["-3.png", "-2.png", "-1.png"],
        ["t-1.png", "t0.png", "t1.png"],
        ["006_1_05562.png", "006_1_05563.png", "006_1_05564.png"],
        ["s20_f8_t0.1.png", "s20_f9_t0.4.png", "s20_f10_t0.2.png"],
        ["v1.8.png", "v1.9.png", "v1.10.png"],
        ["Frame 8.PNG", "frame 9.png", "FRAME 10.png"],
    ],
)
def test_numbers_are_found_in_names(tmp_path, names):
    assert levels(silently(paint(tmp_path / "frames", names))) == [1, 2, 3]


def test_missing_numbers_are_rows_without_a_frame(tmp_path):
    names = [f"img{number:03d}.png" for number in (5, 6, 7, 9, 10)]
    folder = paint(tmp_path / "frames", names)
    with pytest.warns(CausalexWarning, match=r"1 of 6 numbers are missing, .* 'img007"):
        frames = open_frames(folder, 25)
    assert levels(frames) == [1, 2, 3, 3, 4, 5]
    assert frames.rows.missing.tolist() == [False, False, False, True, False, False]
    assert frames.rows.times[-1] == 5 / 25


def test_steps_that_all_numbers_have_are_told(tmp_path):
    folder = paint(tmp_path / "frames", [f"{number}.png" for number in range(0, 50, 5)])
    with pytest.warns(CausalexWarning, match="come in steps of 5"):
        frames = open_frames(folder, 30)
    assert (len(frames.rows.frames), frames.fps, frames.rows.missing.any()) == (10, 30, False)


@pytest.mark.parametrize("digits", [1, 3])
def test_names_that_are_times(tmp_path, digits):
    times = [round(number / 30, 3) for number in range(40)]
    names = [f"{time:.{digits}f}.png" if digits == 3 else f"{time}.png" for time in times]
    folder = paint(tmp_path / "frames", names, first=0)
    for fps in (30, None):
        frames = silently(folder, fps)
        assert levels(frames)[:30] == list(range(30))
        assert frames.fps == pytest.approx(30, abs=0.03)
        np.testing.assert_allclose(frames.rows.times, times)
    with pytest.raises(CausalexError, match="pictures per second by the seconds in their names"):
        open_frames(folder, 25)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["img9 (1).png"], r"'img9 \(1\)\.png' is not numbered like 'img10\.png'"),
        (["img9 - Copy.png", "Copy of img8.png"], r"is not numbered like 'img10\.png'"),
        (["preview.png"], "'preview.png' is not numbered like 'img10.png'"),
        (["img07.png"], "'img07.png' and 'img7.png' are two files for one frame"),
        (["img7.bmp"], "'img7.bmp' and 'img7.png' are two files for one frame"),
        (["img4000000000000.png"], "expected those of successive frames"),
    ],
)
def test_pictures_that_do_not_belong_there(tmp_path, more, said):
    names = [f"img{number}.png" for number in range(7, 12)]
    folder = paint(tmp_path / "frames", [*names, *more])
    with pytest.raises(CausalexError, match=said):
        open_frames(folder, 30)


@pytest.mark.parametrize("ending", [".png", ".jpg", ".bmp", ".tif", ".ppm"])
def test_a_picture_that_is_cut_off_is_named_by_us_alone(tmp_path, capfd, ending):
    picture = np.random.default_rng(1).integers(0, 255, (60, 80, 3), dtype=np.uint8)
    content = cv2.imencode(ending, picture)[1].tobytes()
    for number, length in enumerate([len(content), len(content), int(0.9 * len(content))]):
        (tmp_path / f"{number}{ending}").write_bytes(content[:length])
    frames = open_frames(tmp_path, fps=30)
    with pytest.raises(CausalexError, match=f"2{ending} cannot be read as a picture"):
        list(frames.grey())
    assert capfd.readouterr() == ("", "")  # libraries write there without asking


@pytest.mark.parametrize(
    "names",
    [
        ["a1_700.png", "a1_20.png", "a9_700.png", "a9_3.png"],
        ["10-00-59.8.png", "10-00-59.9.png", "10-01-00.0.png"],  # seconds alone would go back
    ],
)
def test_numbers_none_of_which_counts(tmp_path, names):
    folder = paint(tmp_path / "frames", names)
    with pytest.raises(CausalexError, match="none counts the frames"):
        open_frames(folder, 30)


def test_grey_pictures_of_more_than_8_bits_are_scaled_by_one_factor(tmp_path):
    ramp = np.tile(np.arange(1024, dtype=np.uint16), (64, 1))
    for number in range(3):
        cv2.imwrite(str(tmp_path / f"{number}.png"), ramp)
    with pytest.warns(CausalexWarning, match="up to 1023: taken as 10 bits"):
        frames = open_frames(tmp_path, 30)
    for picture in frames.grey():
        np.testing.assert_array_equal(picture, ramp >> 2)
    cv2.imwrite(str(tmp_path / "2.png"), 2 * ramp)
    with pytest.raises(CausalexError, match=r"2\.png has values up to 2046 .* has 10 bits"):
        list(frames.grey())


def test_grey_and_coloured_files_of_a_picture_are_the_same(tmp_path):
    generator = np.random.default_rng(1)
    colours = generator.integers(0, 256, (48, 64, 3), dtype=np.uint8)
    grey = cv2.cvtColor(colours, cv2.COLOR_BGR2GRAY)
    for name, picture in (("1.png", colours), ("2.png", grey), ("3.bmp", colours), ("4.tif", grey)):
        cv2.imwrite(str(tmp_path / name), picture)
    for shown in silently(tmp_path).grey():
        np.testing.assert_array_equal(shown, grey)


def test_the_digest_follows_names_and_contents(pictures):
    def digest():
        return open_frames(pictures, 30).digest()

    first = digest()
    (pictures / "notes.txt").write_text("changed")
    assert digest() == first
    content = (pictures / "img8.jpg").read_bytes()
    (pictures / "img8.jpg").write_bytes((pictures / "img9.jpg").read_bytes())
    (pictures / "img9.jpg").write_bytes(content)
    assert digest() != first


CASES = {
    "frames_copies": r"'img015 \(1\)\.jpg' is not numbered like",
    "frames_twice": r"'img001\.jpg' and 'img1\.jpg' are two files for one frame",
    "frames_gap": "20 of 60 numbers are missing, the first after 'img020.jpg'",
}


@pytest.mark.parametrize("name", CASES)
def test_folders_whose_numbers_are_wrong(cases, name):
    folder = cases / name / "frames"
    if name != "frames_gap":
        with pytest.raises(CausalexError, match=CASES[name]):
            open_frames(folder, 30)
        return
    with pytest.warns(CausalexWarning, match=CASES[name]):
        frames = open_frames(folder, 30)
    assert np.flatnonzero(frames.rows.missing).tolist() == list(range(20, 40))


@pytest.mark.parametrize(
    ("name", "count"), [("stray_appledouble_frames", 30), ("frames_seconds_in_name", 60)]
)
def test_folders_that_are_read_right(cases, name, count):
    frames = silently(cases / name / "frames")
    assert frames.rows.frames.tolist() == list(range(count))
    order = [float(file.stem.removeprefix("img")) for file in frames.files]
    assert order == sorted(order)
