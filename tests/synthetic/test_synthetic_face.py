import hashlib
import os
import subprocess
import sys

import cv2
import numpy as np
import pytest

from causalex_core import regions
from causalex_core.errors import CausalexError
from causalex_core.motion.alignment import crop
from causalex_synthetic import controls
from causalex_synthetic.face import CONTROLS, FIXED, Appearance, Face, State

SIZE = 192
PIXELS = np.stack(np.meshgrid(*[np.arange(SIZE, dtype=np.float32)] * 2), axis=-1)


@pytest.fixture(scope="module")
def face():
    return Face(Appearance(tone=0.3, shape=0.6, seed=3), SIZE)


@pytest.fixture(scope="module")
def smile():
    """A smile with raised brows on a head that has turned and come nearer."""
    moved = np.zeros((12, 2))
    for name, vector in {
        "left mouth corner": (-0.08, -0.09),
        "right mouth corner": (0.08, -0.09),
        "left brow, inner": (0.0, -0.1),
        "right brow, inner": (0.0, -0.1),
    }.items():
        moved[regions.NAMES.index(name)] = vector
    return State(controls.spread(moved), pose=(0.03, -0.02, 0.04, 1.02))


def grey(picture):
    return cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)


def skin(face, state, margin=4):
    """Pixels on the face's skin, away from eyes, mouth and outline."""
    points = face.landmarks(state)
    mask = np.zeros((SIZE, SIZE), np.uint8)
    cv2.fillConvexPoly(mask, points[:27].round().astype(np.int32)[[*range(17), 26, 24, 19, 17]], 1)
    for part in (range(36, 42), range(42, 48), range(48, 60)):
        hull = cv2.convexHull(points[list(part)].round().astype(np.int32))
        cv2.fillConvexPoly(mask, hull, 0)
        cv2.polylines(mask, [hull], True, 0, thickness=6)
    return cv2.erode(mask, np.ones((2 * margin + 1,) * 2)) > 0


def test_a_picture_is_a_picture(face):
    picture = face.render(State())
    assert picture.shape == (SIZE, SIZE, 3) and picture.dtype == np.float32
    assert picture.min() >= 0 and picture.max() <= 255 and picture.std() > 20


def test_landmarks_lie_where_the_face_is_drawn(face):
    assert face.neutral.shape == (68, 2)
    assert np.allclose(np.ptp(face.neutral[:17, 0]), 2, atol=0.01)
    points = face.landmarks(State())
    picture = grey(face.render(State()))
    iris = points[36:42].mean(axis=0).round().astype(int)
    lip, cheek = points[[66, 30]].mean(axis=0), points[[2, 31]].mean(axis=0)
    brow = points[19].round().astype(int)
    skin_level = picture[tuple(cheek.round().astype(int)[::-1])]
    assert picture[tuple(iris[::-1])] < 0.6 * skin_level
    assert picture[tuple(brow[::-1])] < 0.8 * skin_level
    assert points[27:31, 0] == pytest.approx(lip[0], abs=1)


def test_left_and_right_landmarks_mirror_each_other(face):
    swapped = face.neutral[[*range(16, -1, -1), *range(26, 16, -1)]] * (-1, 1)
    assert np.allclose(swapped, face.neutral[:27])
    assert np.allclose(face.neutral[[45, 44, 43, 42, 47, 46]] * (-1, 1), face.neutral[36:42])


def test_tone_darkens_and_shape_broadens_steadily():
    levels, proportions = [], []
    for share in np.linspace(0, 1, 5):
        face = Face(Appearance(share, share, 8), 96)
        levels.append(face.render(State())[skin_window(face)].mean())
        proportions.append(np.ptp(face.neutral[:, 1]) / np.ptp(face.neutral[:, 0]))
    assert (np.diff(levels) < -10).all()
    assert (np.diff(proportions) < -0.03).all()


def skin_window(face):
    (x, y), half = face.landmarks(State())[[2, 31]].mean(axis=0).round().astype(int), 4
    return np.s_[y - half : y + half, x - half : x + half]


