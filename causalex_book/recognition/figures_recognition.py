"""Figures of the pages on recognition."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from matplotlib.figure import Figure

from causalex_book.publishing import style

RULE_COLOURS = {
    "last_epoch": style.BLUE,
    "cross_fold": style.GREEN,
    "test_selected": style.VERMILION,
}
_RULE_DASHES = {"last_epoch": "solid", "cross_fold": "dash", "test_selected": "solid"}


def floor(guesses: pd.DataFrame, printed: pd.DataFrame, honest: Mapping[str, float]) -> go.Figure:
    """UF1 of guesses against the number of epochs they may choose from.

    Parameters
    ----------
    guesses
        Columns ``epochs, rule, uf1, low, high``.
    printed
        Methods whose code chooses among so many epochs: ``method, epochs, value``.
    honest
        UF1 of models that choose nothing, by name.
    """
    drawn = go.Figure(layout=style.plotly_layout(height=440))
    for rule, rows in guesses.groupby("rule", sort=False):
        colour = RULE_COLOURS[str(rule)]
        style.plotly_band(drawn, rows["epochs"], rows["low"], rows["high"], colour)
        drawn.add_scatter(
            x=rows["epochs"],
            y=rows["uf1"],
            name=f"guesses, {rule}",
            mode="lines+markers",
            line={"color": colour, "width": 2, "dash": _RULE_DASHES[str(rule)]},
            hovertemplate="%{x} epochs: UF1 %{y:.3f}",
        )
    for name, value in honest.items():
        drawn.add_hline(y=value, line={"color": style.INK, "dash": "dot", "width": 1})
        drawn.add_annotation(
            xref="paper", x=0.01, y=value, text=name, showarrow=False, yanchor="bottom"
        )
    drawn.add_scatter(
        x=printed["epochs"],
        y=printed["value"],
        text=printed["method"],
        name="as printed",
        mode="markers+text",
        textposition="top center",
        marker={"color": style.PURPLE, "symbol": "diamond", "size": 11},
        hovertemplate="%{text}: %{y:.4f} as printed<extra></extra>",
    )
    drawn.update_xaxes(
        title="epochs to choose from", type="log", tickvals=sorted(guesses["epochs"].unique())
    )
    drawn.update_yaxes(title="composite UF1", range=[0, 1])
    return drawn


def beside_floor(printed: pd.DataFrame, own: pd.DataFrame, floors: pd.DataFrame) -> Figure:
    """Printed and own UF1 as dots, and what guesses reach as lines across.

    Parameters
    ----------
    printed
        Columns ``label, value, known``; the last says whether it is known that the epoch was
        chosen on the test subjects.
    own
        Columns ``label, value, low, high, on_test``; the last says the same of ours.
    floors
        Columns ``label, uf1, low, high`` of guesses under the published rule.
    """
    n_rows = len(printed) + len(own)
    with style.figure(7.2, 1.3 + 0.27 * n_rows) as (drawn, axis):
        for place, row in enumerate(floors.to_dict("records")):
            dash = ("--", "-.")[place % 2]
            axis.axvspan(row["low"], row["high"], color=style.VERMILION, alpha=0.12, lw=0)
            axis.axvline(row["uf1"], color=style.VERMILION, ls=dash, lw=1.2, label=row["label"])
        rows = printed.sort_values("value").reset_index(drop=True)
        for known, colour, label in (
            (True, style.PURPLE, "printed; code chooses the epoch on the test subject"),
            (False, style.GREY, "printed; choice of epoch not known here"),
        ):
            part = rows[rows["known"] == known]
            axis.plot(part["value"], part.index, "D", color=colour, ms=5, label=label)
        places = len(rows) + np.arange(len(own))
        for on_test, colour, marker, label in (
            (True, style.VERMILION, "s", "ours; epoch chosen on the test subject"),
            (False, style.BLUE, "o", "ours; test subject has no say"),
        ):
            part = own["on_test"].to_numpy() == on_test
            axis.hlines(
                places[part], own.loc[part, "low"], own.loc[part, "high"], color=colour, lw=1.4
            )
            axis.plot(own.loc[part, "value"], places[part], marker, color=colour, ms=5, label=label)
        axis.axhline(len(rows) - 0.5, color=style.INK, lw=0.8)
        axis.set_yticks(range(n_rows), [*rows["label"], *own["label"]])
        axis.set_ylim(n_rows - 0.4, -0.6)
        axis.set_xlim(0.2, 1)
        axis.grid(axis="y", visible=False)
        axis.set_xlabel("composite UF1; ours with 95 % interval over subjects (lines)")
        drawn.legend(loc="outside upper left", ncols=2)
    return drawn


def training(table: pd.DataFrame) -> Figure:
    """UF1 if training had ended after so many epochs, a line per rule.

    Parameters
    ----------
    table
        Columns ``epochs, rule, uf1``.
    """
    with style.figure(7.2, 3.2) as (drawn, axis):
        for rule, rows in table.groupby("rule", sort=False):
            axis.plot(
                rows["epochs"],
                rows["uf1"],
                color=RULE_COLOURS[str(rule)],
                ls="--" if _RULE_DASHES[str(rule)] == "dash" else "-",
                label=str(rule),
            )
        axis.set_xlabel("epochs trained")
        axis.set_ylabel("composite UF1")
        axis.legend(loc="lower right")
    return drawn


def sizes(table: pd.DataFrame) -> Figure:
    """Accuracy of guesses by how many samples a subject has.

    Parameters
    ----------
    table
        Columns ``fewest, most, subjects`` and one of accuracies per rule.
    """
    labels = [
        f"{row['fewest']}" if row["fewest"] == row["most"] else f"{row['fewest']}–{row['most']}"
        for row in table.to_dict("records")
    ]
    places = np.arange(len(table))
    with style.figure(7.2, 3.2) as (drawn, axis):
        for shift, rule in ((-0.2, "last_epoch"), (0.2, "test_selected")):
            axis.bar(places + shift, 100 * table[rule], 0.38, color=RULE_COLOURS[rule], label=rule)
        names = [
            f"{label}\n({n} subjects)" for label, n in zip(labels, table["subjects"], strict=True)
        ]
        axis.set_xticks(places, names)
        axis.set_xlabel("samples of a held-out subject")
        axis.set_ylabel("accuracy of guesses (%)")
        axis.set_ylim(0, 100)
        axis.grid(axis="x", visible=False)
        drawn.legend(loc="outside upper left", ncols=2)
    return drawn
