"""Partial ancestral graphs: what is known, and what is not, about who causes whom."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from causalex_core import paths
from causalex_core.display import Summary
from causalex_core.errors import CausalexError

NONE, CIRCLE, ARROWHEAD, TAIL = 0, 1, 2, 3

FORMAT = "causalex-graph-1"
CODES = {"none": NONE, "circle": CIRCLE, "arrowhead": ARROWHEAD, "tail": TAIL}
_AT_START = {CIRCLE: "o", ARROWHEAD: "<", TAIL: "-"}
_AT_END = {CIRCLE: "o", ARROWHEAD: ">", TAIL: "-"}


@dataclass(frozen=True, eq=False, repr=False)
class Pag(Summary):
    """A partial ancestral graph and how it was found.

    Attributes
    ----------
    marks
        (n, n) uint8, read-only. ``marks[i, j]`` is the mark at j of the edge between i and j:
        0 no edge, 1 circle (unknown), 2 arrowhead (j does not cause i), 3 tail (j causes i). So
        i --> j is ``marks[i, j] == 2`` and ``marks[j, i] == 3``.
    alpha
        Level of the tests; None for an oracle.
    n_eff
        (n, n) float64 number of independent samples that each pair was worth; None for an
        oracle.
    settings
        Whatever else decided the graph, as plain values.
    """

    marks: np.ndarray
    alpha: float | None = None
    n_eff: np.ndarray | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the marks and protect them."""
        marks = np.array(self.marks)
        square = marks.ndim == 2 and marks.shape[0] == marks.shape[1]
        if not square or ((marks < NONE) | (marks > TAIL)).any():
            raise CausalexError(
                f"marks of shape {marks.shape}: expected a square matrix of the codes {CODES}"
            )
        if marks.diagonal().any() or ((marks == NONE) != (marks.T == NONE)).any():
            raise CausalexError(
                "marks: an edge needs a mark at both of its ends, and joins two nodes"
            )
        marks = marks.astype(np.uint8)
        marks.flags.writeable = False
        object.__setattr__(self, "marks", marks)

    @property
    def adjacency(self) -> np.ndarray:
        """(n, n) bool: joined by an edge of any kind."""
        return self.marks != NONE

    def edges(self) -> list[tuple[int, str, int]]:
        """Edges as ``(i, "o->", j)`` with i < j."""
        return [
            (i, f"{_AT_START[int(self.marks[j, i])]}-{_AT_END[int(self.marks[i, j])]}", j)
            for i, j in np.argwhere(np.triu(self.adjacency)).tolist()
        ]

    def _facts(self) -> Mapping[str, object]:
        names = self.settings.get("regions") or range(len(self.marks))
        edges = "; ".join(f"{names[i]} {kind} {names[j]}" for i, kind, j in self.edges())
        return {"nodes": len(self.marks), "alpha": self.alpha, "edges": f"[{edges}]"}

    def to_json(self, **more: Any) -> str:
        """Text that `from_json` reads, with further keys that it ignores.

        The same graph gives the same bytes.
        """
        content = {
            "format": FORMAT,
            "codes": CODES,
            "marks": self.marks.tolist(),
            "alpha": self.alpha,
            "n_eff": None if self.n_eff is None else self.n_eff.tolist(),
            "settings": dict(self.settings),
            **more,
        }
        lines = (f"{json.dumps(key)}: {_rows(value)}" for key, value in content.items())
        return "{\n" + ",\n".join(lines) + "\n}\n"


def _rows(value: Any) -> str:
    """JSON of a value, matrices with a line for each row."""
    if isinstance(value, list):
        return "[\n" + ",\n".join(f"  {json.dumps(row)}" for row in value) + "\n]"
    return json.dumps(value, sort_keys=True)


def from_json(text: str) -> Pag:
    """Read what `Pag.to_json` wrote; anything else raises a CausalexError."""
    try:
        content = json.loads(text)
        known = content["format"] == FORMAT
        n_eff = content["n_eff"]
        pag = Pag(
            marks=np.array(content["marks"]),
            alpha=content["alpha"],
            n_eff=None if n_eff is None else np.array(n_eff, np.float64),
            settings=content["settings"],
        )
    except (ValueError, KeyError, TypeError) as error:
        raise CausalexError(
            f"not a graph: {error!r}; expected what `causalex graph` wrote"
        ) from error
    if not known:
        raise CausalexError(f"graph of format {content['format']!r}: expected {FORMAT!r}")
    return pag


def read(path: Path) -> Pag:
    """Read a graph file; one that is missing or no graph raises a CausalexError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CausalexError(f"cannot read the graph {path}: {error}") from error
    return from_json(text)


def write(pag: Pag, path: Path, **more: Any) -> None:
    """Write a graph file, whole or not at all; `more` as in `Pag.to_json`."""
    paths.atomic_write(path, pag.to_json(**more))
