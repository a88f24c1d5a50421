"""What the book needs of Sphinx: no other host is asked, and signatures can be read."""

import dataclasses
import re
import shutil
from enum import EnumType
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from causalex_book.publishing.style import PLOTLY

_ARRAY = re.compile(
    r"~?numpy\.ndarray\[tuple\[~?typing\.Any, \.\.\.\], ~?numpy\.dtype\[([^\[\]]+)\]\]"
)

_PARAMETERS = re.compile(r"<dl>\s*((?:<dd>(?:(?!</?dd>|</?dl>).)*</dd>\s*)+)</dl>", re.S)
_ATTRIBUTE = re.compile(r":ivar ([^:]+): ")


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect the extension; Sphinx calls this."""
    app.connect("html-page-context", _add_plotly, priority=400)
    app.connect("html-page-context", _clean_scripts, priority=900)
    app.connect("html-page-context", _plain_citations)
    app.connect("html-page-context", _plain_signatures)
    app.connect("build-finished", _copy_plotly)
    app.connect("autodoc-skip-member", _without_fields_of_tuples)
    app.connect("autodoc-process-signature", _readable_signature)
    app.connect("autodoc-process-docstring", _attributes_as_list, priority=600)  # after napoleon
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


def _plain_signatures(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object
) -> None:
    """Make lines of the parameters that Sphinx writes as a list of definitions without terms."""
    body = context.get("body")
    if body and "sig-param" in body:
        context["body"] = _PARAMETERS.sub(
            lambda match: (
                '<span class="sig-lines">'
                + match[1].replace("<dd>", '<span class="sig-line">').replace("</dd>", "</span>")
                + "</span>"
            ),
            body,
        )


def _copy_plotly(app: Sphinx, exception: Exception | None) -> None:
    if exception is None and app.builder.format == "html":
        shutil.copyfile(PLOTLY, Path(app.outdir) / "_static" / PLOTLY.name)


def _without_fields_of_tuples(
    app: Sphinx, what: str, name: str, described: object, skip: bool, options: object
) -> bool | None:
    """Leave out what a named tuple says of its own fields: their numbers. None: as usual."""
    return True if str(described.__doc__).startswith("Alias for field number") else None


def _readable_signature(
    app: Sphinx,
    what: str,
    name: str,
    described: object,
    options: object,
    signature: str | None,
    returned: str | None,
) -> tuple[str | None, str | None]:
    """Signature with the defaults that each instance gets, short names of arrays, none of enums."""
    if isinstance(described, EnumType):
        return "", None
    if signature and dataclasses.is_dataclass(described):
        for field in dataclasses.fields(described):
            if field.default_factory is not dataclasses.MISSING:
                made = getattr(field.default_factory, "__name__", "")
                written = f"{made}()" if made.isidentifier() else "..."
                signature = signature.replace("<factory>", written, 1)
    return _short_arrays(signature), _short_arrays(returned)


def _short_arrays(text: str | None) -> str | None:
    return _ARRAY.sub(r"~numpy.typing.NDArray[\1]", text) if text else text


def _attributes_as_list(
    app: Sphinx, what: str, name: str, described: object, options: object, lines: list[str]
) -> None:
    """List attributes under that name; Sphinx takes the first of several names for a type."""
    written: list[str] = []
    indent = 0  # of what still belongs to an attribute
    for line in lines:
        match = _ATTRIBUTE.match(line)
        if match:
            written += [] if indent else [":Attributes:"]
            indent = match.end()
            written.append(f"    - **{match[1]}** – {line[indent:]}")
        elif indent and (not line or line.startswith(" ")):
            written.append(f"      {line[indent:]}".rstrip())
        else:
            indent = 0
            written.append(line)
    lines[:] = written
