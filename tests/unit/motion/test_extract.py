import io
import math
import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from causalex_core import paths, regions
from causalex_core.data import manifest
from causalex_core.errors import CausalexError, CausalexWarning
from causalex_core.motion import video
from causalex_core.motion.extract import PAPER, Config, extract
from causalex_core.motion.landmarks import FaceMesh, Given
from causalex_core.motion.record import Quality

CORNERS = [regions.NAMES.index(f"{side} mouth corner") for side in ("left", "right")]

BROWS = slice(6)


def crop_scale(layout, crop_px=256):
    """Pixels of the crop per pixel of the frame, by the distance between the eyes."""
    apart = layout[42:48].mean(axis=0)[0] - layout[36:42].mean(axis=0)[0]
    return 0.28 * crop_px / apart


@pytest.mark.parametrize("head_motion", ["similarity", "nose"])
def test_the_motion_of_the_lip_corners_is_found(folder, clip, layout, head_motion):
    _, points, truth = clip
    config = Config(stride=2, head_motion=head_motion, smoothing=None, mdmo="mean")
    found = extract(video.open_frames(folder, fps=20), Given(points), config)
    assert found.motion.shape == (13, 12, 2)
    assert found.motion.dtype == np.float32
    assert found.stride == 2
    measured = found.motion[1:-1] / crop_scale(layout)
    expected = (truth[:-1] + truth[1:]) / 2  # row t from frames t - 1 and t + 1
    lips = np.s_[:, CORNERS]
    assert np.corrcoef(measured[lips].ravel(), expected[lips].ravel())[0, 1] > 0.97
    assert np.abs(measured[:, BROWS]).mean() < 0.05


def test_paper_reads_stride_one(folder, clip):
    _, points, truth = clip
    found = extract(video.open_frames(folder, fps=20), Given(points), replace(PAPER, crop_px=128))
    assert found.stride == 1
    assert found.quality.tolist() == [Quality.MEASURED] * 12 + [Quality.END_OF_VIDEO]
    lips = found.motion[:-1, CORNERS].ravel()
    assert np.corrcoef(lips, truth[:, CORNERS].ravel())[0, 1] > 0.8


def test_stride_is_the_even_number_nearest_to_100_ms():
    strides = {fps: Config().stride_at(fps) for fps in (10, 25, 30, 60, 200)}
    assert strides == {10: 2, 25: 2, 30: 4, 60: 6, 200: 20}


def test_frames_without_a_face_are_marked_and_zero(folder, clip):
    points = clip[1].copy()
    points[6] = np.nan
    found = extract(video.open_frames(folder, fps=20), Given(points), Config(stride=2))
    marked = found.quality == Quality.NO_FACE
    assert np.flatnonzero(marked).tolist() == [5, 6, 7]
    assert not found.motion[marked].any()
    assert found.motion[~marked][1:-1].any(axis=(1, 2)).all()


def test_landmarks_that_end_before_the_video(folder, clip):
    frames, points = video.open_frames(folder, fps=20), clip[1][:8]
    found = extract(frames, Given(points, numbered=True), Config(stride=2))
    assert len(found.motion) == 13
    assert (found.quality[7:12] == Quality.NO_FACE).all()
    with pytest.raises(CausalexError, match="landmarks of 8 frames, the video has 13"):
        extract(frames, Given(points), Config(stride=2))


def test_a_scene_cut_is_marked(clip):
    frames, points, _ = clip

    class Cut:
        name, fps = "cut", 20.0

        def grey(self):
            yield from frames[:6]
            yield from (255 - frame for frame in frames[6:])

    found = extract(Cut(), Given(points), Config(stride=2))
    assert np.flatnonzero(found.quality == Quality.SCENE_CUT).tolist() == [5, 6]


def test_other_faces_are_marked_but_the_first_one_is_measured(folder, clip):
    points = clip[1]

    class Two:
        name = "two"

        def find(self, frame):
            return np.stack((points[0] * 0.3, points[0]))

    found = extract(video.open_frames(folder, fps=20), Two(), Config(stride=2))
    assert (found.quality[1:-1] == Quality.SEVERAL_FACES).all()
    alone = extract(
        video.open_frames(folder, fps=20), Given(np.tile(points[0], (13, 1, 1))), Config(stride=2)
    )
    np.testing.assert_array_equal(found.motion, alone.motion)


def test_no_face_at_all_is_refused(folder):
    with pytest.raises(CausalexError, match="no face in any of 13 frames"):
        extract(video.open_frames(folder, fps=20), Given(np.full((13, 68, 2), np.nan)))


def test_too_short_a_video_is_refused(folder, clip):
    frames = video.open_frames(folder, fps=20, every=5)
    with pytest.raises(CausalexError, match=r"3 frames; at stride 4 at least 5"):
        extract(frames, Given(clip[1][::5]), Config(stride=4))


class Still:
    """A face that does not move, found in each picture."""

    name = "still"

    def __init__(self, points):
        self.points = points

    def find(self, _):
        return self.points[None]


