"""What the papers print, and what they claim: readers of ``paper.yml`` and ``claims.yml``.

Printed values live in those files alone; pages that show a printed value beside their own
ask for it here.
"""

import difflib
import math
import re
from collections.abc import Iterable
from functools import cache
from importlib import resources
from typing import Any

import pandas as pd
import yaml

from causalex_core.errors import CausalexError

UNITS = ("fraction", "percent", "count", "number", "text")
STATES = (
    "tested here",
    "printed, not run",
    "planned",
    "cannot be tested without licensed video",
)
# An en dash stands for a cell that the source leaves empty.
EMPTY = "–"
_WORDS = {"two": 2.0, "three": 3.0}
_REFERENCE = re.compile(r"\{([^/{}]+)/([^/{}]+)/([^/{}]+)\}")


def printed(paper: str, table: str) -> pd.DataFrame:
    """Cells of one printed table.

    Parameters
    ----------
    paper
        ``causal_ex``, ``causalnet``, or ``spotting`` and ``recognition`` for what others print.
    table
        Such as ``table2``, ``abstract`` or ``text``.

    Returns
    -------
    DataFrame
        A row per cell, in printed order: ``row, column, printed`` (the text, character by
        character), ``value`` (a float; NaN for text and empty cells), ``unit, source, note``.

    Raises
    ------
    CausalexError
        If there is no such paper or table.
    """
    return _cells(paper, table).copy()


def value(paper: str, table: str, row: str, column: str) -> float:
    """One printed number.

    Raises
    ------
    CausalexError
        If there is no such cell, or if it holds text.
    """
    cell = _cell(paper, table, row, column)
    if math.isnan(cell["value"]):
        raise CausalexError(
            f"{cell['source']}: row '{row}', column '{column}' holds '{cell['printed']}', not a"
            " number; read it with printed()"
        )
    return float(cell["value"])


def text(paper: str, table: str, row: str, column: str) -> str:
    """One cell as printed; its number of decimals is the rounding.

    Raises
    ------
    CausalexError
        If there is no such cell.
    """
    return str(_cell(paper, table, row, column)["printed"])


def tables() -> pd.DataFrame:
    """All printed tables: ``paper, table, title, source``."""
    columns = ["paper", "table", "title", "source"]
    return pd.DataFrame(_load("paper.yml")["tables"])[columns]


def claims() -> pd.DataFrame:
    """Every claim, table and figure of both papers with its state.

    Returns
    -------
    DataFrame
        A row per claim: ``id, paper, part, where, claim, test, later`` (a later page, or
        empty), ``pages`` (documents of the book that show evidence now), ``state`` (one of
        ``STATES``) and ``finding`` (empty unless one of the pages shows it).
    """
    rows = [
        {
            "id": entry["id"],
            "paper": group["paper"],
            "part": group["part"],
            "where": entry["where"],
            "claim": _filled(entry["claim"], group["paper"]),
            "test": entry["test"],
            "later": entry.get("later", ""),
            "pages": tuple(entry.get("pages", ())),
            "state": entry["state"],
            "finding": entry.get("finding", ""),
        }
        for group in _load("claims.yml")["groups"]
        for entry in group["claims"]
    ]
    return pd.DataFrame(rows)


def page_titles() -> dict[str, str]:
    """Short titles of the pages that claims point to, by document."""
    return dict(_load("claims.yml")["pages"])


def _filled(template: str, paper: str) -> str:
    """Text with each ``{table/row/column}`` replaced by the printed cell."""
    return _REFERENCE.sub(lambda match: text(paper, *match.groups()), template)


def _cell(paper: str, table: str, row: str, column: str) -> pd.Series:
    cells = _cells(paper, table)
    for name, given in (("row", row), ("column", column)):
        _refuse_unknown(given, cells[name].unique(), f"{paper} {table}", name)
    return cells[(cells["row"] == row) & (cells["column"] == column)].iloc[0]


@cache
def _cells(paper: str, table: str) -> pd.DataFrame:
    content = _load("paper.yml")
    _refuse_unknown(paper, content["papers"], "paper.yml", "paper")
    cells = {entry["table"]: entry for entry in content["tables"] if entry["paper"] == paper}
    _refuse_unknown(table, cells, paper, "table")
    return _tidy(cells[table])


def _tidy(entry: dict[str, Any]) -> pd.DataFrame:
    """Cells of one table of the file, in long form."""
    columns = entry["columns"]
    units, sources = entry.get("units", {}), entry.get("sources", {})
    notes = {(note["row"], note["column"]): note["note"] for note in entry.get("notes", [])}
    cells = []
    for row, texts in entry["rows"].items():
        if len(texts) != len(columns):
            raise CausalexError(
                f"paper.yml: {entry['paper']} {entry['table']}, row '{row}' has {len(texts)}"
                f" cells for {len(columns)} columns; give every column one cell"
            )
        for column, shown in zip(columns, texts, strict=True):
            unit = units.get(row, units.get(column, entry["unit"]))
            cells.append(
                {
                    "row": row,
                    "column": column,
                    "printed": shown,
                    "value": _number(shown, unit),
                    "unit": unit,
                    "source": sources.get(row, entry["source"]),
                    "note": notes.get((row, column), ""),
                }
            )
    return pd.DataFrame(cells)


def _number(shown: str, unit: str) -> float:
    if unit == "text" or shown == EMPTY:
        return math.nan
    try:
        return _WORDS[shown] if shown in _WORDS else float(shown)
    except ValueError as error:
        raise CausalexError(
            f"paper.yml: '{shown}' is not a number; correct it or give the cell the unit 'text'"
        ) from error


def _refuse_unknown(given: str, known: Iterable[str], where: str, what: str) -> None:
    names = list(known)
    if given in names:
        return
    near = difflib.get_close_matches(str(given), names, n=1, cutoff=0.4)
    hint = f"; did you mean '{near[0]}'?" if near else ""
    raise CausalexError(f"{where} has no {what} '{given}'{hint} (it has: {', '.join(names)})")


@cache
def _load(name: str) -> Any:
    source = resources.files(__package__) / name
    return yaml.safe_load(source.read_text(encoding="utf-8"))
