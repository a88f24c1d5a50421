"""From an executed notebook to a page of the book, and the numbers behind it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from causalex_book.publishing import detections
from causalex_book.publishing.results import Result
from causalex_core import paths
from causalex_core.errors import CausalexError

NUMBERS = "numbers"  # folder beside the pages
_PARAMETERS = {"parameters", "injected-parameters"}
_NOTICE = "notice"  # tag of the cell that says where a page's numbers come from


def page(executed: Path) -> NotebookNode:
    """Page made from an executed notebook; one that stopped at an error is refused.

    Parameter cells vanish, other code is folded, messages on standard error, times and paths of the
    machine are taken away, and the output of the cell tagged ``notice`` stands under the title.
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
    notebook.cells = _notice_first(notebook.cells)
    return notebook


def _notice_first(cells: list[NotebookNode]) -> list[NotebookNode]:
    """Cells in the order of the page: the title, the notice if it says anything, the rest."""
    notices = [cell for cell in cells if _NOTICE in cell.metadata.get("tags", ())]
    spoken = [cell for cell in notices if cell.outputs]
    others = [cell for cell in cells if cell not in notices]
    title, _, text = others[0].source.partition("\n")
    if not spoken or not title.startswith("# "):
        return others
    opening = [
        new_markdown_cell(title, id=others[0].id),
        *spoken,
        new_markdown_cell(text.strip(), id=f"{others[0].id}-text"),
    ]
    return [*opening, *others[1:]]


def _tags(tags: list[str]) -> list[str]:
    if _PARAMETERS & set(tags):
        return sorted({*tags, "remove-cell"})
    if any(tag.startswith(("hide-", "remove-")) for tag in tags):
        return tags
    return [*tags, "hide-input"]


def tables_as_csv(name: str, results: Sequence[Result]) -> Mapping[str, str]:
    """CSV of each table that has rows, by its place beside the page."""
    return {
        f"{NUMBERS}/{name}/{result.name}.{title}.csv": table.to_csv(
            index=False, lineterminator="\n"
        )
        for result in results
        for title, table in result.tables.items()
        if len(table)
    }


def detected(name: str, results: Sequence[Result]) -> Mapping[str, bytes]:
    """Stored detections behind a page, by their place beside it; see the index among them."""
    return {
        f"{NUMBERS}/{name}/{result.name}.{file}": content
        for result in results
        if result.origin == "stored"
        for file, content in detections.stored(paths.PUBLISHED / f"{result.name}.json").items()
    }


def numbers_cell(addresses: Sequence[str]) -> NotebookNode:
    """End of a page: where its numbers are."""
    links = "\n".join(f"- [{address.rpartition('/')[2]}]({address})" for address in addresses)
    text = (
        ":::{dropdown} Numbers behind this page (CSV)\n\nEvery table that its figures and tables"
        f" are drawn from. Aggregates, and detections that were made here: no annotated row."
        f"\n\n{links}\n\n:::"
    )
    return new_markdown_cell(text, id="numbers")
