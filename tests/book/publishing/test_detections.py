"""Detections as files: what is stored is what is counted."""

import gzip

import pandas as pd

from causalex_book.publishing import detections, results
from causalex_book.publishing.results import Result
from causalex_core.data.intervals import read_intervals
from causalex_core.provenance import Stamp

STAMP = Stamp(commit="c", configuration="c", data="d", code="c", device="d", seconds=1.0)


def table(*rules, seeds=(1,), score=0.123456):
    return pd.DataFrame(
        [
            {
                **dict(zip(detections.COLUMNS, row, strict=True)),
                **{"database": "CAS(ME)^2", "variant": "no graph", "rule": rule, "seed": seed},
                **{"protocol": "megc", "missing_offset": "as_is"},
            }
            for rule in rules
            for seed in seeds
            for row in (
                ("s1", "s1_1", 10, 14, 20, "macro", score),
                ("s2", "s2_1", 5 + seed, 8 + seed, 12 + seed, "micro", 0.5),
            )
        ]
    )


def test_every_table_is_a_file_of_its_own_that_score_reads(tmp_path):
    detections.write(table("last epoch", "cross_fold", seeds=(1, 2)), tmp_path)
    index = pd.read_csv(tmp_path / "index.csv")
    assert index.columns.tolist() == ["file", *detections.KEYS]
    assert index["file"].tolist() == [
        f"cas_me_2-no_graph-{rule}-megc-as_is-{seed}.csv.gz"
        for rule in ("last_epoch", "cross_fold")
        for seed in (1, 2)
    ]
    assert set(index["file"]) == {file.name for file in tmp_path.glob("*.gz")}
    read = read_intervals(tmp_path / index["file"][1])
    assert read["onset"].tolist() == [10, 7] and read["kind"].tolist() == ["macro", "micro"]
    assert read["subject"].tolist() == ["s1", "s2"]
    assert read["score"].tolist() == [0.1235, 0.5]


def test_the_same_rows_give_the_same_bytes(tmp_path):
    for place in ("one", "two"):
        detections.write(table("last epoch"), tmp_path / place)
    one, two = ({f.name: f.read_bytes() for f in (tmp_path / p).iterdir()} for p in ("one", "two"))
    assert one == two and len(one) == 2
    (packed,) = (content for name, content in one.items() if name.endswith(".gz"))
    assert packed[4:8] == bytes(4)  # where gzip writes the time


def test_what_is_no_longer_among_the_tables_goes(tmp_path):
    detections.write(table("last epoch", "cross_fold"), tmp_path)
    (tmp_path / "README").write_text("stays")
    detections.write(table("cross_fold"), tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "README",
        "cas_me_2-no_graph-cross_fold-megc-as_is-1.csv.gz",
        "index.csv",
    ]


def test_a_result_is_stored_with_its_detections_beside_it(tmp_path):
    given = Result(
        "toy", {"scores": pd.DataFrame({"f1": [0.5]}), "detections": table("last epoch")},
        {}, STAMP, "computed",
    )  # fmt: skip
    path = results.write(given, tmp_path / "toy.json")
    assert list(results.read(path).tables) == ["scores"]
    assert "s1_1" not in path.read_text()
    found = detections.stored(path)
    name = "cas_me_2-no_graph-last_epoch-megc-as_is-1.csv.gz"
    assert list(found) == ["index.csv", name]
    assert detections.folder(path) == tmp_path / "detections" / "toy"
    assert gzip.decompress(found[name]).decode().startswith(",".join(detections.COLUMNS))


def test_a_result_without_detections_has_none(tmp_path):
    path = results.write(Result("toy", {}, {}, STAMP, "computed"), tmp_path / "toy.json")
    assert detections.stored(path) == {} and not detections.folder(path).exists()


def test_tables_of_several_results_are_joined_without_repeating_rows():
    def result(name, *rows, **more):
        return Result(name, {"scores": pd.DataFrame({"f1": rows}), **more}, {}, STAMP, "computed")

    extra = pd.DataFrame({"edges": [3]})
    found = results.joined(result("a", 0.1, 0.2), result("b", 0.2, 0.3, graphs=extra))
    assert list(found) == ["scores", "graphs"]
    assert found["scores"]["f1"].tolist() == [0.1, 0.2, 0.3]
    assert found["scores"].index.tolist() == [0, 1, 2]
    pd.testing.assert_frame_equal(found["graphs"], extra)
