"""The book as one PDF: its pages rendered as one, and printed by Chromium."""

import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml

from causalex_book.workflow import book, experiment, logged, reference
from causalex_core import locks, paths
from causalex_core.errors import CausalexError

PDF = paths.BUILD / "causalex.pdf"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_MARGIN = "16mm"
_SCALE = 0.9  # of a browser's sizes, so that the widest tables are as wide as the paper at most
_FOOT = (
    '<div style="font: 8px sans-serif; width: 100%; text-align: center">'
    '<span class="pageNumber"></span> / <span class="totalPages"></span></div>'
)
_WIDTH = 820  # px, of the window that figures are drawn in before they are printed
_DRAWN = """() => document.readyState === 'complete'
  && [...document.querySelectorAll('.plotly-graph-div')].every(e => e.querySelector('.main-svg'))
  && (!document.querySelector('.math') || document.querySelector('mjx-container'))"""
_PATIENCE = 180_000  # ms until all figures are drawn


def make(name: str) -> Path:
    """Make the PDF of an experiment's book, and that book if it is not there.

    The reference is left out: it is longer than all the rest, and in the HTML.
    """
    browser = _browser()
    book.make(name)
    with locks.exclusive(paths.BUILD / "book.lock", "another build is at work: waiting for it"):
        started = time.perf_counter()
        print_out(rendered(experiment.read(name).folder / "source"), PDF, browser)
        print(f"  printed in {time.perf_counter() - started:.0f} s", flush=True)
    return PDF


def rendered(source: Path) -> Path:
    """One HTML page of all that an assembled source holds but the reference."""
    contents = source.parent / "printed_toc.yml"
    listed = without_reference(yaml.safe_load((paths.ROOT / "_toc.yml").read_text()))
    paths.atomic_write(contents, yaml.safe_dump(listed, sort_keys=False))
    output = source.parent / "printed"
    shutil.rmtree(output, ignore_errors=True)
    command = [
        *(sys.executable, "-c", book.JUPYTER_BOOK, "build", str(source)),
        *("--config", str(paths.ROOT / "_config.yml"), "--toc", str(contents)),
        *("--path-output", str(output), "--builder", "custom", "--custom-builder", "singlehtml"),
    ]
    logged.run(command, book.LOGS / "pdf.log", "jupyter-book")
    return output / "_build" / "singlehtml" / "index.html"


def without_reference(entry: Any) -> Any:
    """Contents without the pages of the reference."""
    if isinstance(entry, dict):
        return {key: without_reference(value) for key, value in entry.items()}
    if isinstance(entry, list):
        inside = [part for part in entry if not _is_reference(part)]
        return [without_reference(part) for part in inside]
    return entry


def print_out(page: Path, pdf: Path, browser: str) -> None:
    """Print an HTML page with page numbers, links and an outline; the PDF appears whole."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory(dir=pdf.parent) as folder, sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        tab = opened.new_page(viewport={"width": _WIDTH, "height": _WIDTH}, color_scheme="light")
        tab.goto(page.as_uri())
        tab.wait_for_function(_DRAWN, timeout=_PATIENCE)
        written = Path(folder) / pdf.name
        tab.pdf(
            path=written,
            format="A4",
            scale=_SCALE,
            margin={"top": _MARGIN, "right": _MARGIN, "bottom": _MARGIN, "left": _MARGIN},
            print_background=True,
            display_header_footer=True,
            header_template="<span></span>",
            footer_template=_FOOT,
            outline=True,
            tagged=True,
        )
        opened.close()
        written.replace(pdf)


def _browser() -> str:
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise CausalexError("no Chromium on this machine to print with: install chromium")
    return browser


def _is_reference(entry: Any) -> bool:
    return isinstance(entry, dict) and str(entry.get("file")).startswith(f"{reference.FOLDER}/")
