import shutil
import struct
import warnings
from fractions import Fraction
from pathlib import Path

import av
import cv2
import films
import numpy as np
import pytest

from causalex_core.commands.videos import videos_in
from causalex_core.errors import CausalexError, CausalexWarning
from causalex_core.motion.video import open_frames

COUNT = 40
EVEN = np.arange(COUNT) / 30


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return films.write(tmp_path_factory.mktemp("film") / "clip.mp4", EVEN)


def silently(path, *arguments, **settings):
    with warnings.catch_warnings(action="error"):
        return open_frames(path, *arguments, **settings)


def numbers(frames):
    return [films.number(picture) for picture in frames.grey()]


def test_a_video_hands_out_all_frames(clip):
    frames = silently(clip)
    assert frames.fps == 30
    assert numbers(frames) == list(range(COUNT))
    np.testing.assert_allclose(frames.rows.times, EVEN)
    assert next(frames.grey()).shape == (films.HEIGHT, films.WIDTH)


def test_samples_carry_the_number_of_their_frame(clip):
    seen = {number: films.number(picture) for number, picture in silently(clip).colour(7)}
    assert seen == {number: number for number in range(0, COUNT, 7)}


def test_subsampling_keeps_every_nth_frame(clip):
    frames = silently(clip, every=8)
    assert frames.fps == 30 / 8
    assert numbers(frames) == [0, 8, 16, 24, 32]
    assert [films.number(picture) for _, picture in frames.colour(2)] == [0, 16, 32]


@pytest.mark.parametrize(
    ("name", "codec", "pixels", "options"),
    [
        ("b_frames.mkv", "libx264", "yuv420p", {"bf": "3"}),
        ("packed.avi", "mpeg4", "yuv420p", {"bf": "2"}),
        ("camera.mts", "libx264", "yuv420p", {}),
        ("disc.mpg", "mpeg2video", "yuv420p", {}),
        ("lossless.mkv", "ffv1", "bgr0", {}),
        ("phone.3gp", "libx264", "yuv420p", {}),
        ("browser.webm", "libvpx", "yuv420p", {"deadline": "realtime", "cpu-used": "8"}),
        ("ten_bits.mp4", "libx264", "yuv420p10le", {}),
        ("old.avi", "mjpeg", "yuvj420p", {}),
    ],
)
def test_containers_and_codecs(tmp_path, name, codec, pixels, options):
    unit = Fraction(1, 30) if name.endswith(".avi") or "mpeg" in codec else Fraction(1, 90000)
    path = films.write(tmp_path / name, EVEN[:20], codec, pixels, unit, options=options)
    frames = silently(path)
    assert numbers(frames) == list(range(20))
    assert frames.fps == pytest.approx(30)


def test_a_rotation_noted_in_the_file_is_applied(clip, tmp_path):
    content = bytearray(clip.read_bytes())
    matrix = content.index(b"tkhd") + 4 + 40  # after version, times, track, duration, layers
    upright = struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    assert content[matrix : matrix + 36] == upright
    plain = next(silently(clip).grey())
    for (a, b, c, d), expected in (
        ((0, 1, -1, 0), np.rot90(plain, -1)),
        ((0, -1, 1, 0), np.rot90(plain)),
        ((-1, 0, 0, -1), np.rot90(plain, 2)),
        ((-1, 0, 0, 1), plain[:, ::-1]),  # as cameras that face their user write
        ((0, 1, 1, 0), plain.T),
        ((1, 0, 0, 0), plain),  # no turn at all
    ):
        turned = struct.pack(">9i", a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30)
        content[matrix : matrix + 36] = turned
        (tmp_path / "turned.mp4").write_bytes(content)
        np.testing.assert_array_equal(next(silently(tmp_path / "turned.mp4").grey()), expected)


