"""The packages as they are laid out, drawn from its code: who imports whom, layer by layer."""

import ast
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from causalex_book.publishing import style
from causalex_core import paths

PACKAGES = ("causalex_book", "causalex_synthetic", "causalex_core")  # the highest first
_SIDE = 7.0  # inches: as wide as the book's column, so that letters keep their size


def parts() -> tuple[str, ...]:
    """Dotted names of the parts of each package, from the highest layer to the lowest."""
    written = tomllib.loads((paths.ROOT / "pyproject.toml").read_text())
    layers: dict[str, tuple[str, ...]] = {package: () for package in PACKAGES}
    for contract in written["tool"]["importlinter"]["contracts"]:
        for package in contract.get("containers", ()):
            names = [name.strip() for layer in contract["layers"] for name in layer.split("|")]
            layers[package] = tuple(f"{package}.{name}" for name in names)
    return tuple(name for package in PACKAGES for name in layers[package] or (package,))


def imports() -> Mapping[tuple[str, str], int]:
    """Number of modules of one part that import another part, by (importing, imported)."""
    counted: Counter[tuple[str, str]] = Counter()
    names = parts()
    for package in PACKAGES:
        for file in sorted((paths.ROOT / package).rglob("*.py")):
            importing = _part(".".join(file.relative_to(paths.ROOT).with_suffix("").parts), names)
            others = {_part(name, names) for name in _imported(file)} - {importing, ""}
            counted.update((importing, other) for other in others if importing)
    return counted


def figure() -> Figure:
    """Rows import columns; both go from the highest layer to the lowest."""
    names, counted = parts(), imports()
    table = np.array([[counted.get((row, column), 0) for column in names] for row in names])
    with style.figure(_SIDE, _SIDE) as (drawn, axis):
        axis.imshow(np.where(table, np.log1p(table), np.nan), cmap="Blues", vmin=-0.5, vmax=5)
        for row, column in zip(*np.nonzero(table), strict=True):
            axis.text(column, row, str(table[row, column]), ha="center", va="center", fontsize=8.5)
        axis.plot([-0.5, len(names) - 0.5], [-0.5, len(names) - 0.5], color=style.GREY, lw=0.8)
        short = [name.removeprefix("causalex_") for name in names]
        axis.set_xticks(range(len(names)), short, rotation=90, fontsize=8.5)
        axis.set_yticks(range(len(names)), short, fontsize=8.5)
        axis.xaxis.tick_top()
        axis.xaxis.set_label_position("top")
        axis.set_xlabel("is imported")
        axis.set_ylabel("imports")
        axis.tick_params(length=0)
        axis.grid(visible=False)
        axis.spines[:].set_visible(False)
    return drawn


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