def test_rows_of_missing_frames_are_not_measured(folder, clip, tmp_path):
    face = Still(clip[1][0])
    whole = extract(video.open_frames(folder, fps=20), face, Config(stride=2))
    for number in range(1, 14):
        if number != 7:
            shutil.copy(folder / f"img{number}.png", tmp_path)
    with pytest.warns(CausalexWarning, match=r"after 'img6\.png'"):
        frames = video.open_frames(tmp_path, fps=20)
    found = extract(frames, face, Config(stride=2))
    assert np.flatnonzero(found.quality == Quality.NO_FRAME).tolist() == [5, 7]
    others = np.delete(np.arange(13), [5, 7])
    np.testing.assert_allclose(found.motion[others], whole.motion[others], atol=1e-6)
    assert not found.motion[[5, 7]].any()
    assert found.frames.tolist() == [0, 1, 2, 3, 4, 5, 5, 6, 7, 8, 9, 10, 11]
    assert found.times[[5, 6, 7]].tolist() == [0.25, 0.25, 0.35]


def test_motion_is_per_row_whatever_the_times_of_its_two_frames(folder, clip):
    frames, face = video.open_frames(folder, fps=20), Still(clip[1][0])
    rows = frames.rows
    numbers = np.array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 11], np.int32)
    late = rows.times + np.where(np.arange(13) > 4, 0.025, 0)
    uneven = replace(frames, rows=replace(rows, frames=numbers, times=late))
    plain, found = (extract(f, face, Config(stride=2)) for f in (frames, uneven))
    ratio = np.ones(13)
    ratio[[4, 5]] = 0.1 / 0.125
    inside = slice(1, 11)
    expected = plain.motion[inside] * ratio[inside, None, None]
    np.testing.assert_allclose(found.motion[inside], expected, atol=1e-6)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"crop_px": 20}, "at least 64"),
        ({"crop_px": 4097}, "at most 4096"),
        ({"stride": 0}, "1 frame or more"),
        ({"smoothing": 1e5}, "expected 0 to 10, or inf"),
        ({"flow": "tvl1"}, "lucas_kanade, dis, farneback, tv_l1"),
        ({"smoothing": -1.0}, "smoothing -1"),
        ({"smoothing": math.nan}, "smoothing nan"),
        ({"sampling": 0.0}, "sampling 0"),
    ],
)
def test_settings_that_cannot_be_meant(settings, said):
    with pytest.raises(CausalexError, match=said):
        Config(**settings)


def test_the_file_is_plain_and_says_how_it_was_made(folder, clip):
    found = extract(video.open_frames(folder, fps=20), Given(clip[1]), Config(crop_px=128))
    stored = np.load(io.BytesIO(found.to_bytes()), allow_pickle=False)
    np.testing.assert_array_equal(stored["motion"], found.motion)
    assert (stored["fps"], stored["stride"], stored["crop_px"]) == (20, 2, 128)
    assert stored["quality"].shape == (13,)
    assert stored["quality_names"][found.quality].tolist() == (
        ["end_of_video"] + ["measured"] * 11 + ["end_of_video"]
    )
    assert stored["regions"].tolist() == list(regions.NAMES)
    assert '"crop_px": 128' in str(stored["config"])


BYTES = """
import hashlib, sys, cv2, numpy as np
from pathlib import Path
from causalex_core.motion import video
from causalex_core.motion.extract import Config, extract
from causalex_core.motion.landmarks import Given
cv2.setNumThreads(int(sys.argv[1]))
found = extract(video.open_frames(Path(sys.argv[2]), fps=20), Given(np.load(sys.argv[3])))
print(hashlib.sha256(found.to_bytes()).hexdigest())
"""


def test_the_same_bytes_whatever_threads_and_hash_seed(folder, clip, tmp_path):
    np.save(tmp_path / "points.npy", clip[1])
    seen = set()
    for threads, seed in (("1", "0"), ("4", "17")):
        run = subprocess.run(
            [sys.executable, "-c", BYTES, threads, str(folder), str(tmp_path / "points.npy")],
            env={"PYTHONHASHSEED": seed, "OMP_NUM_THREADS": threads, "PATH": ""},
            cwd=paths.ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        seen.add(run.stdout)
    assert len(seen) == 1


CLIPS = {
    "WolfgangLanger_Pexels.mp4": (472, 1.0),
    "face_noface.mov": (192, 0.33),
    "single_face.mp4": (72, 1.0),
}


@pytest.mark.parametrize("name", CLIPS)
def test_real_clips(mirror, name):
    pytest.importorskip("mediapipe", reason="mediapipe is not installed")
    source = manifest.require("pyfeat_clips")
    path = next(file for file in source.files if file.endswith(name))
    frames = video.open_frames(source.path(path))
    found = extract(frames, FaceMesh(), Config(crop_px=128))
    count, least = CLIPS[name]
    assert len(found.motion) == count
    inside = np.delete(found.quality, [0, -1])
    assert np.mean(inside == Quality.MEASURED) > least - 0.05
    assert np.isfinite(found.motion).all()
    assert 0.01 < np.abs(found.motion[found.quality == Quality.MEASURED]).mean() < 1
