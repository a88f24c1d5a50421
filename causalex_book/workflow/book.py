"""Make the book: run what changed, assemble its source, render it, swap it in."""

import hashlib
import json
import shutil
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import nbformat
import yaml

from causalex_book.publishing import results
from causalex_book.workflow import experiment, logged, present, reference, runs
from causalex_book.workflow.experiment import Experiment
from causalex_core import locks, paths
from causalex_core.errors import CausalexError

HTML = paths.BUILD / "html"
LOGS = paths.BUILD / "logs"
JUPYTER_BOOK = "from jupyter_book.cli.main import main; main()"


def make(name: str) -> Path:
    """Make the book of an experiment and return its first page.

    Raises
    ------
    CausalexError
        If the table of contents and the experiment differ, the experiment is a grid, a notebook
        fails, or the book has a warning. The previous book then stays as it is.
    """
    chosen = experiment.read(name)
    if chosen.varied:
        raise CausalexError(f"'{name}' is a grid, no book: `causalex experiment run {name}`")
    _compare_with_contents(chosen)
    with locks.exclusive(paths.BUILD / "book.lock", "another build is at work: waiting for it"):
        runs.run_jobs(chosen)
        source = _assemble(chosen)
        _render(source, chosen)
    return HTML / "index.html"


def _compare_with_contents(chosen: Experiment) -> None:
    """Refuse a page that only the contents or only the experiment know."""
    listed = {
        Path(entry).name
        for entry in contents(yaml.safe_load((paths.ROOT / "_toc.yml").read_text()))
        if Path(entry).parent == Path("pages")
    }
    for page in sorted(listed ^ chosen.runs.keys()):
        has, lacks = "_toc.yml", f"workflow/experiments/{chosen.name}.yml"
        if page in chosen.runs:
            has, lacks = lacks, has
        raise CausalexError(f"{has} lists the page '{page}', {lacks} does not: add it there")


def contents(entry: object) -> Iterator[str]:
    """Names of all files in a table of contents, the root first, in reading order."""
    if isinstance(entry, dict):
        yield from (entry[key] for key in ("root", "file") if key in entry)
        for key in ("parts", "chapters", "sections"):
            yield from contents(entry.get(key))
    elif isinstance(entry, list):
        for part in entry:
            yield from contents(part)


def _assemble(chosen: Experiment) -> Path:
    """Source folder of the book: the prose, the pages as they are shown, and the reference."""
    source = chosen.folder / "source"
    shutil.rmtree(source, ignore_errors=True)
    hidden = shutil.ignore_patterns(".*", "published")
    shutil.copytree(paths.BOOK, source, ignore=hidden)
    for name in chosen.runs:
        page = present.page(chosen.page(name))
        shown = results.saved(chosen.folder / "results" / name)
        files = {**present.tables_as_csv(name, shown), **present.detected(name, shown)}
        if files:
            page.cells.append(present.numbers_cell(list(files)))
        for path, content in {f"{name}.ipynb": nbformat.writes(page), **files}.items():
            paths.atomic_write(source / "pages" / path, content)
    for name, text in reference.pages().items():
        paths.atomic_write(source / f"{name}.md", text)
    for name, text in reference.diagrams().items():
        paths.atomic_write(source / name, text)
    return source


def _render(source: Path, chosen: Experiment) -> None:
    """Render the source unless the book at hand was made from the very same."""
    fingerprint = _fingerprint(source)
    if _rendered_from() == fingerprint:
        print("  nothing changed: the book is as it was", flush=True)
        return
    started = time.perf_counter()
    output = chosen.folder / "rendered"
    shutil.rmtree(output, ignore_errors=True)
    command = [
        *(sys.executable, "-c", JUPYTER_BOOK, "build", str(source)),
        *("--config", str(paths.ROOT / "_config.yml"), "--toc", str(paths.ROOT / "_toc.yml")),
        *("--path-output", str(output), "-W", "-n", "--keep-going"),
    ]
    logged.run(command, LOGS / "book.log", "jupyter-book")
    fresh = output / "_build" / "html"
    _publish(fresh, fingerprint)
    shutil.rmtree(output)
    print(f"  rendered in {time.perf_counter() - started:.0f} s", flush=True)


def _publish(fresh: Path, fingerprint: str) -> None:
    """Put a finished book in the place of the previous one."""
    (fresh / ".nojekyll").touch()  # some hosts leave out folders that begin with "_" otherwise
    (fresh / "built_from.json").write_text(json.dumps({"fingerprint": fingerprint}) + "\n")
    previous = HTML.with_name("html.previous")
    shutil.rmtree(previous, ignore_errors=True)
    if HTML.exists():
        HTML.rename(previous)
    fresh.rename(HTML)
    shutil.rmtree(previous, ignore_errors=True)


def _rendered_from() -> str | None:
    try:
        return json.loads((HTML / "built_from.json").read_text())["fingerprint"]
    except (OSError, ValueError, KeyError):
        return None


def _fingerprint(source: Path) -> str:
    """Digest of everything that the rendered book depends on."""
    settings = [paths.ROOT / name for name in ("_config.yml", "_toc.yml", "requirements.lock")]
    makers = [paths.ROOT / "causalex_book" / "publishing" / "sphinx_extension.py", Path(__file__)]
    content = hashlib.sha256()
    for file in _files([source, *settings, *makers]):
        content.update(f"{file.relative_to(paths.ROOT)}\n".encode())
        content.update(hashlib.sha256(file.read_bytes()).digest())
    return content.hexdigest()


def _files(entries: Iterable[Path]) -> Iterator[Path]:
    for path in entries:
        if path.is_dir():
            yield from sorted(file for file in path.rglob("*") if file.is_file())
        else:
            yield path
