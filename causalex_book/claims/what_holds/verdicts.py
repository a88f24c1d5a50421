"""Verdicts on claims: their words, the rules by which they follow from numbers, and the numbers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

HOLDS, NOT_SUPPORTED, CONTRADICTED = "holds", "not supported", "contradicted"
PARTLY = "partly reproduced"
SEEN, NOT_SEEN = "seen on synthetic people", "not seen on synthetic people"
MORE = "differences above their intervals on both databases, with more seeds and people"

Table = Mapping[str, pd.DataFrame]
Tables = Mapping[str, Table]


@dataclass(frozen=True)
class Finding:
    """Evidence on real people, the verdict in the words above, and what would change it.

    `SEEN` and `NOT_SEEN` are for claims that were tested on synthetic people alone, the other words
    for real people. `control` has numbers of synthetic people, whose truth is known.
    """

    evidence: str
    verdict: str
    change: str
    control: str = ""


ClaimTest = Callable[[Tables], Finding]


def of_gain(rows: pd.DataFrame) -> str:
    """Verdict on claimed gains, from columns ``gain_low, gain_high`` of at least one row."""
    return of_all(rows["gain_low"] > 0, rows["gain_high"] < 0)


def of_print(at_last: bool, published: bool) -> str:
    """Verdict on printed F1, which come out at the last epoch, or only under the published rule."""
    return HOLDS if at_last else PARTLY if published else NOT_SUPPORTED


def of_all(shown: pd.Series, opposite: pd.Series) -> str:
    """Verdict on a claim for all rows: every row shows it, every row the opposite, or neither."""
    return HOLDS if shown.all() else CONTRADICTED if opposite.all() else NOT_SUPPORTED


def on_synthetic_people(seen: bool) -> str:
    """Verdict on a claim that real people do not test."""
    return SEEN if seen else NOT_SEEN


def contain(rows: pd.DataFrame, value: float) -> bool:
    """Whether the interval from ``low`` to ``high`` of one of the rows holds a value."""
    return bool(((rows["low"] <= value) & (value <= rows["high"])).any())


def rows_with(table: pd.DataFrame, **wanted: str) -> pd.DataFrame:
    """Rows whose columns have these values."""
    for column, value in wanted.items():
        table = table[table[column] == value]
    return table


def in_short(rows: pd.DataFrame, value: str = "gain", name: str = "database") -> str:
    """Gains with their sign, or F1, with intervals, each named by a column."""
    return "; ".join(f"{number(row, value)} ({row[name]})" for row in rows.to_dict("records"))


def number(row: Mapping[Any, Any], value: str) -> str:
    """A gain with its sign, or an F1, and its interval."""
    low, high, sign = (
        ("low", "high", "") if value == "f1" else (f"{value}_low", f"{value}_high", "+")
    )
    return f"{row[value]:{sign}.3f} [{row[low]:{sign}.3f}, {row[high]:{sign}.3f}]"