@pytest.mark.parametrize("share", [0.4, 0.9])
@pytest.mark.parametrize(
    ("name", "codec", "container"),
    [
        ("at_end.mp4", "libx264", {}),
        ("in_front.mp4", "libx264", {"movflags": "faststart"}),
        ("in_parts.mp4", "libx264", {"movflags": "frag_keyframe+empty_moov"}),
        ("clip.mkv", "libx264", {}),
        ("clip.mts", "libx264", {}),
        ("clip.avi", "mjpeg", {}),
    ],
)
@pytest.mark.filterwarnings("ignore::causalex_core.errors.CausalexWarning")
def test_a_video_that_breaks_off_is_refused(tmp_path, name, codec, container, share):
    pixels = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    unit = Fraction(1, 30) if codec == "mjpeg" else Fraction(1, 90000)
    path = films.write(tmp_path / name, EVEN, codec, pixels, unit, container=container)
    with av.open(str(path)) as file:
        packets = [packet for packet in file.demux(video=0) if packet.size]
        broken = packets[int(share * len(packets))]
        end = broken.pos + broken.size // 2
    path.write_bytes(path.read_bytes()[:end])
    with pytest.raises(CausalexError, match=r"breaks off|cannot be read as a video"):
        list(open_frames(path).grey())


def test_a_video_that_is_damaged_is_refused(clip, tmp_path):
    content = bytearray(clip.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 3000] = bytes(range(250)) * 12
    (tmp_path / "damaged.mp4").write_bytes(content)
    with pytest.raises(CausalexError, match=r"frame \d+ of 40, is damaged"):
        list(open_frames(tmp_path / "damaged.mp4").grey())


