"""Figures of the page on the synthetic people."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from causalex_book.publishing import style
from causalex_core import regions
from causalex_synthetic.displacements import LIDS, MOUTH, NUMBERS
from causalex_synthetic.face import Face, State
from causalex_synthetic.people import Person
from causalex_synthetic.performance import Performance, response

_SHOWN_REGIONS = ("left brow, inner", "left brow, middle", "left mouth corner", "lower lip")
Picture = NDArray[np.uint8]


def posed(units: dict[int, float]) -> State:
    """A still face with some units at some intensities."""
    alone = np.array([[units.get(number, 0.0) for number in NUMBERS]])
    reached, moved = response(alone, np.zeros((1, regions.COUNT, 2)))
    lids = float(np.clip(reached[0] @ LIDS, -0.5, 1.0))
    return State(controls=moved[0], lids=lids, mouth=float(reached[0] @ MOUTH))


def identities(people: Sequence[Person], columns: int, size: int = 160) -> Figure:
    """Pictures of people at rest, by tone."""
    shown = sorted(people, key=lambda person: person.tone)
    titles = [f"{person.tone:.2f} | {person.shape:.2f}" for person in shown]
    pictures = [_picture(Face(person.appearance, size), State()) for person in shown]
    return _album(pictures, titles, columns, (1.2, 1.32))


def units(person: Person, shown: Sequence[tuple[str, dict[int, float]]], columns: int) -> Figure:
    """One person with different units."""
    face = Face(person.appearance, 200)
    pictures = [_picture(face, posed(intensities)) for _, intensities in shown]
    return _album(pictures, [title for title, _ in shown], columns, (1.5, 1.62))


def _album(
    pictures: Sequence[Picture], titles: Sequence[str], columns: int, size: tuple[float, float]
) -> Figure:
    """Pictures of that width and height (inches) in rows."""
    rows = -(-len(pictures) // columns)
    width, height = size
    with style.figure(columns * width, rows * height, nrows=rows, ncols=columns) as (drawn, axes):
        for axis in axes.flat:
            axis.set_axis_off()
        for axis, picture, title in zip(axes.flat, pictures, titles, strict=False):
            axis.imshow(picture)
            axis.set_title(title, fontsize=8, loc="center")
    return drawn


def timeline(
    performance: Performance,
    motion: NDArray[np.floating],
    expressions: pd.DataFrame,
    first: int,
    stop: int,
) -> Figure:
    """Frames `first` to `stop` of a video: intensities of units, and vertical motion of regions.

    `motion` (T, 12, 2) is as measured, pixels of the crop per frame.
    """
    fps = performance.fps
    seconds = np.arange(first, stop) / fps
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
                colour = style.KIND_COLOURS[kind]
                axis.axvspan(onset / fps, offset / fps, color=colour, alpha=0.15, lw=0)
        below.set(xlim=(seconds[0], seconds[-1]))
        for axis in (above, below):
            axis.legend(loc="center left", bbox_to_anchor=(1, 0.5), fontsize=8)
    return drawn


def memory(errors: pd.DataFrame) -> Figure:
    """Autocorrelation of the error of motion, from pictures and in the motion tier."""
    lags = [name for name in errors if str(name).startswith("lag_")]
    at = [0, *(int(str(name).removeprefix("lag_")) for name in lags)]
    looks = {
        "pixels": ("pictures", {"color": style.BLUE, "marker": "o"}),
        "motion": ("motion tier", {"color": style.VERMILION, "marker": "s"}),
    }
    with style.figure(6.4, 3.2) as (drawn, axis):
        for tier, head, *correlation in errors[["tier", "head_motion", *lags]].to_numpy():
            name, look = looks[tier]
            line, label = "-" if head <= 1 else ":", f"{name}, head × {head:g}"
            axis.plot(at, [1.0, *correlation], ls=line, ms=4, label=label, **look)
        axis.axhline(0, color=style.GREY, lw=0.8)
        axis.set(xlabel="frames apart", ylabel="correlation of the error")
        axis.legend()
    return drawn


def _picture(face: Face, state: State) -> Picture:
    return np.asarray(np.round(face.render(state))[..., ::-1], dtype=np.uint8)
