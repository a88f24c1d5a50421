"""Values of an experiment, judged before a notebook runs, and the cells that name them."""

from dataclasses import fields

import nbformat
import pytest
import yaml
from nbformat.v4 import new_code_cell, new_notebook

from causalex_book import pages
from causalex_book.workflow import __main__, experiment, parameters
from causalex_core import cli, paths
from causalex_core.errors import CausalexError

NOTEBOOKS = sorted(file.stem for file in paths.NOTEBOOKS.glob("*.ipynb"))


def grid(notebook="template", **values):
    axes = {name: [value] for name, value in values.items()}
    return {"experiment": "e", "notebook": notebook, "grid": axes}


@pytest.fixture
def written(tmp_path, monkeypatch):
    """The notebook of a page with another cell, and one that is no page."""
    monkeypatch.setattr(paths, "NOTEBOOKS", tmp_path)
    for name, source in {"template": "n_graphs = 2", "mine": "width, level = 3, 0.5"}.items():
        cell = new_code_cell(source, metadata={"tags": ["parameters"]})
        nbformat.write(new_notebook(cells=[cell]), tmp_path / f"{name}.ipynb")
    return tmp_path


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_every_field_of_every_config_is_a_parameter_of_the_notebook(notebook):
    known = pages.declaration(notebook)
    own = [name for name in known if len(name) > 1]
    variables = {name: object() for name in own}
    for part in pages.parts(notebook):
        page = pages.module(part.page)
        given = pages.parameters(page, variables, notebook)
        assert given.keys() - {"stored"} == {field.name for field in fields(page.Config)}
        assert ("stored" in given) == bool(getattr(page, "LONG", ""))
    assert all(parameter.sentence for parameter in known.values())


def test_the_cells_are_what_the_command_writes(capsys):
    assert __main__.main(["parameters", "--check"]) == 0, "run the command without --check"
    assert capsys.readouterr().out == "parameters cells: as declared\n"


def test_the_command_writes_the_cell_of_a_page_and_no_other(written, capsys):
    assert __main__.main(["parameters", "--check"]) == 1
    assert __main__.main(["parameters"]) == 0
    assert capsys.readouterr().out == "parameters cells: template changed\n" * 2
    (cell,) = nbformat.read(written / "template.ipynb", 4).cells
    assert "alpha = 0.05  # Level of the tests (above 0 and below 1)" in cell.source.splitlines()
    (cell,) = nbformat.read(written / "mine.ipynb", 4).cells
    assert cell.source == "width, level = 3, 0.5"
    assert parameters.names(written / "mine.ipynb") == ("width", "level")


def test_long_values_and_sentences_take_several_lines():
    lines = parameters.cell("graph_spotting").splitlines()
    assert max(map(len, lines)) <= 100
    assert "seeds = (1, 2, 3)  # " in "\n".join(lines)
    variables = {}
    exec("\n".join(lines), variables)
    known = pages.declaration("graph_spotting")
    assert {name: variables[name] for name in known} == {
        name: parameter.default for name, parameter in known.items()
    }


@pytest.mark.parametrize(
    ("notebook", "values", "message"),
    [
        ("template", {"n_graphs": -5}, "'n_graphs' of the page 'template': -5 given, expected a"),
        ("template", {"n_graphs": "006_1"}, "'006_1' given"),
        ("template", {"alpha": [0.1]}, r"\[0.1\] given, expected a number above 0 and below 1"),
        ("template", {"alpha": None}, "null given"),
        ("chain", {"stored": "maybe"}, "'stored' of the page 'chain': 'maybe' given"),
        ("counterfactuals", {"control": 3}, "'control' of counterfactuals.ipynb: 3 given"),
        ("graph_spotting", {"control_seeds": [-1]}, "'seeds' of the page 'graph_spotting': -1 in"),
        ("graph_spotting", {"control_sed": 1}, "did you mean 'control_seeds'"),
    ],
)
def test_a_value_that_cannot_be_is_refused_in_one_line(notebook, values, message):
    with pytest.raises(CausalexError, match=message) as raised:
        experiment.parse(grid(notebook, **values))
    assert "\n" not in str(raised.value)


def test_values_that_can_be_are_left_as_they_are():
    values = {"n_graphs": "4", "alpha": 0.1, "frames": [300]}
    (run,) = experiment.parse(grid(**values)).runs.values()
    assert run.parameters == values


def test_a_stored_result_is_no_point_of_a_grid():
    message = r"'seeds' .*: \[101\] given, but .* computed with \[101, 102\]; .*stored to false"
    with pytest.raises(CausalexError, match=message):
        experiment.parse(grid("chain", seeds=[101]))
    assert experiment.parse(grid("chain", seeds=[101, 102])).runs
    assert experiment.parse(grid("chain", seeds=[101]) | {"fixed": {"stored": False}}).runs


def test_a_part_that_is_left_out_is_not_asked():
    left_out = {"control": False, "published": False}
    assert experiment.parse(grid("counterfactuals", control_seeds=[9]) | {"fixed": left_out}).runs
    with pytest.raises(CausalexError, match=r"'seeds' .* computed with \[1, 2, 3, 4, 5\]"):
        experiment.parse(grid("counterfactuals", control_seeds=[9]))


def test_a_page_without_its_data_takes_no_parameters(monkeypatch):
    book = {"experiment": "e", "pages": {"region_graphs": {"seed": 7, "clip_n_draws": 9}}}
    monkeypatch.setattr(pages.manifest, "locate", lambda _: object())
    known = book["pages"]["region_graphs"]
    assert experiment.parse(book).runs["region_graphs"].parameters == known
    monkeypatch.setattr(pages.manifest, "locate", lambda _: None)
    assert experiment.parse(book).runs["region_graphs"].parameters == {"seed": 7}
    known["clip_n_draws"] = 0
    with pytest.raises(CausalexError, match="0 given, expected a whole number of at least 1"):
        experiment.parse(book)
    with pytest.raises(CausalexError, match=r"computed with 10000; .*causalex data fetch"):
        experiment.parse(grid("rescoring", n_bootstrap=20))


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("n_graphs=-5", "-5 given"),
        ("n_graphs=006_1", "'006_1' given"),
        ("n_graphs=4:30", "'4:30' given"),
        ("n_graphs=2024-01-05", "'2024-01-05' given"),
        ("n_graphs=null", "null given"),
    ],
)
def test_a_setting_from_the_command_line_is_judged_too(tmp_path, capsys, setting, message):
    file = tmp_path / "e.yml"
    file.write_text(yaml.safe_dump(grid(alpha=0.1)))
    assert cli.main(["experiment", "run", str(file), "--set", setting]) == 2
    shown = capsys.readouterr().err
    assert message in shown and shown.count("\n") == 1


def test_a_setting_may_mend_what_the_file_says(tmp_path, capsys):
    file = tmp_path / "e.yml"
    file.write_text("experiment: e\nnotebook: template\ngrid: {alpha: [1e-3, 7]}\n")
    assert cli.main(["experiment", "status", str(file)]) == 2
    assert "7 given, expected a number above 0 and below 1" in capsys.readouterr().err
    assert cli.main(["experiment", "status", str(file), "--set", "alpha=1e-3"]) == 0
    assert "left     alpha=0.001" in capsys.readouterr().out
