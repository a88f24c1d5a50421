"""``causalex data``: what the sources are, whether they are here, and how to add them."""

import os
import shutil
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path

import click
from tqdm import tqdm

from causalex_core import paths, plugins
from causalex_core.data import fetch as fetching
from causalex_core.data import manifest
from causalex_core.data.manifest import Card, ChecksumError
from causalex_core.errors import CausalexError

ROW = "{:<20} {:<14} {:>6} {:>8}  {:<9} {}"


@click.group(no_args_is_help=True)
def data() -> None:
    """List, fetch and verify the sources.

    Files are looked for in $CAUSALEX_MIRROR, in shared/mirror beside the checkout, and in the data
    folder ($CAUSALEX_DATA, else data/ in the checkout), each laid out owner/repo/commit/path.
    What is in none of them is fetched into the data folder, from raw.githubusercontent.com or
    from $CAUSALEX_RAW_URL. CAUSALEX_OFFLINE=1 forbids the network.
    """


@data.command(name="list")
def list_cards() -> None:
    """List all sources and whether they are here."""
    click.echo(ROW.format("NAME", "STATE", "FILES", "SIZE", "TERMS", "WHAT"))
    for card in manifest.cards().values():
        files, size = (len(card.files), _size(card.size)) if card.files else ("-", "-")
        terms = "agreement" if card.licensed else "accept" if card.derived_from else "none"
        click.echo(ROW.format(card.name, _state(card), files, size, terms, card.title))
    click.echo(
        "\nTERMS: 'none' is fetched without a question; 'accept' derives from licensed databases;"
        "\n'agreement' is asked for from its owner. More of one source: causalex data show NAME"
    )


@data.command(short_help="Show one card: licence, terms, whom to ask, expected tree.")
@click.argument("name")
def show(name: str) -> None:
    """Show the card of one source: licence, terms, whom to ask, how to cite, expected tree."""
    card = manifest.card(name)
    click.echo(f"{card.name}: {card.title}\n")
    _echo_entry("What", card.description)
    _echo_entry("Licence", card.licence)
    _echo_entry("Terms", card.terms)
    if not card.licensed:
        _echo_entry("Derives from", ", ".join(card.derived_from) or "no licensed database")
    _echo_entry("Ask", card.ask)
    _echo_entry("Cite", f"{card.citation.text} [{card.citation.key}]")
    if card.licensed:
        click.echo(f"\nExpected tree:\n{textwrap.indent(card.tree.rstrip(), '  ')}")
        click.echo(f"\nCheck a copy: causalex data verify {name} --folder DIR")
        return
    _echo_entry("From", f"https://github.com/{card.repository} at commit {card.commit}")
    _echo_entry("Files", f"{len(card.files)}, {_size(card.size)}; state: {_state(card)}")
    _echo_entry("Add it", card.command)


@data.command(short_help="Fetch sources, after showing licence and terms.")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--all", "everything", is_flag=True, help="Every source that can be fetched.")
@click.option("--accept-terms", is_flag=True, help="Accept the terms of derived data, unasked.")
def fetch(names: tuple[str, ...], everything: bool, accept_terms: bool) -> None:
    """Fetch sources into the data folder, after showing their licence and terms.

    A run that was stopped goes on where it ended. Files of a mirror are not copied.
    """
    wanted = []
    for card in _chosen(names, everything):
        _verify_present(card)
        if fetching.missing(card):
            wanted.append(card)
        else:
            click.echo(f"{card.name}: complete, nothing to fetch ({_where(card)})")
    for card in wanted:
        click.echo(f"{card.name}: {card.title}")
        _echo_entry("  From", f"https://github.com/{card.repository} at {card.commit[:10]}")
        _echo_entry("  Licence", card.licence)
        _echo_entry("  Terms", card.terms)
    _accept([card for card in wanted if card.derived_from], accept_terms)
    for card in wanted:
        _fetch_with_bar(card)
        click.echo(f"{card.name}: complete ({_where(card)})")


@data.command(short_help="Check files, or a copy of a licensed database.")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--all", "everything", is_flag=True, help="Every source that is here.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    help="Your copy of a licensed database (with its one NAME).",
)
def verify(names: tuple[str, ...], everything: bool, folder: Path | None) -> None:
    """Check that every file is the published one, or a copy of a licensed database.

    Of a licensed database it says what is missing and what is odd: subjects, videos, empty
    folders, gaps in the numbering, empty images, names, and numbers of frames where the table
    of video lengths is here. Exit status 2 if something is missing or wrong.
    """
    if folder is not None:
        if len(names) != 1 or everything:
            raise click.UsageError("--folder goes with the name of one licensed database")
        _verify_licensed(manifest.card(names[0]), folder)
        return
    for card in _chosen(names, everything):
        absent, total = len(fetching.missing(card)), len(card.files)
        if absent and not everything:
            raise CausalexError(
                f"'{card.name}' lacks {absent} of {total} files; add: {card.command}"
            )
        _verify_present(card)
        click.echo(f"{card.name}: {total - absent} of {total} files here, all as published")


