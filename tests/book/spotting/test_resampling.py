"""Motion, labels and rules at another rate."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalex_book.spotting import resampling
from causalex_book.spotting.material import SpottingDataset
from causalex_core.spotting import losses, proposals
from causalex_core.spotting.data import ACTION, TargetConfig, Video, gather, marks
from causalex_core.spotting.graph import GraphConfig
from causalex_core.spotting.proposals import ProposalRule

FACTORS = st.sampled_from([1.0, 25 / 30, 30 / 25, 0.5, 2.0, 0.37])
COLUMNS = ["subject", "video", "onset", "apex", "offset", "kind"]


def steps(seed, frames, spread=1.0):
    return np.random.default_rng(seed).normal(0.1, spread, (frames, 12, 2))


def smooth(frames):
    """Motion that no rate of these cuts off: a slow wave with a phase of its own per region."""
    time = np.arange(frames)[:, None, None]
    return np.sin(2 * np.pi * time / 60 + np.arange(24).reshape(12, 2))


@given(st.integers(0, 1000), st.integers(3, 120), FACTORS)
@settings(max_examples=60, deadline=None)
def test_the_path_stays_where_it_was(seed, frames, factor):
    """At the end of every new step every region is where the old path is at that time."""
    given_steps = steps(seed, frames)
    found = resampling.motion(given_steps, factor)
    assert len(found) == int(frames * factor + 1e-9)
    path = np.concatenate([np.zeros((1, 12, 2)), given_steps.cumsum(axis=0)])
    for region, axis in ((0, 0), (5, 1), (11, 0)):
        times = np.arange(1, len(found) + 1) / factor
        expected = np.interp(times, np.arange(frames + 1), path[:, region, axis])
        np.testing.assert_allclose(found[:, region, axis].cumsum(), expected, atol=1e-9)


@given(st.integers(0, 1000), st.integers(1, 20), st.sampled_from([(5, 6), (6, 5), (1, 2), (2, 1)]))
@settings(max_examples=30, deadline=None)
def test_the_total_displacement_is_kept_where_a_whole_number_of_steps_fits(seed, count, rates):
    before, after = rates
    given_steps = steps(seed, count * before)
    found = resampling.motion(given_steps, after / before)
    assert len(found) == count * after
    np.testing.assert_allclose(found.sum(axis=0), given_steps.sum(axis=0), atol=1e-9)


def test_at_its_own_rate_motion_is_as_it_was():
    own = steps(1, 50).astype(np.float32)
    found = resampling.motion(own, 1.0)
    assert found.dtype == np.float32 and found.shape == own.shape
    np.testing.assert_allclose(found, own, atol=1e-5)


def test_there_and_back_is_near():
    own = smooth(300)
    there = resampling.motion(own, 25 / 30)
    back = resampling.motion(there, 30 / 25)
    assert len(there) == 250 and len(back) == 300
    assert np.abs(back - own).max() < 0.15  # of an amplitude of 1
    assert np.abs((back - own).cumsum(axis=0)).max() < 0.15


def test_labels_are_counted_at_the_new_rate_and_what_is_missing_stays_so():
    table = pd.DataFrame(
        [("a", "1", 30.0, np.nan, 59.0, "macro"), ("a", "1", 7.0, 8.0, np.nan, "micro")],
        columns=COLUMNS,
    )
    found = resampling.labels(table, 25 / 30)
    assert found["onset"].tolist() == [25, 5]
    assert found["apex"].tolist()[1] == 6 and np.isnan(found["apex"][0])
    assert found["offset"].tolist()[0] == 49 and np.isnan(found["offset"][1])
    assert table["onset"].tolist() == [30, 7]


def test_rules_are_as_long_in_seconds():
    found = resampling.rules(proposals.CAS, 25 / 30)
    assert found.micro == ProposalRule(0.5, (2, 6), (4, 25), 5)
    assert found.macro == ProposalRule(0.5, (6, 24), (12, 73), 5)
    assert resampling.rules(proposals.SAMM, 1.0) == proposals.SAMM


@pytest.fixture(scope="module")
def part():
    videos = (Video("a", "1", smooth(300)), Video("b", "1", smooth(330)))
    # At 25 frames per second the second ends where the released code stops to widen marks.
    rows = [("a", "1", 60.0, 75.0, 90.0, "macro"), ("b", "1", 270.0, 285.0, 302.0, "macro")]
    truth = pd.DataFrame(rows, columns=COLUMNS)
    marked = tuple(np.zeros((12, 12), int) for _ in videos)
    return SpottingDataset(
        *("invented", 30.0, gather(videos, truth), truth, proposals.CAS, losses.CAS),
        videos,
        marked,
        published_prior=np.eye(12),
    )


def test_at_its_own_rate_a_database_is_itself(part):
    assert resampling.at_rate(part, 30.0, GraphConfig()) is part


def test_a_database_at_another_rate_is_of_one_piece(part):
    found = resampling.at_rate(part, 25.0, GraphConfig())
    assert found.fps == 25 and found.windows.lengths == (250, 275)
    assert found.minutes == pytest.approx(part.minutes)
    assert found.truth["onset"].tolist() == [50, 225]
    assert found.subjects == part.subjects and found.published_prior is part.published_prior
    assert len(found.marks) == 2 and found.marks[0].shape == (12, 12)
    for number, video in enumerate(found.videos):
        own = found.windows.video == number
        action = np.concatenate(found.windows.targets.action[own, 1].numpy())
        expected = marks(found.truth[found.truth["subject"] == video.subject], 275, "released")
        assert np.array_equal(np.flatnonzero(action), np.flatnonzero(expected[:, 1, ACTION]))
    released = gather(found.videos, found.truth, TargetConfig("released"))
    assert (released.targets.phase == found.windows.targets.phase).all()
    sound = gather(found.videos, found.truth, TargetConfig("sound"))
    assert (sound.targets.phase != found.windows.targets.phase).any()
