"""What commands share on the command line."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from causalex_core import config, devices


class _Declared(click.ParamType):
    """The type and range of a parameter as its ``Config`` declares them."""

    def __init__(self, parameter: config.Parameter) -> None:
        self.name, self.kind = parameter.name, parameter.kind

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return config.value(self.kind, value, f"--{self.name.replace('_', '-')}")
        except config.ParameterError as error:
            self.fail(str(error), param, ctx)


def declared(of: type, name: str) -> Callable:
    """Option for a parameter of a ``Config``, with the same range, default and sentence."""
    (parameter,) = (declaration for declaration in config.declared(of) if declaration.name == name)
    return click.option(
        f"--{name.replace('_', '-')}",
        name,
        type=_Declared(parameter),
        default=parameter.default,
        show_default=True,
        metavar="VALUE",
        help=f"{parameter.help}.",
    )


def _noted(_: click.Context, __: click.Parameter, name: str | None) -> None:
    """Set the variable that this process and all that it starts go by."""
    if name is not None:
        os.environ[devices.VARIABLE] = name


device = click.option(
    "--device",
    type=click.Choice(devices.NAMES),
    callback=_noted,
    expose_value=False,
    help="Where networks and flow are computed: cpu, cuda (a GPU), or auto, a GPU if there is"
    f" one.  [default: ${devices.VARIABLE}, else auto]",
)
videos = click.argument(
    "inputs", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="VIDEO_OR_FOLDER..."
)
fps = click.option(
    "--fps",
    type=float,
    help="Frames per second; a folder of frames needs it, and of a video it overrules the times.",
)
every = click.option(
    "--every",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Keep each N-th frame, before decoding (8 for SAMM Long Videos: 200 to 25 per second).",
)
points = click.option(
    "--landmarks",
    "points",
    type=click.Path(path_type=Path),
    help="68 points per frame of one video, instead of looking for the face: .csv or .npy.",
)
