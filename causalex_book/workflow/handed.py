"""What a notebook hands to its chapters, read from its text: checked before anything runs."""

import ast
import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from causalex_book import pages
from causalex_book.publishing import injected
from causalex_core.config import checked, value

_KINDS = {bool: bool, int: float, float: float, str: str}  # of a parameter, by its own value


@dataclass(frozen=True)
class Notebook:
    """The parameters of a notebook, and where they go.

    Attributes
    ----------
    name
        Without ending.
    parameters
        Names that the cells tagged ``parameters`` assign.
    own
        Their values there, of those that are written out.
    calls
        For each call of ``obtain`` the name of the chapter, and what its keywords are given.
    """

    name: str
    parameters: tuple[str, ...]
    own: Mapping[str, Any]
    calls: tuple[tuple[str, Mapping[str, ast.expr]], ...]

    def check(self, given: Mapping[str, Any]) -> None:
        """Refuse values of a wrong type or range, and others than those of a stored result.

        The chapters judge; without any value they are not asked, which takes a second.
        """
        if not given:
            return
        handed = set()
        for chapter, keywords in self.calls:
            handed |= {one.id for one in keywords.values() if isinstance(one, ast.Name)}
            pages.prepared(pages.module(chapter), **self._values(keywords, given))
        for name in given.keys() - handed:
            kind = _KINDS.get(type(self.own.get(name)))
            if kind:
                value(kind, given[name], f"parameter '{name}' of {self.name}.ipynb")

    def without_stored(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Leave out parameters of chapters whose sources are not here: stored ones are shown."""
        left = dict(given)
        for chapter, keywords in self.calls if given else ():
            module = pages.module(chapter)
            if pages.missing_sources(module):
                values = self._values(keywords, given)
                values.pop("stored", None)
                checked(module.Config, values)
                for one in keywords.values():
                    left.pop(one.id if isinstance(one, ast.Name) else "", None)
        return left

    def _values(self, keywords: Mapping[str, ast.expr], given: Mapping[str, Any]) -> dict[str, Any]:
        """Values of a call's keywords, of those that can be told from the text."""
        known = {**self.own, **given}
        names = {key: one.id for key, one in keywords.items() if isinstance(one, ast.Name)}
        named = {key: known[name] for key, name in names.items() if name in known}
        return named | _literals(keywords.items())


def read(file: Path) -> Notebook:
    """Read a notebook; nothing of it is run."""
    cells = json.loads(file.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    own = [_tree(cell) for cell in code if "parameters" in cell["metadata"].get("tags", [])]
    nodes = [node for cell in code for node in ast.walk(_tree(cell))]
    return Notebook(
        file.stem,
        tuple(name for tree in own for name in injected.assigned(ast.unparse(tree))),
        _literals(pair for tree in own for pair in _assignments(tree)),
        tuple(_calls(nodes)),
    )


def _tree(cell: Mapping[str, Any]) -> ast.Module:
    """Syntax of a cell; empty if it is no Python."""
    try:
        return ast.parse("".join(cell["source"]))
    except SyntaxError:
        return ast.Module([], [])


def _assignments(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                yield from _named(target, node.value)


def _named(target: ast.expr, given: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(target, ast.Name):
        yield target.id, given
    elif isinstance(target, ast.Tuple) and isinstance(given, ast.Tuple):
        for one, value in zip(target.elts, given.elts, strict=False):
            yield from _named(one, value)


def _literals(given: Iterable[tuple[str, ast.expr]]) -> dict[str, Any]:
    """Values that are written out, and no others."""
    found = {}
    for name, expression in given:
        with contextlib.suppress(ValueError):
            found[name] = ast.literal_eval(expression)
    return found


def _calls(nodes: Iterable[ast.AST]) -> Iterator[tuple[str, Mapping[str, ast.expr]]]:
    """Calls of ``obtain`` on chapters that the notebook imports."""
    nodes, known = list(nodes), pages.names()
    imported = {
        alias.asname or alias.name: alias.name
        for node in nodes
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("causalex_book")
        for alias in node.names
        if alias.name in known
    }
    shared = {
        target.id: node.value
        for node in nodes
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in nodes:
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("obtain", "pages.obtain"):
            chapter = imported.get(ast.unparse(node.args[0])) if node.args else None
            if chapter:
                yield chapter, dict(_keywords(node, shared))


def _keywords(call: ast.Call, shared: Mapping[str, ast.Dict]) -> Iterator[tuple[str, ast.expr]]:
    """Keywords of a call, with those of a mapping that is written out, as in ``**common``."""
    for keyword in call.keywords:
        if keyword.arg:
            yield keyword.arg, keyword.value
        elif isinstance(keyword.value, ast.Name) and keyword.value.id in shared:
            given = shared[keyword.value.id]
            for name, one in zip(given.keys, given.values, strict=True):
                if isinstance(name, ast.Constant):
                    yield str(name.value), one
