"""What a table of expressions contains, as aggregates: durations, action units, overlaps."""

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
    rows = {
        "subjects": subjects,
        "subjects without a micro-expression": subjects
        - table.loc[table["kind"] == "micro", "subject"].nunique(),
        "videos": len(lengths),
        "videos without an expression": int((per_video == 0).sum()),
        "minutes of video, rounded": round(float((lengths["frames"] / lengths["fps"]).sum()) / 60),
        "frames per second": int(lengths["fps"].iloc[0]),
        "macro-expressions": int((table["kind"] == "macro").sum()),
        "micro-expressions": int((table["kind"] == "micro").sum()),
        "expressions per video, median": float(per_video.median()),
        "expressions per video, most": int(per_video.max()),
    }
    found = pd.DataFrame({"what": rows.keys(), "value": map(float, rows.values())})
    return found.assign(database=table["database"].iloc[0])[["database", "what", "value"]]


def videos_per_subject(lengths: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """How many subjects have so many videos."""
    found = []
    for database, table in lengths.items():
        videos, subjects = np.unique(table["subject"].value_counts(), return_counts=True)
        found.append(pd.DataFrame({"database": database, "videos": videos, "subjects": subjects}))
    return pd.concat(found, ignore_index=True)


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
    seconds = _seconds(table)
    octaves = np.arange(0, np.log2(32 / 0.125) * points_per_octave + 1) / points_per_octave
    grid = 0.125 * 2.0**octaves
    found = []
    for (database, kind), values in seconds.dropna().groupby([table["database"], table["kind"]]):
        share = np.searchsorted(np.sort(values), grid, side="right") / len(values)
        found.append(
            pd.DataFrame({"database": database, "kind": kind, "seconds": grid, "share": share})
        )
    return pd.concat(found, ignore_index=True)


def half_second(table: pd.DataFrame) -> pd.DataFrame:
    """How often the annotated kind and the rule of half a second disagree."""
    known = table[table["offset"].notna()]
    found = []
    for counting, extra in (("difference", 0), ("inclusive", 1)):
        long = (known["offset"] - known["onset"] + extra) / known["fps"] > LONGEST_MICRO
        for (database, kind), values in long.groupby([known["database"], known["kind"]]):
            against = int((values if kind == "micro" else ~values).sum())
            found.append(
                {
                    "database": database,
                    "kind": kind,
                    "counting": counting,
                    "expressions": len(values),
                    "against_the_rule": against,
                    "percent": 100 * against / len(values),
                }
            )
    return pd.DataFrame(found)


def action_units(table: pd.DataFrame) -> pd.DataFrame:
    """Count the expressions that show each action unit, by database and kind."""
    keys = ["database", "kind"]
    units = table[keys].assign(unit=table["action_units"].map(lambda text: parse(text).numbers))
    shown = units.explode("unit").dropna(subset="unit").astype({"unit": int})
    counts = shown.groupby([*keys, "unit"], as_index=False).agg(expressions=("unit", "size"))
    found = counts.merge(table.groupby(keys, as_index=False).agg(of=("video", "size")), on=keys)
    found["percent"] = 100 * found["expressions"] / found["of"]
    order = ["database", "kind", "expressions", "unit"]
    return found.sort_values(order, ascending=[True, True, False, True], ignore_index=True)


def reading(table: pd.DataFrame) -> pd.DataFrame:
    """How much of the action-unit column the tolerant parser reads."""
    read = table["action_units"].map(parse)
    flags = pd.DataFrame(
        {
            "expressions": True,
            "bare numbers only": [
                text.replace("+", "").isdigit() for text in table["action_units"]
            ],
            "with a side or part of the face": read.map(lambda r: any(u.side for u in r.units)),
            "with an intensity": read.map(lambda r: any(u.intensity for u in r.units)),
            "with an alternative": read.map(lambda r: any(u.alternative for u in r.units)),
            "inside ref(...)": read.map(lambda r: any(u.referred for u in r.units)),
            "with unread words or signs": read.map(lambda r: bool(r.unread)),
            "without any unit": read.map(lambda r: not r.units),
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
    return pd.DataFrame(
        {
            "database": database,
            "pair": [*counts, "any two", "expressions involved"],
            "number": [*counts.values(), sum(counts.values()), involved],
        }
    )


def counted_oddities(table: pd.DataFrame, lengths: pd.DataFrame) -> pd.DataFrame:
    """How many rows of one database are odd, and in which way."""
    last = table["video"].map(lengths.set_index("video")["frames"]) - 1
    found = oddities(table)["oddity"].value_counts().to_dict()
    found["offset after the end of the video"] = int((table["offset"] > last).sum())
    return pd.DataFrame(
        {
            "database": table["database"].iloc[0],
            "oddity": found.keys(),
            "expressions": found.values(),
        }
    )
