"""A performance as pictures."""

import numpy as np

from causalex_core.motion.extract import extract
from causalex_core.motion.landmarks import Given
from causalex_synthetic import performance, truth
from causalex_synthetic.displacements import NUMBERS
from causalex_synthetic.events import Event, Video
from causalex_synthetic.film import Film
from causalex_synthetic.people import Person


def film(frames=60, seed=0):
    strengths = [0.0] * len(NUMBERS)
    strengths[NUMBERS.index(12)] = 0.6
    smile = Event(15, 27, 50, "macro", "positive", tuple(strengths))
    who = Person("p01", 0.4, 0.5, 7, "free", (1.0, 1.0))
    events = (smile,) if frames > smile.offset else ()
    play = performance.perform(
        np.random.default_rng(seed), Video(who, "p01_1", frames, events), 30.0
    )
    return Film("p01_1", who, play, seed)


def test_a_frame_is_the_same_however_it_is_reached():
    one = film(5)
    every_other = dict(one.colour(2))
    assert sorted(every_other) == [0, 2, 4]
    assert np.array_equal(every_other[2], film(5).picture(2))
    assert len(list(one.grey())) == 5


def test_what_is_extracted_from_the_pictures_is_the_truth():
    one = film()
    found = extract(one, Given(one.landmarks()))
    states = [one.state(frame) for frame in range(60)]
    agreement = truth.agreement(found.motion, truth.region_motion(one.face, states, one.fps))
    assert agreement.moving > 0.9
    assert 0.6 < agreement.gain < 1.1


def test_landmarks_and_flow_agree():
    one = film()
    corner = np.round(one.landmarks()[15, 48]).astype(int)
    moved = one.landmarks()[27, 48] - one.landmarks()[15, 48]
    assert np.abs(one.flow(15, 27)[corner[1], corner[0]] - moved).max() < 0.3
