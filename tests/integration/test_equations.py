"""The table of the developers' page leads from each equation to the code that computes it."""

import ast
import re

import pytest

from causalex_core import paths

PAGE = (paths.BOOK / "developers.md").read_text()
CORE = paths.ROOT / "causalex_core"
ROWS = [
    (cells[0], cells[-2].strip("`"), cells[-1].strip("`"))
    for cells in (re.split(r"\s*\|\s*", line.strip("| ")) for line in PAGE.splitlines())
    if cells[-1].endswith(".py`") and "/" in cells[-1] and len(cells) in (3, 4)
]


def source(file: str, name: str) -> str:
    """Source of a function or class of a module of the core, comments included."""
    text = (CORE / file).read_text()
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name:
            return "\n".join(text.splitlines()[node.lineno - 1 : node.end_lineno])
    raise AssertionError(f"causalex_core/{file} has no {name}")


def test_every_equation_of_causal_ex_has_a_row():
    equations = [what for what, _, _ in ROWS if what.startswith("Eq.")]
    assert equations == [f"Eq. {number}" for number in range(1, 9)]
    assert len(ROWS) > len(equations)  # CausalNet


@pytest.mark.parametrize(("what", "name", "file"), ROWS)
def test_a_row_leads_to_code_that_names_its_equation(what, name, file):
    text = source(file, name)
    assert not what.startswith("Eq.") or re.search(rf"{what}\b", text), (
        f"{what} is not named in {name} of causalex_core/{file}"
    )
