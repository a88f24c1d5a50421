"""The pixel tier: what is extracted from pictures against what moved."""

from dataclasses import dataclass

import cv2
import numpy as np
import pytest

from causalex_core import regions
from causalex_core.motion.extract import Config, extract
from causalex_core.motion.landmarks import FaceMesh, Given
from causalex_synthetic import controls
from causalex_synthetic.camera import record
from causalex_synthetic.face import Appearance, Face, State
from causalex_synthetic.truth import Agreement, agreement, region_motion

FPS, FRAMES = 30.0, 75
# Vectors at full strength, half-widths.
SMILE = {"left mouth corner": (-0.10, -0.10), "right mouth corner": (0.10, -0.10)}
FROWN = {"left brow, inner": (0.04, 0.09), "right brow, inner": (-0.04, 0.09)}
RAISE = {
    f"{side} brow, {part}": (0.0, -0.1)
    for side in ("left", "right")
    for part in ("inner", "middle", "outer")
}
# Appearance, macro-expression, micro-expression.
PEOPLE = (
    (Appearance(0.15, 0.8, 31), SMILE, RAISE),
    (Appearance(0.50, 0.4, 32), RAISE, FROWN),
    (Appearance(0.90, 0.2, 33), FROWN, SMILE),
)


@dataclass(frozen=True)
class Clip:
    """Recorded frames as an extraction reads them."""

    frames: tuple[np.ndarray, ...]
    name: str = "clip"
    fps: float = FPS

    def colour(self, every):
        yield from ((k, frame) for k, frame in enumerate(self.frames) if k % every == 0)

    def grey(self):
        return (cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY) for frame in self.frames)


def course(onset, length):
    """From 0 to 1 and back."""
    share = np.clip((np.arange(FRAMES) - onset) / length, 0, 1)
    return np.sin(np.pi * share) ** 2


def played(macro, micro, seed, half_width):
    """A macro- and a micro-expression and a blink on a head that wanders, in unsteady light."""
    generator = np.random.default_rng(seed)
    moved = np.zeros((FRAMES, 12, 2))
    for vectors, strength, onset, length in ((macro, 0.7, 10, 20), (micro, 0.15, 50, 14)):
        for name, vector in vectors.items():
            moved[:, regions.NAMES.index(name)] += np.outer(
                strength * course(onset, length), vector
            )
    walk = np.cumsum(generator.normal(0, 1, (FRAMES, 4)), axis=0)
    x, y = walk[:, :2].T * 0.06 / half_width
    everything = controls.spread(moved)
    return [
        State(
            everything[k],
            lids=course(36, 8)[k],
            pose=(x[k], y[k], 3e-4 * walk[k, 2], 1.0),
            light=(1 + 1e-3 * walk[k, 3], 0.0),
        )
        for k in range(FRAMES)
    ]


@pytest.fixture(scope="module")
def clips():
    made = []
    for seed, (appearance, macro, micro) in enumerate(PEOPLE):
        face = Face(appearance)
        states = played(macro, micro, seed, face.half_width)
        frames = tuple(
            record(face.render(state), np.random.default_rng([seed, k]), 2, 90)
            for k, state in enumerate(states)
        )
        made.append((face, states, Clip(frames)))
    return made


def test_extraction_finds_the_motion_that_was_played(clips):
    for face, states, clip in clips:
        points = np.stack([face.landmarks(state) for state in states])
        found = extract(clip, Given(points))
        assert (found.quality == 0).sum() == FRAMES - found.stride
        compared = agreement(found.motion, region_motion(face, states, FPS))
        assert compared.frames > 12
        assert compared.moving > 0.85 and compared.whole > 0.8
        assert 0.5 < compared.gain < 1.1


def test_extraction_finds_faces_and_motion_by_itself(clips):
    pytest.importorskip("mediapipe", reason="mediapipe is not installed")
    mesh = FaceMesh()
    face, states, clip = clips[0]
    found = extract(clip, mesh)
    assert agreement(found.motion, region_motion(face, states, FPS)).moving > 0.75


def test_motion_against_that_of_other_regions_does_not_agree(clips):
    face, states, _ = clips[0]
    true = region_motion(face, states, FPS)
    assert agreement(true[:, ::-1], true).moving < 0.5


def test_true_motion_is_in_pixels_of_the_crop_per_frame():
    face = Face(Appearance(0.5, 0.5, 4), 128)
    moved = np.zeros((12, 2))
    moved[3] = (0.03, -0.02)
    still, there = (State(controls.spread(part * moved)) for part in (0, 1))
    config = Config(crop_px=200)
    true = region_motion(face, [still] * 6 + [there] * 6, FPS, config)
    eyes = face.neutral[42:48].mean(axis=0) - face.neutral[36:42].mean(axis=0)
    per_half_width = 0.28 * 200 / eyes[0]
    stride = config.stride_at(FPS)
    assert true.shape == (12, 12, 2)
    assert np.allclose(true[6, 3], moved[3] * per_half_width / stride, rtol=5e-3)
    assert not true[:, np.arange(12) != 3].any()
    assert not true[[0, 1, 2, 3, 10, 11]].any() and true[4:8, 3].all()


def test_the_head_is_no_part_of_the_true_motion():
    face = Face(Appearance(0.5, 0.5, 4), 128)
    states = [State(pose=(0.002 * k, -0.001 * k, 0.001 * k, 1 + 0.001 * k)) for k in range(12)]
    assert not region_motion(face, states, FPS).any()


def test_nothing_moved_nothing_to_correlate():
    still = np.zeros((20, 12, 2))
    compared = agreement(np.ones_like(still), still)
    assert isinstance(compared, Agreement)
    assert compared.frames == 0 and np.isnan([compared.moving, compared.whole, compared.gain]).all()
