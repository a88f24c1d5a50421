"""What the papers claim and what was found, in one picture."""

import pandas as pd
from matplotlib.figure import Figure

from causalex_book.publishing import style

_MARKERS = ("o", "s", "D", "^")
_COLOURS = {"graph": style.BLUE, "debiasing": style.GREEN, "choosing": style.VERMILION}
_SHIFT = 0.19  # rows between the databases of one claim
_SYNTHETIC = "synthetic"


def at_a_glance(gains: pd.DataFrame) -> Figure:
    """Gains with their intervals, a row for each claim and a marker for each database.

    Real people stand first, filled and in the colour of what the claim is about; synthetic people
    are hollow and grey. Columns are ``about, what, people, database, gain, low, high``.
    """
    claims = list(dict.fromkeys(gains["what"]))
    shown = gains.sort_values("people", key=lambda people: people == _SYNTHETIC, kind="stable")
    databases = dict(zip(shown["database"], shown["people"], strict=True))
    marker = dict(zip(databases, _MARKERS, strict=False))
    with style.figure(7.8, 1.2 + 0.46 * len(claims)) as (drawn, axis):
        axis.axvline(0, color=style.INK, lw=1)
        for what, rows in gains.groupby("what", sort=False):
            middle = claims.index(what) - _SHIFT * (len(rows) - 1) / 2
            order = rows.assign(shift=rows["database"].map(list(databases).index))
            for row in order.sort_values("shift").to_dict("records"):
                synthetic = row["people"] == _SYNTHETIC
                colour = style.GREY if synthetic else _COLOURS[row["about"]]
                axis.hlines(middle, row["low"], row["high"], color=colour, lw=1.6)
                axis.plot(
                    row["gain"],
                    middle,
                    marker[row["database"]],
                    color=colour,
                    ms=5.5,
                    markerfacecolor=style.PAPER if synthetic else colour,
                )
                middle += _SHIFT
        for name, people in databases.items():
            synthetic = people == _SYNTHETIC
            axis.plot(
                [],
                [],
                marker[name],
                color=style.GREY if synthetic else style.INK,
                markerfacecolor=style.PAPER if synthetic else style.INK,
                label=style.readable(name),
            )
        axis.set_yticks(range(len(claims)), claims)
        axis.set_ylim(len(claims) - 0.4, -0.6)
        axis.tick_params(axis="y", length=0)
        axis.grid(axis="y", visible=False)
        axis.spines["left"].set_visible(False)
        axis.set_xlabel("gain in overall F1, with 95 % interval over people (lines)")
        drawn.legend(loc="outside upper right", ncols=2)
    return drawn
