"""Counterfactuals and what is taken from the scores."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from causalex_core.errors import CausalexError
from causalex_core.graphs.pag import ARROWHEAD, CIRCLE, TAIL
from causalex_core.spotting import debias
from causalex_core.spotting.model import Network
from causalex_core.spotting.proposals import probabilities

FORMS = ("probabilities", "logits")
SEEDS = st.integers(0, 10_000)


def motion(windows=3, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(windows, 270, 12, 2, generator=generator)


def logits(seed, windows=2):
    return 3 * torch.randn(windows, 10, 270, generator=torch.Generator().manual_seed(seed))


def said(of):
    return probabilities(of).numpy()


def regions(*rows):
    chosen = np.zeros((len(rows), 12), bool)
    for place, row in enumerate(rows):
        chosen[place, list(row)] = True
    return chosen


def test_both_readings_together_are_the_whole():
    factual, chosen = motion(), regions((0, 3), (5,), range(12))
    kept, masked = (read(factual, chosen) for read in (debias.keep, debias.mask))
    assert torch.equal(kept + masked, factual)
    assert torch.equal(kept[0, :, 3], factual[0, :, 3]) and not masked[0, :, 3].any()
    assert not kept[1, :, 6].any()


@pytest.mark.parametrize("read", [debias.keep, debias.mask])
def test_an_empty_graph_masks_nothing(read):
    factual = motion(1)
    chosen = debias.most_causal_regions([np.zeros((12, 12), np.uint8)])
    assert torch.equal(read(factual, chosen), factual)


def test_the_most_causal_regions_have_most_edges_that_may_leave():
    marks = np.zeros((12, 12), np.uint8)
    for cause, effect, at_cause in ((2, 3, TAIL), (2, 4, CIRCLE), (5, 6, TAIL)):
        marks[cause, effect], marks[effect, cause] = ARROWHEAD, at_cause
    assert debias.most_causal_regions([marks]).tolist() == regions((2,)).tolist()


def test_regions_that_do_not_fit_are_refused():
    with pytest.raises(CausalexError, match="a row for each window"):
        debias.mask(motion(3), regions((1,)))


@given(SEEDS)
@settings(max_examples=20, deadline=None)
def test_random_regions_are_as_many(seed):
    generator = np.random.default_rng(seed)
    chosen = generator.random((6, 12)) < 0.3
    drawn = debias.random_regions(chosen, generator)
    assert drawn.sum(axis=1).tolist() == chosen.sum(axis=1).tolist()


@given(st.lists(st.integers(0, 3), min_size=2, max_size=20), SEEDS)
@settings(max_examples=30, deadline=None)
def test_shuffled_counterfactuals_come_from_other_videos(videos, seed):
    video = np.array([*sorted(videos), 4])
    found = debias.from_another_video(video, np.random.default_rng(seed))
    assert (video[found] != video).all()


def test_one_video_has_no_other():
    with pytest.raises(CausalexError, match="no other"):
        debias.from_another_video(np.zeros(3, int), np.random.default_rng(0))


def test_noise_is_as_strong_as_the_motion_and_follows_nothing_in_it():
    factual = motion(2) * torch.linspace(0, 2, 12)[:, None]
    drawn = debias.noise(factual, np.random.default_rng(1))
    assert torch.allclose(drawn.std(dim=1), factual.std(dim=1), rtol=0.2)
    assert not drawn[:, :, 0].any()
    both = torch.stack([drawn[..., 1:, :].flatten(), factual[..., 1:, :].flatten()])
    assert abs(torch.corrcoef(both)[0, 1]) < 0.05


def test_blur_takes_fast_motion_and_leaves_slow():
    frames = torch.arange(270)[None, :, None, None] * torch.ones(1, 1, 12, 2)
    fast, slow = torch.sin(frames * 2.0), torch.sin(frames / 60)
    assert debias.blurred(fast, 4.0).abs().max() < 0.2
    assert (debias.blurred(slow, 4.0) - slow)[:, 20:-20].abs().max() < 0.01


@given(SEEDS, st.sampled_from(FORMS))
@settings(max_examples=20, deadline=None)
def test_strength_zero_changes_nothing(seed, form):
    factual, other = said(logits(seed)), said(logits(seed + 1))
    assert np.allclose(debias.debiased(factual, other, 0.0, form), factual, atol=1e-6)


@given(SEEDS, st.floats(-1, 2))
@settings(max_examples=20, deadline=None)
def test_the_logit_form_is_the_difference_of_logits(seed, strength):
    factual, other = logits(seed), logits(seed + 1) / 3
    found = debias.debiased(said(factual), said(other), strength, "logits")
    assert np.allclose(found, said(factual - strength * other), atol=2e-3)


@pytest.mark.parametrize("form", FORMS)
def test_each_head_has_its_own_strength(form):
    factual, other = said(logits(1)), said(logits(2))
    strength = np.zeros((2, 3))
    strength[1, 2] = 0.7
    found = debias.debiased(factual, other, strength, form)
    changed = ~np.isclose(found, factual, atol=1e-6).all(axis=(0, 3))
    assert changed.tolist() == [[False] * 3, [False, False, True]]


def test_an_unknown_form_is_refused():
    with pytest.raises(CausalexError, match="expected probabilities or logits"):
        debias.debiased(said(logits(1)), said(logits(2)), 1.0, "odds")


@given(SEEDS)
@settings(max_examples=5, deadline=None)
def test_a_null_video_only_moves_the_thresholds(seed):
    """Its output is the same in every frame, so that Eq. 8 takes a constant from each head."""
    network = Network()
    network.initialise(seed)
    network.eval()
    factual = motion(2, seed)
    square = torch.eye(12) + 0.1
    with torch.no_grad():
        null = said(network(debias.null_motion(factual) + 0.3, compound=square))
        real = said(network(factual, compound=square))
    assert np.ptp(null, axis=-1).max() < 1e-5
    for form in FORMS:
        found = debias.debiased(real, null, 0.5, form)
        apex, before = found[:, :, 2], real[:, :, 2]
        assert (np.argsort(apex, axis=-1) == np.argsort(before, axis=-1)).mean() > 0.99
    shift = debias.debiased(real, null, 0.5) - real
    assert np.ptp(shift, axis=-1).max() < 1e-5
