"""Motion, labels and rules at another rate."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from invented_people import COLUMNS, dataset

from causalex_book.spotting import across_databases
from causalex_core.spotting import proposals
from causalex_core.spotting.data import ACTION, TargetConfig, gather, marks
from causalex_core.spotting.graph import GraphConfig
from causalex_core.spotting.proposals import ProposalRule

FACTORS = st.sampled_from([1.0, 25 / 30, 30 / 25, 0.5, 2.0, 0.37])


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
    result = across_databases.resampled_motion(given_steps, factor)
    assert len(result) == int(frames * factor + 1e-9)
    path = np.concatenate([np.zeros((1, 12, 2)), given_steps.cumsum(axis=0)])
    for region, axis in ((0, 0), (5, 1), (11, 0)):
        times = np.arange(1, len(result) + 1) / factor
        expected = np.interp(times, np.arange(frames + 1), path[:, region, axis])
        np.testing.assert_allclose(result[:, region, axis].cumsum(), expected, atol=1e-9)


@given(st.integers(0, 1000), st.integers(1, 20), st.sampled_from([(5, 6), (6, 5), (1, 2), (2, 1)]))
@settings(max_examples=30, deadline=None)
def test_the_total_displacement_is_kept_where_a_whole_number_of_steps_fits(seed, count, rates):
    before, after = rates
    given_steps = steps(seed, count * before)
    result = across_databases.resampled_motion(given_steps, after / before)
    assert len(result) == count * after
    np.testing.assert_allclose(result.sum(axis=0), given_steps.sum(axis=0), atol=1e-9)


def test_at_its_own_rate_motion_is_as_it_was():
    before = steps(1, 50).astype(np.float32)
    result = across_databases.resampled_motion(before, 1.0)
    assert result.dtype == np.float32 and result.shape == before.shape
    np.testing.assert_allclose(result, before, atol=1e-5)


def test_there_and_back_is_near():
    before = smooth(300)
    resampled = across_databases.resampled_motion(before, 25 / 30)
    back = across_databases.resampled_motion(resampled, 30 / 25)
    assert len(resampled) == 250 and len(back) == 300
    assert np.abs(back - before).max() < 0.15  # of an amplitude of 1
    assert np.abs((back - before).cumsum(axis=0)).max() < 0.15


def test_labels_are_counted_at_the_new_rate_and_what_is_missing_stays_so():
    table = pd.DataFrame(
        [("a", "1", 30.0, np.nan, 59.0, "macro"), ("a", "1", 7.0, 8.0, np.nan, "micro")],
        columns=COLUMNS,
    )
    result = across_databases.resampled_labels(table, 25 / 30)
    assert result["onset"].tolist() == [25, 5]
    assert result["apex"].tolist()[1] == 6 and np.isnan(result["apex"][0])
    assert result["offset"].tolist()[0] == 49 and np.isnan(result["offset"][1])
    assert table["onset"].tolist() == [30, 7]


def test_rules_are_as_long_in_seconds():
    result = across_databases.at_other_rate(proposals.CAS, 25 / 30)
    assert result.micro == ProposalRule(0.5, (2, 6), (4, 25), 5)
    assert result.macro == ProposalRule(0.5, (6, 24), (12, 73), 5)
    assert across_databases.at_other_rate(proposals.SAMM, 1.0) == proposals.SAMM


@pytest.fixture(scope="module")
def data():
    # At 25 frames per second the second ends where the released code stops to widen marks.
    return dataset(
        {"a": [(60, 75, 90, "macro")], "b": [(270, 285, 302, "macro")]},
        [smooth(300), smooth(330)],
        marks=(np.zeros((12, 12), int),) * 2,
        published_prior=np.eye(12),
    )


def test_at_its_own_rate_a_database_is_itself(data):
    assert across_databases.at_rate(data, 30.0, GraphConfig()) is data


def test_a_database_at_another_rate_is_of_one_piece(data):
    resampled = across_databases.at_rate(data, 25.0, GraphConfig())
    assert resampled.fps == 25 and resampled.windows.lengths == (250, 275)
    assert resampled.minutes == pytest.approx(data.minutes)
    assert resampled.truth["onset"].tolist() == [50, 225]
    assert resampled.subjects == data.subjects and resampled.published_prior is data.published_prior
    assert len(resampled.marks) == 2 and resampled.marks[0].shape == (12, 12)
    for index, video in enumerate(resampled.videos):
        of_video = resampled.windows.video == index
        action = np.concatenate(resampled.windows.targets.action[of_video, 1].numpy())
        expected = marks(
            resampled.truth[resampled.truth["subject"] == video.subject], 275, "released"
        )
        assert np.array_equal(np.flatnonzero(action), np.flatnonzero(expected[:, 1, ACTION]))
    released = gather(resampled.videos, resampled.truth, TargetConfig("released"))
    assert (released.targets.phase == resampled.windows.targets.phase).all()
    sound = gather(resampled.videos, resampled.truth, TargetConfig("sound"))
    assert (sound.targets.phase != resampled.windows.targets.phase).any()