@data.command(short_help="Make ready for the book; never asks.")
@click.argument("names", nargs=-1, metavar="[NAME]...")
def prepare(names: tuple[str, ...]) -> None:
    """List what is here for the book, and fetch what carries no terms; never asks.

    Without a NAME: all sources of all pages. Exit status 0 even if something is absent: the
    book then shows stored results. Exit status 2 if a file that is here is corrupted.
    """
    cards = [manifest.card(name) for name in names or plugins.hook("sources")()]
    for card in cards:
        _verify_present(card)
        if not card.licensed and not card.derived_from and fetching.missing(card):
            try:
                _fetch_with_bar(card)
            except fetching.FetchError as error:
                click.echo(f"{card.name}: not fetched: {error}", err=True)
        click.echo(f"{card.name}: {_state(card)}")
    absent = [card for card in cards if not card.licensed and fetching.missing(card)]
    if absent:
        flag = " --accept-terms" if any(card.derived_from for card in absent) else ""
        listed = " ".join(card.name for card in absent)
        click.echo(f"To add what is absent: {_program()} data fetch {listed}{flag}")


def _chosen(names: Sequence[str], everything: bool) -> list[Card]:
    """Cards that a command line names, refusing those without files."""
    if bool(names) == everything:
        raise click.UsageError("give one or more names, or --all")
    if everything:
        return [card for card in manifest.cards().values() if not card.licensed]
    chosen = [manifest.card(name) for name in dict.fromkeys(names)]
    for card in chosen:
        if card.licensed:
            raise CausalexError(
                f"'{card.name}' is a licensed database and cannot be fetched: apply to {card.ask};"
                f" then check your copy: causalex data verify {card.name} --folder DIR"
            )
    return chosen


def _accept(cards: Sequence[Card], accepted: bool) -> None:
    """Ask once for all data that derive from licensed databases, unless already accepted."""
    if not cards or accepted:
        return
    listed = ", ".join(card.name for card in cards)
    if not sys.stdin.isatty():
        raise CausalexError(
            f"these data derive from licensed databases: {listed}; read their terms above and"
            " give --accept-terms if you hold the agreements"
        )
    click.echo(f"\nDerived from licensed databases: {listed}.")
    if not click.confirm("Do you accept these terms and hold the agreements they name?"):
        raise CausalexError("terms not accepted, nothing was fetched")


def _fetch_with_bar(card: Card) -> None:
    """Fetch a card under a progress bar over bytes and files (none if output is no terminal)."""
    arrived = dict.fromkeys(fetching.missing(card), 0)
    total = sum(file.size for file in arrived)
    with tqdm(total=total, unit="B", unit_scale=True, desc=card.name, disable=None) as bar:
        for file, size in fetching.fetch(card):
            bar.update(size - arrived[file])
            arrived[file] = size
            complete = sum(file.size == size for file, size in arrived.items())
            bar.set_postfix_str(f"{complete}/{len(arrived)} files", refresh=False)


def _verify_present(card: Card) -> None:
    """Check every file of a card that is on this machine, and name all that are corrupted."""
    present = manifest.local_files(card)
    wrong = []
    for file in card.files:
        try:
            if file.path in present:
                manifest.checked(present[file.path], file)
        except ChecksumError as error:
            wrong.append(error)
    for other in wrong[:-1]:
        click.echo(f"causalex: error: {other}", err=True)
    if wrong:
        raise wrong[-1]


def _verify_licensed(card: Card, folder: Path) -> None:
    # Imported here, because it needs pandas and most commands do not.
    from causalex_core.data import licensed

    if not card.licensed:
        raise click.UsageError(f"'{card.name}' is not a licensed database: leave out --folder")
    report = licensed.check(card.name, folder)
    click.echo(f"{card.title} in {folder}: {report.videos} videos, {report.frames} frames")
    for line in report.missing:
        click.echo(f"  missing: {line}")
    for line in report.odd:
        click.echo(f"  odd: {line}")
    if report.missing:
        raise CausalexError(
            f"{folder} is not a complete copy of {card.title}: {len(report.missing)} missing,"
            f" {len(report.odd)} odd (expected tree: causalex data show {card.name})"
        )
    click.echo("complete" if not report.odd else "nothing missing")


def _state(card: Card) -> str:
    if card.licensed:
        return "licensed"
    present, total = len(manifest.local_files(card)), len(card.files)
    return "here" if present == total else f"partial {present}/{total}" if present else "absent"


def _where(card: Card) -> str:
    """Roots that hold a card's files, for a message."""
    roots = [*paths.mirrors(), paths.data_folder()]
    files = manifest.local_files(card).values()
    used = [root for root in roots if any(file.is_relative_to(root) for file in files)]
    return " and ".join(str(root) for root in used)


def _size(count: float) -> str:
    for unit in ("B", "kB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} MB"


def _program() -> str:
    """How this program can be called from here: by name if it is on the path."""
    if shutil.which("causalex"):
        return "causalex"
    installed = Path(sys.executable).with_name("causalex")
    return os.path.relpath(installed) if installed.exists() else "python -m causalex_core.cli"


def _echo_entry(label: str, text: str) -> None:
    width, line = min(shutil.get_terminal_size().columns, 100), f"{label + ':':<14}{text}"
    click.echo(textwrap.fill(line, width, subsequent_indent=" " * 14, break_on_hyphens=False))
