"""The rendered book in a real browser: complete, quiet, and asking no other host."""

import csv
import functools
import gzip
import html
import re
import shutil
import threading
import unicodedata
from collections.abc import Iterator
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import pytest
import yaml

from causalex_book.workflow import pdf
from causalex_book.workflow.book import HTML, contents
from causalex_core import paths

PAGES = list(contents(yaml.safe_load((paths.ROOT / "_toc.yml").read_text())))
WIDTHS = {"desk": 1280, "phone": 400}
PAPER = 747  # px between the margins of A4, at the scale that is printed with
SETTLED = """() => document.readyState === 'complete'
  && [...document.querySelectorAll('.plotly-graph-div')].every(e => e.querySelector('.main-svg'))
  && (!document.querySelector('.math') || document.querySelector('mjx-container'))"""
EMPTY_FIGURES = """() => [...document.querySelectorAll('.bd-article img, .plotly-graph-div')]
  .filter(e => {
    const drawn = e.tagName === 'IMG' ? e : e.querySelector('.main-svg, canvas');
    const box = drawn ? drawn.getBoundingClientRect() : {width: 0, height: 0};
    return (e.tagName === 'IMG' && !e.naturalWidth) || box.width < 40 || box.height < 40;
  })
  .map(e => e.id || e.src)"""
TOO_WIDE = """() => [...document.querySelectorAll('.bd-article table')]
  .filter(e => e.getBoundingClientRect().right > window.innerWidth + 1).map(e => e.id)"""
# Colours fade from one theme to the other: halfway, text and ground may be alike.
SETTLED = """() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))
  .then(() => Promise.all(document.getAnimations().filter(e => e instanceof CSSTransition)
    .map(e => e.finished.catch(() => null))))"""
SIDEWAYS = """() => document.documentElement.scrollWidth - window.innerWidth"""


class Links(HTMLParser):
    """Targets and anchors of one page."""

    def __init__(self) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.anchors: set[str] = set()
        self.repeated: list[str] = []
        self.images_without_text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.targets += [given[key] or "" for key in ("href", "src") if key in given]
        if given.get("id") in self.anchors:
            self.repeated.append(given["id"] or "")
        self.anchors |= {given[key] or "" for key in ("id", "name") if key in given}
        if tag == "img" and not given.get("alt"):
            self.images_without_text.append(given.get("src") or "")


@functools.cache
def links(page: str) -> Links:
    parser = Links()
    parser.feed((HTML / page).read_text())
    return parser


@pytest.fixture(scope="module", autouse=True)
def _built() -> None:
    if not (HTML / "index.html").is_file():
        pytest.skip("no book is built: run `python3 run.py book` first")


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """Address of a local server of the book."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(HTML))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class Visit:
    """A page that is looked at, with everything it complains about."""

    def __init__(self, browser, home: str, width: int) -> None:
        self.context = browser.new_context(viewport={"width": width, "height": 900})
        self.page = self.context.new_page()
        self.home = home
        self.complaints: list[str] = []
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        self.page.on("request", self._request)
        self.page.on("requestfailed", lambda r: self.complaints.append(f"failed: {r.url}"))
        self.page.on("response", self._response)

    def __enter__(self) -> "Visit":
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()

    def open(self, name: str, suffix: str = "") -> None:
        self.page.goto(f"{self.home}/{name}.html{suffix}")
        self.page.wait_for_function(SETTLED)

    def _console(self, message) -> None:
        if message.type == "error":
            self.complaints.append(f"console: {message.text}")

    def _request(self, request) -> None:
        own = (self.home, "data:", "blob:")
        if not request.url.startswith(own):
            self.complaints.append(f"foreign: {request.url}")

    def _response(self, response) -> None:
        if response.status >= 400:
            self.complaints.append(f"{response.status}: {response.url}")


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_page_is_whole_and_quiet(browser, site, name, width):
    with Visit(browser, site, width) as visit:
        visit.open(name)
        assert visit.page.evaluate(EMPTY_FIGURES) == []
        assert visit.page.evaluate(SIDEWAYS) <= 0
        assert visit.page.locator(".bd-article h1").count() >= 1
        assert visit.complaints == []


@pytest.fixture(scope="module")
def axe() -> str:
    """The accessibility checker's script, which the package of that name brings along."""
    package = pytest.importorskip("axe_playwright_python", reason="axe is not installed")
    return (Path(package.__file__).parent / "axe.min.js").read_text()


