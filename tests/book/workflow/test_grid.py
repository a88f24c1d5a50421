from datetime import date

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from causalex_book.workflow import experiment, grid
from causalex_core import cli, paths
from causalex_core.errors import CausalexError


@pytest.fixture(autouse=True)
def notebooks(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "NOTEBOOKS", tmp_path)
    source = "alpha, seed = 0.05, 1\nmethods = ['a']"
    cells = [new_code_cell(source, metadata={"tags": ["parameters"]})]
    nbformat.write(new_notebook(cells=cells), tmp_path / "graphs.ipynb")
    return tmp_path


def content(**changes):
    return {
        "experiment": "e",
        "notebook": "graphs",
        "fixed": {"methods": ["a", "b"]},
        "grid": {"alpha": [0.01, 0.05], "seed": [1, 2]},
    } | changes


def test_lists_make_a_product():
    chosen = experiment.parse(content())
    assert list(chosen.runs) == [
        "alpha=0.01+seed=1",
        "alpha=0.01+seed=2",
        "alpha=0.05+seed=1",
        "alpha=0.05+seed=2",
    ]
    assert chosen.varied == ("alpha", "seed")
    run = chosen.runs["alpha=0.05+seed=2"]
    assert run == experiment.Run("graphs", {"methods": ["a", "b"], "alpha": 0.05, "seed": 2})


def test_points_join_the_product_and_stand_once():
    points = [{"alpha": 0.01, "seed": 2}, {"alpha": 0.5}]
    chosen = experiment.parse(content(points=points))
    assert len(chosen.runs) == 5
    assert chosen.runs["alpha=0.5"].parameters == {"methods": ["a", "b"], "alpha": 0.5}
    alone = experiment.parse(content(grid=None, points=points))
    assert list(alone.runs) == ["alpha=0.01+seed=2", "alpha=0.5"]


def test_a_value_more_leaves_the_other_names():
    more = experiment.parse(content(grid={"alpha": [0.01, 0.05], "seed": [1, 3, 2]}))
    assert more.runs.keys() > experiment.parse(content()).runs.keys()


@pytest.mark.parametrize(
    "values",
    [
        {"plan": "cas like"},
        {"plans": [["cas_like", ["no graph"]]]},
        {"path": "a/b"},
        {"text": "ü" * 200},
        {"a": 1, "b": ","},
    ],
)
def test_names_suit_files_jobs_and_links(values):
    name = grid.label(values)
    assert grid._UNUSUAL.search(name) is None and len(name) <= 80
    assert name == grid.label(dict(values))
    other = {**values, "a": 2}
    assert grid.label(other) != name


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"notebook": "grahps"}, r"lists 'grahps', .* no notebooks/grahps\.ipynb; .*'graphs'\?"),
        ({"fixed": {"metods": []}}, r"no parameter 'metods'; did you mean 'methods'\?"),
        ({"grid": {"alhpa": [1]}}, r"no parameter 'alhpa'; did you mean 'alpha'\? \(it has: "),
        ({"points": [{"seeds": 1}]}, r"no parameter 'seeds'; did you mean 'seed'\?"),
        ({"grid": {"alpha": 0.1}}, r"'grid' has alpha: 0\.1; give a list"),
        ({"grid": {"alpha": []}}, r"'grid' has alpha: \[\]; give a list"),
        ({"grid": [1]}, r"'grid' is \[1\]: give a list of values for each"),
        ({"grid": {}}, r"needs a list under 'grid', or points"),
        ({"points": {"alpha": 1}}, r"'points' is .*: give a list"),
        ({"fixed": [1]}, r"'fixed' is \[1\]"),
        ({"fixed": {"seed": 1}}, r"'seed' stands under 'fixed' and under 'grid'"),
        ({"gird": {}}, r"has no key 'gird'; did you mean 'grid'\?"),
        ({"resources": {"mem": 1}}, r"has no resource 'mem'; did you mean 'mem_mb'\?"),
        ({"pages": {}}, r"needs the keys 'experiment' and 'pages', or for a grid"),
        ({"experiment": "../e"}, r"cannot be called '\.\./e'"),
        ({"experiment": "html"}, r"cannot be called 'html'"),
        ({"experiment": "cache"}, r"cannot be called 'cache'"),
        ({"grid": {"alpha": [float("nan")]}}, r"experiment 'e': Out of range .*expected finite"),
        ({"fixed": {"methods": date(2024, 1, 5)}}, r"'e': Object of type date .*expected finite"),
        ({"grid": {"alpha": [1, "1"]}}, r"two points are called alpha=1, a number and a text"),
        ({"grid": {2024: [1]}}, r"no parameter '2024' \(it has: alpha, seed, methods\)"),
        ({"notebook": "../graphs"}, r"lists '\.\./graphs', but there is no"),
        ({"points_per_job": 0}, r"'points_per_job': 0 given, expected a whole number of at least"),
    ],
)
def test_what_cannot_be_run_is_refused_before_anything_starts(changes, message):
    with pytest.raises(CausalexError, match=message):
        experiment.parse(content(**changes))


