"""Show the synthetic people, and how well measured motion follows their true motion."""

from collections.abc import Sequence
from typing import Any

from causalex_book.data import figures_synthetic
from causalex_book.publishing import show, style
from causalex_book.publishing.results import Tables


def units_figure(drawn: Any) -> None:
    """Draw one synthetic person at rest and with different action units."""
    style.show_figure(
        figures_synthetic.units(
            drawn.people[5],
            [
                ("at rest", {}),
                ("AU1+2", {1: 0.8, 2: 0.8}),
                ("AU4", {4: 0.9}),
                ("AU9", {9: 1.0}),
                ("AU12", {12: 0.8}),
                ("AU14", {14: 1.0}),
                ("AU24", {24: 1.0}),
                ("AU26", {26: 0.8}),
                ("AU45 (blink)", {45: 1.0}),
                ("micro: AU12 at 0.12", {12: 0.12}),
            ],
            columns=5,
        )
    )


def timeline_figure(drawn: Any) -> None:
    """Draw unit intensities and measured motion in the video with the most events."""
    number = max(range(len(drawn.videos)), key=lambda k: len(drawn.videos[k].events))
    video = drawn.videos[number]
    first = max(video.events[0].onset - 60, 0)
    style.show_figure(
        figures_synthetic.timeline(
            drawn.perform(number),
            drawn.measured(number).motion,
            drawn.expressions.query("video == @video.name"),
            first,
            min(first + 900, video.frames),
        )
    )


def times_table(tables: Tables) -> None:
    """Show median times of the drawn expressions beside those in the annotations."""
    times = tables["times"].query("quantile == 0.5").drop(columns="quantile")
    show.table(
        times,
        "Median times of the expressions, in seconds: drawn, and in the annotations. Frames are"
        " whole, so that drawn times are rounded down.",
        "tab-times",
        digits={"cohort_seconds": 2, "database_seconds": 2},
        headers={"cohort_seconds": "cohort", "database_seconds": "database"},
    )


def tiers_table(tables: Tables) -> None:
    """Show how well measured motion follows true motion, by tier and head motion."""
    tiers = tables["tiers"]
    for name in ("moving", "whole", "gain"):
        tiers = show.with_interval(tiers, name, f"{name}_low", f"{name}_high", digits=2)
    show.table(
        tiers,
        "Measured against true motion: correlation over moving frames and over the whole clip, and"
        " measured per true motion. Medians over clips, in brackets the least and the greatest.",
        "tab-tiers",
        digits={"head_motion": 0},
        headers={"head_motion": "head motion", "moving": "moving frames", "whole": "whole clip"},
    )


def conclusions(tables: Tables, head_motions: Sequence[float]) -> list[str]:
    """State how well pictures show true motion, and how often AU4 occurs by planted bias."""
    tiers = tables["tiers"].set_index(["tier", "head_motion"])
    little, much = head_motions[0], head_motions[-1]
    identities = tables["identities"].iloc[0]
    tie = tables["tie"].set_index(["cohort", "people", "kind"])["percent"]
    errors = tables["errors"].set_index(["tier", "head_motion"])
    name = tables["sizes"]["cohort"].iloc[0]
    return [
        f"FaceMesh finds {identities['found']:.0f} of {identities['people']:.0f} painted faces.",
        f"At little head motion, motion from pictures correlates with the truth at"
        f" {tiers.loc[('pixels', little), 'moving']:.2f} in the median clip while something moves,"
        f" and at {tiers.loc[('pixels', little), 'whole']:.2f} over whole clips; at {much:g} times"
        f" the head motion at {tiers.loc[('pixels', much), 'moving']:.2f} and"
        f" {tiers.loc[('pixels', much), 'whole']:.2f}.",
        f"Errors of neighbouring regions correlate at"
        f" {errors.loc[('pixels', little), 'neighbours']:.2f} in pictures, not in the motion tier.",
        f"In people with the planted bias {tie[name, 'tied', 'micro']:.0f} % of micro-expressions"
        f" have AU4, in the others {tie[name, 'free', 'micro']:.0f} %.",
    ]