def test_an_end_that_comes_a_bit_early_is_told(tmp_path):
    path = films.write(tmp_path / "clip.mkv", np.arange(120) / 30)
    duration = path.read_bytes().index(b"\x44\x89\x88") + 3  # of the segment, in ms
    content = bytearray(path.read_bytes())
    assert struct.unpack(">d", content[duration : duration + 8]) == (4000,)
    content[duration : duration + 8] = struct.pack(">d", 4100)
    path.write_bytes(content)
    with pytest.warns(CausalexWarning, match=r"announced are 4\.10 s, and its frames end at 4\.00"):
        assert numbers(open_frames(path)) == list(range(120))


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.mp4", b"", "is empty"),
        ("text.mp4", b"no video at all" * 50, "cannot be read as a video"),
        ("list.mp4", b"#EXTM3U\n#EXTINF:9,\nhttp://localhost:9/a.ts\n", "cannot be read"),
        (None, b"", "does not exist"),
    ],
)
def test_what_is_no_video(tmp_path, capfd, name, content, said):
    if name:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(CausalexError, match=said):
        open_frames(tmp_path / (name or "absent.mp4"))
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("name", ["take:2.mp4", "a%03d?#.mp4", "http:clip.mp4"])
def test_any_name_can_be_read(clip, tmp_path, monkeypatch, name):
    shutil.copy(clip, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    assert len(silently(type(clip)(name)).rows.frames) == COUNT


def test_a_pause_keeps_the_times_of_what_comes_after(tmp_path):
    path = films.write(tmp_path / "pause.mp4", np.where(np.arange(COUNT) < 20, 0, 1) + EVEN)
    with pytest.warns(CausalexWarning, match="after frame 19, 0.633 s, comes 1.03 s later"):
        frames = open_frames(path)
    shown = numbers(frames)
    assert frames.fps == 30
    assert (len(shown), shown[19], shown[30], shown[50], shown[-1]) == (COUNT + 30, 19, 19, 20, 39)
    assert np.flatnonzero(frames.rows.missing).tolist() == list(range(20, 50))


def test_a_last_frame_that_stays_is_no_missing_end(tmp_path):
    """As screen recorders write it, when nothing changes any more."""
    path = tmp_path / "clip.mp4"
    with av.open(str(path), "w") as file:
        stream = file.add_stream("mjpeg", rate=30)
        stream.width, stream.height, stream.pix_fmt = films.WIDTH, films.HEIGHT, "yuvj420p"
        frames = [
            av.VideoFrame.from_ndarray(films.numbered(number), format="rgb24")
            for number in range(COUNT)
        ]
        packets = [packet for frame in frames for packet in stream.encode(frame)]
        packets[-1].duration = 60 * packets[0].duration
        file.mux(packets)
    assert numbers(silently(path)) == list(range(COUNT))


@pytest.mark.parametrize(
    ("name", "codec", "pixels", "rate"),
    [("clip.mjpeg", "mjpeg", "yuvj420p", None), ("clip.h264", "libx264", "yuv420p", 30)],
)
def test_a_bare_stream_has_the_rate_of_its_codec_or_needs_one(tmp_path, name, codec, pixels, rate):
    path = films.write(tmp_path / name, EVEN, codec, pixels, Fraction(1, 30))
    if rate is None:
        with pytest.raises(CausalexError, match="does not say its frame rate"):
            open_frames(path)
    else:
        assert silently(path).fps == rate
    frames = silently(path, 30)
    assert (frames.fps, numbers(frames)) == (30, list(range(COUNT)))


def test_a_given_rate_overrules_times_and_says_so(clip):
    with pytest.warns(CausalexWarning, match="taken as 200 frames per second .* say 30"):
        frames = open_frames(clip, fps=200)
    assert frames.fps == 200
    assert silently(clip, fps=30).fps == 30


def test_frames_before_the_first_that_can_be_shown_are_told(tmp_path):
    options = {"g": "12", "x264-params": "open-gop=1:scenecut=0"}
    path = films.write(tmp_path / "clip.ts", EVEN, options=options)
    packets = path.read_bytes()
    path.write_bytes(packets[188 * (len(packets) // 188 * 2 // 5) :])
    with pytest.warns(CausalexWarning, match="lean on what was cut off"):
        shown = numbers(open_frames(path))
    assert shown == list(range(shown[0], COUNT))


def test_frames_that_only_others_are_predicted_from_do_not_count(tmp_path):
    options = {"deadline": "realtime", "cpu-used": "8", "auto-alt-ref": "0", "lag-in-frames": "0"}
    path = films.write(tmp_path / "clip.webm", EVEN[:10], "libvpx", options=options)
    with av.open(str(path)) as source, av.open(str(tmp_path / "hidden.webm"), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                content = bytearray(bytes(packet))
                content[0] &= 0xFF if packet.pts != 133 else 0xEF
                copy = av.Packet(bytes(content))
                copy.pts = copy.dts = packet.pts
                copy.time_base, copy.stream = packet.time_base, stream
                copy.is_keyframe = packet.is_keyframe
                target.mux(copy)
    with pytest.warns(CausalexWarning, match="1 of 10 were not recorded"):
        frames = open_frames(tmp_path / "hidden.webm")
    assert numbers(frames) == [0, 1, 2, 3, 3, 5, 6, 7, 8, 9]


def test_interlaced_films_are_deinterlaced(tmp_path):
    def fields(number):
        """A bar that moves by 12 px a frame, seen by each second line half a frame later."""
        picture = np.full((96, 192, 3), 40, np.uint8)
        picture[1::2, 12 * number : 12 * number + 40] = 220
        picture[::2, 12 * number + 6 : 12 * number + 46] = 220
        return picture

    options = {"x264-params": "bff=1", "qp": "10"}
    path = films.write(tmp_path / "fields.mp4", EVEN[:10], picture=fields, options=options)
    with pytest.warns(CausalexWarning, match="is interlaced"):
        pictures = list(open_frames(path).grey())
    assert len(pictures) == 10
    lines = pictures[5].astype(float)[20:-20]
    assert np.abs(np.diff(lines, axis=0)).mean() < 2  # woven: 11
    bright = np.flatnonzero(lines.mean(axis=0) > 130)
    assert bright[[0, -1]].tolist() == pytest.approx([60, 99], abs=2)  # of the first field


def test_pixels_are_made_square(tmp_path):
    path = tmp_path / "wide.mp4"
    films.write(path, EVEN[:3], sample_aspect_ratio=Fraction(16, 11))
    with pytest.warns(CausalexWarning, match="16/11 .* 465 x 240 for 320 x 240"):
        picture = next(open_frames(path).grey())
    assert picture.shape == (240, 465)
    columns = np.flatnonzero(picture[50] > 128)
    assert columns[0] == pytest.approx(162 * 16 / 11, abs=3)  # of the ramp
    films.write(path, EVEN[:3], sample_aspect_ratio=Fraction(8, 9))
    with pytest.warns(CausalexWarning, match="320 x 270 for 320 x 240"):
        assert next(open_frames(path).grey()).shape == (270, 320)
    films.write(path, EVEN[:3], sample_aspect_ratio=Fraction(1, 100))
    with pytest.raises(CausalexError, match="expected at most 8 times"):
        open_frames(path)


def test_pictures_of_a_film_give_its_grey_to_the_bit(tmp_path):
    path = films.write(tmp_path / "odd.mkv", EVEN[:5], pixels="yuv444p", options={"qp": "20"})
    for number, picture in open_frames(path).colour(1):
        cv2.imwrite(str(tmp_path / f"{number}.png"), picture)
    film, pictures = (list(open_frames(p, 30).grey()) for p in (path, tmp_path))
    np.testing.assert_array_equal(film, pictures)


@pytest.mark.parametrize(
    ("name", "codec", "pixels"),
    [
        ("grey.mp4", "libx264", "gray"),
        ("grey_10.mp4", "libx264", "gray10le"),
        ("grey.mkv", "ffv1", "gray"),
        ("grey_10.mkv", "ffv1", "gray10le"),
        ("full.mp4", "libx264", "yuvj420p"),
    ],
)
def test_grey_of_full_range_stays_as_it_is(tmp_path, name, codec, pixels):
    ramp = np.tile(np.arange(256, dtype=np.uint8), (64, 1))
    options = {"qp": "0"} if codec == "libx264" else {}
    path = films.write(
        tmp_path / name, EVEN[:2], codec, pixels, options=options, form="gray",
        picture=lambda _: ramp,
    )  # fmt: skip
    apart = next(silently(path).grey()).astype(int) - ramp
    assert np.abs(apart).max() <= 1


def test_the_video_is_read_whatever_else_the_file_holds(tmp_path):
    path = tmp_path / "more.mp4"
    with av.open(str(path), "w") as file:
        cover = file.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 64, 48, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        streams = [file.add_stream("libx264", rate=30) for _ in range(2)]
        for stream in streams:
            stream.width, stream.height, stream.pix_fmt = films.WIDTH, films.HEIGHT, "yuv420p"
        still = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24")
        file.mux([*cover.encode(still), *cover.encode()])
        for k in range(10):
            for offset, stream in enumerate(streams):
                picture = films.numbered(k + 100 * offset)
                file.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        for stream in streams:
            file.mux(stream.encode())
    with pytest.warns(CausalexWarning, match="holds 2 videos: the first is taken"):
        assert numbers(open_frames(path)) == list(range(10))


def test_pictures_of_another_size_are_refused(tmp_path):
    path = tmp_path / "clip.avi"
    with av.open(str(path), "w") as file:
        stream = file.add_stream("mjpeg", rate=30)
        stream.width, stream.height, stream.pix_fmt = films.WIDTH, films.HEIGHT, "yuvj420p"
        other = av.CodecContext.create("mjpeg", "w")
        other.width, other.height, other.pix_fmt = 160, 120, "yuvj420p"
        other.time_base = Fraction(1, 30)
        for number in range(10):
            picture = films.numbered(number)[:: 1 + number // 7, :: 1 + number // 7]
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 30)
            for packet in (other if number >= 7 else stream).encode(frame):
                packet.stream = stream
                file.mux(packet)
    with pytest.raises(CausalexError, match="frame 7 has 160 x 120 px, those before it 320 x 240"):
        list(open_frames(path).grey())


CASES = {
    "cut_without_reencoding.mp4": (range(105, 300), 30),
    "streamed.webm": (range(300), 30),
    "browser_recording.webm": (None, 29.3),
}


@pytest.mark.parametrize("name", CASES)
def test_films_whose_headers_announce_something_else(cases, name):
    expected, rate = CASES[name]
    frames = silently(cases / "video" / name)
    assert frames.fps == pytest.approx(rate, abs=0.01)
    assert not frames.rows.missing.any()
    shown = numbers(frames)
    if expected:
        assert shown == list(expected)
    else:
        assert len(shown) == 176
        assert shown == sorted(set(shown))


def test_a_phone_whose_rate_changes(cases):
    with pytest.warns(CausalexWarning, match=r"after frame 149, 4\.967 s, comes 0\.0667 s later"):
        frames = open_frames(cases / "video" / "phone_changing_rate_rotated.mp4")
    assert (frames.fps, len(frames.rows.frames), frames.rows.frames[-1]) == (30, 300, 224)
    assert next(frames.grey()).shape == (320, 240)
    row = frames.rows.frames.tolist().index(200)
    assert frames.rows.times[row] == pytest.approx(8.367, abs=1e-3)
    assert row == 251
    turned = [np.rot90(picture, -1) for _, picture in frames.colour(50)]
    assert [films.number(picture) for picture in turned] == [0, 50, 100, 149, 174, 199]


@pytest.mark.parametrize(
    ("name", "count"), [("count_cut_mp4/cut.mp4", 60), ("count_vfr_mkv/vfr.mkv", 120)]
)
@pytest.mark.filterwarnings("ignore::causalex_core.errors.CausalexWarning")
def test_whole_films_are_not_called_broken(cases, name, count):
    frames = open_frames(cases / name)
    assert (frames.rows.frames[-1] + 1, (~frames.rows.missing).sum()) == (count, count)
    assert sum(1 for _ in frames.grey()) == len(frames.rows.frames)


@pytest.mark.parametrize(
    ("name", "rows", "after"),
    [("timestamps_vfr/vfr.mp4", 297, 2.133), ("timestamps_pause/pause.mp4", 270, 7)],
)
def test_frames_before_a_change_of_rate_keep_their_times(cases, name, rows, after):
    with pytest.warns(CausalexWarning, match="not evenly spaced"):
        frames = open_frames(cases / name)
    shown = frames.rows.frames.tolist()
    assert (frames.fps, len(shown), shown[28], shown[57]) == (30, rows, 28, 57)
    assert frames.rows.times[57] == pytest.approx(1.9, abs=1e-3)
    assert frames.rows.times[shown.index(61)] == pytest.approx(after, abs=0.04)


@pytest.mark.parametrize(
    ("name", "fps"), [("rate_zero/frames", 0), ("rate_absurd/base.mp4", 180000)]
)
def test_given_rates_of_no_camera(cases, name, fps):
    with pytest.raises(CausalexError, match=f"{fps} frames per second; expected 1 to 1000"):
        open_frames(cases / name, fps)


def test_videos_of_cameras_and_beside_previews_are_taken(cases, monkeypatch):
    monkeypatch.chdir(cases / "name_with_colon")
    assert len(silently(Path("take:2.mp4")).rows.frames) == 120
    with warnings.catch_warnings(action="error"):
        videos = videos_in(cases / "stray_other_endings" / "cam")
        assert sorted(path.name for path, _ in videos) == ["00001.MTS", "clip.3gp", "clip2.mp4"]
    with pytest.warns(CausalexWarning, match=r"left out are preview\.jpg"):
        videos = videos_in(cases / "stray_preview" / "s01")
        assert [path.name for path, _ in videos] == ["clip1.mp4", "clip2.mp4"]
