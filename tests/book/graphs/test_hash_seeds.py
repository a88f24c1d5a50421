import numpy as np
import pytest

from causalex_book.graphs import hash_seeds
from causalex_core.errors import CausalexError
from causalex_core.graphs import causal_learn
from causalex_core.graphs.search import fci, fci_from_independence
from causalex_core.graphs.separation import oracle


def test_graphs_come_back_by_backend_seed_and_sample():
    generator = np.random.default_rng(1)
    mixed = [
        generator.standard_normal((300, 4)) @ generator.standard_normal((4, 4)) for _ in range(2)
    ]
    found = hash_seeds.marks(mixed, 0.05, (0, 7))
    assert found["causalex"].shape == found["causal-learn"].shape == (2, 2, 4, 4)
    for number, samples in enumerate(mixed):
        ours = fci(samples, 0.05, "frames").marks
        np.testing.assert_array_equal(found["causalex"][:, number], [ours, ours])
        edges = causal_learn.fci(samples, 0.05).adjacency
        np.testing.assert_array_equal(found["causal-learn"][0, number] != 0, edges)


def test_a_search_that_fails_is_one_line():
    with pytest.raises(CausalexError, match=r"hash seed 3 failed: .*do not vary"):
        hash_seeds.marks([np.ones((20, 3))], 0.05, (3,))


def test_causal_learn_with_an_oracle():
    """0 --> 2 <-- 1, 2 --> 3, and 4 a latent cause of 0 and 3."""
    dag = np.zeros((5, 5), bool)
    dag[[0, 1, 2, 4, 4], [2, 2, 3, 0, 3]] = True
    theirs = causal_learn.fci_from_independence(4, oracle(dag))
    ours = fci_from_independence(4, oracle(dag))
    np.testing.assert_array_equal(theirs.marks, ours.marks)
    assert theirs.settings == {"backend": "causal-learn"}
