"""A face detector that was trained on photographs finds every synthetic person."""

import numpy as np
import pytest

from causalex_core.motion.landmarks import FaceMesh
from causalex_synthetic.camera import record
from causalex_synthetic.face import Appearance, Face, State

PEOPLE = 24
EYES, NOSE, MOUTH = range(36, 48), range(27, 36), range(48, 60)


@pytest.fixture(scope="module")
def differences():
    """Found minus true landmarks in distances between the eyes, (PEOPLE, 68, 2)."""
    pytest.importorskip("mediapipe", reason="mediapipe is not installed")
    mesh = FaceMesh()
    rows = []
    for person in range(PEOPLE):
        tone, shape = person / (PEOPLE - 1), (0.618 * person) % 1
        face = Face(Appearance(tone, shape, 1000 + person))
        picture = record(face.render(State()), np.random.default_rng(person), 2, 90)
        found, true = mesh.find(picture), face.landmarks(State())
        assert len(found) == 1, f"person {person}, tone {tone:.2f}: {len(found)} faces"
        apart = np.linalg.norm(true[36:42].mean(axis=0) - true[42:48].mean(axis=0))
        rows.append((found[0] - true) / apart)
    return np.array(rows)


def test_all_are_found_and_their_features_lie_where_they_were_painted(differences):
    distance = np.linalg.norm(differences, axis=-1).mean(axis=0)
    for part, most in ((EYES, 0.04), (NOSE, 0.06), (MOUTH, 0.05)):
        assert distance[list(part)].mean() < most
    assert distance.mean() < 0.09


def test_beyond_each_points_own_definition_little_is_left(differences):
    unbiased = differences - differences.mean(axis=0)
    assert np.linalg.norm(unbiased, axis=-1).mean() < 0.03
