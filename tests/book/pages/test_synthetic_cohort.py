"""The page on the synthetic people."""

import pytest

from causalex_book.data import synthetic_cohort
from causalex_book.data.synthetic_cohort import Config


@pytest.fixture(scope="module")
def tables():
    return synthetic_cohort.compute(
        Config(n_identities=4, n_clips=2, n_frames=90, head_motions=(1.0,))
    )


def test_both_cohorts_have_their_databases_numbers(tables):
    sizes = tables["sizes"].set_index("cohort")
    assert sizes.loc["synthetic, like CAS(ME)^2", ["people", "macro", "micro"]].tolist() == [
        22,
        300,
        57,
    ]
    assert sizes.loc["synthetic, like SAMM-LV", ["people", "macro", "micro"]].tolist() == [
        30,
        343,
        159,
    ]


def test_median_times_are_near_those_of_the_databases(tables):
    times = tables["times"].query("quantile == 0.5")
    assert (times["cohort_seconds"] - times["database_seconds"]).abs().max() < 0.1


def test_the_planted_bias_is_in_the_tied_people_only(tables):
    percent = tables["tie"].set_index(["cohort", "people", "kind"])["percent"]
    for name in percent.index.levels[0]:
        assert percent[name, "tied", "micro"] > 2 * percent[name, "free", "micro"]
        assert percent[name, "tied", "macro"] < percent[name, "free", "macro"]


def test_every_face_is_found(tables):
    row = tables["identities"].iloc[0]
    assert row["found"] == row["people"] == 4
    assert row["scatter_percent"] < row["error_percent"] < 12


def test_pictures_give_the_motion_back(tables):
    tiers = tables["tiers"].set_index("tier")
    assert tiers.loc["pixels", "moving"] > 0.7
    assert tiers.loc["motion", "moving"] > 0.9
    assert tiers.loc["motion", "gain"] == pytest.approx(0.82, abs=0.05)


def test_errors_of_the_motion_tier_are_as_large_but_independent(tables):
    errors = tables["errors"].set_index("tier")
    assert errors.loc["motion", "deviation"] == pytest.approx(
        errors.loc["pixels", "deviation"], rel=0.5
    )
    assert abs(errors.loc["motion", "neighbours"]) < 0.1 < errors.loc["pixels", "neighbours"]
