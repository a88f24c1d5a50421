"""Graphs of the variants that are compared."""

import numpy as np
import pytest
import torch

from causalex_book.spotting import material, variants
from causalex_book.spotting.variants import CAUSAL_EX, VARIANTS
from causalex_core.graphs.prior import normalise_rows
from causalex_core.spotting.data import leave_one_subject_out
from causalex_core.spotting.graph import GraphConfig


@pytest.fixture(scope="module")
def part():
    return material.read("cas_like", {}, GraphConfig(), 4)


@pytest.fixture(scope="module")
def folds(part):
    return leave_one_subject_out(part.windows)


def compound(part, folds, name, seed=1):
    return variants.graphs(part, VARIANTS[name], folds, seed).compound


def test_random_graphs_are_as_dense_and_drawn_anew(part, folds):
    one, again, other = (compound(part, folds, "random graph", seed) for seed in (1, 1, 2))
    assert torch.equal(one, again) and not torch.equal(one, other)
    causal = np.stack([variants.compound.adjacency(each, "any_edge") for each in part.marks])
    permuted = variants._permuted(causal, np.random.default_rng(0))
    assert permuted.sum(axis=(1, 2)).tolist() == causal.sum(axis=(1, 2)).tolist()
    assert not permuted[:, range(12), range(12)].any()
    assert (
        one.shape == compound(part, folds, CAUSAL_EX).shape == (4, len(part.windows.video), 12, 12)
    )


def test_the_prior_of_a_fold_is_not_of_the_subject_that_is_held_out(part, folds):
    priors = part.priors(folds)
    assert not np.array_equal(priors[0], priors[1])
    own = part.truth["subject"] == part.subjects[0]
    without = material.replace(part, truth=part.truth[~own])
    assert np.array_equal(without.priors(folds)[0], priors[0])
    assert not np.array_equal(without.priors(folds)[1], priors[1])


def test_the_causal_graph_alone_has_nothing_of_the_prior(part, folds):
    causal = np.stack([variants.compound.adjacency(each, "any_edge") for each in part.marks])
    only = compound(part, folds, "causal only")
    assert np.array_equal(only.numpy(), normalise_rows(causal)[part.windows.video])


def test_without_self_loops_the_diagonal_is_zero(part, folds):
    assert compound(part, folds, CAUSAL_EX)[..., range(12), range(12)].any()
    assert not compound(part, folds, "no self loops")[..., range(12), range(12)].any()


def test_directed_edges_are_fewer(part, folds):
    every, few = (compound(part, folds, name) for name in (CAUSAL_EX, "directed edges"))
    assert (few > 0).sum() < (every > 0).sum()
