"""Commands and hooks that other installed packages add, found by their entry points."""

import ast
from collections.abc import Callable, Mapping
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from causalex_core.errors import CausalexError

COMMANDS = "causalex.commands"  # name of a command -> click command
HOOKS = "causalex.hooks"  # "sources": cards that pages read; "timeline": HTML of a spotted video


def commands() -> Mapping[str, EntryPoint]:
    """Commands of other packages, by name."""
    return {point.name: point for point in entry_points(group=COMMANDS)}


def about(point: EntryPoint) -> str:
    """First sentence of the module of an entry point, which is read and not imported."""
    spec = find_spec(point.module)
    text = Path(spec.origin).read_text(encoding="utf-8") if spec and spec.origin else ""
    sentence = (ast.get_docstring(ast.parse(text)) or "").partition("\n")[0].rpartition("``: ")[2]
    return sentence[:1].upper() + sentence[1:]


def load(point: EntryPoint) -> Any:
    """Object of an entry point; a CausalexError if its package lacks a dependency."""
    try:
        return point.load()
    except ModuleNotFoundError as error:
        raise CausalexError(
            f"'{point.name}' needs {error.name}, which is not installed: pip install"
            " 'causalex[book]'"
        ) from error


def hook(name: str) -> Callable[..., Any]:
    """Function of another package under a name of :data:`HOOKS`; a CausalexError if none has it."""
    for point in entry_points(group=HOOKS, name=name):
        return load(point)
    raise CausalexError(f"'{name}' comes with the book: pip install 'causalex[book]'")
