"""``causalex score`` as a user runs it."""

import gzip
import json
import os
import subprocess
import sys

import pytest

from causalex_core import paths
from causalex_core.data import auw_gcn, manifest
from causalex_core.data.annotations import CAS, SAMM
from causalex_core.evaluation.spotting import PROTOCOLS, pool
from causalex_core.evaluation.spotting import score as count_hits
from causalex_core.expressions import MissingOffset

TRUTH = """subject,video,onset,offset,kind,apex
s1,a,10,20,macro,15
s1,a,50,,macro,55
s2,b,5,9,micro,7
"""
FOUND = """subject,video,onset,offset,kind,score
s1,a,11,20,macro,.9
s1,a,50,58,macro,.8
s2,b,5,9,macro,.7
"""


@pytest.fixture
def run(tmp_path):
    (tmp_path / "truth.csv").write_text(TRUTH)
    (tmp_path / "found.csv").write_text(FOUND)

    def call(*arguments, truth="truth.csv", found="found.csv"):
        command = [sys.executable, "-m", "causalex_core.cli", "score"]
        return subprocess.run(
            [*command, "--truth", truth, "--predictions", found, *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(paths.ROOT)},
            capture_output=True,
            text=True,
        )

    return call


def test_json_holds_counts_and_rates(run, tmp_path):
    done = run("--protocol", "megc", "--missing-offset", "as_is", "--json", "out.json")
    assert done.returncode == 0, done.stderr
    content = json.loads((tmp_path / "out.json").read_text())
    assert list(content) == ["macro", "micro", "overall", "protocol", "missing_offset"]
    assert content["macro"] == {
        "tp": 1,
        "n_pred": 3,
        "n_truth": 2,
        "precision": 1 / 3,
        "recall": 0.5,
        "f1": 0.4,
    }
    assert content["micro"]["n_truth"] == 1
    assert content["overall"]["tp"] == 1
    assert (content["protocol"], content["missing_offset"]) == ("megc", "as_is")
    assert "0.4000" in done.stdout
    assert "truth.csv: offset not annotated in 1 row (first: row 2)" in done.stderr


def test_policies_and_kind_blindness_change_the_counts(run, tmp_path):
    for arguments, tp in (
        (("--missing-offset", "mirrored"), 2),
        (("--kind-blind",), 2),
        (("--kind-blind", "--missing-offset", "apex"), 3),
        (("--protocol", "auw"), 1),
        (("--protocol", "auw_2023", "--missing-offset", "apex"), 2),
    ):
        assert run(*arguments, "--json", "out.json").returncode == 0
        content = json.loads((tmp_path / "out.json").read_text())
        assert content["overall"]["tp"] == tp, arguments
        assert ("macro" in content) == ("--kind-blind" not in arguments)


def test_same_input_gives_the_same_bytes(run, tmp_path):
    for name in ("one.json", "two.json"):
        run("--json", name)
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("subject,video,onset,kind\ns,v,1,macro\n", ["found.csv", "'offset'"]),
        ("subject,video,onset,offset,kind\ns,v,9,3,macro\n", ["found.csv, row 1", "'offset'"]),
        ("subject,video,onset,offset,kind\ns,v,1,3,nano\n", ["found.csv, row 1", "'kind'", "nano"]),
        ("", ["found.csv", "empty"]),
    ],
)
def test_bad_input_ends_with_one_line_and_no_file(run, tmp_path, content, words):
    (tmp_path / "found.csv").write_text(content)
    (tmp_path / "out.json").write_text("old")
    done = run("--json", "out.json")
    assert done.returncode == 2
    assert done.stdout == ""
    errors = [line for line in done.stderr.splitlines() if not line.startswith("note:")]
    assert len(errors) == 1
    assert errors[0].startswith("causalex: error: ")
    assert all(word in errors[0] for word in words)
    assert (tmp_path / "out.json").read_text() == "old"


def test_unknown_protocol_is_a_usage_error(run):
    done = run("--protocol", "mine")
    assert done.returncode == 2
    assert "megc" in done.stderr


def test_a_header_alone_is_a_table(run, tmp_path):
    (tmp_path / "found.csv").write_text("subject,video,onset,offset,kind\n")
    done = run("--json", "out.json")
    assert done.returncode == 0
    assert json.loads((tmp_path / "out.json").read_text())["overall"]["n_pred"] == 0


