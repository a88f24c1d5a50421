"""Figures of the page on the synthetic people."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from causalex_book.publishing import style
from causalex_core import regions
from causalex_synthetic import causes, displacements
from causalex_synthetic.controls import spread
from causalex_synthetic.displacements import LIDS, MOUTH, NUMBERS, UNITS
from causalex_synthetic.face import Face, State
from causalex_synthetic.people import Person
from causalex_synthetic.performance import Performance

_SHOWN_REGIONS = ("left brow, inner", "left brow, middle", "left mouth corner", "lower lip")


def posed(units: dict[int, float]) -> State:
    """A still face with some units at some intensities."""
    own = np.zeros((1, len(UNITS)))
    for number, intensity in units.items():
        own[0, NUMBERS.index(number)] = intensity
    reached = causes.intensities(own)
    moved = spread(causes.displaced_regions(reached, np.zeros((1, regions.COUNT, 2))))
    moved[:, regions.COUNT :] += np.einsum(
        "tu,uck->tck", reached, displacements.entries()[:, regions.COUNT :]
    )
    return State(
        controls=moved[0],
        lids=float(np.clip(reached[0] @ LIDS, -0.5, 1.0)),
        mouth=float(reached[0] @ MOUTH),
    )


def identities(people: Sequence[Person], columns: int, size: int = 160) -> Figure:
    """Pictures of people at rest, by tone."""
    shown = sorted(people, key=lambda who: who.tone)
    rows = -(-len(shown) // columns)
    with style.figure(columns * 1.2, rows * 1.32, nrows=rows, ncols=columns) as (drawn, axes):
        for axis in axes.flat:
            axis.set_axis_off()
        for axis, who in zip(axes.flat, shown, strict=False):
            axis.imshow(_picture(Face(who.appearance, size), State()))
            axis.set_title(f"{who.tone:.2f} | {who.shape:.2f}", fontsize=8, loc="center")
    return drawn


def units(person: Person, shown: Sequence[tuple[str, dict[int, float]]], columns: int) -> Figure:
    """One person with different units."""
    face = Face(person.appearance, 200)
    rows = -(-len(shown) // columns)
    with style.figure(columns * 1.5, rows * 1.62, nrows=rows, ncols=columns) as (drawn, axes):
        for axis in axes.flat:
            axis.set_axis_off()
        for axis, (name, intensities) in zip(axes.flat, shown, strict=False):
            axis.imshow(_picture(face, posed(intensities)))
            axis.set_title(name, fontsize=8, loc="center")
    return drawn


def timeline(
    performance: Performance,
    motion: NDArray[np.floating],
    expressions: pd.DataFrame,
    first: int,
    stop: int,
) -> Figure:
    """Part of a video: intensities of units, and the vertical motion of some regions.

    Parameters
    ----------
    performance
        Truth of the whole video.
    motion : (T, 12, 2) array
        As measured, pixels of the crop per frame.
    expressions
        Those of the video.
    first, stop
        Frames shown.
    """
    seconds = np.arange(first, stop) / performance.fps
    with style.figure(8.4, 4.6, nrows=2, sharex=True) as (drawn, (above, below)):
        strongest = performance.units[first:stop].max(axis=0)
        for unit in np.argsort(-strongest)[:6]:
            label = f"AU{NUMBERS[unit]}"
            above.plot(seconds, performance.units[first:stop, unit], label=label)
        above.set(ylabel="intensity (1 = FACS E)")
        for row, name in enumerate(_SHOWN_REGIONS):
            region = regions.NAMES.index(name)
            below.plot(seconds, motion[first:stop, region, 1] - row, label=name, lw=1)
        below.set(ylabel="vertical motion, px per frame\n(one region under the other)")
        below.set(xlabel="seconds", yticks=[])
        for onset, offset, kind in expressions[["onset", "offset", "kind"]].to_numpy():
            for axis in (above, below):
                axis.axvspan(
                    onset / performance.fps,
                    offset / performance.fps,
                    color=style.KIND_COLOURS[kind],
                    alpha=0.15,
                    lw=0,
                )
        below.set(xlim=(seconds[0], seconds[-1]))
        for axis in (above, below):
            axis.legend(loc="center left", bbox_to_anchor=(1, 0.5), fontsize=8)
    return drawn


def memory(errors: pd.DataFrame) -> Figure:
    """Autocorrelation of the error of motion, from pictures and in the motion tier."""
    lags = [name for name in errors if str(name).startswith("lag_")]
    at = [0, *(int(str(name).removeprefix("lag_")) for name in lags)]
    with style.figure(6.4, 3.2) as (drawn, axis):
        for tier, head, *correlation in errors[["tier", "head_motion", *lags]].to_numpy():
            axis.plot(
                at,
                [1.0, *correlation],
                color=style.BLUE if tier == "pixels" else style.VERMILION,
                ls="-" if head <= 1 else ":",
                marker="o" if tier == "pixels" else "s",
                ms=4,
                label=f"{'pictures' if tier == 'pixels' else 'motion tier'}, head × {head:g}",
            )
        axis.axhline(0, color=style.GREY, lw=0.8)
        axis.set(xlabel="frames apart", ylabel="correlation of the error")
        axis.legend()
    return drawn


def _picture(face: Face, state: State) -> NDArray[np.uint8]:
    return np.asarray(np.round(face.render(state))[..., ::-1], dtype=np.uint8)
