"""The ``causalex`` command: sub-commands are imported only when they are asked for."""

import importlib
import sys
from collections.abc import Sequence

import click

from causalex_core import __version__, plugins
from causalex_core.errors import CausalexError, warnings_in_one_line

COMMANDS = {
    "data": "List, fetch and verify the sources.",
    "extract": "Extract the motion of the 12 regions from videos.",
    "graph": "Estimate the causal graph of the regions from their motion.",
    "recognise": "Name the emotion of expressions that were spotted in videos.",
    "score": "Score detected intervals against labelled ones.",
    "spot": "Spot macro- and micro-expressions in videos.",
}


class _Lazy(click.Group):
    """A group whose help does not import its commands."""

    def list_commands(self, _: click.Context) -> list[str]:
        return sorted({*COMMANDS, *plugins.commands()})

    def get_command(self, _: click.Context, name: str) -> click.Command | None:
        if name in COMMANDS:
            return getattr(importlib.import_module(f"causalex_core.commands.{name}"), name)
        added = plugins.commands()
        return plugins.load(added[name]) if name in added else None

    def format_commands(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))
        added = [(name, plugins.about(point)) for name, point in sorted(plugins.commands().items())]
        if added:
            with formatter.section("Commands of other packages"):
                formatter.write_dl(added)


@click.group(cls=_Lazy, context_settings={"max_content_width": 100})
@click.version_option(__version__, message="%(prog)s %(version)s")
def causalex() -> None:
    """Work with the reference companion of the papers Causal-Ex and CausalNet.

    What cannot be done is said in one line on standard error, with exit status 2.
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the status is 0, 2 after an error, or 130 after an interrupt.

    `arguments` are the words after the program's name; those of the process if None.
    """
    try:
        with warnings_in_one_line():
            return causalex.main(arguments, prog_name="causalex", standalone_mode=False) or 0
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return 2
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "causalex"
        return _fail(f"{error.format_message().rstrip('.')} (see: {command} --help)")
    except click.ClickException as error:
        return _fail(error.format_message())
    except click.Abort:
        click.echo("causalex: interrupted", err=True)
        return 130
    except CausalexError as error:
        return _fail(str(error))
    except OSError as error:
        file = f": {error.filename}" if error.filename else ""
        return _fail(f"{error.strerror or error}{file}")


def _fail(message: str) -> int:
    click.echo(f"causalex: error: {' '.join(message.split())}", err=True)
    return 2


if __name__ == "__main__":
    sys.exit(main())
