"""What is stored with the book is what the code computes, and holds aggregates only."""

import json
import subprocess
from dataclasses import asdict

import pandas as pd
import pytest

from causalex_book import pages
from causalex_book.commands.publish import NAMES
from causalex_book.publishing import results
from causalex_book.workflow import experiment
from causalex_core import paths, provenance
from causalex_core.data import manifest

PAGES = {name: pages.module(name) for name in NAMES}
LONG = {name: one for name, one in PAGES.items() if getattr(one, "LONG", False)}
SHORT = {name: one for name, one in PAGES.items() if one.SOURCES and name not in LONG}
STORED = {path.stem for path in paths.PUBLISHED.glob("*.json")}


def fingerprints(page):
    return {name: manifest.require(name).fingerprint for name in page.SOURCES}


@pytest.mark.parametrize("name", sorted(LONG.keys() & STORED))
def test_a_long_run_is_stored_with_the_defaults_and_of_these_data(name, request):
    page = LONG[name]
    if page.SOURCES:
        request.getfixturevalue("mirror")
    stored = results.read(pages.published_path(page))
    defaults = json.loads(json.dumps(asdict(page.Config())))
    assert defaults | dict(stored.parameters) == defaults
    assert defaults.keys() - stored.parameters.keys() <= {"n_seeds"}  # younger than the control
    assert stored.stamp.data == provenance.digest(fingerprints(page))
    assert not stored.stamp.commit.endswith("+")


# Pages that take longer than ten seconds to compute: with fewer resamples, permutations or films,
# and the columns that do not depend on these (of some rows), by table.
REDUCED = {
    "rescoring": (
        {"n_bootstrap": 20},
        {
            "published": ("system database printed_tp tp n_pred n_truth f1", ""),
            "mdmd_rows": ("database kind printed_rows equal", ""),
            "scores": ("system database truths protocol kind tp n_pred n_truth precision f1", ""),
            "spread": ("system database kindest strictest difference", ""),
        },
    ),
    "selection": (
        {"lowest": 465, "highest": 505, "step": 20, "n_bootstrap": 20},
        {
            "lgsnet_rules": ("protocol rule tp n_pred n_truth f1", "rule == 'as printed'"),
            "lgsnet_epochs": ("protocol epoch tp n_pred n_truth f1", ""),
            "mdmd_rules": ("database kind rule tp n_pred n_truth f1 gain", ""),
            "mdmd_thresholds": ("database kind p f1", ""),
        },
    ),
    "emotion_floor": (
        {"n_epochs": 1, "n_draws": 1, "n_bootstrap": 20},
        {
            "scores": ("system rule scope measure value", "rule == 'nothing to choose'"),
            "sizes": ("fewest most subjects of_one_emotion samples", ""),
        },
    ),
    "emotion_probes": (
        {"n_clip_folds": 1, "n_permutations": 1, "n_layers": 1, "layer_epochs": 1, "n_draws": 1}
        | {"n_bootstrap": 20},
        {
            "people": ("scope people clips accuracy balanced_guess emotion_guess", ""),
            "folds": ("folds scope measure value", "folds == 'by person'"),
            "permutations": ("permuted scope uf1", ""),
        },
    ),
    "real_graphs": (
        {"alphas": (0.01,), "lengths": (250,), "stretches": (1000,), "n_surrogates": 1}
        | {"n_permutations": 9},
        {
            "edges": ("database graph_of policy graphs n_eff edges least most without_any", ""),
            "lengths": ("database frames videos n_eff edges directed", ""),
            "first_frames": ("database frame motion_px deviations", ""),
            "associations": ("database joined_against given rho", ""),
            "expressions": ("database left_out graphs edges directed jaccard", ""),
            "pairs": ("database row column share directed", ""),
            "subject": ("row column mark any_edge directed prior compound", ""),
        },
    ),
    "preprocessing": (
        {"motions": (0.2,), "n_pairs": 1, "n_slow": 1, "n_people": 1, "head_motions": (1.0,)}
        | {"n_bootstrap": 20},
        {"regions": ("region median_px p95_px", ""), "quality": ("quality frames", "")},
    ),
}


@pytest.mark.parametrize("name", REDUCED)
def test_a_reduced_computation_has_the_numbers_of_the_stored_one(name, mirror):
    parameters, tables = REDUCED[name]
    stored = results.read(pages.published_path(SHORT[name]))
    assert stored.stamp.data == provenance.digest(fingerprints(SHORT[name]))
    fresh = pages.obtain(SHORT[name], **parameters).tables
    for table, (columns, rows) in tables.items():
        kept = fresh[table].query(rows) if rows else fresh[table]
        kept = kept[columns.split()].reset_index(drop=True)
        assert len(kept)
        keys = [column for column in kept if kept[column].dtype != float]
        same = kept[keys].merge(stored.tables[table], on=keys, how="left", validate="1:1")
        pd.testing.assert_frame_equal(same[list(kept)], kept, rtol=1e-9, check_dtype=False)


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.slow] * (name in REDUCED)) for name in SHORT],
)
def test_stored_result_is_fresh(name, mirror, tmp_path):
    page = SHORT[name]
    stored = results.read(pages.published_path(page))
    fresh = pages.obtain(page)
    assert fresh.origin == "computed"
    copy = results.read(results.write(fresh, tmp_path / "fresh.json"))
    assert stored.parameters == copy.parameters
    assert stored.stamp.data == fresh.stamp.data
    assert list(stored.tables) == list(fresh.tables)
    times = getattr(page, "TIMINGS", ())  # never the same twice
    for table in copy.tables.keys() - set(times):
        frame = copy.tables[table]
        pd.testing.assert_frame_equal(stored.tables[table], frame, rtol=1e-9)


def test_every_page_with_data_is_stored_and_nothing_else_is():
    assert SHORT.keys() <= STORED <= SHORT.keys() | LONG.keys()


def test_every_long_run_that_a_page_shows_is_stored():
    assert LONG.keys() & experiment.read("book").runs.keys() <= STORED


@pytest.mark.parametrize("name", sorted(STORED))
def test_a_stored_result_was_computed_by_a_commit_of_this_history(name):
    """A stamp that names a commit which nobody can look up proves nothing."""
    commit = results.read(paths.PUBLISHED / f"{name}.json").stamp.commit
    if _git("rev-parse", "--is-shallow-repository").stdout.strip() != "false":
        pytest.skip("no git checkout with its whole history")
    assert _git("merge-base", "--is-ancestor", commit, "HEAD").returncode == 0, commit


def _git(*words):
    return subprocess.run(["git", *words], cwd=paths.ROOT, capture_output=True, text=True)
