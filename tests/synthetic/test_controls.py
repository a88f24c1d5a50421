import numpy as np

from causalex_core import regions
from causalex_synthetic import controls


def test_the_regions_come_first_and_lie_on_their_landmarks():
    landmarks = np.random.default_rng(0).normal(size=(68, 2))
    places = controls.positions(landmarks)
    assert controls.NAMES[: regions.COUNT] == regions.NAMES
    assert np.array_equal(places[:12], landmarks[[r.landmark for r in regions.REGIONS]])


def test_regions_move_as_told_and_their_surroundings_less():
    moved = np.zeros((5, 12, 2))
    moved[:, regions.NAMES.index("upper lip")] = (0.0, -0.1)
    everything = controls.spread(moved)
    assert np.array_equal(everything[:, :12], moved)
    side = everything[0, controls.NAMES.index("left upper lip")]
    assert -0.1 < side[1] < 0
    assert not everything[0, controls.NAMES.index("chin")].any()


def test_a_face_that_moves_as_one_is_nowhere_exceeded():
    everything = controls.spread(np.ones((12, 2)))
    assert everything.max() <= 1 and everything.min() > 0
