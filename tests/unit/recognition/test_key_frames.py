"""Key frames with errors stay key frames."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalex_core.errors import CausalexError
from causalex_core.recognition.key_frames import KINDS, NAMES, KeyFrameNoise, checked, perturb

MEASURED = ((0.1, -0.05, 0.2), (-0.2, 0.0, -0.1), (0.0, 0.15, 0.0))


@st.composite
def expressions(draw):
    """Key frames of one video, its length."""
    rows = draw(st.lists(st.tuples(*[st.integers(0, 400)] * 3), min_size=1, max_size=8))
    table = np.sort(np.array(rows), axis=1) + np.arange(3)
    return table, int(table.max()) + 1 + draw(st.integers(0, 50))


@st.composite
def laws(draw):
    kind = draw(st.sampled_from(KINDS))
    return KeyFrameNoise(
        kind=kind,
        level=draw(st.floats(0, 5)),
        unit=draw(st.sampled_from(("seconds", "duration"))),
        which=tuple(draw(st.lists(st.sampled_from(NAMES), unique=True))),
        errors=MEASURED if kind == "measured" else (),
    )


@settings(deadline=None)
@given(expressions(), laws(), st.floats(5, 250), st.integers(0, 2**31))
def test_order_and_video_are_kept(case, law, fps, seed):
    true, frames = case
    found = perturb(true, law, fps, frames, np.random.default_rng(seed))
    assert found.shape == true.shape
    np.testing.assert_array_equal(checked(found, frames), found)
    again = perturb(true, law, fps, frames, np.random.default_rng(seed))
    np.testing.assert_array_equal(found, again)


@settings(deadline=None)
@given(expressions(), laws(), st.integers(0, 2**31))
def test_no_level_changes_nothing(case, law, seed):
    true, frames = case
    still = KeyFrameNoise(law.kind, 0.0, law.unit, law.which, law.errors)
    np.testing.assert_array_equal(
        perturb(true, still, 30.0, frames, np.random.default_rng(seed)), true
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("unit", ["seconds", "duration"])
def test_errors_are_as_large_as_the_level_says(kind, unit):
    true = np.tile([[4000, 4100, 4200]], (4000, 1))
    errors = MEASURED if kind == "measured" else ()
    root = np.sqrt(np.mean(np.square(errors))) if errors else 1.0
    scale = 200.0  # frames of a second, and of an expression
    before = 0.0
    for level in (0.1, 0.2, 0.4):
        law = KeyFrameNoise(kind, level, unit, errors=errors)
        found = perturb(true, law, 200.0, 8000, np.random.default_rng(1))
        off = np.sqrt(np.mean(np.square(found - true)))
        assert off == pytest.approx(level * root * scale, rel=0.1)
        assert off > before
        before = off


def test_only_the_frames_named_are_wrong():
    true = np.tile([[400, 500, 600]], (50, 1))
    for place, name in enumerate(NAMES):
        law = KeyFrameNoise(level=0.1, which=(name,))
        wrong = perturb(true, law, 30.0, 1000, np.random.default_rng(0)) != true
        assert wrong[:, place].mean() > 0.9
        assert not np.delete(wrong, place, axis=1).any()


def test_measured_errors_of_an_expression_stay_together():
    true = np.tile([[1000, 1100, 1200]], (200, 1))
    law = KeyFrameNoise("measured", 1.0, "seconds", errors=MEASURED)
    found = perturb(true, law, 100.0, 3000, np.random.default_rng(0)) - true
    expected = {tuple(row) for row in np.rint(100 * np.array(MEASURED)).astype(int).tolist()}
    assert {tuple(row) for row in found.tolist()} == expected


def test_videos_have_their_own_lengths_and_rates():
    true = np.array([[5, 10, 15], [5, 10, 15]])
    law = KeyFrameNoise(level=1.0, unit="seconds", which=("offset",))
    found = perturb(true, law, np.array([1.0, 100.0]), np.array([20, 500]), two())
    assert found[0, 2] < 20
    assert abs(found[1, 2] - 15) > 5 * abs(found[0, 2] - 15)


def two():
    """Random numbers of which the second is positive."""
    return np.random.default_rng(3)


@pytest.mark.parametrize(
    ("table", "frames"),
    [
        ([[3, 3, 9]], None),
        ([[3, 5, 5]], None),
        ([[-1, 5, 6]], None),
        ([[1, 5, 20]], 20),
        ([[1, 5]], None),
        ([[1.0, 5.0, 6.0]], None),
    ],
)
def test_what_is_no_key_frame_is_refused(table, frames):
    with pytest.raises(CausalexError, match="expected"):
        checked(np.array(table), frames)
    if frames:
        with pytest.raises(CausalexError, match="in a video of 20 frames"):
            perturb(np.array(table), KeyFrameNoise(), 30.0, frames, np.random.default_rng(0))


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "cauchy"},
        {"unit": "frames"},
        {"level": -0.1},
        {"level": np.inf},
        {"which": ("middle",)},
        {"kind": "measured"},
        {"errors": MEASURED},
    ],
)
def test_laws_that_say_nothing_are_refused(wrong):
    with pytest.raises(CausalexError):
        KeyFrameNoise(**wrong)
