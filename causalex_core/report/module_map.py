"""The package as it is laid out, drawn from its code: who imports whom, layer by layer."""

import ast
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from causalex_core import paths
from causalex_core.report import style

PACKAGE = "causalex_core"
_SIDE = 7.0  # inches: as wide as the book's column, so that letters keep their size


def parts() -> tuple[str, ...]:
    """Packages and modules at the top, from the highest layer to the lowest."""
    written = tomllib.loads((paths.ROOT / "pyproject.toml").read_text())
    (contract,) = written["tool"]["importlinter"]["contracts"]
    return tuple(name.strip() for layer in contract["layers"] for name in layer.split("|"))


def imports() -> Mapping[tuple[str, str], int]:
    """Number of modules of one part that import another part, by (importing, imported)."""
    counted: Counter[tuple[str, str]] = Counter()
    for file in sorted((paths.ROOT / PACKAGE).rglob("*.py")):
        own = _part(file)
        others = {name for name in _imported(file) if name != own}
        counted.update((own, other) for other in others if own)
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
        axis.set_xticks(range(len(names)), names, rotation=90, fontsize=9.5)
        axis.set_yticks(range(len(names)), names, fontsize=9.5)
        axis.xaxis.tick_top()
        axis.xaxis.set_label_position("top")
        axis.set_xlabel("is imported")
        axis.set_ylabel("imports")
        axis.tick_params(length=0)
        axis.grid(visible=False)
        axis.spines[:].set_visible(False)
    return drawn


def _part(file: Path) -> str:
    """Part that a file belongs to; nothing for the package's own first file."""
    first = file.relative_to(paths.ROOT / PACKAGE).parts[0]
    return "" if first == "__init__.py" else first.removesuffix(".py")


def _imported(file: Path) -> Iterator[str]:
    """Parts that a file imports, some more than once."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            words = node.module.split(".")
            if words[0] == PACKAGE:
                yield from words[1:2] or [alias.name for alias in node.names]
        elif isinstance(node, ast.Import):
            for alias in node.names:
                words = alias.name.split(".")
                if words[0] == PACKAGE and len(words) > 1:
                    yield words[1]