@pytest.mark.parametrize(
    ("pages", "message"),
    [
        (["graphs"], r"'pages' is \['graphs'\]: expected names with values"),
        ({"graphs": [1]}, r"page 'graphs' is \[1\]: expected names"),
        ({2024: None}, r"lists '2024', but there is no notebooks/2024\.ipynb"),
    ],
)
def test_pages_that_cannot_be_run_are_refused(pages, message):
    with pytest.raises(CausalexError, match=message):
        experiment.parse({"experiment": "e", "pages": pages})


def test_a_second_cell_of_parameters_is_refused(notebooks):
    file = notebooks / "graphs.ipynb"
    content = nbformat.read(file, 4)
    content.cells.append(new_code_cell("seed = 2", metadata={"tags": ["parameters"]}))
    nbformat.write(content, file)
    with pytest.raises(CausalexError, match=r"graphs\.ipynb: 2 cells are tagged 'parameters'"):
        experiment.parse({"experiment": "e", "pages": {"graphs": None}})
    file.write_text("<<<<<<< ours")
    with pytest.raises(CausalexError, match=r"graphs\.ipynb: cannot be read as a notebook"):
        experiment.parse({"experiment": "e", "pages": {"graphs": None}})


def test_several_points_share_a_job():
    chosen = experiment.parse(content(points_per_job=3))
    names = list(chosen.runs)
    assert chosen.jobs == {"points1": names[:3], "points2": names[3:]}
    assert [chosen.made(name) for name in names[2:]] == ["jobs/points1.done", "jobs/points2.done"]
    assert chosen.job_resources == {"mem_mb": 2000, "runtime": 720}
    alone = experiment.parse(content())
    assert alone.jobs == {name: [name] for name in names}
    assert alone.made(names[0]) == "pages/alpha=0.01+seed=1.ipynb"


def test_resources_have_defaults():
    assert experiment.parse(content()).resources == {"mem_mb": 2000, "runtime": 240}
    asked = {"gres": "gpu:1", "mem_mb": 9000}
    resources = experiment.parse(content(resources=asked)).resources
    assert resources == {"gres": "gpu:1", "mem_mb": 9000, "runtime": 240}


def test_values_from_the_command_line():
    settings = ["seed=[7, 8]", "alpha=0.2", "methods=[c]", "resources.gres=gpu:1"]
    chosen = experiment.parse(grid.changed(content(), settings))
    assert list(chosen.runs) == ["alpha=0.2+seed=7", "alpha=0.2+seed=8"]
    assert chosen.runs["alpha=0.2+seed=7"].parameters["methods"] == ["c"]
    assert chosen.resources["gres"] == "gpu:1"
    assert content() == content(), "the file's own content stays"
    names = {grid.changed(content(), [one])["experiment"] for one in settings}
    assert len(names) == 4 and "e+alpha=0.2" in names
    assert "e" not in names


