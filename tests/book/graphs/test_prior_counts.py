import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from causalex_book.graphs.prior_counts import recover_counts
from causalex_core.errors import CausalexError
from causalex_core.graphs.prior import normalise_rows

symmetric = arrays(np.int64, (4, 4), elements=st.integers(0, 30)).map(lambda a: a + a.T)


@given(symmetric)
def test_recovered_counts_give_the_matrix_back(counts):
    published = normalise_rows(counts)
    recovered = recover_counts(published)
    assert normalise_rows(recovered).tobytes() == published.tobytes()
    np.testing.assert_array_equal(recovered, recovered.T)
    assert recovered.sum() <= counts.sum()


def test_small_counts_are_told_from_their_multiples():
    counts = np.array([[2, 4, 0], [4, 6, 0], [0, 0, 5]])
    np.testing.assert_array_equal(recover_counts(normalise_rows(counts)), counts)


def test_what_has_no_counts_is_refused():
    with pytest.raises(CausalexError, match="no integer counts with a row sum up to 10"):
        recover_counts(np.array([[0.123, 0.877], [0.5, 0.5]], np.float32), largest=10)
    with pytest.raises(CausalexError, match="symmetric"):
        recover_counts(normalise_rows(np.array([[1, 1], [0, 1]])))
    with pytest.raises(CausalexError, match="no multiple up to 1000"):
        recover_counts(np.full((2, 2), 0.5, np.float32) - np.float32(3e-7))


def test_oracles(oracles):
    known = np.load(oracles / "auw_gcn" / "prior_matrices.npz")
    np.testing.assert_array_equal(
        recover_counts(known["samm_reference"]), known["samm_reference_recovered_integer_counts"]
    )
    counts = known["casme2_recomputed_counts"]
    np.testing.assert_array_equal(recover_counts(normalise_rows(counts)), counts)
