"""What the book needs of Sphinx so that it works from a disk and asks no other host."""

import shutil
from pathlib import Path
from typing import Any

import plotly
from sphinx.application import Sphinx

PLOTLY = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect the extension; Sphinx calls this."""
    app.connect("html-page-context", _add_plotly, priority=400)
    app.connect("html-page-context", _clean_scripts, priority=900)
    app.connect("html-page-context", _plain_citations)
    app.connect("build-finished", _copy_plotly)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def _add_plotly(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object
) -> None:
    """Load plotly.js on the pages that draw with it, and on no other: it has 5 MB."""
    if "plotly-graph-div" in (context.get("body") or ""):
        app.add_js_file(PLOTLY.name, priority=100)


def _clean_scripts(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object
) -> None:
    """Leave out thebe, which loads from another host, and scripts that were added twice."""
    kept: dict[object, object] = {}
    for script in context.get("script_files", []):
        name = str(getattr(script, "filename", None) or "")
        body = str(getattr(script, "attributes", {}).get("body", ""))
        if "thebe" not in (name + body).lower():
            kept.setdefault(name or body, script)
    context["script_files"][:] = kept.values()


def _plain_citations(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object
) -> None:
    """Take away roles of the list of works whose children, as docutils writes them, break it."""
    body = context.get("body")
    if body and "citation-list" in body:
        plain = body.replace(
            '<div role="list" class="citation-list">', '<div class="citation-list">'
        )
        context["body"] = plain.replace(' role="doc-biblioentry"', "")


def _copy_plotly(app: Sphinx, exception: Exception | None) -> None:
    if exception is None and app.builder.format == "html":
        shutil.copyfile(PLOTLY, Path(app.outdir) / "_static" / PLOTLY.name)
