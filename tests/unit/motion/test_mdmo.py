import math

import cv2
import numpy as np
import pytest

from causalex_core.motion.flow import at
from causalex_core.motion.head_motion import nose_pixels
from causalex_core.motion.mdmo import AUW_GCN, AUW_GCN_HEAD, LIU, MEAN, main_direction, squares
from causalex_core.regions import REGIONS

LANDMARKS = [region.landmark for region in REGIONS]


def slow(vectors, variant):
    """One set of vectors, one vector at a time."""
    polar = []
    for x, y in vectors.astype(np.float32):
        length, angle = cv2.cartToPolar(np.array([x]), np.array([y]))
        polar.append((float(length.ravel()[0]), math.degrees(float(angle.ravel()[0]))))
    bins = [[] for _ in variant.edges]
    for (x, y), (length, angle) in zip(vectors.astype(float), polar, strict=True):
        index = max((k for k, edge in enumerate(variant.edges) if edge <= angle), default=-1)
        bins[index].append((length, x, y))
    fullest = max(bins, key=len)
    kept = sorted(fullest, key=lambda entry: -entry[0])[: int(variant.share * len(fullest))]
    x, y = sum(entry[1] for entry in kept), sum(entry[2] for entry in kept)
    if not variant.mean_length:
        return np.array([x, y]) / len(kept)
    mean = sum(entry[0] for entry in kept) / len(kept)
    return np.array([x, y]) / (math.hypot(x, y) + 1e-6) * mean


@pytest.mark.parametrize("variant", [LIU, AUW_GCN, AUW_GCN_HEAD, MEAN])
def test_vectorised_equals_one_vector_at_a_time(variant):
    vectors = np.random.default_rng(3).normal(0.1, 0.3, (4, 5, 121, 2)).astype(np.float32)
    expected = [[slow(one, variant) for one in row] for row in vectors]
    np.testing.assert_allclose(main_direction(vectors, variant), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("variant", [LIU, AUW_GCN])
@pytest.mark.parametrize("angle", [0, 45, 90, 180, 270, 315])
def test_uniform_motion_is_returned_and_a_minority_ignored(variant, angle):
    motion = 0.4 * np.array([math.cos(math.radians(angle)), math.sin(math.radians(angle))])
    vectors = np.tile(motion, (121, 1))
    vectors[:40] = -motion
    np.testing.assert_allclose(main_direction(vectors, variant), motion, atol=1e-5)


def test_no_motion_is_zero():
    for variant in (LIU, AUW_GCN, MEAN):
        assert not main_direction(np.zeros((12, 25, 2)), variant).any()


def test_a_square_at_the_border_is_moved_inside():
    cut = squares(np.array([[0, 0], [5, 4], [99, 99]]), 2, 1, height=10, width=12)
    for square, (x, y) in zip(cut, [(0, 0), (3, 2), (7, 5)], strict=True):
        expected = [(x + right, y + down) for down in range(5) for right in range(5)]
        np.testing.assert_array_equal(square, expected)
    coarse = squares(np.array([[5, 4]]), 1, 3, height=10, width=12)
    np.testing.assert_array_equal(coarse[0], [(x, y) for y in (1, 4, 7) for x in (2, 5, 8)])
    with pytest.raises(ValueError, match="12 x 10 px"):
        squares(np.array([[5, 5]]), 6, 1, height=10, width=12)


@pytest.mark.parametrize("case", [0, 2, 4, 6, 8])
def test_features_equal_those_of_auw_gcn(oracles, case):
    stored = np.load(oracles / "auw_gcn" / "feature_cases.npz")
    flow = stored[f"case{case}/flow_u8"].astype(np.float32) / np.float32(255) - np.float32(0.5)
    landmarks = stored[f"case{case}/landmarks68_xy"]
    height, width = flow.shape[:2]
    head = main_direction(at(flow, nose_pixels(landmarks, height, width)), AUW_GCN_HEAD)
    np.testing.assert_allclose(head, stored[f"case{case}/global_vector"], rtol=1e-5, atol=1e-6)
    vectors = at(flow, squares(landmarks[LANDMARKS], 5, 1, height, width))
    regions = main_direction(vectors - head, AUW_GCN)
    np.testing.assert_allclose(regions, stored[f"case{case}/roi_features"], rtol=1e-5, atol=1e-6)
