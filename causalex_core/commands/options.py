"""What commands share on the command line."""

import os
from pathlib import Path

import click

from causalex_core import devices


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
fps = click.option("--fps", type=float, help="Frames per second; a folder of frames needs it.")
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
