"""Values of an experiment, judged before a notebook runs."""

import nbformat
import pytest
import yaml
from nbformat.v4 import new_code_cell, new_notebook

from causalex_book import pages
from causalex_book.workflow import experiment, handed
from causalex_core import cli, paths
from causalex_core.errors import CausalexError

CALL = """\
from causalex_book.pages import obtain, template as page, nested_emotions
result = obtain(page, n_graphs=graphs, alpha=alpha, seed=7)
other = obtain(nested_emotions, stored=shown)"""


@pytest.fixture(autouse=True)
def notebooks(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "NOTEBOOKS", tmp_path)
    own = "graphs, alpha = 3, 0.05\nshown = True\nscale = 1\ntitle = 'x'\nboth = (*(1, 2),)"
    cells = [
        new_code_cell(own, metadata={"tags": ["parameters"]}),
        new_code_cell(CALL),
    ]
    nbformat.write(new_notebook(cells=cells), tmp_path / "a.ipynb")
    return tmp_path


def grid(**values):
    return {
        "experiment": "e",
        "notebook": "a",
        "grid": {name: [value] for name, value in values.items()},
    }


def test_what_a_notebook_hands_on_is_read_from_its_text(notebooks):
    found = handed.read(notebooks / "a.ipynb")
    assert found.parameters == ("graphs", "alpha", "shown", "scale", "title", "both")
    assert found.own == {"graphs": 3, "alpha": 0.05, "shown": True, "scale": 1, "title": "x"}
    assert [name for name, _ in found.calls] == ["template", "nested_emotions"]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"graphs": -5}, "'n_graphs' of the page 'template': -5 given, expected a whole number of"),
        ({"graphs": "006_1"}, "'006_1' given"),
        ({"alpha": [0.1]}, r"'alpha' .*: \[0.1\] given, expected a number above 0 and below 1"),
        ({"alpha": None}, "null given"),
        ({"shown": "maybe"}, "'stored' of the page 'nested_emotions': 'maybe' given"),
        ({"scale": "x"}, "'scale' of a.ipynb: 'x' given, expected a number"),
        ({"title": 5}, "'title' of a.ipynb: 5 given, expected a text"),
    ],
)
def test_a_value_that_cannot_be_is_refused_in_one_line(values, said):
    with pytest.raises(CausalexError, match=said) as raised:
        experiment.parse(grid(**values))
    assert "\n" not in str(raised.value)


def test_values_that_can_be_are_left_as_they_are():
    values = {"graphs": "4", "alpha": 0.1, "shown": True, "scale": 0.5, "both": [3]}
    (run,) = experiment.parse(grid(**values)).runs.values()
    assert run.parameters == values


def test_a_stored_result_is_no_point_of_a_grid(notebooks):
    source = "from causalex_book import pages\nfrom causalex_book.chain import chain\n"
    cells = [
        new_code_cell("stored = True\nseeds = (101, 102)", metadata={"tags": ["parameters"]}),
        new_code_cell(source + "pages.obtain(chain, stored=stored, seeds=seeds)"),
    ]
    nbformat.write(new_notebook(cells=cells), notebooks / "a.ipynb")
    said = r"'seeds' .*: \[101\] given, but .* computed with \[101, 102\]; .*set stored to false"
    with pytest.raises(CausalexError, match=said):
        experiment.parse(grid(seeds=[101]))
    assert experiment.parse(grid(seeds=[101, 102])).runs
    assert experiment.parse(grid(seeds=[101]) | {"fixed": {"stored": False}}).runs


def test_a_page_without_its_data_takes_no_parameters(notebooks, monkeypatch):
    source = "from causalex_book.pages import obtain, rescoring\n"
    cells = [
        new_code_cell("n_bootstrap = 10_000\nother = 1", metadata={"tags": ["parameters"]}),
        new_code_cell(source + "obtain(rescoring, n_bootstrap=n_bootstrap)"),
    ]
    nbformat.write(new_notebook(cells=cells), notebooks / "a.ipynb")
    book = {"experiment": "e", "pages": {"a": {"n_bootstrap": 20, "other": 2}}}
    monkeypatch.setattr(pages.manifest, "locate", lambda _: object())
    assert experiment.parse(book).runs["a"].parameters == {"n_bootstrap": 20, "other": 2}
    monkeypatch.setattr(pages.manifest, "locate", lambda _: None)
    assert experiment.parse(book).runs["a"].parameters == {"other": 2}
    book["pages"]["a"]["n_bootstrap"] = 0
    with pytest.raises(CausalexError, match="0 given, expected a whole number of at least 1"):
        experiment.parse(book)
    with pytest.raises(CausalexError, match=r"computed with 10000; .*causalex data fetch"):
        experiment.parse(grid(n_bootstrap=20))


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("graphs=-5", "-5 given"),
        ("graphs=006_1", "'006_1' given"),
        ("graphs=4:30", "'4:30' given"),
        ("graphs=2024-01-05", "'2024-01-05' given"),
        ("graphs=null", "null given"),
        ("shown=off", "'off' given, expected true or false"),
    ],
)
def test_a_setting_from_the_command_line_is_judged_too(notebooks, capsys, setting, said):
    file = notebooks / "e.yml"
    file.write_text(yaml.safe_dump(grid(alpha=0.1)))
    assert cli.main(["experiment", "run", str(file), "--set", setting]) == 2
    shown = capsys.readouterr().err
    assert said in shown and shown.count("\n") == 1


def test_a_setting_may_mend_what_the_file_says(notebooks, capsys):
    file = notebooks / "e.yml"
    file.write_text("experiment: e\nnotebook: a\ngrid: {alpha: [1e-3, 7]}\n")
    assert cli.main(["experiment", "status", str(file)]) == 2
    assert "7 given, expected a number above 0 and below 1" in capsys.readouterr().err
    assert cli.main(["experiment", "status", str(file), "--set", "alpha=1e-3"]) == 0
    assert "left     alpha=0.001" in capsys.readouterr().out
