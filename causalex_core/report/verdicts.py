"""Verdicts on claims: their words, the rules by which they follow from numbers, and the numbers."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

HOLDS, NOT_SUPPORTED, CONTRADICTED = "holds", "not supported", "contradicted"
PARTLY = "partly reproduced"
SEEN, NOT_SEEN = "seen on synthetic people", "not seen on synthetic people"

_INTERVALS: Mapping[str, tuple[str, str]] = {"f1": ("low", "high")}


@dataclass(frozen=True)
class Found:
    """What was found of a claim.

    Attributes
    ----------
    evidence
        On real people, with its numbers.
    verdict
        One of the words above. `SEEN` and `NOT_SEEN` are for claims that were tested on synthetic
        people alone; the others are for real people.
    change
        What would change the verdict.
    control
        What synthetic people show, whose truth is known.
    """

    evidence: str
    verdict: str
    change: str
    control: str = ""


def of_gain(rows: pd.DataFrame) -> str:
    """Verdict on gains that are claimed: every row shows them, every row the opposite, or neither.

    Parameters
    ----------
    rows
        Columns ``gain_low, gain_high``, at least one row.
    """
    if (rows["gain_low"] > 0).all():
        return HOLDS
    return CONTRADICTED if (rows["gain_high"] < 0).all() else NOT_SUPPORTED


def of_print(at_last: Mapping[str, bool], published: Mapping[str, bool]) -> str:
    """Verdict on printed F1, by database.

    Parameters
    ----------
    at_last
        Whether the printed number lies at or below the upper end of the interval at the last
        epoch, where nothing was chosen.
    published
        Whether it does so under the published rule.
    """
    if all(at_last.values()):
        return HOLDS
    return PARTLY if any(published.values()) else NOT_SUPPORTED


def on_synthetic_people(seen: bool) -> str:
    """Verdict on a claim that real people do not test."""
    return SEEN if seen else NOT_SEEN


def rows_with(table: pd.DataFrame, **wanted: str) -> pd.DataFrame:
    """Rows whose columns have these values."""
    for column, value in wanted.items():
        table = table[table[column] == value]
    return table


def in_short(rows: pd.DataFrame, value: str = "gain", sign: str = "+") -> str:
    """Numbers with their intervals, named by database."""
    low, high = _INTERVALS.get(value, (f"{value}_low", f"{value}_high"))
    return "; ".join(
        f"{row[value]:{sign}.3f} [{row[low]:{sign}.3f}, {row[high]:{sign}.3f}] ({row['database']})"
        for row in rows.to_dict("records")
    )


def across_and_within(crossed: pd.DataFrame, within: pd.DataFrame) -> pd.DataFrame:
    """F1 of models from the other database beside that of models from the tested one.

    Parameters
    ----------
    crossed
        Columns ``trained_on, tested_on, f1, low, high``.
    within
        A row for each database, with ``database, f1, low, high``.

    Returns
    -------
    DataFrame
        `crossed` with ``within, within_low`` and ``text``.
    """
    own = within.set_index("database").loc[crossed["tested_on"]]
    text = [
        f"{row['f1']:.3f} [{row['low']:.3f}, {row['high']:.3f}] where {f1:.3f} within"
        f" (tested on {row['tested_on']})"
        for row, f1 in zip(crossed.to_dict("records"), own["f1"], strict=True)
    ]
    return crossed.assign(within=own["f1"].to_numpy(), within_low=own["low"].to_numpy(), text=text)
