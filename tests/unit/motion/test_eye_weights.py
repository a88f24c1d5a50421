"""Eyes do not count in the flow around them."""

import cv2
import numpy as np
import pytest

from causalex_core.motion import flow

LANDMARKS = np.zeros((68, 2))
EYE = np.array([(-20, 0), (-8, -8), (8, -8), (20, 0), (8, 8), (-8, 8)], dtype=float)
LANDMARKS[36:42] = EYE + np.array((90, 110))
LANDMARKS[42:48] = EYE + np.array((166, 110))


def test_eyes_have_no_weight_and_brows_do():
    weights = flow.eye_weights(LANDMARKS, 256)
    assert weights[110, 90] == weights[110, 166] == weights[100, 70] == 0
    assert weights[80, 90] == weights[110, 128] == 1
    assert 0.02 < 1 - weights.mean() < 0.06


@pytest.mark.parametrize("weighted", [False, True])
def test_a_lid_that_closes_moves_the_brow_only_if_it_counts(weighted):
    generator = np.random.default_rng(0)
    skin = cv2.GaussianBlur(generator.uniform(60, 200, (256, 256)).astype(np.float32), (0, 0), 3)
    open_, closed = skin.copy(), skin.copy()
    cv2.ellipse(open_, (90, 110), (20, 10), 0, 0, 360, 20.0, cv2.FILLED)
    cv2.ellipse(closed, (90, 116), (20, 4), 0, 0, 360, 20.0, cv2.FILLED)
    pictures = open_.astype(np.uint8), closed.astype(np.uint8)
    weights = flow.eye_weights(LANDMARKS, 256) if weighted else None
    found = flow.lucas_kanade(*pictures, weights)
    at_brow = np.abs(found[88, 80:100]).mean()
    assert at_brow < 0.02 if weighted else at_brow > 0.1


def test_weights_of_one_change_nothing():
    generator = np.random.default_rng(1)
    first, second = generator.integers(0, 255, (2, 64, 64), dtype=np.uint8)
    assert np.array_equal(
        flow.lucas_kanade(first, second),
        flow.lucas_kanade(first, second, np.ones((64, 64), np.float32)),
    )
