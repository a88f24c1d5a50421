"""A face detector that was trained on photographs finds every synthetic person."""

from functools import cache

import cv2
import numpy as np
import pytest

from causalex_core.motion.landmarks import FaceMesh
from causalex_synthetic.camera import record
from causalex_synthetic.face import Appearance, Face, State

PEOPLE = 24
EYES, NOSE, MOUTH = range(36, 48), range(27, 36), range(48, 60)


@pytest.fixture(scope="module")
def mesh():
    pytest.importorskip("mediapipe", reason="mediapipe is not installed")
    return FaceMesh()


@cache
def portrait(person):
    """A painted person, and where the landmarks are."""
    face = Face(Appearance(person / (PEOPLE - 1), (0.618 * person) % 1, 1000 + person))
    picture = record(face.render(State()), np.random.default_rng(person), 2, 90)
    return picture, face.landmarks(State())


@pytest.fixture(scope="module")
def differences(mesh):
    """Found minus true landmarks in distances between the eyes, (PEOPLE, 68, 2)."""
    rows = []
    for person in range(PEOPLE):
        picture, true = portrait(person)
        found = mesh.find(picture)
        assert len(found) == 1, f"person {person}: {len(found)} faces"
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


def shown(picture, points, scale, degrees, size):
    """The picture turned, shrunk or enlarged, in the middle of a larger one; and its landmarks."""
    height, width = picture.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, scale)
    matrix[:, 2] += np.array(size) / 2 - (width / 2, height / 2)
    larger = cv2.warpAffine(picture, matrix, size, flags=cv2.INTER_AREA, borderValue=(90, 100, 110))
    return larger, points @ matrix[:, :2].T + matrix[:, 2]


def off(found, points):
    """Of landmarks that were found, in sizes of the face."""
    return np.linalg.norm(found - points, axis=-1).mean() / np.ptp(points, axis=0).max()


@pytest.mark.parametrize("degrees", [0, 90, 120, 150, 180, 210, 270])
def test_turned_faces_are_found_as_they_are_or_not_at_all(mesh, degrees):
    right = 0
    for person in (0, 8, 16, 23):
        picture, points = shown(*portrait(person), 1.0, degrees, (420, 420))
        found = mesh.find(picture)
        assert len(found) <= 1
        assert all(off(face, points) < 0.08 for face in found)
        right += len(found)
    assert right >= 2


@pytest.mark.parametrize(
    ("size", "side"),
    [((1920, 1080), 130), ((1920, 1080), 90), ((3840, 2160), 130), ((640, 360), 60)],
)
def test_small_faces_in_large_pictures_are_found(mesh, size, side):
    picture, points = portrait(8)
    picture, points = shown(picture, points, side / np.ptp(points, axis=0).max(), 0, size)
    (found,) = mesh.find(picture)
    assert off(found, points) < 0.08


def test_a_profile_is_no_face(mesh):
    """Painted on a cylinder that is turned: at 70 degrees half of the regions cannot be seen."""
    picture, points = portrait(6)
    height, width = picture.shape[:2]
    centre, radius = points[:, 0].mean(), 0.62 * np.ptp(points[:, 0])
    for degrees, count in ((0, 1), (30, 1), (70, 0)):
        x = (np.arange(width) - centre) / radius
        angle = np.arcsin(x.clip(-1, 1)) - np.radians(degrees)
        seen = (np.abs(x) < 1) & (np.abs(angle) < np.pi / 2)
        source = np.where(seen, centre + radius * np.sin(angle), -1).astype(np.float32)
        rows = np.arange(height, dtype=np.float32)
        where = (np.tile(source, (height, 1)), np.tile(rows[:, None], (1, width)))
        turned = cv2.remap(picture, *where, cv2.INTER_LINEAR, borderValue=(120, 120, 120))
        assert len(mesh.find(turned)) == count


def test_all_faces_of_a_picture_are_found_once(mesh):
    tiles = [portrait(person)[0] for person in (0, 6, 12, 18)]
    picture = np.vstack([np.hstack(tiles[:2]), np.hstack(tiles[2:])])
    assert len(mesh.find(picture)) == 4
