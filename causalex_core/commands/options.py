"""What commands that read videos share on the command line."""

from pathlib import Path

import click

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
