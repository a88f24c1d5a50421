"""Parameters of a notebook: the cell written from their declaration, and the check of values.

Values of an experiment are checked before a kernel starts. A notebook that is no page of the book
has the parameters that its tagged cell assigns; their values are checked where they are used.
"""

import json
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat

from causalex_book import pages
from causalex_book.publishing import injected
from causalex_core import paths
from causalex_core.config import checked, value
from causalex_core.errors import CausalexError

TAG = "parameters"
NONE = "# The page has no parameters."
_WIDTH = 100  # characters of a line


def cell(notebook: str) -> str:
    """Source of the parameters cell of a page, as its declaration says."""
    lines = []
    for parameter in pages.declaration(notebook).values():
        assigned = _assigned(parameter.name, parameter.default)
        if len(assigned) + len(parameter.help) + 4 <= _WIDTH and "\n" not in assigned:
            lines.append(f"{assigned}  # {parameter.help}")
        else:
            comment = textwrap.wrap(parameter.help, _WIDTH - 2, break_on_hyphens=False)
            lines += [*(f"# {line}" for line in comment), assigned]
    return "\n".join(lines) or NONE


def _assigned(name: str, default: Any) -> str:
    """Assignment in the style of the formatter."""
    return f"{name} = {_literal(default, _WIDTH - len(name) - 3)}"


def _literal(content: Any, width: int, indent: int = 0) -> str:
    """A value as Python, over several lines if it is longer than the width."""
    if isinstance(content, tuple):
        items = [_literal(item, 10**6) for item in content]
        line = f"({', '.join(items)}{',' * (len(items) == 1)})"
        if len(line) <= width:
            return line
        inner = indent + 4
        lines = [_literal(item, _WIDTH - inner - 1, inner) for item in content]
        body = "".join(f"{' ' * inner}{line},\n" for line in lines)
        return f"(\n{body}{' ' * indent})"
    if isinstance(content, dict):
        return f"{{{', '.join(f'{json.dumps(key)}: {item!r}' for key, item in content.items())}}}"
    return json.dumps(content, ensure_ascii=False) if isinstance(content, str) else repr(content)


def write(check: bool = False) -> list[str]:
    """Write the parameters cells of all pages; returns the notebooks whose cell is another.

    With `check` they are left as they are.
    """
    others = []
    for file in sorted(paths.NOTEBOOKS.glob("*.ipynb")):
        content = nbformat.read(file, as_version=4)
        source = cell(file.stem)
        (tagged,) = (
            candidate for candidate in content.cells if TAG in candidate.metadata.get("tags", ())
        )
        if pages.parts(file.stem) and tagged.source != source:
            others.append(file.stem)
            tagged.source = source
            if not check:
                nbformat.write(content, file)
    return others


def names(notebook: Path) -> tuple[str, ...]:
    """Names of the parameters of a notebook, in order."""
    if pages.parts(notebook.stem):
        return tuple(pages.declaration(notebook.stem))
    return tuple(injected.assigned(tagged_source(notebook)))


def tagged_source(notebook: Path) -> str:
    """Source of the cell tagged ``parameters``; empty if there is none.

    Raises
    ------
    CausalexError
        If there are two: what papermill puts behind the first, the second would undo.
    """
    try:
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        tagged = [cell for cell in cells if TAG in cell["metadata"].get("tags", ())]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CausalexError(f"{notebook}: cannot be read as a notebook of Jupyter 4") from error
    if len(tagged) > 1:
        raise CausalexError(f"{notebook}: {len(tagged)} cells are tagged '{TAG}'; keep one")
    return "".join(tagged[0]["source"]) if tagged else ""


def check(notebook: str, given: Mapping[str, Any]) -> None:
    """Refuse values of a wrong type or range, and others than those of a stored result."""
    if not given:  # nothing to check; to import the pages takes a second
        return
    known = pages.declaration(notebook)
    variables = {name: parameter.default for name, parameter in known.items()} | dict(given)
    for part in pages.parts(notebook):
        flag = part.prefix.rstrip("_")
        who = f"parameter '{flag}' of {notebook}.ipynb"
        if not part.optional or value(bool, variables[flag], who):
            page = pages.module(part.page)
            pages.prepared(page, **pages.parameters(page, variables, notebook))


def without_stored(notebook: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out parameters of pages whose sources are not here: their stored result is shown."""
    left = dict(given)
    for part in pages.parts(notebook) if given else ():
        page = pages.module(part.page)
        if pages.missing_sources(page):
            values = pages.parameters(page, given, notebook)
            values.pop("stored", None)
            checked(page.Config, values)
            for name in pages.names_of(notebook, part).values():
                left.pop(name, None)
    return left
