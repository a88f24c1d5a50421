"""Numbers that can be taken away."""

import csv

import pandas as pd
import pytest

from causalex_book.publishing import detections, results
from causalex_book.publishing.results import Result
from causalex_book.workflow import present
from causalex_core import paths
from causalex_core.provenance import Stamp

STAMP = Stamp(commit="c", configuration="c", data="d", code="c", device="d", seconds=1.0)
TABLES = {
    "scores": pd.DataFrame({"system": ["a, b", "c"], "f1": [0.1 + 0.2, None]}),
    "nothing": pd.DataFrame(),
}


def result(name):
    return Result(name, TABLES, {}, STAMP, origin="computed")


def test_every_table_with_rows_is_a_file_that_reads_back():
    files = present.tables_as_csv("page", [result("chapter"), result("other")])
    assert list(files) == ["numbers/page/chapter.scores.csv", "numbers/page/other.scores.csv"]
    rows = list(csv.DictReader(files["numbers/page/chapter.scores.csv"].splitlines()))
    assert [row["system"] for row in rows] == ["a, b", "c"]
    assert float(rows[0]["f1"]) == 0.1 + 0.2


def test_the_page_ends_with_a_link_to_each():
    cell = present.numbers_cell(["numbers/page/chapter.scores.csv"])
    assert "- [chapter.scores.csv](numbers/page/chapter.scores.csv)" in cell.source


@pytest.mark.parametrize("origin", ["stored", "computed"])
def test_only_stored_results_bring_files_of_detections(origin, tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "PUBLISHED", tmp_path)
    row = dict.fromkeys((*detections.KEYS, *detections.COLUMNS), 1)
    shown = Result("chapter", {"detections": pd.DataFrame([row])}, {}, STAMP, origin)
    results.write(shown, tmp_path / "chapter.json")
    files = present.detected("page", [shown])
    if origin == "computed":
        assert files == {}
    else:
        assert list(files) == [
            f"numbers/page/chapter.{name}" for name in ("index.csv", "1-1-1-1-1-1.csv.gz")
        ]
        assert files["numbers/page/chapter.1-1-1-1-1-1.csv.gz"][:2] == b"\x1f\x8b"  # gzip
