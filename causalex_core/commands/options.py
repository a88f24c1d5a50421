"""What commands share on the command line."""

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pandas as pd

from causalex_core import config, devices, paths
from causalex_core.errors import CausalexError


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
face = click.option(
    "--face",
    metavar="WHO",
    help="Whose motion, if there are several faces: the largest of those there from the start, the"
    " one most to the left or right of the picture, X,Y (near this point in pixels), or, of a table"
    " of landmarks, a face_id.  [default: largest; a table has to hold one]",
)
points = click.option(
    "--landmarks",
    "points",
    type=click.Path(path_type=Path),
    help="68 points per frame of one video, instead of looking for the face: .csv or .npy.",
)


_NUMBERS = r"^(onset|apex|offset)(_seconds)?$|^score$|^measured_share$"  # which may be text


class FileOf(click.Path):
    """A file whose name ends as one of the formats that can be written."""

    def __init__(self, *endings: str) -> None:
        super().__init__(path_type=Path)
        self.endings = endings

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Path, or what its name should end with."""
        path = Path(str(value))
        if path.suffix.lower() not in self.endings:
            self.fail(f"'{path}': it is written as {' or '.join(self.endings)}", param, ctx)
        return super().convert(path, param, ctx)


def table(help: str) -> Callable:
    """Option -o for a table, see :func:`write_table`."""
    kind = FileOf(".csv", ".xlsx")
    return click.option("-o", "--output", required=True, type=kind, help=help)


def write_table(path: Path, rows: pd.DataFrame) -> None:
    """Write a table as CSV, or as a workbook if its name ends so."""
    if path.suffix.lower() == ".csv":
        paths.atomic_write(path, rows.to_csv(index=False))
        return
    from openpyxl.utils.exceptions import IllegalCharacterError

    workbook = io.BytesIO()
    try:
        numbers = rows.filter(regex=_NUMBERS).apply(pd.to_numeric)
        rows.assign(**numbers).to_excel(workbook, index=False, engine="openpyxl")
    except (IllegalCharacterError, ValueError) as error:
        raise CausalexError(f"{path}: no workbook can hold this: {error}; write .csv") from error
    paths.atomic_write(path, workbook.getvalue())
