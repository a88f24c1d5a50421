"""What the papers claim and what was found, in one picture."""

import pandas as pd
from matplotlib.figure import Figure

from causalex_core.report import style

_MARKERS = ("o", "s", "D")
_COLOURS = {"graph": style.BLUE, "debiasing": style.GREEN, "choosing": style.VERMILION}
_SHIFT = 0.17  # rows between the databases of one claim


def at_a_glance(gains: pd.DataFrame) -> Figure:
    """Gains with their intervals, a row for each claim and a marker for each database.

    Parameters
    ----------
    gains
        Columns ``about, what, database, gain, low, high``.
    """
    claims = list(dict.fromkeys(gains["what"]))
    databases = list(dict.fromkeys(gains["database"]))
    with style.figure(7.6, 0.9 + 0.36 * len(claims)) as (drawn, axis):
        axis.axvline(0, color=style.INK, lw=1)
        for row in gains.to_dict("records"):
            which = databases.index(row["database"])
            place = claims.index(row["what"]) + _SHIFT * (2 * which - len(databases) + 1)
            colour = _COLOURS[row["about"]]
            axis.hlines(place, row["low"], row["high"], color=colour, lw=1.6)
            axis.plot(
                row["gain"],
                place,
                _MARKERS[which % len(_MARKERS)],
                color=colour,
                ms=5.5,
                markerfacecolor=colour if which == 0 else style.PAPER,
            )
        for which, name in enumerate(databases):
            axis.plot(
                [],
                [],
                _MARKERS[which % len(_MARKERS)],
                color=style.GREY,
                markerfacecolor=style.GREY if which == 0 else style.PAPER,
                label=style.readable(name),
            )
        axis.set_yticks(range(len(claims)), claims)
        axis.set_ylim(len(claims) - 0.4, -0.6)
        axis.tick_params(axis="y", length=0)
        axis.grid(axis="y", visible=False)
        axis.spines["left"].set_visible(False)
        axis.set_xlabel("gain in overall F1, with 95 % interval over people (lines)")
        drawn.legend(loc="outside upper right", ncols=len(databases))
    return drawn
