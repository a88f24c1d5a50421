"""The book on paper."""

import pytest
import yaml
from myst_nb.core.render import get_mime_priority

from causalex_book.workflow import pdf, reference
from causalex_book.workflow.book import contents
from causalex_core import paths
from causalex_core.errors import CausalexError

PAGE = """<!doctype html><html lang="en"><head><title>Two</title><style>
@media print { h1 + h1, #second { break-before: page } }</style></head><body>
<h1>First</h1><p><a href="#second">on</a></p><h1 id="second">Second</h1><p>word</p></body></html>"""


def test_everything_but_the_reference_is_printed():
    listed = yaml.safe_load((paths.ROOT / "_toc.yml").read_text())
    kept = list(contents(pdf.without_reference(listed)))
    everything = list(contents(listed))
    assert set(everything) - set(kept) == set(reference.pages())
    assert kept == [name for name in everything if name in kept]


@pytest.mark.parametrize("builder", ["html", "singlehtml"])
def test_tables_are_taken_in_the_form_that_has_numbers_and_links(builder):
    settings = yaml.safe_load((paths.ROOT / "_config.yml").read_text())["sphinx"]["config"]
    overrides = [tuple(one) for one in settings["nb_mime_priority_overrides"]]
    assert get_mime_priority(builder, overrides)[0] == "text/markdown"


def test_a_page_is_printed_with_outline_links_and_numbers(chromium, apart, tmp_path):
    pypdf = pytest.importorskip("pypdf")
    page, written = tmp_path / "page.html", tmp_path / "out.pdf"
    page.write_text(PAGE)
    written.write_bytes(b"the one before")
    apart(pdf.print_out, page, written, chromium)
    read = pypdf.PdfReader(written)
    assert [entry.title for entry in read.outline] == ["First", "Second"]
    assert [sheet.extract_text().split()[-3:] for sheet in read.pages] == [
        ["1", "/", "2"],
        ["2", "/", "2"],
    ]
    assert len(read.pages[0]["/Annots"]) == 1  # the link
    assert list(tmp_path.iterdir()) in ([page, written], [written, page])


def test_without_a_browser_nothing_is_begun(monkeypatch):
    monkeypatch.setattr(pdf.shutil, "which", lambda name: None)
    with pytest.raises(CausalexError, match="no Chromium on this machine to print with"):
        pdf.make("smoke")
