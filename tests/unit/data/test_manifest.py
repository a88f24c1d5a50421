import hashlib
import runpy
import shutil

import pytest

from causalex_core import paths
from causalex_core.data import manifest
from causalex_core.errors import CausalexError

LICENSED = {"casme2_squared", "samm_long_videos", "casme2", "samm", "smic"}
TERMS_FREE = {"auw_gcn_priors", "pyfeat_clips"}


def test_every_card_of_the_repository_reads_and_says_what_it_must():
    cards = manifest.cards()
    assert {name for name, card in cards.items() if card.licensed} == LICENSED
    for name, card in cards.items():
        assert card.terms and card.licence and card.ask and card.citation.text, name
        if card.licensed:
            assert card.tree and not card.files, name
        else:
            assert card.files and len({file.path for file in card.files}) == len(card.files), name
            assert set(card.derived_from) <= LICENSED, name
            assert bool(card.derived_from) == (name not in TERMS_FREE), name


def test_no_list_names_code_or_pickles():
    for card in manifest.cards().values():
        for file in card.files:
            assert not file.path.endswith((".py", ".pyc", ".pkl", ".pth", ".m")), file.path


@pytest.mark.parametrize("name", sorted(manifest.cards().keys() - LICENSED))
def test_every_file_of_the_mirror_is_the_published_one(mirror, name):
    source = manifest.locate(name)
    if source is None:
        pytest.skip(f"{name} is not complete in {mirror}")
    for path in source.files:
        assert source.path(path).is_file()


def test_lists_are_what_the_mirror_holds(mirror):
    listing = runpy.run_path(str(paths.MANIFEST / "list_files.py"))["listing"]
    for card in manifest.cards().values():
        if (mirror / card.folder).is_dir() and not card.licensed:
            committed = (paths.MANIFEST / f"{card.name}.files.tsv").read_text()
            assert listing(mirror / card.folder, list(card.include)) == committed


def test_unknown_card_names_the_nearest():
    with pytest.raises(CausalexError, match="'auw_gcn_prior'; did you mean 'auw_gcn_priors'"):
        manifest.card("auw_gcn_prior")


def test_files_come_from_mirror_then_data_folder_and_none_if_one_is_absent(house):
    house.add_card("small")
    assert manifest.locate("small") is None
    house.fill(house.mirror)
    house.place(house.mirror, "big.bin").unlink()
    assert manifest.locate("small") is None
    house.fill(house.data)
    source = manifest.locate("small")
    assert source.path("big.bin") == house.place(house.data, "big.bin")
    assert source.path("empty.txt") == house.place(house.mirror, "empty.txt")
    assert source.read_bytes("labels/cas(me)^2 new.csv") == b"subject,onset\n1,2\n"
    assert source.files == ("big.bin", "empty.txt", "labels/cas(me)^2 new.csv")


def test_file_that_the_card_does_not_list_is_refused(house):
    house.add_card("small")
    house.fill(house.mirror)
    with pytest.raises(CausalexError, match=r"no file 'big\.bi'; did you mean 'big\.bin'"):
        manifest.require("small").path("big.bi")


@pytest.mark.parametrize(
    "damage", [b"", b"x", bytes(256 * 800)], ids=["empty", "short", "same size"]
)
def test_corrupted_file_is_refused_with_name_and_both_hashes(house, damage):
    house.add_card("small")
    house.fill(house.mirror)
    house.fill(house.data)  # a good copy behind the bad one is not silently taken
    place = house.place(house.mirror, "big.bin")
    place.write_bytes(damage)
    expected = next(file for file in manifest.card("small").files if file.path == "big.bin")
    with pytest.raises(manifest.ChecksumError) as caught:
        manifest.require("small").path("big.bin")
    message = str(caught.value)
    assert str(place) in message and "\n" not in message
    assert expected.sha256 in message
    assert hashlib.sha256(damage).hexdigest() in message


