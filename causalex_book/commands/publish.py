"""``causalex publish``: store the aggregates that the book shows where the data are missing."""

import click

from causalex_book import pages
from causalex_core import devices
from causalex_core.commands import options

NAMES = pages.names()


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(NAMES), metavar="[PAGE]...")
@options.device
def publish(names: tuple[str, ...]) -> None:
    """Compute pages with their defaults and store the results under book/published.

    Without a name every page that reads data or takes long is stored. All sources of a page
    must be here; only aggregates are written, never a row of a source.
    """
    devices.check()
    for name in names or NAMES:
        page = pages.module(name)
        if page.SOURCES or getattr(page, "LONG", False):
            click.echo(f"{name}: computing")
            click.echo(f"{name}: stored in {pages.publish(page)}")
        else:
            click.echo(f"{name}: reads no data and is quick, so nothing needs to be stored")