@pytest.mark.parametrize("name", PAGES)
def test_page_works_from_the_disk_and_is_accessible(browser, axe, name):
    with Visit(browser, HTML.as_uri(), 1280) as visit:
        visit.open(name)
        assert visit.page.evaluate(EMPTY_FIGURES) == []
        assert visit.complaints == []
        visit.page.add_script_tag(content=axe)
        for theme in ("light", "dark"):
            visit.page.emulate_media(color_scheme=theme)
            visit.page.evaluate(SETTLED)
            found = visit.page.evaluate("() => axe.run()")["violations"]
            serious = [
                (theme, one["id"], [node["target"] for node in one["nodes"]])
                for one in found
                if one["impact"] in ("serious", "critical")
            ]
            assert serious == []


def test_search_finds_a_word(browser, site):
    with Visit(browser, site, 1280) as visit:
        visit.open("search", "?q=checksum")
        visit.page.wait_for_selector("#search-results .search li")
        results = visit.page.locator("#search-results .search li").all_inner_texts()
        assert any(result.startswith("Run it yourself") for result in results)
        assert visit.complaints == []


def test_theme_can_be_switched(browser, site):
    colour = "() => getComputedStyle(document.body).backgroundColor"
    with Visit(browser, site, 1280) as visit:
        visit.page.emulate_media(color_scheme="light")
        visit.open(PAGES[0])
        seen = {visit.page.evaluate(colour)}
        for _ in range(2):
            visit.page.locator("button.theme-switch-button:visible").first.click()
            seen.add(visit.page.evaluate(colour))
        assert len(seen) == 2
        assert visit.complaints == []


def test_the_timeline_shows_the_frame_that_is_chosen(browser, site):
    with Visit(browser, site, 1280) as visit:
        visit.open("pages/graph_spotting")
        inside = visit.page.frame_locator("iframe.timeline")
        now, bar = inside.locator("#now"), inside.locator(".bar").first
        before = inside.locator("#face").get_attribute("src")
        bar.click()
        assert now.inner_text().startswith(f"Frame {bar.get_attribute('data-apex')},")
        assert inside.locator("#face").get_attribute("src") != before
        assert visit.complaints == []


def test_the_ablation_explorer_shows_what_is_chosen(browser, site):
    with Visit(browser, site, 1280) as visit:
        visit.open("pages/ablation_explorer")
        box = visit.page.locator("#explorer-ablations")
        label = functools.partial(box.get_by_label, exact=True)
        said, picked = box.get_by_role("status"), box.locator("g.picked text")
        label("database").select_option("synthetic, like CAS(ME)^2")
        label("rule").select_option("last epoch")
        label("kind").select_option("overall")
        seen = set()
        for graph in ("none", "random", "causal + prior"):
            label("graph").select_option(graph)
            assert said.inner_text().startswith(f"graph: {graph} ·")
            assert picked.text_content().startswith(f"{graph};")
            seen.add(re.search(r"F1 (\S+) \[", said.inner_text())[1])
        assert len(seen) == 3
        label("layers").select_option("1")
        assert said.inner_text().startswith("graph: causal + prior · layers: 1 ·")
        label("graph").select_option("random")  # which was run with two layers only
        assert said.inner_text().startswith("graph: random · layers: 2 ·")
        assert label("layers").input_value() == "2"
        other = box.locator("g.other").first
        text = other.locator("text").text_content()
        other.locator("circle").click()
        assert picked.text_content() == text
        assert visit.complaints == []


def test_code_is_folded_and_opens(browser, site):
    pages = [name for name in PAGES if name.startswith("pages/")]
    if not pages:
        pytest.skip("the contents list no page of results")
    with Visit(browser, site, 1280) as visit:
        visit.open(pages[0])
        code = visit.page.locator(".cell_input").first
        assert not code.is_visible()
        visit.page.locator(".cell details.hide summary").first.click()
        assert code.is_visible()


def test_a_table_sorts_by_a_column_and_back(browser, site):
    with Visit(browser, site, 1280) as visit:
        visit.open("pages/table1")
        table = visit.page.locator("#tab-databases")
        column = table.locator("tbody td:nth-child(2)")
        head = table.locator("thead th").nth(1)
        written = column.all_inner_texts()
        numbers = [float(cell) for cell in written]
        assert numbers not in (sorted(numbers), sorted(numbers, reverse=True))
        for order, expected in (
            ("ascending", sorted(numbers)),
            ("descending", sorted(numbers, reverse=True)),
        ):
            head.get_by_role("button").focus()
            visit.page.keyboard.press("Enter")
            assert head.get_attribute("aria-sort") == order
            assert [float(cell) for cell in column.all_inner_texts()] == expected
        head.get_by_role("button").click()
        assert head.get_attribute("aria-sort") is None
        assert column.all_inner_texts() == written
        assert visit.complaints == []


