"""A disk that gets full while a page is run: one line, and the page of before."""

import errno

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from causalex_book.workflow import __main__ as command
from causalex_book.workflow import execute
from causalex_core.errors import CausalexError


@pytest.fixture
def page(tmp_path):
    """A notebook, and its page from an earlier run."""
    notebook = tmp_path / "notebooks" / "a.ipynb"
    output = tmp_path / "build" / "pages" / "a.ipynb"
    for file in (notebook, output):
        file.parent.mkdir(parents=True)
        nbformat.write(new_notebook(cells=[new_code_cell("1 + 1", id="sum")]), file)
    return notebook, output


def full(*_, **__):
    raise OSError(errno.ENOSPC, "No space left on device", "somewhere")


def test_while_the_page_is_written(page, monkeypatch):
    notebook, output = page
    before = output.read_bytes()

    def begun(_, running, *__, **___):
        with open(running, "w") as file:
            file.write('{"cells": [')
        full()

    monkeypatch.setattr(execute.papermill, "execute_notebook", begun)
    with pytest.raises(CausalexError, match=r"^a failed: OSError: .*No space left"):
        execute.execute(notebook, output, {})
    assert output.read_bytes() == before
    assert not list((output.parent.parent / "running").glob("*.ipynb"))


def test_before_anything_is_written(page, monkeypatch, capsys):
    notebook, output = page
    before = output.read_bytes()
    monkeypatch.setattr(execute.papermill, "execute_notebook", full)
    assert command.main(["execute", str(notebook), str(output)]) == 2
    message = capsys.readouterr().err
    assert "No space left on device: 'somewhere'" in message and message.count("\n") == 1
    assert output.read_bytes() == before
