import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from causalex_book.workflow import execute, experiment, parameters
from causalex_core import paths
from causalex_core.data import manifest
from causalex_core.errors import CausalexError


@pytest.fixture
def notebooks(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "NOTEBOOKS", tmp_path)
    return tmp_path


def write(folder, name, *sources, tags=()):
    cells = [new_code_cell(source, metadata={"tags": list(tags)}) for source in sources]
    nbformat.write(new_notebook(cells=cells), folder / f"{name}.ipynb")


def test_unknown_experiment_names_those_that_exist():
    said = r"'papers'; did you mean 'paper'\? \(there are: .*book"
    with pytest.raises(CausalexError, match=said):
        experiment.read("papers")


@pytest.mark.parametrize("content", [None, {}, {"pages": {}}, [1]])
def test_a_file_without_its_keys_is_refused(content):
    with pytest.raises(CausalexError, match="'experiment' and 'pages'"):
        experiment.parse(content)


def test_a_page_without_notebook_is_refused(notebooks):
    write(notebooks, "here", "1")
    content = {"experiment": "e", "pages": {"here": None, "gone": {}}}
    with pytest.raises(CausalexError, match=r"no notebooks/gone\.ipynb"):
        experiment.parse(content)
    del content["pages"]["gone"]
    assert experiment.parse(content).runs == {"here": experiment.Run("here", {})}


def test_state_changes_with_what_a_page_uses_and_with_nothing_else(notebooks, monkeypatch):
    write(notebooks, "a", "from causalex_book.spotting import rescoring")
    monkeypatch.setattr(manifest, "locate", lambda name: None)
    without = experiment.state("a")

    class Source:
        fingerprint = "1234"

    monkeypatch.setattr(manifest, "locate", lambda name: Source())
    present = experiment.state("a")
    assert {key for key in present if present[key] != without[key]} == {"data"}

    write(notebooks, "a", "from causalex_book.spotting import rescoring\n1")
    edited = experiment.state("a")
    assert {key for key in edited if edited[key] != present[key]} == {"notebook"}

    write(notebooks, "b", "from causalex_core import errors")
    assert experiment.state("b")["data"] == experiment.state("b")["data"] != edited["data"]


def test_stored_result_counts_only_while_a_source_is_missing(notebooks, tmp_path, monkeypatch):
    write(notebooks, "a", "from causalex_book.spotting import rescoring")
    monkeypatch.setattr(paths, "PUBLISHED", tmp_path)
    monkeypatch.setattr(manifest, "locate", lambda name: None)
    before = experiment.state("a")
    (tmp_path / "rescoring.json").write_text("{}")
    assert experiment.state("a")["data"] != before["data"]


def test_the_stored_result_of_a_long_run_counts_always(notebooks, tmp_path, monkeypatch):
    write(notebooks, "a", "from causalex_book.spotting import graph_spotting")
    monkeypatch.setattr(paths, "PUBLISHED", tmp_path)
    before = experiment.state("a")
    (tmp_path / "graph_spotting.json").write_text("{}")
    assert experiment.state("a")["data"] != before["data"]


def test_parameter_names_of_a_notebook(notebooks):
    write(notebooks, "a", "low, high = 1, 2\nseed: int = 3\nnames = ['x']", tags=["parameters"])
    names = parameters.names(notebooks / "a.ipynb")
    assert set(names) == {"low", "high", "seed", "names"}


def test_a_parameter_that_a_notebook_lacks_is_refused(notebooks):
    write(notebooks, "a", "seed = 3", tags=["parameters"])
    said = r"a\.ipynb has no parameter 'sed'; did you mean 'seed'\?"
    with pytest.raises(CausalexError, match=said):
        execute.execute(notebooks / "a.ipynb", notebooks / "e" / "pages" / "a.ipynb", {"sed": 4})
