"""Graphs of the variants that are compared."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from causalex_book.spotting import dataset, variants
from causalex_book.spotting.variants import CAUSAL_EX, VARIANTS
from causalex_core.graphs.prior import normalise_rows
from causalex_core.spotting.data import leave_one_subject_out
from causalex_core.spotting.graph import GraphConfig


@pytest.fixture(scope="module")
def data():
    return dataset.read("cas_like", {}, GraphConfig(), 4)


@pytest.fixture(scope="module")
def folds(data):
    return leave_one_subject_out(data.windows)


def compound(data, folds, name, seed=1):
    return variants.graphs(data, VARIANTS[name], folds, seed).compound


def test_random_graphs_are_as_dense_and_drawn_anew(data, folds):
    first, again, other = (compound(data, folds, "random graph", seed) for seed in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)
    causal = np.stack([variants.compound.adjacency(marks, "any_edge") for marks in data.marks])
    permuted = variants._permuted(causal, np.random.default_rng(0))
    assert permuted.sum(axis=(1, 2)).tolist() == causal.sum(axis=(1, 2)).tolist()
    assert not permuted[:, range(12), range(12)].any()
    assert (
        first.shape
        == compound(data, folds, CAUSAL_EX).shape
        == (4, len(data.windows.video), 12, 12)
    )


def test_the_prior_of_a_fold_is_not_of_the_subject_that_is_held_out(data, folds):
    priors = data.priors(folds)
    assert not np.array_equal(priors[0], priors[1])
    tested = data.truth["subject"] == data.subjects[0]
    without = replace(data, truth=data.truth[~tested])
    assert np.array_equal(without.priors(folds)[0], priors[0])
    assert not np.array_equal(without.priors(folds)[1], priors[1])


def test_the_causal_graph_alone_has_nothing_of_the_prior(data, folds):
    causal = np.stack([variants.compound.adjacency(marks, "any_edge") for marks in data.marks])
    only = compound(data, folds, "causal only")
    assert np.array_equal(only.numpy(), normalise_rows(causal)[data.windows.video])


def test_without_self_loops_the_diagonal_is_zero(data, folds):
    assert compound(data, folds, CAUSAL_EX)[..., range(12), range(12)].any()
    assert not compound(data, folds, "no self loops")[..., range(12), range(12)].any()


def test_directed_edges_are_fewer(data, folds):
    every, few = (compound(data, folds, name) for name in (CAUSAL_EX, "directed edges"))
    assert (few > 0).sum() < (every > 0).sum()
