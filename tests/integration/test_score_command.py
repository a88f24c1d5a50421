"""``causalex score`` as a user runs it."""

import gzip
import json
import subprocess

import pytest

from causalex_core import cli
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
def run(tmp_path, monkeypatch, capsys):
    """The command in this process, which starts at once."""
    (tmp_path / "truth.csv").write_text(TRUTH)
    (tmp_path / "found.csv").write_text(FOUND)
    monkeypatch.chdir(tmp_path)

    def call(*arguments, truth="truth.csv", found="found.csv"):
        status = cli.main(["score", "--truth", truth, "--predictions", found, *arguments])
        written = capsys.readouterr()
        return subprocess.CompletedProcess([], status, written.out, written.err)

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


HEADER = "subject,video,onset,offset,kind\n"


def told(done):
    """Lines on standard error of a run that went well."""
    assert done.returncode == 0, done.stderr
    return done.stderr.splitlines()


def overall(done):
    """TP, predictions and truths of both kinds."""
    words = next(line for line in done.stdout.splitlines() if line.startswith("overall")).split()
    return tuple(map(int, words[1:4]))


@pytest.mark.parametrize(
    ("case", "arguments", "counts", "sentences"),
    [
        ("score_empty_columns", (), (1, 1, 1), ()),
        ("score_precision_two", ("--protocol", "each_truth"), (2, 1, 2), ()),
        ("score_names_zeros", (), (0, 2, 2), ("share no video", "'1_a' of '1' (is it '01_a'")),
        ("score_one_file_only", (), (1, 2, 2), ("'09_z' of '09'", "'02_b' of '02'")),
        ("score_seconds", (), (2, 2, 2), ("truth.csv: fractions", "pred.csv: fractions")),
        ("score_seconds_one", (), (0, 2, 2), ("pred.csv: fractions", "132 in the truth, 4.4 in")),
    ],
)
def test_cases_of_tables(run, cases, case, arguments, counts, sentences):
    files = {"truth": str(cases / case / "truth.csv"), "found": str(cases / case / "pred.csv")}
    done = run(*arguments, **files)
    assert overall(done) == counts
    lines = told(done)
    assert bool(lines) == bool(sentences)
    for sentence in sentences:
        assert any(sentence in line for line in lines), lines


def test_a_table_of_nothing_but_a_mark_is_empty(run, tmp_path):
    (tmp_path / "found.csv").write_bytes(b"\xef\xbb\xbf")
    done = run()
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("causalex: error: found.csv: the file is empty")


def test_each_truth_divides_by_what_it_counts(run, tmp_path):
    (tmp_path / "truth.csv").write_text(
        HEADER + "1,a,10,19,macro\n1,a,20,29,macro\n1,a,50,60,macro\n"
    )
    (tmp_path / "found.csv").write_text(HEADER + "1,a,10,29,macro\n1,a,90,99,macro\n")
    done = run("--protocol", "each_truth", "--json", "out.json")
    assert "precision: 1 of 2 predictions hit a truth; recall: 2 of 3 truths are hit" in done.stdout
    scores = json.loads((tmp_path / "out.json").read_text())["overall"]
    assert (scores["tp"], scores["n_right"]) == (2, 1)
    assert (scores["precision"], scores["recall"]) == (1 / 2, 2 / 3)
    assert scores["f1"] == pytest.approx(4 / 7)


@pytest.mark.parametrize(
    ("truth", "found", "sentence"),
    [
        ("s01,clip", "1,clip.mp4", "(is it 'clip' of 's01' there?)"),
        ("casme_015,casme_015_0401", "s15,s15_401", "(is it 'casme_015_0401' of 'casme_015'"),
        ("Zoe\u0301,Walk 1", "zo\u00e9,walk_01", "(is it 'Walk 1' of"),
        ("1,a", "2,a", "(is it 'a' of '1' there?)"),
        ("7,a", "7.0,A", "(is it 'a' of '7' there?)"),
        ("Ann Lee,smile", "ann_lee,Smile.mov", "(is it 'smile' of 'Ann Lee' there?)"),
        ("1,a1", "1,b1", "'b1' of '1'\n"),
        ("1,a", "01,videos/01/a.mp4", "(is it 'a' of '1' there?)"),
        ("s01,walk", "1,01_walk", "(is it 'walk' of 's01' there?)"),
    ],
)
def test_names_that_nearly_match_are_told(run, tmp_path, truth, found, sentence):
    (tmp_path / "truth.csv").write_text(f"{HEADER}{truth},10,20,micro\n")
    (tmp_path / "found.csv").write_text(f"{HEADER}{found},10,20,micro\n")
    done = run()
    assert overall(done) == (0, 1, 1)
    assert "warning: truth and predictions share no video" in done.stderr
    assert sentence in done.stderr


def test_many_videos_in_one_table_are_counted_and_near_names_come_first(run, tmp_path):
    rows = [f"9,{letter},1,5,micro" for letter in "bcdefg"] + ["s7,v1,1,5,micro"]
    (tmp_path / "found.csv").write_text(HEADER + "\n".join(["7,a,10,20,micro", *rows]))
    (tmp_path / "truth.csv").write_text(HEADER + "7,a,10,20,micro\n07,1,1,5,micro\n")
    lines = told(run())
    assert lines[0].startswith("note: 7 videos of the predictions not in the truth: 'v1' of 's7' (")
    assert lines[0].endswith(" and 4 more")


@pytest.mark.parametrize(
    ("rows", "noted"),
    [
        ("1,a,2,3,micro\n1,a,7,9,micro\n", True),  # whole seconds
        ("1,a,1200,1500,micro\n1,a,9000,9900,micro\n", True),  # milliseconds
        ("1,a,61,63,micro\n1,a,240,251,micro\n", False),
        ("1,a,60,75,micro\n", False),  # early, and hits
    ],
)
def test_other_units_are_told_where_hardly_anything_hits(run, tmp_path, rows, noted):
    (tmp_path / "truth.csv").write_text(HEADER + "1,a,60,75,micro\n1,a,410,470,micro\n")
    (tmp_path / "found.csv").write_text(HEADER + rows)
    assert ("at one frame rate?" in run().stderr) == noted


def test_tables_without_rows_are_told(run, tmp_path):
    (tmp_path / "found.csv").write_text(HEADER)
    assert told(run())[-1] == "note: found.csv: no rows under the header"
