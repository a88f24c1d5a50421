"""Names that papermill injects and nobody reads."""

import sys
import types

import pytest

from causalex_book.publishing import injected
from causalex_core.errors import CausalexError

OWN = "# What may vary.\nalpha, seed = 0.05, 1\nframes: tuple = (1, 2)"
SAID = r"has no parameter 'sed'; did you mean 'seed'\? \(it has: alpha, seed, frames\)"


@pytest.fixture
def cells(monkeypatch):
    """Sets the cells that a notebook has run."""

    def ran(*sources):
        shell = types.SimpleNamespace(user_ns={"In": ["", *sources]})
        ipython = types.SimpleNamespace(get_ipython=lambda: shell)
        monkeypatch.setitem(sys.modules, "IPython", ipython)

    return ran


def test_a_name_that_no_cell_before_has_is_refused(cells):
    cells(OWN, "# Parameters\nalpha = 0.1\nsed = 2\n", "import numpy")
    with pytest.raises(CausalexError, match=SAID):
        injected.refuse_unread()
    injected.refuse_unread(["sed"])


@pytest.mark.parametrize(
    "ran",
    [
        [OWN, "# Parameters\nalpha = 0.1\nframes = [3]\n", "later = 1"],
        [OWN, "# Parameters\nPAPERMILL_INPUT_PATH = 'x'\n"],
        [OWN, "# parameters of mine\nsed = 2"],
        ["# Parameters\nsed = 2"],
        [OWN, "%%bash\nls"],
        [],
    ],
)
def test_anything_else_is_left_alone(cells, ran):
    cells(*ran)
    injected.refuse_unread()


def test_a_notebook_without_parameters_has_none(cells):
    cells("# The page has no parameters.", "# Parameters\nx = 1\n")
    with pytest.raises(CausalexError, match=r"has no parameter 'x' \(it has: none\)"):
        injected.refuse_unread()


def test_nothing_happens_outside_of_notebooks(monkeypatch):
    injected.refuse_unread()
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    injected.refuse_unread()
