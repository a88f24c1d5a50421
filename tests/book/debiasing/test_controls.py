"""Counterfactuals that know nothing of the causal graph."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from causalex_book.debiasing import controls
from causalex_core.errors import CausalexError

SEEDS = st.integers(0, 10_000)


@given(SEEDS)
@settings(max_examples=20, deadline=None)
def test_random_regions_are_as_many(seed):
    generator = np.random.default_rng(seed)
    chosen = generator.random((6, 12)) < 0.3
    drawn = controls.random_regions(chosen, generator)
    assert drawn.sum(axis=1).tolist() == chosen.sum(axis=1).tolist()


@given(st.lists(st.integers(0, 3), min_size=2, max_size=20), SEEDS)
@settings(max_examples=30, deadline=None)
def test_shuffled_counterfactuals_come_from_other_videos(videos, seed):
    video = np.array([*sorted(videos), 4])
    found = controls.from_another_video(video, np.random.default_rng(seed))
    assert (video[found] != video).all()


def test_one_video_has_no_other():
    with pytest.raises(CausalexError, match="no other"):
        controls.from_another_video(np.zeros(3, int), np.random.default_rng(0))


def test_noise_is_as_strong_as_the_motion_and_follows_nothing_in_it():
    factual = (
        torch.randn(2, 270, 12, 2, generator=torch.Generator().manual_seed(0))
        * torch.linspace(0, 2, 12)[:, None]
    )
    drawn = controls.noise(factual, np.random.default_rng(1))
    assert torch.allclose(drawn.std(dim=1), factual.std(dim=1), rtol=0.2)
    assert not drawn[:, :, 0].any()
    both = torch.stack([drawn[..., 1:, :].flatten(), factual[..., 1:, :].flatten()])
    assert abs(torch.corrcoef(both)[0, 1]) < 0.05


def test_blur_takes_fast_motion_and_leaves_slow():
    frames = torch.arange(270)[None, :, None, None] * torch.ones(1, 1, 12, 2)
    fast, slow = torch.sin(frames * 2.0), torch.sin(frames / 60)
    assert controls.blurred(fast, 4.0).abs().max() < 0.2
    assert (controls.blurred(slow, 4.0) - slow)[:, 20:-20].abs().max() < 0.01
