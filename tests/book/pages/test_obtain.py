"""Computed or stored, and never one under the name of the other."""

import dataclasses
import types

import pandas as pd
import pytest

from causalex_book import pages
from causalex_book.commands import publish
from causalex_book.publishing import results
from causalex_core import cli, paths
from causalex_core.errors import CausalexError


@dataclasses.dataclass(frozen=True)
class Config:
    """Parameters of the toy page."""

    size: int = 2


def _page(sources=()):
    page = types.SimpleNamespace(
        SOURCES=sources,
        Config=Config,
        __name__="causalex_book.pages.toy",
        __file__=str(paths.ROOT / "causalex_core" / "errors.py"),
        compute=lambda config: {
            "numbers": pd.DataFrame({"n": range(config.size), "f1": 0.1 + 0.2, "note": None})
        },
    )
    return page


@pytest.fixture(autouse=True)
def published(tmp_path, monkeypatch):
    monkeypatch.setattr(pages, "published_path", lambda _: tmp_path / "toy.json")
    return tmp_path


def _without_sources(monkeypatch, tmp_path):
    monkeypatch.setenv("CAUSALEX_MIRROR", "")
    monkeypatch.setenv("CAUSALEX_DATA", str(tmp_path / "nothing"))


def test_computed_when_the_sources_are_here():
    result = pages.obtain(_page(), size=3)
    assert result.origin == "computed"
    assert result.parameters == {"size": 3}
    assert len(result.tables["numbers"]) == 3


def test_stored_when_a_source_is_missing(published, tmp_path, monkeypatch):
    _without_sources(monkeypatch, tmp_path)
    written = pages.publish(_page())
    again = pages.obtain(_page(sources=("auw_gcn_priors",)), size=2)
    assert written == published / "toy.json"
    assert again.origin == "stored"
    assert again.missing == ("auw_gcn_priors",)
    assert again.parameters == {"size": 2}
    assert again.tables["numbers"]["f1"].tolist() == [0.1 + 0.2] * 2


def test_nothing_stored_is_an_error_that_names_the_command(tmp_path, monkeypatch):
    _without_sources(monkeypatch, tmp_path)
    with pytest.raises(CausalexError, match="causalex data fetch auw_gcn_priors"):
        pages.obtain(_page(sources=("auw_gcn_priors",)))


@pytest.mark.parametrize("content", ['{"name": "toy"}', '{"name": "toy", "param', ""])
def test_a_broken_stored_result_is_refused(published, tmp_path, monkeypatch, content):
    _without_sources(monkeypatch, tmp_path)
    (published / "toy.json").write_text(content)
    with pytest.raises(CausalexError, match="not a stored result"):
        pages.obtain(_page(sources=("auw_gcn_priors",)))


def test_unknown_parameter_is_refused_with_a_hint():
    with pytest.raises(CausalexError, match="did you mean 'size'"):
        pages.obtain(_page(), sise=1)


@pytest.mark.parametrize("size", ["x", 2.5, True, None, [3], 10**400])
def test_a_value_of_another_type_is_refused_before_anything_is_computed(size):
    page = _page()
    page.compute = None
    with pytest.raises(CausalexError, match=r"'size' .* given, expected a whole number"):
        pages.obtain(page, size=size)
    with pytest.raises(CausalexError, match=r"'size' .* given, expected a whole number"):
        pages.publish(page, size=size)


def test_a_stored_result_is_shown_for_its_own_parameters_only(tmp_path, monkeypatch):
    pages.publish(_page())
    assert pages.obtain(_page(), stored="true", size="2").origin == "stored"
    said = "'size' .*: 3 given, but .* computed with 2; to compute, set stored to false"
    with pytest.raises(CausalexError, match=said):
        pages.obtain(_page(), stored=True, size=3)
    assert pages.obtain(_page(), stored="false", size=3).origin == "computed"
    with pytest.raises(CausalexError, match=r"'maybe' given, expected true or false$"):
        pages.obtain(_page(), stored="maybe")
    _without_sources(monkeypatch, tmp_path)
    with pytest.raises(CausalexError, match=r"computed with 2; .*data fetch auw_gcn_priors"):
        pages.obtain(_page(sources=("auw_gcn_priors",)), size=3)


def test_a_parameter_that_a_stored_result_does_not_know_had_its_default(published):
    file = pages.publish(_page())
    file.write_text(file.read_text().replace('"size": 2', '"sise": 2'))
    assert pages.obtain(_page(), stored=True, size=2).origin == "stored"
    with pytest.raises(CausalexError, match="3 given, but the stored result"):
        pages.obtain(_page(), stored=True, size=3)


def test_nothing_stored_where_nothing_is_missing_says_so():
    with pytest.raises(CausalexError, match=r"no stored result .*; set stored to false"):
        pages.obtain(_page(), stored=True)


def test_same_result_gives_the_same_bytes(tmp_path):
    result = dataclasses.replace(pages.obtain(_page()), stamp=_stamp())
    one, two = results.write(result, tmp_path / "1"), results.write(result, tmp_path / "2")
    assert one.read_bytes() == two.read_bytes()


def _stamp():
    from causalex_core.provenance import Stamp

    return Stamp("c", "p", "d", "k", "cpu", 1.0)


def test_a_long_run_is_read_though_it_could_be_computed():
    pages.publish(_page())
    result = pages.obtain(_page(), stored=True)
    assert result.origin == "stored" and result.missing == ()


def test_a_full_disk_leaves_the_result_that_was_stored(published, monkeypatch, capsys, small_files):
    page, file = _page(sources=("toys",)), published / "toy.json"
    source = types.SimpleNamespace(fingerprint="f")
    monkeypatch.setattr(pages.manifest, "require", lambda _: source)
    monkeypatch.setattr(pages, "module", lambda _: page)
    monkeypatch.setattr(cli._Lazy, "get_command", lambda *_: publish.publish)
    assert cli.main(["publish", "table1"]) == 0
    before = file.read_bytes()
    capsys.readouterr()
    with small_files(100):
        assert cli.main(["publish", "table1"]) == 2
    shown = capsys.readouterr().err
    assert shown.endswith(f"too large: {file}\n") and shown.count("\n") == 1
    assert file.read_bytes() == before
    assert list(published.iterdir()) == [file]


def test_a_batch_run_gets_the_result_where_it_asks_for_it(published, tmp_path, monkeypatch):
    wanted = tmp_path / "wanted"
    pages.obtain(_page(), size=1)
    monkeypatch.setenv(results.WANTED, str(wanted))
    computed = pages.obtain(_page(), size=3)
    (again,) = results.saved(wanted)
    assert (again.origin, again.parameters, again.stamp) == (
        "computed",
        {"size": 3},
        computed.stamp,
    )
    pd.testing.assert_frame_equal(
        again.tables["numbers"], computed.tables["numbers"], check_dtype=False
    )

    _without_sources(monkeypatch, tmp_path)
    pages.publish(_page())
    pages.obtain(_page(sources=("auw_gcn_priors",)))
    (stored,) = results.saved(wanted)
    assert (stored.origin, stored.missing) == ("stored", ("auw_gcn_priors",))
    assert stored.parameters == {"size": 2}
