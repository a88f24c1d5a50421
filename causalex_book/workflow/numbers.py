"""The numbers behind a page, to be taken away: its tables as CSV, and detections of long runs."""

from collections.abc import Mapping, Sequence

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from causalex_book.publishing import detections
from causalex_book.publishing.results import Result
from causalex_core import paths

FOLDER = "numbers"


def files(page: str, results: Sequence[Result]) -> Mapping[str, str]:
    """CSV of each table that has rows, by its place beside the page."""
    return {
        f"{FOLDER}/{page}/{result.name}.{name}.csv": table.to_csv(index=False, lineterminator="\n")
        for result in results
        for name, table in result.tables.items()
        if len(table)
    }


def detected(page: str, results: Sequence[Result]) -> Mapping[str, bytes]:
    """Stored detections behind a page, by their place beside it; see the index among them."""
    return {
        f"{FOLDER}/{page}/{result.name}.{name}": content
        for result in results
        if result.origin == "stored"
        for name, content in detections.stored(paths.PUBLISHED / f"{result.name}.json").items()
    }


def cell(addresses: Sequence[str]) -> NotebookNode:
    """End of a page: where its numbers are."""
    links = "\n".join(f"- [{address.rpartition('/')[2]}]({address})" for address in addresses)
    text = (
        ":::{dropdown} Numbers behind this page (CSV)\n\nEvery table that its figures and tables"
        f" are drawn from. Aggregates, and detections that were made here: no annotated row."
        f"\n\n{links}\n\n:::"
    )
    return new_markdown_cell(text, id="numbers")
