"""Pages that are written from the code."""

import re
import shutil
from pathlib import Path

import yaml

from causalex_book.publishing import module_map
from causalex_book.workflow import reference
from causalex_book.workflow.book import contents
from causalex_core import paths

COLUMN = 672  # px, of the text in a window of 1280


def test_the_contents_list_every_page_of_the_reference():
    listed = contents(yaml.safe_load((paths.ROOT / "_toc.yml").read_text()))
    own = [name for name in listed if Path(name).parent == Path(reference.FOLDER)]
    assert sorted(own) == sorted(reference.pages())


def test_a_page_has_every_module_of_its_package():
    text = reference.pages()["api/evaluation"]
    named = re.findall(r"automodule:: causalex_core\.(\S+)", text)
    files = (paths.ROOT / "causalex_core" / "evaluation").glob("[a-z]*.py")
    assert named == ["evaluation", *sorted(f"evaluation.{file.stem}" for file in files)]


def test_a_page_changes_with_a_docstring(tmp_path, monkeypatch):
    before = reference.pages()["api/motion"]
    for package in module_map.PACKAGES:
        shutil.copytree(paths.ROOT / package, tmp_path / package)
    (tmp_path / "pyproject.toml").write_text((paths.ROOT / "pyproject.toml").read_text())
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    assert reference.pages()["api/motion"] == before
    changed = tmp_path / "causalex_core" / "motion" / "eyes.py"
    changed.write_text(changed.read_text().replace('"""', '"""Now: ', 1))
    assert reference.pages()["api/motion"] != before


def test_the_map_shows_imports_of_this_code_and_none_that_go_back():
    names, counted = module_map.parts(), module_map.imports()
    assert counted["causalex_book.spotting", "causalex_core.spotting"] > 0
    assert counted["causalex_core.locks", "causalex_core.errors"] == 0
    assert all(names.index(row) < names.index(column) for row, column in counted)


def test_letters_of_the_pictures_can_be_read_in_the_column():
    static = (paths.BOOK / reference.DIAGRAMS).iterdir()
    pictures = {file.name: file.read_text() for file in static} | reference.diagrams()
    smallest = {}
    for name, text in pictures.items():
        width, unit = re.search(r'<svg[^>]* width="([\d.]+)(pt)?"', text).groups()
        written = [float(size) for size in re.findall(r'font-size="([\d.]+)"', text)]
        drawn = [100 * float(scale) for scale in re.findall(r"scale\(([\d.]+) -", text)]
        pixels = 4 / 3 if unit else 1
        column = min(1, COLUMN / (pixels * float(width)))
        smallest[name] = round(pixels * min(written + drawn) * column, 1)
    assert {name: size for name, size in smallest.items() if size < 11} == {}


def test_pictures_of_the_prose_are_the_same_each_time():
    drawn = reference.diagrams()
    assert drawn == reference.diagrams()
    wanted = re.findall(
        r"\{figure\} (_static/diagrams/\S+)",
        "".join(file.read_text() for file in paths.BOOK.glob("*.md")),
    )
    there = {
        f"{reference.DIAGRAMS}/{file.name}" for file in (paths.BOOK / reference.DIAGRAMS).iterdir()
    }
    assert set(wanted) == there | drawn.keys()
