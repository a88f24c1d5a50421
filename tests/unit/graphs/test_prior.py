import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from causalex_core import regions
from causalex_core.action_units import exact_numbers
from causalex_core.data import auw_gcn
from causalex_core.data.annotations import CAS
from causalex_core.graphs.prior import (
    AUW_GCN,
    FACS,
    FACS_PLACEMENTS,
    normalise_rows,
    prior_counts,
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


def test_facs_separates_what_auw_gcn_exchanged():
    landmarks = {unit: [regions.REGIONS[r].landmark for r in FACS[unit]] for unit in (1, 2)}
    assert landmarks == {1: [20, 23], 2: [18, 19, 24, 25]}
    assert {region for places in FACS.values() for region in places} == set(range(12))
    assert {6, 7}.isdisjoint(region for places in AUW_GCN.values() for region in places)
    numbers = [place.action_unit for place in FACS_PLACEMENTS]
    assert numbers == sorted(set(numbers))
    assert all(place.reason for place in FACS_PLACEMENTS)


def test_the_published_cas_matrix_is_the_formula_bit_for_bit(mirror):
    table = auw_gcn.read(mirror / AUW / auw_gcn.FILES[CAS], CAS)
    published = np.load(mirror / AUW / "assets/cas(me)^2.npy")
    counts = prior_counts(table["action_units"].map(exact_numbers), AUW_GCN)
    assert normalise_rows(counts).tobytes() == published.tobytes()


def test_oracles(oracles):
    known = np.load(oracles / "auw_gcn" / "prior_matrices.npz")
    for name in ("casme2", "samm"):
        ours = normalise_rows(known[f"{name}_recomputed_counts"])
        assert ours.tobytes() == known[f"{name}_recomputed_normalised"].tobytes()
