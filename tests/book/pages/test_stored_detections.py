"""Stored detections: each file, scored as `causalex score` does, gives the stored row."""

import gzip

import numpy as np
import pandas as pd
import pytest

from causalex_book.publishing import detections, results
from causalex_core import paths
from causalex_core.data import auw_gcn, manifest
from causalex_core.data.intervals import read_intervals
from causalex_core.evaluation.spotting import PROTOCOLS, Counts, pool, score
from causalex_core.expressions import MissingOffset

RESULTS = ("published_setting", "real_spotting")
ROW = ["database", "variant", "rule"]
COUNTING = ["protocol", "missing_offset"]


def result(name):
    return paths.PUBLISHED / f"{name}.json"


@pytest.fixture(params=RESULTS)
def stored(request):
    return request.param


def test_no_other_result_has_detections():
    folders = (paths.PUBLISHED / detections.TABLE).glob("*/index.csv")
    assert sorted(folder.parent.name for folder in folders) == sorted(RESULTS)


def test_the_index_names_every_file_and_no_other(stored):
    folder = detections.folder(result(stored))
    index = pd.read_csv(folder / detections.INDEX)
    assert sorted(index["file"]) == sorted(file.name for file in folder.glob("*.csv.gz"))
    assert not index.duplicated(list(detections.KEYS)).any()
    for name in index["file"]:
        header = gzip.decompress((folder / name).read_bytes()).decode().partition("\n")[0]
        assert header.split(",") == list(detections.COLUMNS)


def test_every_file_has_the_counts_of_its_row(stored):
    source = manifest.locate("auw_gcn_annotations")
    if source is None:
        pytest.skip("the annotations are not on this machine")
    folder = detections.folder(result(stored))
    index = pd.read_csv(folder / detections.INDEX)
    scores = results.read(result(stored)).tables["scores"]
    truths = {name: read_intervals(source.path(file)) for name, file in auw_gcn.FILES.items()}
    counting = [name for name in COUNTING if name in scores]
    for keys, files in index.groupby([*ROW, *COUNTING]):
        of_row = dict(zip([*ROW, *COUNTING], keys, strict=True))
        rows = scores
        for name in (*ROW, *counting):
            rows = rows[rows[name] == of_row[name]]
        counted = [
            pool(
                score(
                    truths[of_row["database"]],
                    read_intervals(folder / name),
                    PROTOCOLS[of_row["protocol"]],
                    MissingOffset(of_row["missing_offset"]),
                )
            )
            for name in files["file"]
        ]
        assert len(rows) == 3, of_row
        for row in rows.to_dict("records"):
            of_seeds = [counts[row["kind"]] for counts in counted]
            # A seed without any detection has no file.
            nothing = Counts(0, 0, row["n_truth"])
            of_seeds += [nothing] * (int(row["seeds"]) - len(of_seeds))
            assert {counts.n_truth for counts in of_seeds} == {row["n_truth"]}
            for name in ("tp", "n_pred", "f1"):
                mean = float(np.mean([getattr(counts, name) for counts in of_seeds]))
                assert mean == pytest.approx(row[name], rel=1e-12, abs=1e-12), (of_row, row["kind"])
