"""The annotations of CAS(ME)^2 and SAMM Long Videos, and Table 1 of Causal-Ex recomputed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd

from causalex_book.data import description
from causalex_book.publishing import paper
from causalex_core.config import Count, Parameters
from causalex_core.data import auw_gcn, casme2sq, manifest, samm_lv, video_lengths
from causalex_core.data.annotations import CAS, SAMM
from causalex_core.expressions import FRAMES, KINDS

SOURCES = ("auw_gcn_annotations", "mtsn_ground_truth", "megc_video_lengths")

PAPER_ROW = {CAS: "cas", SAMM: "samm"}
READERS = {CAS: casme2sq, SAMM: samm_lv}

# First and second frame of each difference, and the last number of its first two ranges.
GROUPS = {
    "offset-onset": ("onset", "offset"),
    "offset-apex": ("apex", "offset"),
    "apex-onset": ("onset", "apex"),
}
RANGES = {
    CAS: {"offset-onset": (30, 60), "offset-apex": (20, 40), "apex-onset": (10, 20)},
    SAMM: {"offset-onset": (100, 300), "offset-apex": (50, 100), "apex-onset": (100, 200)},
}
KIND_HEADERS = {"micro": "ME", "macro": "MaE"}
EXCHANGED = {"offset-apex": "apex-onset", "apex-onset": "offset-apex"}


@dataclass(frozen=True)
class Config(Parameters):
    """Parameters of the page.

    Attributes
    ----------
    points_per_octave
        Points of the duration curves in each doubling of the duration.
    """

    points_per_octave: Count = 12


Rows = Callable[[pd.DataFrame, str, str], pd.DataFrame]


def _annotated(table: pd.DataFrame, *frames: str) -> pd.Series:
    """Rows whose given frames are annotated; an onset always is."""
    return table[[name for name in frames if name != "onset"]].gt(0).all(axis=1)


ROWS: Mapping[str, tuple[str, Rows]] = {
    "all": (
        "every expression; a blank counts as the number that stands for it (0 or -1)",
        lambda table, first, second: table,
    ),
    "not negative": (
        "as all, without differences below 0",
        lambda table, first, second: table[table[second] >= table[first]],
    ),
    "both annotated": (
        "expressions with both frames annotated",
        lambda table, first, second: table[_annotated(table, first, second)],
    ),
    "complete": (
        "expressions with all three frames annotated",
        lambda table, first, second: table[_annotated(table, *FRAMES)],
    ),
    "in order": (
        "complete, and onset, apex and offset follow each other",
        lambda table, first, second: table[
            _annotated(table, *FRAMES)
            & (table["onset"] <= table["apex"])
            & (table["apex"] <= table["offset"])
        ],
    ),
    "mirrored": (
        "all; a missing offset is 2 apex - onset, expressions without apex are left out",
        lambda table, first, second: table.assign(
            offset=table["offset"].where(table["offset"] > 0, 2 * table["apex"] - table["onset"])
        )[table["apex"] > 0],
    ),
}


def compute(config: Config) -> dict[str, pd.DataFrame]:
    """Recompute Table 1 and describe the annotations.

    Returns
    -------
    dict
        Aggregates only; see the headings of the page.
    """
    official = manifest.require("mtsn_ground_truth")
    written, tables = {}, {}
    for database, reader in READERS.items():
        path = official.path(reader.FILE)
        written[database], tables[database] = reader.as_written(path), reader.read(path)
    lengths = {
        database: video_lengths.read(
            manifest.require("megc_video_lengths").path(video_lengths.FILES[database]), database
        )
        for database in tables
    }
    both = pd.concat(tables.values(), ignore_index=True)
    attempts = pd.concat(variants(written[name], name) for name in written)
    closest = {name: closest_rule(attempts, name) for name in written}
    return {
        "cells": pd.concat(cells(attempts, written[name], name, closest[name]) for name in written),
        "nearest": pd.concat(
            nearest_counts(attempts, name, closest[name], len(written[name])) for name in written
        ),
        "rules": rules(attempts),
        "subsets": subsets(attempts, closest),
        "headers": headers(attempts, closest[SAMM]),
        "gaps": gaps(written[CAS]),
        "text_counts": text_counts(tables),
        "sources_agree": sources_agree(tables, lengths),
        "overview": pd.concat(description.overview(tables[name], lengths[name]) for name in tables),
        "videos_per_subject": description.videos_per_subject(lengths),
        "durations": description.durations(both),
        "duration_curves": description.duration_curves(both, config.points_per_octave),
        "half_second": description.half_second(both),
        "action_units": description.action_units(both),
        "reading": description.reading(both),
        "overlaps": pd.concat(description.overlaps(tables[name], name) for name in tables),
        "oddities": pd.concat(
            description.counted_oddities(tables[name], lengths[name]) for name in tables
        ),
    }


def shares(differences: np.ndarray, ranges: tuple[int, int]) -> list[int]:
    """Count differences up to the first bound, up to the second, and above.

    A fraction between two whole numbers belongs to the range that it has not yet left: with the
    ranges ``<101, 101-300, >300`` of the paper 100.4 is in the first.
    """
    first, second = ranges
    low, high = differences < first + 1, differences > second
    return [int(low.sum()), int((~low & ~high).sum()), int(high.sum())]


def variants(written: pd.DataFrame, database: str) -> pd.DataFrame:
    """All readings of the three groups of ranges: which rows, how counted, which headers.

    Parameters
    ----------
    written
        Annotated numbers as in the source.
    database
        ``CAS(ME)^2`` or ``SAMM-LV``.

    Returns
    -------
    DataFrame
        A row per group and reading: ``database, group, headers, rows, frames, counting, n``, the
        counts ``n_1, n_2, n_3``, shares in percent ``share_1, share_2, share_3``, how many of
        the three ``print_alike``, the ``largest_deviation`` from the printed cells in
        percentage points, and ``apart``: by how many expressions the counts differ from the
        nearest ones that print as the paper does.
    """
    frames = {"as written": written}
    headings = {"as printed": {name: name for name in GROUPS}}
    if database == SAMM:
        frames["rounded"] = written.assign(**{name: written[name].round() for name in FRAMES})
        headings["exchanged"] = {name: EXCHANGED.get(name, name) for name in GROUPS}
    printed = {group: _printed_group(database, group) for group in GROUPS}
    candidates = {name: printing_counts(cells, len(written)) for name, cells in printed.items()}
    found = []
    for (heading, owner), (rounding, table), (rule, (_, choose)), group in product(
        headings.items(), frames.items(), ROWS.items(), GROUPS
    ):
        first, second = GROUPS[group]
        chosen = choose(table, first, second)
        difference = (chosen[second] - chosen[first]).to_numpy(float)
        for counting, extra in (("difference", 0), ("inclusive", 1)):
            counts = shares(difference + extra, RANGES[database][owner[group]])
            percent = 100 * np.array(counts) / len(chosen)
            deviation = np.abs(percent - printed[group])
            found.append(
                {
                    "database": database,
                    "group": group,
                    "headers": heading,
                    "rows": rule,
                    "frames": rounding,
                    "counting": counting,
                    "n": len(chosen),
                    **{f"n_{place + 1}": count for place, count in enumerate(counts)},
                    **{f"share_{place + 1}": value for place, value in enumerate(percent)},
                    "print_alike": int((deviation <= 0.05 + 1e-9).sum()),
                    "largest_deviation": deviation.max(),
                    "apart": expressions_apart(counts, candidates[group]),
                }
            )
    return pd.DataFrame(found)


def printing_counts(printed: tuple[float, ...], most: int) -> np.ndarray:
    """All counts of three ranges whose percentages print as given, with one decimal.

    Parameters
    ----------
    printed
        Three percentages.
    most
        Largest sum of the counts.

    Returns
    -------
    ndarray
        (n, 3) integers.
    """
    total = np.arange(1, most + 1)
    first, second = (
        [np.arange(np.ceil(n * (p - 0.05) / 100), n * (p + 0.05) / 100 + 1e-9) for n in total]
        for p in printed[:2]
    )
    triples = np.array(
        [
            (a, b, n - a - b)
            for n, some, more in zip(total, first, second, strict=True)
            for a, b in product(some, more)
        ]
    )
    share = 100 * triples[:, 2] / triples.sum(axis=1)
    return triples[np.abs(share - printed[2]) <= 0.05 + 1e-9].astype(int)


def expressions_apart(counts: list[int], candidates: np.ndarray) -> int:
    """How many expressions must at least be added, left out or moved to reach a candidate."""
    return int(_distances(counts, candidates).min())


def _distances(counts: list[int], candidates: np.ndarray) -> np.ndarray:
    change = candidates - np.array(counts)
    return np.maximum(change.clip(min=0).sum(axis=1), -change.clip(max=0).sum(axis=1))


def closest_rule(attempts: pd.DataFrame, database: str) -> dict[str, str]:
    """Find the reading that, over all three groups, needs the fewest expressions changed.

    Returns
    -------
    dict
        ``headers, rows, frames, counting``; the first of :data:`ROWS` among equals.
    """
    keys = ["headers", "rows", "frames", "counting"]
    ours = attempts[attempts["database"] == database]
    total = ours.groupby(keys, sort=False, as_index=False).agg(apart=("apart", "sum"))
    best = total.iloc[int(total["apart"].argmin())]
    return {key: str(best[key]) for key in keys}


def cells(
    attempts: pd.DataFrame, written: pd.DataFrame, database: str, rule: Mapping[str, str]
) -> pd.DataFrame:
    """Every cell of Table 1 of one database: printed, from complete rows, by the closest rule."""
    table, above = (
        _printed_row(name, PAPER_ROW[database]) for name in ("table1", "table1_headers")
    )
    complete = {**rule, "rows": "complete"}
    found = [kind_cell(written, database, table[name]) for name in KIND_HEADERS.values()]
    for group, place in product(GROUPS, (1, 2, 3)):
        name = f"{group} {place}"
        owner = EXCHANGED.get(group, group) if rule["headers"] == "exchanged" else group
        ours, whole = (_attempt(attempts, database, group, chosen) for chosen in (rule, complete))
        found.append(
            _verdict(
                table[name],
                {
                    "database": database,
                    "cell": group,
                    "header": above[name]["printed"],
                    "true_header": above[f"{owner} {place}"]["printed"],
                    "printed": table[name]["printed"],
                    "complete": whole[f"share_{place}"],
                    "recomputed": ours[f"share_{place}"],
                    "count": int(ours[f"n_{place}"]),
                    "of": int(ours["n"]),
                },
            )
        )
    return pd.DataFrame(found)


def kind_cell(written: pd.DataFrame, database: str, cell: pd.Series) -> dict[str, object]:
    """Cell with the share of a kind among expressions with an offset.

    The header it belongs to is the kind whose share is nearest to the printed one.
    """
    kinds = written.loc[_annotated(written, "offset"), "kind"]
    nearest = min(KINDS, key=lambda kind: abs(100 * (kinds == kind).mean() - cell["value"]))
    complete = written.loc[_annotated(written, *FRAMES), "kind"] == nearest
    count = int((kinds == nearest).sum())
    return _verdict(
        cell,
        {
            "database": database,
            "cell": "kind",
            "header": cell["column"],
            "true_header": KIND_HEADERS[nearest],
            "printed": cell["printed"],
            "complete": 100 * complete.mean(),
            "recomputed": 100 * count / len(kinds),
            "count": count,
            "of": len(kinds),
        },
    )


def _printed_row(table: str, row: str) -> dict[str, pd.Series]:
    cells = paper.printed("causal_ex", table)
    return {cell["column"]: cell for _, cell in cells[cells["row"] == row].iterrows()}


def _verdict(cell: pd.Series, entry: dict) -> dict[str, object]:
    """Add whether the recomputed share prints as the paper does under the header it belongs to."""
    decimals = len(cell["printed"].partition(".")[2])
    off = abs(entry["recomputed"] - cell["value"])
    alike = off <= 0.5 * 10.0**-decimals + 1e-9
    renamed = entry["header"] != entry["true_header"]
    word = "reproduced" if alike else "close" if off < 1 else "not reproduced"
    return entry | {"verdict": f"{word}, under another header" if renamed else word}


def _attempt(
    attempts: pd.DataFrame, database: str, group: str, rule: Mapping[str, str]
) -> pd.Series:
    chosen = (attempts["database"] == database) & (attempts["group"] == group)
    for key, value in rule.items():
        chosen &= attempts[key] == value
    return attempts[chosen].iloc[0]


def rules(attempts: pd.DataFrame) -> pd.DataFrame:
    """For each reading: how near it comes to the three groups of ranges together."""
    keys = ["database", "headers", "rows", "frames", "counting"]
    grouped = attempts.groupby(keys, sort=False)
    table = grouped.agg(
        print_alike=("print_alike", "sum"),
        largest_deviation=("largest_deviation", "max"),
        expressions_apart=("apart", "sum"),
    ).reset_index()
    return table.sort_values(["database", "expressions_apart"], kind="stable", ignore_index=True)


def nearest_counts(
    attempts: pd.DataFrame, database: str, rule: Mapping[str, str], most: int
) -> pd.DataFrame:
    """Counts of the closest reading beside the nearest ones that print as the paper does."""
    found = []
    for group in GROUPS:
        ours = _attempt(attempts, database, group, rule)
        counts = [int(ours[f"n_{place}"]) for place in (1, 2, 3)]
        candidates = printing_counts(_printed_group(database, group), most)
        nearest = candidates[_distances(counts, candidates).argmin()]
        found.append(
            {
                "database": database,
                "group": group,
                "counts": " / ".join(map(str, counts)),
                "of": sum(counts),
                "print_as_the_paper": " / ".join(map(str, nearest)),
                "of_those": int(nearest.sum()),
                "expressions_apart": int(ours["apart"]),
            }
        )
    return pd.DataFrame(found)


def _printed_group(database: str, group: str) -> tuple[float, ...]:
    row = PAPER_ROW[database]
    return tuple(paper.value("causal_ex", "table1", row, f"{group} {place}") for place in (1, 2, 3))


def subsets(attempts: pd.DataFrame, closest: Mapping[str, Mapping[str, str]]) -> pd.DataFrame:
    """Shares that each choice of rows gives, everything else as in the closest reading."""
    others = ["headers", "frames", "counting"]
    kept = [
        attempts[
            (attempts["database"] == database)
            & (attempts["group"] == group)
            & (attempts[others] == [rule[name] for name in others]).all(axis=1)
        ]
        for (database, rule), group in product(closest.items(), GROUPS)
    ]
    columns = ["database", "group", "rows", "n", "share_1", "share_2", "share_3", "print_alike"]
    return pd.concat(kept, ignore_index=True)[columns]


def headers(attempts: pd.DataFrame, rule: Mapping[str, str]) -> pd.DataFrame:
    """Shares of SAMM's last two groups under the printed headers and under exchanged ones."""
    found = []
    for group, heading in product(EXCHANGED, ("as printed", "exchanged")):
        ours = _attempt(attempts, SAMM, group, {**rule, "headers": heading})
        owner = EXCHANGED[group] if heading == "exchanged" else group
        first, second = RANGES[SAMM][owner]
        found.append(
            {
                "group": group,
                "headers": heading,
                "ranges": f"<{first + 1}, {first + 1}-{second}, >{second}",
                "printed": " / ".join(
                    paper.text("causal_ex", "table1", "samm", f"{group} {place}")
                    for place in (1, 2, 3)
                ),
                "recomputed": " / ".join(f"{ours[f'share_{place}']:.1f}" for place in (1, 2, 3)),
                "largest_deviation": ours["largest_deviation"],
            }
        )
    return pd.DataFrame(found)


