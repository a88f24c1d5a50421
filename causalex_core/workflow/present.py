"""From an executed notebook to a page of the book."""

from pathlib import Path

import nbformat
from nbformat import NotebookNode

from causalex_core.errors import CausalexError

_PARAMETERS = {"parameters", "injected-parameters"}


def page(executed: Path) -> NotebookNode:
    """Page made from an executed notebook.

    Parameter cells vanish, other code is folded, messages on standard error stay out, and
    times and paths of the machine that ran it are taken away.

    Raises
    ------
    CausalexError
        If the notebook stopped at an error: such a page is never shown.
    """
    notebook = nbformat.read(executed, as_version=4)
    if notebook.metadata.get("papermill", {}).get("exception"):
        raise CausalexError(f"{executed}: stopped at an error, so it is no page of the book")
    notebook.metadata.pop("papermill", None)
    for cell in notebook.cells:
        for key in ("papermill", "execution"):
            cell.metadata.pop(key, None)
        if cell.cell_type == "code":
            cell.metadata["tags"] = _tags(cell.metadata.get("tags", []))
            cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
    return notebook


def _tags(tags: list[str]) -> list[str]:
    if _PARAMETERS & set(tags):
        return sorted({*tags, "remove-cell"})
    if any(tag.startswith(("hide-", "remove-")) for tag in tags):
        return tags
    return [*tags, "hide-input"]
