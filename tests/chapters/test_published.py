"""What is stored with the book is what the code computes, and holds aggregates only."""

import importlib

import pandas as pd
import pytest

from causalex_core import chapters, paths
from causalex_core.commands.publish import NAMES
from causalex_core.report import results


@pytest.mark.parametrize("name", NAMES)
def test_stored_result_is_fresh(name, request):
    chapter = importlib.import_module(f"causalex_core.chapters.{name}")
    stored = results.read(chapters.published_path(chapter))
    if chapter.SOURCES:
        request.getfixturevalue("mirror")
    fresh = chapters.obtain(chapter)
    assert fresh.origin == "computed"
    assert stored.parameters == dict(fresh.parameters)
    assert stored.stamp.data == fresh.stamp.data
    assert list(stored.tables) == list(fresh.tables)
    copy = results.read(results.write(fresh, paths.BUILD / "tests" / f"{name}.json"))
    for table, frame in copy.tables.items():
        pd.testing.assert_frame_equal(stored.tables[table], frame, rtol=1e-9)
