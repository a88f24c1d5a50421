"""Stamps: what counts as the same, and which code a result depends on."""

import json
import os
import re
import subprocess

import pytest

from causalex_core import paths, provenance
from causalex_core.errors import CausalexError


def test_digest_depends_on_content_not_on_order():
    assert provenance.digest({"a": 1, "b": 2}) == provenance.digest({"b": 2, "a": 1})
    assert provenance.digest({"a": 1}) != provenance.digest({"a": 2})
    assert len(provenance.digest("x")) == 12


def test_code_files_follow_imports_of_modules():
    page = paths.ROOT / "causalex_book" / "spotting" / "printed_counts.py"
    files = provenance.code_files(page)
    assert page in files
    assert paths.ROOT / "causalex_book" / "publishing" / "paper.py" in files
    assert paths.ROOT / "causalex_core" / "errors.py" in files
    assert paths.ROOT / "causalex_book" / "data" / "lgsnet.py" not in files


def test_code_files_follow_imports_of_notebooks(tmp_path):
    cells = [
        {"cell_type": "markdown", "source": "import causalex_core.cli"},
        {"cell_type": "code", "source": ["from causalex_core.evaluation import selection\n"]},
    ]
    notebook = tmp_path / "page.ipynb"
    notebook.write_text(json.dumps({"cells": cells}))
    names = {file.name for file in provenance.code_files(notebook)}
    assert {"selection.py", "uncertainty.py"} <= names
    assert "cli.py" not in names
    assert "page.ipynb" not in names


def test_names_of_the_front_door_are_followed_to_their_modules(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("from causalex_core import MotionRecord\n")
    names = {file.name for file in provenance.code_files(script)}
    assert "record.py" in names and "predict.py" not in names


def test_code_digest_changes_with_the_code(tmp_path):
    one, two = tmp_path / "one.ipynb", tmp_path / "two.ipynb"
    for notebook, module in ((one, "errors"), (two, "paths")):
        source = f"import causalex_core.{module}"
        notebook.write_text(json.dumps({"cells": [{"cell_type": "code", "source": source}]}))
    assert provenance.code_digest(one) != provenance.code_digest(two)
    assert provenance.code_digest(one) == provenance.code_digest(one)


def test_a_folder_without_git_is_called_that(monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    assert provenance.commit() == "not a git checkout"


def test_device_names_the_processor():
    assert provenance.device().endswith("cores")


@pytest.mark.parametrize("content", ["text é", b"\x00bytes"])
def test_atomic_write_replaces_whole_files_and_leaves_nothing_else(tmp_path, content):
    target = tmp_path / "deep" / "file"
    paths.atomic_write(target, "old")
    paths.atomic_write(target, content)
    assert target.read_bytes() == (content.encode() if isinstance(content, str) else content)
    assert list(target.parent.iterdir()) == [target]


def test_failed_write_keeps_what_was_there(tmp_path, monkeypatch):
    target = tmp_path / "file"
    target.write_text("old")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(paths.os, "fsync", full)
    with pytest.raises(OSError, match="No space") as caught:
        paths.atomic_write(target, "new")
    assert caught.value.filename == str(target)
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_disk_that_takes_only_a_part(tmp_path, small_files):
    """A true limit, met in the middle of the file."""
    target = tmp_path / "file"
    target.write_text("old")
    with small_files(4096), pytest.raises(OSError, match="too large") as caught:
        paths.atomic_write(target, b"x" * 100_000)
    assert caught.value.filename == str(target)
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_an_empty_mirror_variable_means_none(monkeypatch, tmp_path):
    monkeypatch.setenv("CAUSALEX_MIRROR", "")
    assert paths.mirrors() == []
    monkeypatch.setenv("CAUSALEX_MIRROR", str(tmp_path))
    assert paths.mirrors()[0] == tmp_path
    monkeypatch.setenv("CAUSALEX_OFFLINE", "1")
    assert paths.offline()


def git(folder, *words):
    names = [f"GIT_{who}_{what}" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")]
    surroundings = {**os.environ, **dict.fromkeys(names, "n@example.org")}
    subprocess.run(["git", "-C", folder, *words], check=True, env=surroundings, capture_output=True)


@pytest.fixture
def thesis(tmp_path, monkeypatch):
    """Somebody's repository with one commit, and a copy of a part of the project in it."""
    git(tmp_path, "init", "--quiet")
    (tmp_path / "thesis.tex").touch()
    git(tmp_path, "add", "thesis.tex")
    git(tmp_path, "commit", "--quiet", "--message", "A thesis")
    copy = tmp_path / "zip" / "causalex_core" / "provenance.py"
    copy.parent.mkdir(parents=True)
    copy.touch()
    monkeypatch.setattr(paths, "PUBLISHED", tmp_path / "zip" / "book" / "published")
    monkeypatch.setattr(paths, "ROOT", tmp_path / "zip")
    return tmp_path


def test_a_copy_in_another_repository_has_no_commit_of_its_own(thesis, monkeypatch):
    assert provenance.commit() == "not a git checkout"
    git(thesis, "add", "zip")
    git(thesis, "commit", "--quiet", "--message", "With a copy")
    assert provenance.commit() == "not a git checkout", "also if the copy is tracked there"
    monkeypatch.setattr(paths, "ROOT", thesis)  # unpacked over the repository's root
    monkeypatch.setattr(paths, "PUBLISHED", thesis / "published")
    assert provenance.commit() == "not a git checkout"


def test_a_checkout_has_its_commit_also_in_a_hook_of_another_repository(
    thesis, tmp_path_factory, monkeypatch
):
    monkeypatch.setattr(paths, "ROOT", thesis / "zip")
    git(thesis / "zip", "init", "--quiet")
    git(thesis / "zip", "add", ".")
    git(thesis / "zip", "commit", "--quiet", "--message", "The project")
    own = provenance.commit()
    assert re.fullmatch("[0-9a-f]{10}", own)
    monkeypatch.setenv("GIT_DIR", str(thesis / ".git"))
    assert provenance.commit() == own
    (thesis / "zip" / "causalex_core" / "provenance.py").write_text("changed")
    assert provenance.commit() == f"{own}+"


@pytest.mark.parametrize(
    "line", ["%matplotlib inline", "!ls", "files = !ls", "%%time\n1", "value = (7\n % 2)"]
)
def test_lines_of_ipython_do_not_hide_what_a_notebook_imports(tmp_path, line):
    sources = [line, "if True:\n    from causalex_core import errors", "%%bash\nls $HOME; [ ("]
    cells = [{"cell_type": "code", "source": source} for source in sources]
    (tmp_path / "page.ipynb").write_text(json.dumps({"cells": cells}))
    names = {file.name for file in provenance.code_files(tmp_path / "page.ipynb")}
    assert "errors.py" in names


def test_a_cell_that_is_no_python_is_named(tmp_path):
    notebook = tmp_path / "page.ipynb"
    cell = {"cell_type": "code", "source": "for x in"}
    notebook.write_text(json.dumps({"cells": [cell]}))
    with pytest.raises(CausalexError, match=r"page\.ipynb: a cell is no Python: for x in"):
        provenance.code_files(notebook)
