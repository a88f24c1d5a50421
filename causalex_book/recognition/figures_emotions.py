"""Figures of the pages on emotions from real maps and on the people in them."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from causalex_book.publishing import style
from causalex_book.recognition.figures_recognition import RULE_COLOURS

PERMUTED_COLOURS = {"within a database": style.SKY, "within a subject": style.ORANGE}
_RULES = {  # colour, marker
    "nothing to choose": (style.INK, "o"),
    "last_epoch": (RULE_COLOURS["last_epoch"], "o"),
    "cross_fold": (RULE_COLOURS["cross_fold"], "^"),
    "test_selected": (RULE_COLOURS["test_selected"], "s"),
    "nested": (style.ORANGE, "v"),
}
_GUESSES = {  # marker
    "balanced_guess": ("|", "one in so many"),
    "frequent_guess": ("x", "always the person with most clips"),
    "emotion_guess": ("+", "by one who knows the emotion alone"),
}


def dots(scores: pd.DataFrame, printed: pd.DataFrame) -> Figure:
    """UF1 of every system under its rules, a panel per scope, printed rows above.

    Parameters
    ----------
    scores
        Columns ``system, rule, scope, value, low, high``, of UF1.
    printed
        Columns ``method, scope, value``, of UF1.
    """
    scopes = list(scores["scope"].drop_duplicates())
    methods = list(printed["method"].drop_duplicates())
    systems = list(scores["system"].drop_duplicates())
    labels = [f"{method}, printed" for method in methods] + systems
    size = {"ncols": len(scopes), "sharey": True, "squeeze": False}
    with style.figure(9.2, 1.3 + 0.42 * len(labels), **size) as (drawn, axes):
        for axis, scope in zip(axes[0], scopes, strict=True):
            of_scope = printed[printed["scope"] == scope].set_index("method")["value"]
            axis.plot(
                of_scope.reindex(methods),
                range(len(methods)),
                "D",
                color=style.PURPLE,
                ms=5,
                label="as printed",
            )
            for rule, (colour, marker) in _RULES.items():
                rows = scores[(scores["scope"] == scope) & (scores["rule"] == rule)]
                if rows.empty:
                    continue
                shift = 0.2 * (list(_RULES).index(rule) - 2) if rule != "nothing to choose" else 0
                y = [len(methods) + systems.index(name) + shift for name in rows["system"]]
                axis.hlines(y, rows["low"], rows["high"], color=colour, lw=1.3)
                axis.plot(rows["value"], y, marker, color=colour, ms=4.5, label=rule)
            axis.axhline(len(methods) - 0.5, color=style.INK, lw=0.8)
            axis.set_title(scope)
            axis.set_xlim(0, 1)
            axis.set_xticks([0, 0.5, 1])
            axis.grid(axis="y", visible=False)
        axes[0, 0].set_yticks(range(len(labels)), labels)
        axes[0, 0].set_ylim(len(labels) - 0.4, -0.6)
        drawn.supxlabel("UF1; lines are 95 % intervals over subjects", fontsize=10)
        handles, names = axes[0, 0].get_legend_handles_labels()
        drawn.legend(handles, names, loc="outside upper left", ncols=len(names))
    return drawn


def curves(epochs: pd.DataFrame, floor: pd.DataFrame) -> Figure:
    """Composite UF1 if training had ended after so many epochs, a panel per network.

    Parameters
    ----------
    epochs
        Columns ``system, epochs, rule, uf1``.
    floor
        Columns ``epochs, uf1, low, high`` of guesses under the published rule.
    """
    systems = list(epochs["system"].drop_duplicates())
    size = {"ncols": len(systems), "sharey": True, "squeeze": False}
    with style.figure(7.6, 3.4, **size) as (drawn, axes):
        for axis, system in zip(axes[0], systems, strict=True):
            part = epochs[epochs["system"] == system]
            last = part["epochs"].max()
            near = floor[floor["epochs"] <= last].sort_values("epochs")
            axis.fill_between(
                near["epochs"], near["low"], near["high"], color=style.GREY, alpha=0.25, lw=0
            )
            axis.plot(
                near["epochs"],
                near["uf1"],
                color=style.GREY,
                ls=":",
                lw=2,
                label="guesses, test_selected",
            )
            for rule, rows in part.groupby("rule", sort=False):
                axis.plot(
                    rows["epochs"],
                    rows["uf1"],
                    color=_RULES[str(rule)][0],
                    ls="--" if rule == "cross_fold" else "-",
                    label=str(rule),
                )
            axis.set_title(system)
            axis.set_xlabel("epochs trained")
        axes[0, 0].set_ylabel("composite UF1")
        axes[0, 0].set_ylim(0, 1)
        handles, names = axes[0, 0].get_legend_handles_labels()
        drawn.legend(handles, names, loc="outside upper left", ncols=len(names))
    return drawn


def rounding(table: pd.DataFrame) -> Figure:
    """One training with exact and with rounded products, and how often both say the same.

    Parameters
    ----------
    table
        Columns ``epoch, float32, bfloat16, agreement``.
    """
    with style.figure(7.6, 3.2, ncols=2) as (drawn, (loss, same)):
        for name, colour, dashes in (
            ("float32", style.BLUE, "-"),
            ("bfloat16", style.VERMILION, "--"),
        ):
            loss.plot(table["epoch"], table[name], color=colour, ls=dashes, label=name)
        loss.set_yscale("log")
        loss.set_ylabel("training loss")
        loss.legend()
        same.plot(table["epoch"], 100 * table["agreement"], color=style.INK)
        same.set_ylim(0, 102)
        same.set_ylabel("clips named alike (%)")
        for axis in (loss, same):
            axis.set_xlabel("epochs trained")
    return drawn


def people(table: pd.DataFrame) -> Figure:
    """How often the right person is told, beside three guesses.

    Parameters
    ----------
    table
        Columns ``scope, people, accuracy, low, high, balanced_guess, frequent_guess,
        emotion_guess``.
    """
    places = np.arange(len(table))
    labels = [f"{row['scope']}\n({row['people']} people)" for row in table.to_dict("records")]
    with style.figure(7.2, 1.2 + 0.55 * len(table)) as (drawn, axis):
        axis.hlines(places, table["low"], table["high"], color=style.BLUE, lw=1.6)
        axis.plot(
            table["accuracy"], places, "o", color=style.BLUE, ms=6, label="told from the maps"
        )
        for column, (marker, label) in _GUESSES.items():
            axis.plot(
                table[column], places, marker, color=style.VERMILION, ms=9, mew=1.8, label=label
            )
        axis.set_yticks(places, labels)
        axis.set_ylim(len(table) - 0.4, -0.6)
        axis.set_xlim(0, 1)
        axis.grid(axis="y", visible=False)
        axis.set_xlabel("share of clips whose person is told; line: 95 % interval over people")
        drawn.legend(loc="outside upper left", ncols=2)
    return drawn


def chance(table: pd.DataFrame, found: Mapping[str, float]) -> Figure:
    """Composite UF1 on permuted labels, and upright lines for what is read on true ones.

    Parameters
    ----------
    table
        Columns ``permuted, from, to, share``.
    found
        Values to mark, by what they are.
    """
    with style.figure(7.2, 3.0) as (drawn, axis):
        for name, rows in table.groupby("permuted", sort=False):
            axis.bar(
                rows["from"],
                100 * rows["share"],
                rows["to"] - rows["from"],
                align="edge",
                color=PERMUTED_COLOURS[str(name)],
                alpha=0.8,
                label=f"labels permuted {name}",
            )
        for place, (label, value) in enumerate(found.items()):
            axis.axvline(value, color=style.INK, ls=("-", "--")[place % 2], lw=1.4, label=label)
        axis.set_xlim(0, 1)
        axis.set_xlabel("composite UF1 of the linear model")
        axis.set_ylabel("permutations (%)")
        drawn.legend(loc="outside upper left", ncols=2)
    return drawn