ANNOTATED = """subject,video_name,start_frame,apex_frame,end_frame,type_idx,au
s1,a,10,15,20,1,4
s1,a,50,55,0,1,12
s2,b,5,-1,9,2,4+7
"""


def test_an_annotation_table_as_fetched_scores_as_our_own_table(run, tmp_path):
    (tmp_path / "annotated.csv").write_text(ANNOTATED)
    for policy in ("as_is", "mirrored"):
        for truth, name in (("truth.csv", "ours.json"), ("annotated.csv", "theirs.json")):
            done = run("--missing-offset", policy, "--json", name, truth=truth)
            assert done.returncode == 0, done.stderr
        ours, theirs = (
            json.loads((tmp_path / f"{w}.json").read_text()) for w in ("ours", "theirs")
        )
        assert ours == theirs
        assert ours["overall"]["tp"] == (2 if policy == "mirrored" else 1)
    assert "annotated.csv: offset not annotated in 1 row (first: row 2)" in done.stderr


def gzipped(text):
    # Without the time, which would give each worker of a parallel run other names of tests.
    return gzip.compress(text.encode(), mtime=0)


def test_compressed_tables_score_as_plain_ones(run, tmp_path):
    (tmp_path / "found.csv.gz").write_bytes(gzipped(FOUND))
    (tmp_path / "annotated.csv.gz").write_bytes(gzipped(ANNOTATED))
    plain = run()
    packed = run(truth="annotated.csv.gz", found="found.csv.gz")
    assert packed.returncode == plain.returncode == 0
    assert packed.stdout == plain.stdout
    assert "note: annotated.csv.gz: " in packed.stderr


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("f.csv.gz", FOUND.encode(), "f.csv.gz: damaged, or not compressed with gzip"),
        ("f.csv.gz", gzipped(FOUND)[:-12], "f.csv.gz: damaged, or not compressed"),
        ("f.csv.gz", gzipped("subject,video\ns,v\n"), "f.csv.gz: no column 'onset'"),
        ("f.csv.gz", gzipped(""), "f.csv.gz: the file is empty"),
        (
            "f.csv",
            ANNOTATED.replace("type_idx", "type").encode(),
            "f.csv: no column 'video', 'onset', 'offset', 'kind'; needed are",
        ),
        (
            "f.csv",
            ANNOTATED.replace("50,55", "fifty,55").encode(),
            "f.csv, row 2, column 'start_frame': 'fifty' is not a number of a frame",
        ),
        (
            "f.csv.gz",
            gzipped(ANNOTATED.replace("20,1,4", "20,3,4")),
            "f.csv.gz, row 1: type '3' is unknown; expected one of 1, 2",
        ),
    ],
)
def test_other_tables_that_cannot_be_used_end_with_one_line(run, tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    done = run(truth=name)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"causalex: error: {said}")
    assert done.stderr.count("\n") == 1


def test_a_compressed_file_that_is_not_there(run):
    done = run(found="none.csv.gz")
    assert "error: none.csv.gz: cannot be read (No such file or directory)" in done.stderr


@pytest.mark.parametrize("database", [CAS, SAMM])
def test_the_fetched_tables_score_as_the_library_does(run, tmp_path, mirror, database):
    source = manifest.locate("auw_gcn_annotations")
    if source is None:
        pytest.skip("the annotation tables are not in the mirror")
    path = source.path(auw_gcn.FILES[database])
    truth = auw_gcn.read(path, database)
    found = truth.assign(onset=truth["onset"] + 3, offset=truth["offset"].fillna(50) + 9)
    found = found[found["offset"] >= found["onset"]]
    columns = ["subject", "video", "onset", "offset", "kind"]
    found[columns].to_csv(tmp_path / "detections.csv.gz", index=False)
    arguments = ("--protocol", "auw", "--missing-offset", "mirrored", "--json", "out.json")
    done = run(*arguments, truth=str(path), found="detections.csv.gz")
    assert done.returncode == 0, done.stderr
    counts = pool(count_hits(truth, found[columns], PROTOCOLS["auw"], MissingOffset.MIRRORED))
    content = json.loads((tmp_path / "out.json").read_text())
    assert counts["overall"].tp > 100
    for kind, of_kind in counts.items():
        said = content[kind]
        expected = (of_kind.tp, of_kind.n_pred, of_kind.n_truth)
        assert (said["tp"], said["n_pred"], said["n_truth"]) == expected
