"""``causalex publish``: store the aggregates that the book shows where the data are missing."""

import importlib
import pkgutil

import click

from causalex_core import chapters, devices
from causalex_core.commands import options

NAMES = sorted(module.name for module in pkgutil.iter_modules(chapters.__path__))


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(NAMES), metavar="[CHAPTER]...")
@options.device
def publish(names: tuple[str, ...]) -> None:
    """Compute chapters with their defaults and store the results under book/published.

    Without a name every chapter that reads data or takes long is stored. All sources of a chapter
    must be here; only aggregates are written, never a row of a source.
    """
    devices.check()
    for name in names or NAMES:
        chapter = importlib.import_module(f"causalex_core.chapters.{name}")
        if chapter.SOURCES or getattr(chapter, "LONG", False):
            click.echo(f"{name}: computing")
            click.echo(f"{name}: stored in {chapters.publish(chapter)}")
        else:
            click.echo(f"{name}: reads no data and is quick, so nothing needs to be stored")
