"""Fixtures shared by all tests: where real data and oracles are, if they are here."""

import os
import resource
import shutil
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from causalex_core import paths
from causalex_core.data import manifest

QUIET = (  # the browser's own requests, which would otherwise count as the book's
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-sync",
    "--no-first-run",
)


# Files of tests that take longest, begun first so that workers end at about the same time.
LONGEST = (
    "book/test_book.py",
    "integration/test_workflow.py",
    "integration/test_grid_workflow.py",
    "book/pages/test_published.py",
    "book/pages/test_graph_spotting.py",
    "book/pages/test_counterfactuals.py",
    "book/pages/test_preprocessing.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first."""
    rank = {Path(__file__).parent / name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.path, len(rank)))


def _beside(name: str) -> Path | None:
    """Folder `name` next to a mirror, or in ``shared/`` beside the checkout."""
    named = os.environ.get("CAUSALEX_MIRROR")
    if named == "":
        return None
    parents = [Path(named).parent] if named else []
    for parent in [*parents, paths.ROOT.parent / "shared"]:
        if (parent / name).is_dir():
            return parent / name
    return None


def _needed(name: str) -> Path:
    """That folder; a test that needs it is skipped without it, and says so."""
    folder = _beside(name)
    if folder is None:
        pytest.skip(f"no {name} beside the mirror or the checkout (set CAUSALEX_MIRROR)")
    return folder


@pytest.fixture(scope="session")
def mirror() -> Path:
    """Folder of the public data, laid out owner/repo/commit/path."""
    folders = paths.mirrors()
    if not folders:
        pytest.skip("no mirror of the public data (set CAUSALEX_MIRROR)")
    return folders[0]


@pytest.fixture(scope="session")
def oracles() -> Path:
    """Folder of inputs and expected outputs of reference code."""
    return _needed("oracles")


@pytest.fixture(scope="session")
def cases() -> Path:
    """Folder of small inputs that failed once, each with a README that says what is right."""
    return _needed("cases")


@pytest.fixture(scope="session")
def made_up_sources(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """Sources of real motion of nobody, see `factories`."""
    import factories  # what needs the book is imported late: the core is tested alone, too

    return factories.write_all(tmp_path_factory.mktemp("sources"))


@pytest.fixture(scope="module")
def of_nobody(
    made_up_sources: Mapping[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """These in place of the public ones, and no other; gives an empty folder for trainings."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("data")
        patch.setenv("CAUSALEX_DATA", str(folder))
        patch.setattr(manifest, "locate", made_up_sources.get)
        yield folder


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where the browser is."""
    from causalex_book.workflow import pdf

    program = next(filter(None, map(shutil.which, pdf.BROWSERS)), None)
    if program is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    return program


@pytest.fixture(scope="session")
def browser(chromium: str):
    """A Chromium that tests drive: one for all, as Playwright works once per thread."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=list(QUIET))
        yield opened
        opened.close()


@pytest.fixture
def apart() -> Callable[..., Any]:
    """Call a function that opens a browser of its own: in a thread of its own."""

    def call(function: Callable[..., Any], *arguments: Any) -> Any:
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(function, *arguments).result()

    return call


@pytest.fixture
def small_files() -> Callable[[int], AbstractContextManager[None]]:
    """No file grows beyond so many bytes while this holds, as on a disk that gets full."""

    @contextmanager
    def limited(size: int) -> Iterator[None]:
        before, most = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, most))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (before, most))

    return limited
