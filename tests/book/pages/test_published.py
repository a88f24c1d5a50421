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


@pytest.mark.parametrize("name", sorted(LONG.keys() & STORED))
def test_a_long_run_is_stored_with_the_defaults_and_of_these_data(name, request):
    page = LONG[name]
    if page.SOURCES:
        request.getfixturevalue("mirror")
    stored = results.read(pages.published_path(page))
    defaults = json.loads(json.dumps(asdict(page.Config())))
    assert defaults | dict(stored.parameters) == defaults
    assert defaults.keys() - stored.parameters.keys() <= {"n_seeds"}  # younger than the control
    sources = {name: manifest.require(name).fingerprint for name in page.SOURCES}
    assert stored.stamp.data == provenance.digest(sources)
    assert not stored.stamp.commit.endswith("+")


@pytest.mark.parametrize(
    "page",
    SHORT.values(),
    ids=SHORT,
)
def test_stored_result_is_fresh(page, mirror, tmp_path):
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
