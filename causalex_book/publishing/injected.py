"""What papermill injects into a notebook that has no such parameter: nobody would read it."""

import ast
import sys
from collections.abc import Iterable

from causalex_core.config import ParameterError
from causalex_core.errors import did_you_mean

_MARK = "# Parameters\n"  # how papermill begins its cell, behind the one tagged `parameters`
_PATHS = {"PAPERMILL_INPUT_PATH", "PAPERMILL_OUTPUT_PATH"}  # its own, of --inject-paths


def refuse_unread(read: Iterable[str] = ()) -> None:
    """Refuse names in papermill's cell that neither `read` nor a cell before it has.

    Outside of a notebook, and without such a cell, nothing happens.
    """
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    cells = list(shell.user_ns["In"]) if shell else []
    for number, cell in enumerate(cells):
        before = [name for earlier in cells[:number] for name in assigned(earlier)]
        if not cell.startswith(_MARK) or not any(cells[:number]):
            continue
        for name in assigned(cell):
            if name not in {*before, *read, *_PATHS}:
                raise ParameterError(
                    f"the notebook has no parameter '{name}'{did_you_mean(name, before)}"
                    f" (it has: {', '.join(before) or 'none'})"
                )


def assigned(source: str) -> list[str]:
    """Names that code assigns, in order; none if it is no Python."""
    try:
        nodes = list(ast.walk(ast.parse(source)))
    except SyntaxError:
        return []
    names = [
        node for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ]
    names.sort(key=lambda node: (node.lineno, node.col_offset))
    return list(dict.fromkeys(node.id for node in names))
