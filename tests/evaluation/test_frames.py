"""Frames in intervals."""

import numpy as np
import pandas as pd
import pytest

from causalex_core.evaluation import fairness
from causalex_core.evaluation.frames import cells, covered, rates


def test_intervals_are_inclusive_and_may_overlap():
    table = pd.DataFrame(
        [("b", 0.0, 1.0), ("b", 1.0, 3.0), ("a", 2.0, 2.0)], columns=["video", "onset", "offset"]
    )
    found = covered(table, {"a": 3, "b": 5})
    assert found.astype(int).tolist() == [0, 0, 1, 1, 1, 1, 1, 0]
    assert not covered(table.iloc[:0], {"a": 3}).any()


def drawn(frames=600):
    generator = np.random.default_rng(3)
    subject = generator.integers(6, size=frames)
    truth = generator.random(frames) < 0.3
    predicted = np.where(subject < 3, truth, generator.random(frames) < 0.4)
    return subject, truth, predicted


def test_cells_hold_every_frame_once_and_give_the_rates():
    subject, truth, predicted = drawn()
    counted = cells(subject, truth, predicted)
    assert counted["frames"].sum() == 600 and len(counted) <= 24
    assert rates(counted) == pytest.approx((predicted[truth].mean(), predicted[~truth].mean()))
    assert np.isnan(rates(counted[~counted["truth"]])[0])


def test_cells_have_the_equalized_odds_of_their_frames():
    subject, truth, predicted = drawn()
    counted = cells(subject, truth, predicted)
    frames = fairness.equalized_odds_gap(truth, predicted, subject < 3, subject, 50, seed=1)
    weighed = fairness.equalized_odds_gap(
        counted["truth"].to_numpy(),
        counted["predicted"].to_numpy(),
        counted["subject"].to_numpy() < 3,
        counted["subject"].to_numpy(),
        50,
        seed=1,
        frames=counted["frames"].to_numpy(),
    )
    assert (weighed.estimate, weighed.low, weighed.high) == pytest.approx(
        (frames.estimate, frames.low, frames.high)
    )
