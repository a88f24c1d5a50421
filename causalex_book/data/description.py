"""Aggregates of a table of expressions: durations, action units, overlaps."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from causalex_core.action_units import parse
from causalex_core.expressions import oddities

LONGEST_MICRO = 0.5  # seconds, the rule of the field


def overview(table: pd.DataFrame, lengths: pd.DataFrame) -> pd.DataFrame:
    """Subjects, videos and expressions of one database."""
    per_video = table["video"].value_counts().reindex(lengths["video"], fill_value=0)
    subjects = lengths["subject"].nunique()
    with_micro = table.loc[table["kind"] == "micro", "subject"].nunique()
    rows = {
        "subjects": subjects,
        "subjects without a micro-expression": subjects - with_micro,
        "videos": len(lengths),
        "videos without an expression": int((per_video == 0).sum()),
        "minutes of video, rounded": round(float((lengths["frames"] / lengths["fps"]).sum()) / 60),
        "frames per second": int(lengths["fps"].iloc[0]),
        "macro-expressions": int((table["kind"] == "macro").sum()),
        "micro-expressions": int((table["kind"] == "micro").sum()),
        "expressions per video, median": float(per_video.median()),
        "expressions per video, most": int(per_video.max()),
    }
    database = table["database"].iloc[0]
    return pd.DataFrame(
        {"database": database, "what": rows.keys(), "value": map(float, rows.values())}
    )


def videos_per_subject(lengths: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Number of subjects by their number of videos."""
    parts = []
    for database, table in lengths.items():
        videos, subjects = np.unique(table["subject"].value_counts(), return_counts=True)
        parts.append(pd.DataFrame({"database": database, "videos": videos, "subjects": subjects}))
    return pd.concat(parts, ignore_index=True)


def _seconds(table: pd.DataFrame) -> pd.Series:
    """Durations in seconds, onset and offset frame included; NaN without an offset."""
    return (table["offset"] - table["onset"] + 1) / table["fps"]


def durations(table: pd.DataFrame) -> pd.DataFrame:
    """Quantiles of the duration in seconds, by database and kind."""
    grouped = _seconds(table).groupby([table["database"], table["kind"]])
    return grouped.agg(
        expressions="count",
        shortest="min",
        lower_quartile=lambda values: values.quantile(0.25),
        median="median",
        upper_quartile=lambda values: values.quantile(0.75),
        longest="max",
    ).reset_index()


def duration_curves(table: pd.DataFrame, points_per_octave: int) -> pd.DataFrame:
    """Share of expressions that last at most so long, on a grid of durations."""
    seconds = _seconds(table).dropna()
    octaves = np.arange(0, np.log2(32 / 0.125) * points_per_octave + 1) / points_per_octave
    grid = 0.125 * 2.0**octaves
    parts = []
    for (database, kind), values in seconds.groupby([table["database"], table["kind"]]):
        share = np.searchsorted(np.sort(values), grid, side="right") / len(values)
        curve = {"database": database, "kind": kind, "seconds": grid, "share": share}
        parts.append(pd.DataFrame(curve))
    return pd.concat(parts, ignore_index=True)


def half_second(table: pd.DataFrame) -> pd.DataFrame:
    """Count expressions whose annotated kind and the rule of half a second disagree."""
    known = table[table["offset"].notna()]
    rows = []
    for counting, extra in (("difference", 0), ("inclusive", 1)):
        long = (known["offset"] - known["onset"] + extra) / known["fps"] > LONGEST_MICRO
        for (database, kind), values in long.groupby([known["database"], known["kind"]]):
            against = int((values if kind == "micro" else ~values).sum())
            row = {"database": database, "kind": kind, "counting": counting}
            row |= {"expressions": len(values), "against_the_rule": against}
            rows.append(row | {"percent": 100 * against / len(values)})
    return pd.DataFrame(rows)


def action_units(table: pd.DataFrame) -> pd.DataFrame:
    """Count the expressions that show each action unit, by database and kind."""
    keys = ["database", "kind"]
    units = table[keys].assign(unit=table["action_units"].map(lambda text: parse(text).numbers))
    shown = units.explode("unit").dropna(subset="unit").astype({"unit": int})
    counts = shown.groupby([*keys, "unit"], as_index=False).agg(expressions=("unit", "size"))
    counts = counts.merge(table.groupby(keys, as_index=False).agg(of=("video", "size")), on=keys)
    counts["percent"] = 100 * counts["expressions"] / counts["of"]
    order = ["database", "kind", "expressions", "unit"]
    return counts.sort_values(order, ascending=[True, True, False, True], ignore_index=True)


def reading(table: pd.DataFrame) -> pd.DataFrame:
    """Counts of notations that the tolerant parser reads in the action-unit column."""
    texts = table["action_units"]
    parsed = texts.map(parse)
    flags = pd.DataFrame(
        {
            "expressions": True,
            "bare numbers only": [text.replace("+", "").isdigit() for text in texts],
            "with a side or part of the face": parsed.map(lambda r: any(u.side for u in r.units)),
            "with an intensity": parsed.map(lambda r: any(u.intensity for u in r.units)),
            "with an alternative": parsed.map(lambda r: any(u.alternative for u in r.units)),
            "inside ref(...)": parsed.map(lambda r: any(u.referred for u in r.units)),
            "with unread words or signs": parsed.map(lambda r: bool(r.unread)),
            "without any unit": parsed.map(lambda r: not r.units),
        }
    )
    counts = flags.groupby(table["database"]).sum().T.rename_axis("what").reset_index()
    return counts.rename_axis(columns=None)


def overlaps(table: pd.DataFrame, database: str) -> pd.DataFrame:
    """Pairs of expressions of one video that share frames, by the kinds of the two."""
    known = table[table["offset"].notna()]
    counts = dict.fromkeys(("macro and macro", "macro and micro", "micro and micro"), 0)
    involved = 0
    for _, video in known.groupby("video"):
        onset, offset = video["onset"].to_numpy(), video["offset"].to_numpy()
        kind = video["kind"].to_numpy()
        share = (onset[:, None] <= offset) & (onset <= offset[:, None])
        np.fill_diagonal(share, False)
        involved += int(share.any(axis=1).sum())
        for first, second in np.argwhere(np.triu(share)):
            counts[" and ".join(sorted((kind[first], kind[second])))] += 1
    pairs = counts | {"any two": sum(counts.values()), "expressions involved": involved}
    return pd.DataFrame({"database": database, "pair": pairs.keys(), "number": pairs.values()})


def counted_oddities(table: pd.DataFrame, lengths: pd.DataFrame) -> pd.DataFrame:
    """Count the odd rows of one database, by kind of oddity."""
    last = table["video"].map(lengths.set_index("video")["frames"]) - 1
    counts = oddities(table)["oddity"].value_counts().to_dict()
    counts["offset after the end of the video"] = int((table["offset"] > last).sum())
    database = table["database"].iloc[0]
    columns = {"oddity": counts.keys(), "expressions": counts.values()}
    return pd.DataFrame({"database": database, **columns})
