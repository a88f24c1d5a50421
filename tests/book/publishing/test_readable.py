"""A run to read: whole, without foreign requests, its code folded."""

import re

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from causalex_book.publishing import markdown, readable

PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJg"
    "gg=="
)
FIGURE = {"figure": {"caption": "What {doc}`this <pages/a>` shows."}, "image": {"alt": 'a "dot"'}}


def cell(source, *outputs, tags=("hide-input",), **about):
    metadata = {"tags": list(tags), **({"mystnb": about} if about else {})}
    return new_code_cell(source, outputs=list(outputs), metadata=metadata)


def display(**data):
    return new_output("display_data", {key.replace("_", "/"): one for key, one in data.items()})


def page(*cells, given=None):
    notebook = new_notebook(cells=list(cells))
    links = ("../comparison.html", "../finished/a%3D1.ipynb")
    return readable.page(notebook, given or {"a": 1, "b": "<x>"}, *links, "abc123")


WHOLE = page(
    new_markdown_cell("# Title\n\nSee {cite}`tan2025causalex`, 1 < 2, <b>no tag</b>."),
    cell("a = 1", tags=("parameters", "remove-cell")),
    cell("show(1 < 2)", display(text_html="<table><tr><td>7</td></tr></table>", text_plain="x")),
    cell("draw()", display(image_png=PIXEL, text_plain="<Figure>"), **FIGURE),
    cell("print()", new_output("stream", name="stdout", text="1 < 2\n")),
)


def test_text_figures_and_tables_are_shown_and_code_is_folded():
    assert "<h1>Title</h1>" in WHOLE
    assert "See tan2025causalex, 1 &lt; 2, &lt;b&gt;no tag&lt;/b&gt;." in WHOLE
    assert "<td>7</td>" in WHOLE
    assert 'alt="a &quot;dot&quot;"' in WHOLE
    assert "<figcaption>What this shows.</figcaption>" in WHOLE
    assert "<pre>1 &lt; 2\n</pre>" in WHOLE
    assert WHOLE.count("<details>") == 3 and "a = 1</code>" not in WHOLE
    assert "a = 1, b = &#x27;&lt;x&gt;&#x27;" in WHOLE
    assert 'content="abc123"' in WHOLE
    assert 'href="../comparison.html"' in WHOLE and 'href="../finished/a%3D1.ipynb"' in WHOLE


def test_nothing_is_asked_of_another_host_and_plotly_only_where_it_draws():
    assert not re.search(r"(?:src|href)=.https?:", WHOLE)
    assert not readable.is_drawn(WHOLE) and "<script" not in WHOLE
    drawn = page(cell("f()", display(text_html='<div class="plotly-graph-div"></div>')))
    assert readable.is_drawn(drawn) and '<script src="plotly.min.js">' in drawn


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_and_its_code_opens(tmp_path, browser, scheme):
    file = tmp_path / "page.html"
    file.write_text(WHOLE.replace("<td>7</td>", "<td>wide</td>" * 90))
    context = browser.new_context(color_scheme=scheme, viewport={"width": 400, "height": 900})
    sheet = context.new_page()
    sheet.goto(file.as_uri())
    assert sheet.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    code = sheet.get_by_text("show(1 < 2)")
    assert not code.is_visible()
    sheet.get_by_text("Show the code").first.click()
    assert code.is_visible()
    context.close()


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("{doc}`pages/a` and {numref}`tab-b`", "pages/a and tab-b"),
        ("{doc}`the data <pages/a>`", "the data"),
        ("`code` and {x}", "`code` and {x}"),
    ],
)
def test_roles_show_their_words(written, read):
    assert markdown.plain(written) == read
