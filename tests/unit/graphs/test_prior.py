import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from causalex_core import regions
from causalex_core.action_units import exact_numbers
from causalex_core.data import auw_gcn
from causalex_core.data.annotations import CAS
from causalex_core.errors import CausalexError
from causalex_core.graphs.prior import (
    AUW_GCN,
    FACS,
    FACS_PLACEMENTS,
    held_out,
    normalise_rows,
    prior_counts,
    recover_counts,
)

AUW = "xjtupanda/AUW-GCN/03c86f3dd84efbe32a348634e3209b43f342c0b0"
codes = st.lists(st.sampled_from([1, 2, 4, 7, 12, 14, 25, 26]), unique=True, max_size=5)


def naive_counts(action_units, mapping):
    """Eq. 2 cell by cell, to compare with."""
    counts = np.zeros((12, 12))
    for units in action_units:
        units = [unit for unit in units if unit in mapping]
        if len(units) == 1:
            for region in mapping[units[0]]:
                counts[region, region] += 1
        for place, first in enumerate(units):
            for second in units[place + 1 :]:
                for i in mapping[first]:
                    for j in mapping[second]:
                        counts[i, j] += 1
                        counts[j, i] += 1
    return counts


@given(st.lists(codes, max_size=8), st.sampled_from([AUW_GCN, FACS]))
def test_counts_follow_the_equation(rows, mapping):
    counts = prior_counts(rows, mapping)
    assert counts.dtype == np.float32
    np.testing.assert_array_equal(counts, naive_counts(rows, mapping))


@given(st.lists(codes, max_size=8))
def test_counts_add_up_over_expressions(rows):
    whole = prior_counts(rows, FACS)
    parts = sum((prior_counts([row], FACS) for row in rows), np.zeros((12, 12), np.float32))
    np.testing.assert_array_equal(whole, parts)
    np.testing.assert_array_equal(whole, whole.T)


def test_one_unit_counts_on_the_diagonal_only():
    counts = prior_counts([(12, 99)], AUW_GCN)
    assert counts[8, 8] == counts[10, 10] == 1
    assert counts.sum() == 2


def test_units_on_the_same_regions_count_twice():
    counts = prior_counts([(12, 14)], AUW_GCN)
    assert {counts[i, j] for i in (8, 10) for j in (8, 10)} == {2}


def test_rows_sum_to_one_or_stay_empty():
    weights = normalise_rows(np.array([[3, 1], [0, 0]]))
    assert weights.dtype == np.float32
    np.testing.assert_allclose(weights, [[0.75, 0.25], [0, 0]], rtol=1e-6)


def test_a_fold_does_not_see_its_own_subject():
    by_subject = np.stack([prior_counts([(1, 2)], FACS), prior_counts([(12, 25)], FACS)])
    folds = held_out(by_subject)
    np.testing.assert_array_equal(folds[0], normalise_rows(by_subject[1]))
    np.testing.assert_array_equal(folds[1], normalise_rows(by_subject[0]))


def test_facs_separates_what_auw_gcn_exchanged():
    landmarks = {unit: [regions.REGIONS[r].landmark for r in FACS[unit]] for unit in (1, 2)}
    assert landmarks == {1: [20, 23], 2: [18, 19, 24, 25]}
    assert {region for places in FACS.values() for region in places} == set(range(12))
    assert {6, 7}.isdisjoint(region for places in AUW_GCN.values() for region in places)
    numbers = [place.action_unit for place in FACS_PLACEMENTS]
    assert numbers == sorted(set(numbers))
    assert all(place.reason for place in FACS_PLACEMENTS)


symmetric = arrays.arrays(np.int64, (4, 4), elements=st.integers(0, 30)).map(lambda a: a + a.T)


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


def test_the_published_cas_matrix_is_the_formula_bit_for_bit(mirror):
    table = auw_gcn.read(mirror / AUW / auw_gcn.FILES[CAS], CAS)
    published = np.load(mirror / AUW / "assets/cas(me)^2.npy")
    counts = prior_counts(table["action_units"].map(exact_numbers), AUW_GCN)
    assert normalise_rows(counts).tobytes() == published.tobytes()
    np.testing.assert_array_equal(recover_counts(published), counts)


def test_oracles(oracles):
    known = np.load(oracles / "auw_gcn" / "prior_matrices.npz")
    for name in ("casme2", "samm"):
        ours = normalise_rows(known[f"{name}_recomputed_counts"])
        assert ours.tobytes() == known[f"{name}_recomputed_normalised"].tobytes()
    np.testing.assert_array_equal(
        recover_counts(known["samm_reference"]), known["samm_reference_recovered_integer_counts"]
    )
