"""An executed notebook as a page to read: what it says and shows, its code folded away."""

import html
from collections.abc import Iterator, Mapping
from pathlib import Path
from string import Template
from typing import Any

from nbformat import NotebookNode

from causalex_book.publishing import markdown, style

TEMPLATE = Path(__file__).with_name("readable.html")
STYLE = Path(__file__).with_name("page.css")
_PLOTLY = "plotly-graph-div"  # class of what is drawn by plotly.js


def page(
    notebook: NotebookNode,
    given: Mapping[str, Any],
    overview: str,
    source: str,
    made_from: str,
) -> str:
    """HTML of an executed notebook.

    Parameters
    ----------
    notebook
        As the book would show it (:func:`causalex_book.workflow.present.page`).
    given
        Parameters that were set.
    overview, source
        Links to the page of all runs and to the notebook itself.
    made_from
        Digest of what it is made from (:func:`made_from` reads it).

    Returns
    -------
    str
        Needs nothing else, except plotly.js beside it where :func:`is_drawn` says so.
    """
    body = "\n".join(part for cell in notebook.cells for part in _cell(cell))
    settings = ", ".join(f"{name} = {value!r}" for name, value in given.items())
    script = f'<script src="{style.PLOTLY.name}"></script>' if _PLOTLY in body else ""
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        made_from=made_from,
        title=html.escape(settings),
        style=STYLE.read_text(encoding="utf-8"),
        scripts=script,
        overview=html.escape(overview),
        notebook=html.escape(source),
        given=html.escape(settings),
        body=body,
    )


def is_drawn(text: str) -> bool:
    """Whether a page has figures that plotly.js draws."""
    return _PLOTLY in text


def _cell(cell: NotebookNode) -> Iterator[str]:
    """What a cell shows; one that the book leaves out shows nothing."""
    if cell.cell_type == "markdown":
        yield markdown.html(cell.source)
    elif cell.cell_type == "code" and "remove-cell" not in cell.metadata.get("tags", ()):
        code = html.escape(cell.source)
        yield f"<details><summary>Show the code</summary><pre><code>{code}</code></pre></details>"
        for output in cell.outputs:
            yield _output(output, cell.metadata.get("mystnb", {}))


def _output(output: NotebookNode, about: Mapping[str, Any]) -> str:
    """An output in the richest form that a page can have."""
    data = output.get("data", {})
    if "text/html" in data:
        return f'<div class="output" tabindex="0">{data["text/html"]}</div>'
    if "image/png" in data:
        alternative = html.escape(about.get("image", {}).get("alt", ""))
        caption = markdown.plain(about.get("figure", {}).get("caption", ""))
        image = f'<img alt="{alternative}" src="data:image/png;base64,{data["image/png"].strip()}">'
        return f"<figure>{image}<figcaption>{html.escape(caption)}</figcaption></figure>"
    return f"<pre>{html.escape(output.get('text') or data.get('text/plain', ''))}</pre>"
