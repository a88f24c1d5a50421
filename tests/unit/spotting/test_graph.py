"""The graph of one video."""

import numpy as np
import pytest

from causalex_core.errors import CausalexError
from causalex_core.motion.record import MotionRecord
from causalex_core.spotting.graph import GraphConfig, of_video


@pytest.fixture
def recording():
    motion = np.random.default_rng(1).normal(size=(200, 12, 2)).astype(np.float32)
    motion[:15] *= np.linspace(9, 1, 15)[:, None, None]
    return MotionRecord(motion, np.zeros(200, np.uint8), 30.0)


def test_first_frames_are_left_out_only_if_it_is_asked_for(recording):
    whole, without = (
        of_video(recording, GraphConfig()),
        of_video(recording, GraphConfig(leave_out_first=15)),
    )
    assert whole.settings["frames"] == 200 and without.settings["frames"] == 185
    assert (whole.settings["leave_out_first"], without.settings["leave_out_first"]) == (0, 15)
    assert whole.adjacency.sum() > without.adjacency.sum()


def test_a_video_that_is_left_with_nothing_has_no_graph(recording):
    graph = of_video(recording, GraphConfig(leave_out_first=200))
    assert not graph.adjacency.any() and "missing" in graph.settings


def test_less_than_no_frame_is_refused(recording):
    with pytest.raises(CausalexError, match=r"^parameter 'leave_out_first': -1 given"):
        of_video(recording, GraphConfig(leave_out_first=-1))