def test_a_seed_is_a_person():
    first, again, other = (Face(Appearance(0.5, 0.5, seed), 96) for seed in (1, 1, 2))
    assert np.array_equal(first.render(State()), again.render(State()))
    assert np.abs(first.render(State()) - other.render(State())).mean() > 5
    assert not np.allclose(first.neutral, other.neutral, atol=0.01)


def test_controls_move_their_places_as_told_and_fixed_points_stay(face):
    generator = np.random.default_rng(0)
    moved = generator.uniform(-0.05, 0.05, (CONTROLS, 2))
    flow = face.flow(State(), State(moved))
    centre = face.landmarks(State()) - face.neutral * face.half_width
    places = (controls.positions(face.neutral) * face.half_width + centre[0]).astype(np.float32)
    there = cv2.remap(flow, places[None], None, cv2.INTER_LINEAR)[0]
    assert np.abs(there - moved * face.half_width).max() < 0.1
    shift = face.landmarks(State(moved)) - face.landmarks(State())
    on_landmarks = [region.landmark for region in regions.REGIONS]
    assert np.allclose(shift[on_landmarks], moved[:12] * face.half_width, atol=1e-9)
    assert np.abs(shift[list(FIXED)]).max() < 1e-9


def test_the_flow_takes_one_picture_to_the_other(face, smile):
    still = State(pose=(-0.01, 0.01, -0.02, 1.0))
    for first, second in ((still, smile), (smile, still)):
        before, after = face.render(first), face.render(second)
        flow = face.flow(first, second)
        back = cv2.remap(after, flow + PIXELS, None, cv2.INTER_CUBIC)
        where = skin(face, first)
        unexplained = np.abs(back - before)[where]
        assert where.sum() > 4000
        assert unexplained.mean() < 0.1 * np.abs(after - before)[where].mean()
        assert np.linalg.norm(flow, axis=-1)[where].max() > 8


def test_the_flow_is_the_inverse_of_the_way_back(face, smile):
    there = face.flow(State(), smile)
    back = face.flow(smile, State())
    landed = cv2.remap(back, there + PIXELS, None, cv2.INTER_LINEAR)
    off = np.linalg.norm(there + landed, axis=-1)[skin(face, State())]
    assert off.max() < 0.1 and off.mean() < 0.01


def test_landmarks_follow_the_flow(face, smile):
    start = face.landmarks(State())
    flow = face.flow(State(), smile)
    inner = [*range(17, 36), 48, 51, 54, 57]
    there = cv2.remap(flow, start[inner].astype(np.float32)[None], None, cv2.INTER_LINEAR)[0]
    assert np.abs(start[inner] + there - face.landmarks(smile)[inner]).max() < 0.15


def test_the_backdrop_does_not_move(face, smile):
    assert not face.flow(State(), smile)[:20, :15].any()


def test_lids_close_and_take_their_landmarks_along(face):
    closed = face.landmarks(State(lids=1.0))
    assert np.allclose(closed[[37, 38]], closed[[41, 40]], atol=0.15 * face.half_width)
    assert (closed[[37, 38, 43, 44], 1] > face.landmarks(State())[[37, 38, 43, 44], 1]).all()
    window = eye_window(face)
    open_eye, half, shut = (
        face.render(State(lids=lids))[window].max(axis=2) for lids in (0, 0.5, 1)
    )
    assert shut.min() > open_eye.min()
    assert (half < 60).sum() < (open_eye < 60).sum()
    away = np.ones((SIZE, SIZE), bool)
    away[: int(face.landmarks(State())[28, 1])] = False
    assert np.array_equal(face.render(State(lids=1.0))[away], face.render(State())[away])


def eye_window(face):
    points = face.landmarks(State())[36:42]
    left, top = points.min(axis=0).astype(int)
    right, bottom = points.max(axis=0).astype(int) + 1
    return np.s_[top : bottom + 1, left:right]


