"""Markdown where the book's own renderer is not at work: in Jupyter, and on single pages."""

import re

from markdown_it import MarkdownIt

_ROLE = re.compile(r"\{[a-z:]+\}`([^`]+)`")
_TARGET = re.compile(r"(.+?)\s*<[^<>]+>")


def plain(text: str) -> str:
    """Text without the roles of MyST: a reference shows its own words, or else its name."""
    return _ROLE.sub(lambda match: _TARGET.sub(r"\1", match[1]), text)


def html(text: str) -> str:
    """HTML of Markdown, with tables; roles are written out, and HTML in it is escaped."""
    return MarkdownIt("commonmark", {"html": False}).enable("table").render(plain(text))
