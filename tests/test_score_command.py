"""``causalex score`` as a user runs it."""

import json
import os
import subprocess
import sys

import pytest

from causalex_core import paths

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