def test_values_from_the_command_line_for_pages():
    pages = {"experiment": "p", "pages": {"graphs": None}}
    chosen = experiment.parse(grid.changed(pages, ["graphs.seed=3"]))
    assert chosen.name == "p+graphs.seed=3"
    assert chosen.runs["graphs"].parameters == {"seed": 3}
    with pytest.raises(CausalexError, match=r"expected page\.parameter; did you mean 'graphs'\?"):
        grid.changed(pages, ["graph.seed=3"])


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("seed", "expected key=value"),
        ("=1", "expected key=value"),
        ("seed=[1", "not YAML"),
    ],
)
def test_settings_that_cannot_be_read(setting, message):
    with pytest.raises(CausalexError, match=message):
        grid.changed(content(), [setting])


def test_a_parameter_said_point_by_point_is_not_set_from_outside():
    with pytest.raises(CausalexError, match="'points' say it one by one"):
        grid.changed(content(points=[{"seed": 9}]), ["seed=1"])


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.setattr(experiment, "EXPERIMENTS", tmp_path)
    monkeypatch.setattr(paths, "BUILD", tmp_path / "_build")
    text = "experiment: e\nnotebook: graphs\ngrid: {seed: [1, 2]}\n"
    (tmp_path / "e.yml").write_text(text)
    return tmp_path


def test_an_experiment_is_found_by_name_by_file_and_by_what_it_left(files, tmp_path):
    assert experiment.read("e") == experiment.read(str(files / "e.yml"))
    changed = experiment.read("e", ["seed=[5]"])
    assert changed.name.startswith("e+seed=5-")
    left = changed.folder / f"{changed.name}.yml"
    left.parent.mkdir(parents=True)
    left.write_text(f"experiment: {changed.name}\nnotebook: graphs\ngrid: {{seed: [5]}}\n")
    assert experiment.read(changed.name).runs == changed.runs


def test_a_file_that_calls_itself_otherwise_or_is_no_yaml(files):
    (files / "copy.yml").write_text((files / "e.yml").read_text())
    with pytest.raises(CausalexError, match=r"give it the name of its file, 'copy'"):
        experiment.read("copy")
    (files / "bad.yml").write_text("a: [")
    with pytest.raises(CausalexError, match=r"bad\.yml: not YAML"):
        experiment.read("bad")


@pytest.mark.parametrize("name", ["2024", "on", "1e3", "007", "null", "2024.10", "2024-01-05"])
def test_names_that_look_like_other_values_are_names(files, name):
    text = f"experiment: {name}\nnotebook: graphs\ngrid: {{seed: [1]}}\n"
    (files / f"{name}.yml").write_text(text)
    assert experiment.read(str(files / f"{name}.yml")).name == name


def test_files_that_failed_once(cases, monkeypatch):
    monkeypatch.setattr(paths, "NOTEBOOKS", paths.ROOT / "notebooks")
    assert experiment.read(str(cases / "grid_name_number" / "2024.yml")).name == "2024"
    runs = experiment.read(str(cases / "grid_scientific" / "sci.yml")).runs.values()
    assert [run.parameters["alpha"] for run in runs] == [0.001, 0.05]
    with pytest.raises(CausalexError, match=r"'seed' .*: '2024-01-05' given, expected a whole"):
        experiment.read(str(cases / "grid_date" / "date.yml"))
    with pytest.raises(CausalexError, match=r"latin\.yml: line 2 is not UTF-8"):
        experiment.read(str(cases / "grid_latin1" / "latin.yml"))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["run", "f"], "no experiment 'f' (there are: e)"),
        (["run", "e", "--set", "seeds=1"], "no parameter 'seeds'; did you mean 'seed'?"),
        (["run", "e", "--profile", "slrum"], "no profile 'slrum'; did you mean 'slurm'?"),
        (["status", "g.yml"], "no experiment 'g.yml'"),
    ],
)
def test_refused_in_one_line_and_nothing_is_made(files, capsys, words, message):
    assert cli.main(["experiment", *words]) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
    assert not (files / "_build").exists()
