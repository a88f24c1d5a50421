"""Which of several faces is followed."""

import numpy as np
import pytest

from causalex_core.errors import CausalexError
from causalex_core.motion.alignment import follow

SAMPLES = 20


def face(x, y=100.0, size=80.0):
    corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1)]) - 0.5
    return np.tile(corners, (17, 1)) * size + (x, y)


def followed(samples, which="largest"):
    """Where the followed face lies in each sample, x; NaN without one."""
    faces = [np.array(sample).reshape(-1, 68, 2) for sample in samples]
    track = follow(np.arange(len(faces)) * 15, faces, 15, which)
    return track.points[..., 0].mean(axis=1), track


def test_a_face_that_is_alone_is_followed_from_place_to_place():
    x, track = followed([[face(100 + 50 * k, size=80 + k)] for k in range(SAMPLES)])
    np.testing.assert_allclose(x, 100 + 50 * np.arange(SAMPLES))
    assert track.face == "" and not track.several.any()


@pytest.mark.parametrize("first", [0, 3])
def test_the_largest_is_followed(first):
    """Whichever comes first in the list, and if it is not seen in the first samples."""
    large = [[face(400, size=110)] if k >= first else [] for k in range(SAMPLES)]
    x, track = followed([[face(100), *more, face(250, 300)] for more in large])
    np.testing.assert_array_equal(x[first:], 400)
    assert np.isnan(x[:first]).all() and track.several.all()
    assert track.face == "largest of 3 faces, at (400, 100)"


@pytest.mark.parametrize("there", [(0, 2), (7, 9), (7, 20)])
def test_a_passer_by_in_front_of_the_camera_is_not_taken(there):
    """Nor one who comes later and stays."""
    samples = [
        [face(100), face(400, size=150)] if k in range(*there) else [face(100)]
        for k in range(SAMPLES)
    ]
    np.testing.assert_array_equal(followed(samples)[0], 100)


def test_one_who_is_hidden_for_most_of_the_time_is_not_exchanged():
    samples = [[face(100, size=120)] * (k < 5) + [face(300)] for k in range(SAMPLES)]
    np.testing.assert_array_equal(followed(samples)[0], [100] * 5 + [np.nan] * 15)


@pytest.mark.parametrize(("other", "size"), [(300, 80), (170, 60), (100, 150)])
def test_the_other_is_never_measured_while_the_first_is_hidden(other, size):
    """Not one who stays, one who is near, nor one who takes the place."""
    samples = [
        ([face(100, size=100)] if not 5 <= k < 10 else [])
        + ([face(other, size=size)] if other != 100 or 5 <= k < 10 else [])
        for k in range(SAMPLES)
    ]
    x, _ = followed(samples, "100,100" if other != 100 else "largest")
    assert np.isnan(x[5:10]).all()
    np.testing.assert_array_equal(x[10:], 100)


def test_one_who_moves_to_the_empty_place_stays_another():
    way = [300] * 8 + [250, 200, 150, 100, 100]
    samples = [([face(100)] if k < 8 else []) + [face(x)] for k, x in enumerate(way)]
    x, _ = followed(samples, "left")
    np.testing.assert_array_equal(x, [100] * 8 + [np.nan] * 5)
    np.testing.assert_array_equal(followed(samples, "right")[0], way)


def test_after_a_long_absence_only_one_near_the_place_and_of_like_size():
    for x, size, again in ((120, 85, True), (300, 80, False), (100, 130, False)):
        samples = [[face(100)]] * 12 + [[]] * 10 + [[face(x, size=size)]] * 4
        places = followed(samples)[0]
        assert np.isfinite(places[:12]).all() and np.isnan(places[12:22]).all()
        assert np.isfinite(places[22:]).all() == again == np.isfinite(places[22:]).any()


def test_left_right_and_a_point():
    samples = [[face(100), face(300), face(500)] + ([face(20)] if k == 4 else []) for k in range(9)]
    for which, place in (("left", 100), ("right", 500), ("310,90", 300)):
        x, track = followed(samples, which)
        np.testing.assert_array_equal(x, place)
        assert track.face.startswith(f"{which} of 4 faces")


@pytest.mark.parametrize(
    ("which", "said"),
    [
        ("10,900", "no face is there; they lie at 100,100"),
        ("3", "expected largest, left, right, or X,Y"),
        ("middle", "expected largest, left, right, or X,Y"),
    ],
)
def test_a_face_that_cannot_be_meant(which, said):
    with pytest.raises(CausalexError, match=said):
        followed([[face(100)]], which)


def test_no_face_at_all():
    x, track = followed([[], []])
    assert np.isnan(x).all() and track.face == ""
