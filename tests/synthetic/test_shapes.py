from dataclasses import astuple, fields

import numpy as np

from causalex_synthetic.shapes import Layout, half_width
from causalex_synthetic.traits import RANGES, Traits, drawn


def test_every_trait_has_a_range_and_is_drawn_from_it():
    assert list(RANGES) == [field.name for field in fields(Traits)]
    people = np.array([astuple(drawn(seed)) for seed in range(200)])
    low, high = np.array(list(RANGES.values())).T
    assert (people >= low).all() and (people <= high).all()
    assert np.allclose(people.mean(axis=0), (low + high) / 2, atol=0.1 * (high - low).max())
    assert (np.ptp(people, axis=0) > 0.9 * (high - low)).all()


def test_a_long_face_is_narrow():
    traits = drawn(3)
    long, short = (Layout.of(traits, shape).landmarks() for shape in (0.0, 1.0))
    assert half_width(0.0, 256) < half_width(1.0, 256)
    assert np.ptp(long[:, 1]) > 1.1 * np.ptp(short[:, 1])
    assert np.allclose(np.ptp(long[:17, 0]), np.ptp(short[:17, 0]))


def test_no_face_is_out_of_order():
    """Brows above eyes above nose above lips above chin, lids and lips the right way round."""
    for seed in range(200):
        points = Layout.of(drawn(seed), (seed % 11) / 10).landmarks()
        y = points[:, 1]
        assert y[17:27].max() < y[36:48].min()
        assert (y[[37, 38, 43, 44]] < y[[41, 40, 47, 46]]).all()
        assert y[36:48].max() < y[30] < y[33] < y[51] < y[62] <= y[66] < y[57] < y[8]
        assert points[39, 0] < points[27, 0] < points[42, 0]
        assert (np.diff(points[:17, 0]) > 0).all() and (np.diff(points[17:27, 0]) > 0).all()
        assert np.abs(points[:, 0]).max() < 1.01
