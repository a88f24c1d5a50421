"""Models whose truth is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalex_book.graphs.simulation import LinearModel, random_model, series
from causalex_core.errors import CausalexError


@given(st.integers(0, 2**16), st.floats(0, 1))
@settings(max_examples=40, deadline=None)
def test_models_are_acyclic_with_latent_causes_on_top(seed, probability):
    model = random_model(np.random.default_rng(seed), probability)
    assert model.dag.shape == (15, 15)
    assert not np.linalg.matrix_power(model.dag.astype(int), 15).any()
    assert not model.dag[:, 12:].any()
    assert (model.dag[12:].sum(axis=1) == 3).all()
    size = np.abs(model.weights[model.dag])
    assert ((size >= 0.3) & (size <= 1)).all()


def test_nodes_respond_to_their_causes():
    weights = np.zeros((3, 3))
    weights[0, 1], weights[2, 0] = 0.5, 2.0  # latent 2 --> 0 --> 1
    response = LinearModel(weights, observed=2).respond(np.array([[1.0, 10.0, 3.0]]))
    assert response.tolist() == [[7.0, 13.5]]


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [("white", -0.05, 0.05), ("ar0.5", 0.45, 0.55), ("ar0.95", 0.92, 0.97), ("smooth", 0.9, 1)],
)
def test_series_remember_as_much_as_they_say(kind, low, high):
    values = series(kind, np.random.default_rng(1), 20_000, 3)
    assert values.shape == (20_000, 3)
    for column in values.T:
        assert low <= np.corrcoef(column[1:], column[:-1])[0, 1] <= high
    assert abs(np.corrcoef(values.T)[np.triu_indices(3, 1)]).max() < 0.1


def test_unknown_series_are_refused():
    with pytest.raises(CausalexError, match="white, smooth"):
        series("pink", np.random.default_rng(0), 10, 2)