def gaps(written: pd.DataFrame) -> pd.DataFrame:
    """Expressions of CAS(ME)^2 on a difference that no printed range contains."""
    found = []
    for group, (first, second) in GROUPS.items():
        both = written[_annotated(written, first, second)]
        gap = RANGES[CAS][group][1] + 1
        count = int(((both[second] - both[first]) == gap).sum())
        found.append({"group": group, "difference_in_frames": gap, "expressions": count})
    return pd.DataFrame(found)


def text_counts(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Expressions of each kind in the text, annotated, and with an offset; and their shares.

    Shares in percent are of the kinds counted alike; ``printed`` is the cell of Table 1 that
    stands under the kind's own header.
    """
    found = []
    for database, table in tables.items():
        row = PAPER_ROW[database]
        columns: dict[str, pd.Series] = {
            "text": pd.Series(
                {
                    kind: paper.value("causal_ex", "text", f"{row} {kind}", "printed")
                    for kind in KINDS
                }
            ),
            "annotated": table["kind"].value_counts(),
            "with_offset": table.loc[table["offset"].notna(), "kind"].value_counts(),
        }
        for kind in KINDS:
            found.append(
                {
                    "database": database,
                    "kind": kind,
                    **{name: int(counts[kind]) for name, counts in columns.items()},
                    "printed": paper.text("causal_ex", "table1", row, KIND_HEADERS[kind]),
                    **{
                        f"{name}_share": 100 * float(counts[kind] / counts.sum())
                        for name, counts in columns.items()
                    },
                }
            )
    return pd.DataFrame(found)


def sources_agree(
    tables: Mapping[str, pd.DataFrame], lengths: Mapping[str, pd.DataFrame]
) -> pd.DataFrame:
    """How many rows of AUW-GCN's tables follow from the official sheets by a stated rule."""
    shipped = manifest.require("auw_gcn_annotations")
    last = lengths[SAMM].set_index("video")["frames"].sub(1) // 8
    sampled = samm_lv.every_nth(tables[SAMM], 8)
    cut = sampled.assign(offset=np.minimum(sampled["offset"], sampled["video"].map(last)))
    found = []
    for database, rule, expected in (
        (CAS, "numbers unchanged", tables[CAS]),
        (SAMM, "(round(f) - 1) // 8", sampled),
        (SAMM, "(round(f) - 1) // 8, cut at the last frame of the video", cut),
    ):
        theirs = auw_gcn.read(shipped.path(auw_gcn.FILES[database]), database)
        found.append(
            {
                "database": database,
                "rule": rule,
                "rows": len(theirs),
                "equal_rows": _common_rows(expected, theirs),
            }
        )
    return pd.DataFrame(found)


def _common_rows(first: pd.DataFrame, second: pd.DataFrame) -> int:
    columns = ["video", *FRAMES, "kind", "action_units"]
    counts = [table[columns].fillna(-1).value_counts() for table in (first, second)]
    return int(pd.concat(counts, axis=1, join="inner").min(axis=1).sum())