def test_corrupted_file_of_the_real_mirror_is_refused(mirror, tmp_path, monkeypatch):
    folder = manifest.card("auw_gcn_priors").folder
    shutil.copytree(mirror / folder, tmp_path / folder, copy_function=shutil.copyfile)
    bad = tmp_path / folder / "assets/samm.npy"
    bad.parent.chmod(0o755)
    bad.write_bytes(bad.read_bytes()[:-1] + b"\0")
    monkeypatch.setattr(paths, "mirrors", lambda: [tmp_path])
    source = manifest.require("auw_gcn_priors")
    assert source.path("assets/cas(me)^2.npy").is_file()
    with pytest.raises(manifest.ChecksumError, match=r"samm\.npy.*[0-9a-f]{64}.*[0-9a-f]{64}"):
        source.path("assets/samm.npy")


def test_a_file_is_hashed_once_per_process(house, monkeypatch):
    house.add_card("small")
    house.fill(house.mirror)
    hashed = []
    real = manifest.sha256
    monkeypatch.setattr(manifest, "sha256", lambda path: hashed.append(path) or real(path))
    source = manifest.require("small")
    for _ in range(3):
        source.path("big.bin")
    assert len(hashed) == 1


def test_fingerprint_depends_on_paths_and_content_only(house):
    house.add_card("one", files={"a": b"1", "b": b"2"})
    house.add_card("turned", files={"b": b"2", "a": b"1"})
    house.add_card("renamed", files={"a": b"1", "c": b"2"})
    house.add_card("changed", files={"a": b"1", "b": b"3"})
    prints = {name: card.fingerprint for name, card in manifest.cards().items()}
    assert prints["one"] == prints["turned"]
    assert len(set(prints.values())) == 3


@pytest.mark.parametrize(
    ("derived", "command"),
    [(False, "causalex data fetch small$"), (True, "causalex data fetch small --accept-terms$")],
)
def test_missing_source_names_the_command_that_adds_it(house, derived, command):
    house.add_card("small", derived=derived)
    with pytest.raises(manifest.SourceMissing, match=command):
        manifest.require("small")


def test_licensed_source_is_never_located(monkeypatch):
    monkeypatch.setattr(paths, "mirrors", lambda: [])
    assert manifest.locate("smic") is None
    with pytest.raises(manifest.SourceMissing, match="causalex data show smic"):
        manifest.require("smic")


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a/../../x", "a\\x", "C:x", "a//b", "."])
def test_path_that_leaves_the_folder_is_refused(house, path):
    house.add_card("small", files={path: b"x"})
    with pytest.raises(CausalexError, match=r"small\.files\.tsv row 2: .* leaves"):
        manifest.cards()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("licence: none stated\n", "", "lacks 'licence'"),
        ("ask: nobody", "ask: nobody\nderived: x", "unknown entry 'derived'"),
        ("someone/some-repo", "../..", "is not owner/repo"),
        ("someone/some-repo", "someone/..", "is not owner/repo"),
        ("commit: 0", "commit: main-", "is not 40 hexadecimal digits"),
        ("title: A small source", "title: [", "is not YAML"),
    ],
)
def test_card_with_a_fault_is_refused_by_name(house, old, new, said):
    house.add_card("small")
    path = house.cards / "small.yml"
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(CausalexError, match=rf"small\.yml:? .*{said}|small\.yml {said}"):
        manifest.cards()


@pytest.mark.parametrize("row", ["a\t1", "a\tone\t" + "0" * 64, "a\t1\t" + "0" * 63, "a,1,x"])
def test_list_with_a_fault_names_the_row(house, row):
    house.add_card("small")
    path = house.cards / "small.files.tsv"
    path.write_text(path.read_text() + row + "\n")
    with pytest.raises(CausalexError, match=r"small\.files\.tsv row 5: expected path, size"):
        manifest.cards()