def test_the_mouth_opens_where_the_lower_lip_goes(face):
    moved = np.zeros((12, 2))
    moved[regions.NAMES.index("lower lip")] = (0, 0.15)
    state = State(controls.spread(moved), mouth=0.15)
    points = face.landmarks(state)
    gap = (points[66, 1] - points[62, 1]) / face.half_width
    assert gap == pytest.approx(0.15, abs=0.02)
    start = face.landmarks(State())
    assert np.abs(points[51] - start[51]).max() < 0.5
    assert points[57, 1] - start[57, 1] == pytest.approx(0.15 * face.half_width, abs=0.1)
    x, y = points[[62, 66]].mean(axis=0).round().astype(int)
    assert grey(face.render(state))[y + 1, x] < 70


def test_a_mouth_that_hardly_opens_hardly_changes(face):
    still, parted = face.render(State()), face.render(State(mouth=1e-4))
    assert np.abs(still - parted).max() < 3


def test_a_pose_moves_everything_of_the_head_alike(face):
    pose = (0.1, -0.05, 0.1, 1.05)
    start, end = face.landmarks(State()), face.landmarks(State(pose=pose))
    centre = start[0] - face.neutral[0] * face.half_width
    factor = 1.05 * np.exp(0.1j)
    z = factor * ((start - centre) @ (1, 1j)) + complex(0.1, -0.05) * face.half_width
    assert np.allclose(end - centre, np.stack((z.real, z.imag), axis=1))
    whole = grey(face.render(State())).astype(np.uint8)
    turned = grey(face.render(State(pose=pose))).astype(np.uint8)
    c = centre @ (1, 1j)
    shift = c - factor * c + complex(0.1, -0.05) * face.half_width
    expected = crop(whole, np.array((1 / factor, -shift / factor)), SIZE)
    where = skin(face, State(pose=pose))
    assert np.abs(turned.astype(float) - expected)[where].mean() < 2


def test_small_motions_are_drawn_to_a_hundredth_of_a_pixel(face):
    """Interpolation that rounds positions, or bends ramps, would hide micro-expressions."""
    for far in (0.05, 0.25, 0.6):
        state = State(pose=(far / face.half_width, 0, 0, 1))
        start, end = (cv2.GaussianBlur(grey(face.render(s)), (0, 0), 2) for s in (State(), state))
        slope = (np.roll(end, -1, 1) - np.roll(end, 1, 1) + np.roll(start, -1, 1)
                 - np.roll(start, 1, 1)) / 4  # fmt: skip
        where = skin(face, State(), margin=2)
        found = -(slope * (end - start))[where].sum() / (slope**2)[where].sum()
        assert found == pytest.approx(far, abs=0.012)


def test_light_multiplies(face):
    plain = face.render(State())
    assert np.allclose(face.render(State(light=(0.5, 0.0))), plain / 2, atol=1e-3)
    tilted = face.render(State(light=(0.7, 0.2)))
    assert np.allclose(tilted[:, 0], 0.6 * plain[:, 0], atol=1e-3)
    assert np.allclose(tilted[:, -1], 0.8 * plain[:, -1], atol=1e-3)


def test_no_tone_beyond_the_darkest():
    with pytest.raises(CausalexError, match=r"tone 1.2 and shape 0.5: .* between 0 and 1"):
        Appearance(1.2, 0.5, 0)
    with pytest.raises(CausalexError, match="pictures of 20 px: at least 64"):
        Face(Appearance(0.5, 0.5, 0), 20)


def test_the_same_bytes_with_any_number_of_threads(tmp_path):
    program = (
        "import sys, hashlib, cv2, numpy as np;"
        "from causalex_synthetic.face import *;"
        "cv2.setNumThreads(int(sys.argv[1]));"
        "face = Face(Appearance(.4, .4, 5), 128);"
        "moved = np.random.default_rng(1).uniform(-.08, .08, (CONTROLS, 2));"
        "state = State(moved, .3, .1, (.01, .02, .03, 1.01), (1.02, .01));"
        "flow = face.flow(State(), state);"
        "print(hashlib.sha256(face.render(state).tobytes() + flow.tobytes()).hexdigest())"
    )
    digests = set()
    for threads in ("1", "2"):
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        environment = {**os.environ, **dict.fromkeys(names, threads)}
        done = subprocess.run(
            [sys.executable, "-c", program, threads],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        digests.add(done.stdout.strip())
    assert len(digests) == 1 and len(digests.pop()) == hashlib.sha256().digest_size * 2