@pytest.mark.parametrize("name", [name for name in PAGES if name.startswith("pages/")])
def test_numbers_of_a_page_can_be_taken_away(name):
    targets = links(f"{name}.html").targets
    files = [target for target in targets if target.endswith((".csv", ".csv.gz"))]
    assert files
    for file in files:
        content = ((HTML / f"{name}.html").parent / unquote(file)).read_bytes()
        plain = gzip.decompress(content) if file.endswith(".gz") else content
        assert len(plain.decode().splitlines()) > 1, file


@pytest.mark.parametrize("served", [True, False], ids=["served", "from the disk"])
def test_a_table_can_be_taken_away(browser, site, served, tmp_path):
    with Visit(browser, site if served else HTML.as_uri(), 1280) as visit:
        visit.open("pages/table1")
        table = visit.page.locator("#tab-databases")
        with visit.page.expect_download() as waited:
            table.get_by_role("button", name="Download this table as CSV").click()
        assert waited.value.suggested_filename == "tab-databases.csv"
        waited.value.save_as(tmp_path / "table.csv")
        with (tmp_path / "table.csv").open(newline="") as file:
            head, *rows = csv.reader(file)
        assert head[1:] == ["CAS(ME)²", "SAMM-LV"]
        shown = [row.locator("td").all_inner_texts() for row in table.locator("tbody tr").all()]
        assert rows == shown
        assert visit.complaints == []


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name):
    page = f"{name}.html"
    folder = (HTML / page).parent
    broken = []
    for target in set(links(page).targets):
        address, anchor = urldefrag(target)
        if urlsplit(address).scheme or target == "#":
            continue
        file = (folder / unquote(address.split("?")[0])).resolve() if address else HTML / page
        file = file / "index.html" if file.is_dir() else file
        inside = file.is_relative_to(HTML) and file.is_file()
        known = inside and (
            not anchor
            or file.suffix != ".html"
            or unquote(anchor) in links(str(file.relative_to(HTML))).anchors
        )
        if not known:
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("name", PAGES)
def test_no_identifier_is_used_twice(name):
    own = [name for name in links(f"{name}.html").repeated if not name.startswith("pst-")]
    assert own == []


@pytest.mark.parametrize("name", [name for name in PAGES if name.startswith("pages/")])
def test_images_say_what_they_show(name):
    assert links(f"{name}.html").images_without_text == []


def test_no_path_of_the_machine_is_in_the_book():
    named = [
        str(file.relative_to(HTML))
        for file in HTML.rglob("*")
        if file.suffix in {".html", ".ipynb", ".js", ".json", ".md"}
        and re.search(re.escape(str(paths.ROOT)) + r"\b", file.read_text(errors="ignore"))
    ]
    assert named == []


def test_the_pdf_has_every_page(chromium, browser, apart, tmp_path):
    pypdf = pytest.importorskip("pypdf")
    sources = list(paths.BUILD.glob("*/source/index.md"))
    if not sources:
        pytest.skip("no source of a book is assembled")
    newest = max(sources, key=lambda file: file.stat().st_mtime).parent
    shutil.copytree(newest, tmp_path / "source")
    page = pdf.rendered(tmp_path / "source")
    assert re.findall(r"\]\([^)]*\.ipynb\)", page.read_text()) == []
    with Visit(browser, page.parent.as_uri(), PAPER) as visit:
        visit.page.emulate_media(media="print")
        visit.open(page.stem)
        assert visit.page.evaluate(TOO_WIDE) == []
    apart(pdf.print_out, page, tmp_path / "book.pdf", chromium)
    read = pypdf.PdfReader(tmp_path / "book.pdf")
    # letters and digits alone: a PDF loses spaces at line ends, and joins f and i to one sign
    text = unicodedata.normalize("NFKC", "".join(sheet.extract_text() for sheet in read.pages))
    words = re.sub(r"\W", "", text)
    for name in PAGES:
        if name.startswith("api/"):
            continue
        written = (HTML / f"{name}.html").read_text()
        title = re.search(r"<h1>(.*?)(<a class=.headerlink|</h1>)", written, re.S)
        assert title is not None, name
        plain = re.sub(r"\W", "", html.unescape(re.sub(r"<[^>]+>", "", title[1])))
        assert plain in words, name
    assert len(read.outline) > 0
