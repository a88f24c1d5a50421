import io
import os
import signal
import subprocess
import sys
import time

import pytest

from causalex_core import cli
from causalex_core.data import manifest

BIG = bytes(range(256)) * 800
DRIVER = """
import sys
from pathlib import Path
from causalex_core import cli, paths
paths.MANIFEST = Path(sys.argv[1])
paths.mirrors = lambda: []
sys.exit(cli.main(sys.argv[2:]))
"""


class Terminal(io.StringIO):
    def isatty(self):
        return True


def run(capsys, *words):
    """Exit status, standard output, standard error."""
    status = cli.main(["data", *words])
    shown = capsys.readouterr()
    return status, shown.out, shown.err


def test_list_shows_state_and_terms(house, capsys):
    house.add_card("absent")
    house.add_card("derived", derived=True)
    house.fill(house.mirror)
    house.place(house.mirror, "big.bin").unlink()
    status, out, _ = run(capsys, "list")
    rows = {line.split()[0]: line for line in out.splitlines() if line}
    assert status == 0
    assert "partial 2/3" in rows["absent"] and " none " in rows["absent"]
    assert " accept " in rows["derived"] and "205 kB" in rows["derived"]
    house.fill(house.mirror)
    assert " here " in run(capsys, "list")[1]


def test_show_of_a_licensed_database_says_whom_to_ask_and_the_tree(capsys):
    status, out, _ = run(capsys, "show", "casme2_squared")
    assert status == 0
    assert "http://casme.psych.ac.cn/casme/e3" in out
    assert "15_0101disgustingteeth" in out
    assert "causalex data verify casme2_squared --folder DIR" in out


def test_show_of_a_public_source_names_its_command(house, capsys):
    house.add_card("small", derived=True)
    out = run(capsys, "show", "small")[1]
    assert "causalex data fetch small --accept-terms" in out
    assert "casme2_squared" in out and "https://github.com/someone/some-repo" in out


def test_fetch_shows_licence_and_terms_and_brings_the_files(house, host, capsys):
    house.add_card("small")
    status, out, err = run(capsys, "fetch", "small")
    assert (status, err) == (0, "")
    assert "none stated" in out and "For tests." in out
    assert manifest.require("small").read_bytes("big.bin") == BIG


def test_fetch_of_a_complete_source_copies_nothing(house, host, capsys):
    house.add_card("small", derived=True)
    house.fill(house.mirror)
    status, out, _ = run(capsys, "fetch", "small")
    assert status == 0
    assert f"complete, nothing to fetch ({house.mirror})" in out
    assert host.requests == [] and not house.data.exists()


def test_terms_are_needed_where_nobody_can_be_asked(house, host, capsys, monkeypatch):
    house.add_card("small", derived=True)
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    status, out, err = run(capsys, "fetch", "small")
    assert status == 2
    assert "For tests." in out
    assert err.startswith("causalex: error: ") and "--accept-terms" in err
    assert err.count("\n") == 1 and host.requests == []
    assert run(capsys, "fetch", "small", "--accept-terms")[0] == 0
    assert manifest.locate("small") is not None


@pytest.mark.parametrize(("answer", "status"), [("y\n", 0), ("n\n", 2)])
def test_terms_are_asked_once_for_all(house, host, capsys, monkeypatch, answer, status):
    house.add_card("first", derived=True)
    house.add_card("second", derived=True, files={"other.txt": b"x"})
    host.files["other.txt"] = b"x"
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    result, out, _ = run(capsys, "fetch", "--all")
    assert result == status
    assert out.count("Do you accept") == 1
    assert bool(host.requests) == (status == 0)


def test_fetch_of_a_licensed_database_says_where_to_apply(capsys):
    status, _, err = run(capsys, "fetch", "samm")
    assert status == 2
    assert "https://helward.mmu.ac.uk/STAFF/M.Yap/dataset.php" in err and err.count("\n") == 1


