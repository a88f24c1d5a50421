"""The annotations of CAS(ME)^2 and SAMM Long Videos, and Table 1 of Causal-Ex recomputed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
import pandas as pd

from causalex_core.action_units import parse
from causalex_core.datasets import auw_gcn, casme2sq, manifest, samm_lv, video_lengths
from causalex_core.datasets.annotations import CAS, FPS, SAMM
from causalex_core.expressions import FRAMES, KINDS, oddities
from causalex_core.report import paper

SOURCES = ("auw_gcn_annotations", "mtsn_ground_truth", "megc_video_lengths")

PAPER_ROW = {CAS: "cas", SAMM: "samm"}
READERS = {CAS: casme2sq, SAMM: samm_lv}
LONGEST_MICRO = 0.5  # seconds, the rule of the field

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
EXCHANGED = {"offset-apex": "apex-onset", "apex-onset": "offset-apex"}


@dataclass(frozen=True)
class Config:
    """Parameters of the page.

    Attributes
    ----------
    points_per_octave
        Points of the duration curves in each doubling of the duration.
    """

    points_per_octave: int = 12


Rows = Callable[[pd.DataFrame, str, str], pd.DataFrame]


def _annotated(table: pd.DataFrame, *frames: str) -> pd.Series:
    return table[list(frames)].gt(0).all(axis=1) | (
        # an onset of 0 is annotated: the expression runs before the video starts
        (table["onset"] == 0) & table[[name for name in frames if name != "onset"]].gt(0).all(axis=1)
    )


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
        "rules": rules(attempts),
        "attempts": attempts.drop(columns="apart"),
        "headers": headers(attempts, closest[SAMM]),
        "gaps": gaps(written[CAS]),
        "text_counts": text_counts(tables),
        "sources_agree": sources_agree(tables, lengths),
        "overview": pd.concat(overview(tables[name], lengths[name]) for name in tables),
        "videos_per_subject": videos_per_subject(lengths),
        "durations": durations(both),
        "duration_curves": duration_curves(both, config.points_per_octave),
        "half_second": half_second(both),
        "action_units": action_units(both),
        "reading": reading(both),
        "overlaps": pd.concat(overlaps(tables[name], name) for name in tables),
        "oddities": pd.concat(counted_oddities(tables[name], lengths[name]) for name in tables),
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
    found = []
    for (heading, owner), (rounding, table), (rule, (_, choose)), group in product(
        headings.items(), frames.items(), ROWS.items(), GROUPS
    ):
        first, second = GROUPS[group]
        chosen = choose(table, first, second)
        difference = (chosen[second] - chosen[first]).to_numpy(float)
        targets = [paper.value("causal_ex", "table1", PAPER_ROW[database], f"{group} {place}")
                   for place in (1, 2, 3)]  # fmt: skip
        for counting, extra in (("difference", 0), ("inclusive", 1)):
            counts = shares(difference + extra, RANGES[database][owner[group]])
            percent = 100 * np.array(counts) / len(chosen)
            deviation = np.abs(percent - targets)
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
                    "apart": expressions_apart(counts, tuple(targets), len(written)),
                }
            )
    return pd.DataFrame(found)


def expressions_apart(counts: list[int], printed: tuple[float, ...], most: int) -> int:
    """How many expressions must be added, left out or moved to print as the paper does.

    Parameters
    ----------
    counts
        Expressions in each range.
    printed
        Percentages with one decimal.
    most
        Largest sum of counts to consider.

    Returns
    -------
    int
        Smallest number over all counts that round to `printed`; a moved one counts once. -1 if
        there are none.
    """
    best = -1
    for total in range(1, most + 1):
        fitting = [
            np.arange(np.ceil(total * (p - 0.05) / 100), np.floor(total * (p + 0.05) / 100) + 1)
            for p in printed
        ]
        for first, second in product(*fitting[:2]):
            third = total - first - second
            if third not in fitting[2]:
                continue
            change = np.array([first, second, third]) - counts
            apart = int(max(change.clip(min=0).sum(), (-change).clip(min=0).sum()))
            best = apart if best < 0 else min(best, apart)
    return best
