"""The packages drawn from their code: who imports whom, layer by layer."""

import ast
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from causalex_book.publishing import style
from causalex_core import paths

PACKAGES = ("causalex_book", "causalex_synthetic", "causalex_core")  # the highest first
BASE = "causalex_core.base"  # in the figure, the core's layers from this one down:
_HIGHEST_OF_BASE = "causalex_core.expressions"
_WIDTH, _HEIGHT = 7.0, 6.6  # inches: as wide as the book's column, so that letters keep their size
_GROUND = {"causalex_book": "#FBF3E4", "causalex_synthetic": "#EFEFEF", "causalex_core": "#E9F3EE"}


def parts() -> tuple[str, ...]:
    """Dotted names of the parts of each package, from the highest layer to the lowest."""
    settings = tomllib.loads((paths.ROOT / "pyproject.toml").read_text())
    layers: dict[str, tuple[str, ...]] = {package: () for package in PACKAGES}
    for contract in settings["tool"]["importlinter"]["contracts"]:
        for package in contract.get("containers", ()):
            names = [name.strip() for layer in contract["layers"] for name in layer.split("|")]
            layers[package] = tuple(f"{package}.{name}" for name in names)
    return tuple(name for package in PACKAGES for name in layers[package] or (package,))


def blocks() -> Mapping[str, str]:
    """Row of the figure that each part belongs to: itself, or the base of the core."""
    names = parts()
    lowest = names[names.index(_HIGHEST_OF_BASE) :]
    return {name: BASE if name in lowest else name for name in names}


def imports(rows: Mapping[str, str] | None = None) -> Mapping[tuple[str, str], int]:
    """Number of modules of one part that import another part, by (importing, imported).

    With `rows`, such as :func:`blocks`, parts are counted together.
    """
    names = parts()
    rows = {"": ""} | dict(rows or zip(names, names, strict=True))
    counted: Counter[tuple[str, str]] = Counter()
    for name, file in _modules():
        importing = rows[_part(name, names)]
        imported = {rows[_part(other, names)] for other in _imported(file)} - {importing, ""}
        counted.update((importing, other) for other in imported if importing)
    return counted


def lines() -> Mapping[str, int]:
    """Lines of code of each row of the figure."""
    names, rows = parts(), {"": ""} | dict(blocks())
    counted: Counter[str] = Counter()
    for name, file in _modules():
        counted[rows[_part(name, names)]] += len(file.read_text().splitlines())
    return counted


def figure() -> Figure:
    """Rows import columns; both go from the highest layer to the lowest."""
    names = tuple(dict.fromkeys(blocks().values()))
    counted, length = imports(blocks()), lines()
    table = np.array([[counted.get((row, column), 0) for column in names] for row in names])
    size = len(names)
    with style.figure(_WIDTH, _HEIGHT) as (drawn, axis):
        axis.imshow(np.where(table, np.log1p(table), np.nan), cmap="Blues", vmin=-0.5, vmax=5)
        start = 0
        for package, members in groupby(names, key=lambda name: name.partition(".")[0]):
            count = len(list(members))
            corner, ground = (-0.5, start - 0.5), _GROUND[package]
            axis.add_patch(Rectangle(corner, size, count, facecolor=ground, zorder=-1))
            axis.axhline(start - 0.5, color=style.GREY, lw=0.8)
            axis.axvline(start - 0.5, color=style.GREY, lw=0.8)
            if count > 1:  # over the empty half below the diagonal
                at = {"ha": "left", "va": "bottom", "fontsize": 12, "weight": "bold"}
                axis.text(-0.2, start + count - 0.7, package, color=style.GREY, **at)
            start += count
        for row, column in zip(*np.nonzero(table), strict=True):
            axis.text(column, row, str(table[row, column]), ha="center", va="center", fontsize=8.5)
        axis.plot([-0.5, size - 0.5], [-0.5, size - 0.5], color=style.GREY, lw=0.8)
        short = [name.removeprefix("causalex_").rpartition(".")[2] for name in names]
        with_lines = [f"{word}  {length[name]:,}" for word, name in zip(short, names, strict=True)]
        axis.set_xticks(range(size), short, rotation=90, fontsize=8.5)
        axis.set_yticks(range(size), with_lines, fontsize=8.5)
        axis.xaxis.tick_top()
        axis.xaxis.set_label_position("top")
        axis.set_xlabel("is imported (by how many modules)")
        axis.set_ylabel("part, and its lines of code")
        axis.set(xlim=(-0.5, size - 0.5), ylim=(size - 0.5, -0.5))
        axis.tick_params(length=0)
        axis.grid(visible=False)
        axis.spines[:].set_visible(False)
    return drawn


def _modules() -> Iterator[tuple[str, Path]]:
    """Dotted name and file of each module."""
    for package in PACKAGES:
        for file in sorted((paths.ROOT / package).rglob("*.py")):
            yield ".".join(file.relative_to(paths.ROOT).with_suffix("").parts), file


def _part(module: str, names: Sequence[str]) -> str:
    """Part that a module belongs to; nothing for the first file of a package."""
    return next((name for name in names if f"{module}.".startswith(f"{name}.")), "")


def _imported(file: Path) -> Iterator[str]:
    """Dotted names that a file imports."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