@pytest.mark.parametrize("words", [(), ("small", "--all"), ("smal",)])
def test_bad_words_end_in_one_line(house, capsys, words):
    house.add_card("small")
    status, _, err = run(capsys, "fetch", *words)
    assert status == 2
    assert err.startswith("causalex: error: ") and err.count("\n") == 1


@pytest.mark.parametrize("command", ["fetch", "verify", "prepare"])
def test_corrupted_mirror_file_is_refused_and_not_replaced(house, host, capsys, command):
    house.add_card("small")
    house.fill(house.mirror)
    house.place(house.mirror, "big.bin").write_bytes(b"spoilt")
    status, _, err = run(capsys, command, "small")
    assert status == 2
    assert "big.bin is not the published file" in err
    assert house.place(house.mirror, "big.bin").read_bytes() == b"spoilt"
    assert host.requests == []


def test_verify_names_every_corrupted_file(house, capsys):
    house.add_card("small")
    house.fill(house.mirror)
    house.place(house.mirror, "big.bin").write_bytes(b"spoilt")
    house.place(house.mirror, "empty.txt").write_bytes(b"spoilt")
    _, _, err = run(capsys, "verify", "--all")
    assert err.count("is not the published file") == 2


def test_verify_of_an_absent_source_fails_but_not_under_all(house, capsys):
    house.add_card("small")
    status, _, err = run(capsys, "verify", "small")
    assert status == 2 and "lacks 3 of 3 files; add: causalex data fetch small" in err
    status, out, _ = run(capsys, "verify", "--all")
    assert status == 0 and "0 of 3 files" in out


def test_prepare_fetches_what_has_no_terms_and_names_the_command_for_the_rest(
    house, host, capsys, monkeypatch
):
    house.add_card("free")
    house.add_card("derived", derived=True, files={"other.txt": b"x"})
    monkeypatch.setattr(sys, "stdin", Terminal(""))
    status, out, _ = run(capsys, "prepare", "free", "derived")
    assert status == 0
    assert "free: here" in out and "derived: absent" in out
    assert "data fetch derived --accept-terms" in out
    assert "other.txt" not in [path for path, _ in host.requests]


def test_prepare_without_a_network_is_no_failure(house, capsys, monkeypatch):
    house.add_card("free")
    monkeypatch.setenv("CAUSALEX_RAW_URL", "http://127.0.0.1:9")
    status, out, err = run(capsys, "prepare", "free")
    assert status == 0
    assert "free: absent" in out and "data fetch free" in out
    assert "cannot be reached" in err and err.count("\n") == 1
    monkeypatch.setenv("CAUSALEX_OFFLINE", "1")
    status, _, err = run(capsys, "prepare", "free")
    assert status == 0 and "CAUSALEX_OFFLINE" in err


def test_prepare_knows_what_the_chapters_need(capsys):
    status, out, _ = run(capsys, "prepare")
    assert status == 0 and "auw_gcn_annotations: " in out


def test_killed_fetch_goes_on_to_the_same_bytes(house, host):
    house.add_card("small")
    words = [sys.executable, "-c", DRIVER, str(house.cards), "data", "fetch", "small"]
    place = house.place(house.data, "big.bin.part")
    host.drip = 0.05
    first = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(1200):
        if place.exists() and place.stat().st_size:
            break
        time.sleep(0.05)
    os.kill(first.pid, signal.SIGKILL)
    assert first.wait() == -signal.SIGKILL
    size = place.stat().st_size
    assert 0 < size < len(BIG)
    assert not house.place(house.data, "big.bin").exists()

    host.drip = 0.0
    before = len(host.requests)
    subprocess.run(words, check=True, capture_output=True)
    asked = host.requests[before:]
    assert ("big.bin", f"bytes={size}-") in asked
    assert "labels/cas(me)^2 new.csv" not in [path for path, _ in asked]
    source = manifest.require("small")
    for path, content in host.files.items():
        assert source.read_bytes(path) == content
    assert not list(house.data.rglob("*.part"))
