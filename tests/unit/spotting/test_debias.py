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


def scores(values):
    return probabilities(values).numpy()


def regions(*rows):
    chosen = np.zeros((len(rows), 12), bool)
    for number, row in enumerate(rows):
        chosen[number, list(row)] = True
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


@given(SEEDS, st.sampled_from(FORMS))
@settings(max_examples=20, deadline=None)
def test_strength_zero_changes_nothing(seed, form):
    factual, other = scores(logits(seed)), scores(logits(seed + 1))
    assert np.allclose(debias.debiased(factual, other, 0.0, form), factual, atol=1e-6)


@given(SEEDS, st.floats(-1, 2))
@settings(max_examples=20, deadline=None)
def test_the_logit_form_is_the_difference_of_logits(seed, strength):
    factual, other = logits(seed), logits(seed + 1) / 3
    corrected = debias.debiased(scores(factual), scores(other), strength, "logits")
    assert np.allclose(corrected, scores(factual - strength * other), atol=2e-3)


@pytest.mark.parametrize("form", FORMS)
def test_each_head_has_its_own_strength(form):
    factual, other = scores(logits(1)), scores(logits(2))
    strength = np.zeros((2, 3))
    strength[1, 2] = 0.7
    corrected = debias.debiased(factual, other, strength, form)
    changed = ~np.isclose(corrected, factual, atol=1e-6).all(axis=(0, 3))
    assert changed.tolist() == [[False] * 3, [False, False, True]]


def test_an_unknown_form_is_refused():
    with pytest.raises(CausalexError, match="expected probabilities or logits"):
        debias.debiased(scores(logits(1)), scores(logits(2)), 1.0, "odds")


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
        null = scores(network(debias.null_motion(factual) + 0.3, compound=square))
        real = scores(network(factual, compound=square))
    assert np.ptp(null, axis=-1).max() < 1e-5
    for form in FORMS:
        corrected = debias.debiased(real, null, 0.5, form)
        apex, before = corrected[:, :, 2], real[:, :, 2]
        assert (np.argsort(apex, axis=-1) == np.argsort(before, axis=-1)).mean() > 0.99
    shift = debias.debiased(real, null, 0.5) - real
    assert np.ptp(shift, axis=-1).max() < 1e-5
