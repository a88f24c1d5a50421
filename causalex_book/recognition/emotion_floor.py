"""What selecting the epoch on the test subjects is worth when emotions are recognised.

The published rule gives each held-out subject its own best epoch. Guesses that know the class
frequencies alone show what the rule is worth by itself; a single layer, trained epoch by epoch,
what it adds to a trained model.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from matplotlib.figure import Figure

from causalex_book.publishing import style
from causalex_book.recognition import baselines, emotions, selection
from causalex_book.recognition.emotions import GUESSES, N_CLASSES, NO_CHOICE, RULE_STYLES, Recorded
from causalex_book.recognition.selection import CROSS, LAST, TEST
from causalex_core.config import Count, Parameters, Seed
from causalex_core.data import causalnet, manifest

SOURCES = ("causalnet_flow",)
ONE_LAYER = "one layer"
NUMBERS = (1, 2, 5, 10, 20, 50, 100, 200, 400, 800)
# Groups of subjects by number of samples: the most that each has; the last has all others.
SIZES = (1, 2, 4, 8, 16)


@dataclass(frozen=True)
class Config(Parameters):
    """Parameters of the page.

    Attributes
    ----------
    n_epochs
        Epochs of the single layer, and of guesses where they stand beside it.
    n_draws
        Repetitions of the guesses.
    n_bootstrap
        Resamples of subjects behind each interval.
    seed
        Seed of guesses and of the resampling.
    """

    n_epochs: Count = 200
    n_draws: Count = 100
    n_bootstrap: Count = 5000
    seed: Seed = 1


def compute(config: Config) -> dict[str, pd.DataFrame]:
    """Tables ``floor``, ``scores``, ``gains``, ``epochs``, ``sizes`` and ``dropping``."""
    source = manifest.require("causalnet_flow")
    clips = causalnet.clips(source)
    recorded = Recorded.of(clips)
    flow = causalnet.images(source, clips, ("onset_apex",))[:, 0]
    projected = baselines.components(baselines.descriptors(flow), recorded.folds)
    single = recorded.classified(projected)
    every_epoch = baselines.one_layer(
        projected, recorded.labels, recorded.folds, N_CLASSES, config.n_epochs
    )
    layer = recorded.counts(every_epoch)
    guessed = emotions.guessed(recorded, {*NUMBERS, config.n_epochs}, config.n_draws, config.seed)
    systems = {
        GUESSES: guessed[config.n_epochs],
        **{name: {NO_CHOICE: counts} for name, counts in single.items()},
        ONE_LAYER: selection.by_rule(layer),
    }
    resampling = (config.n_bootstrap, config.seed)
    return {
        "floor": pd.DataFrame(emotions.floor(guessed, recorded)),
        "scores": pd.DataFrame(emotions.scores(systems, recorded, *resampling)),
        "gains": pd.DataFrame(emotions.gains(systems, *resampling)),
        "epochs": pd.DataFrame(emotions.epochs(layer)),
        "sizes": pd.DataFrame(_sizes(systems[GUESSES], recorded)),
        "dropping": pd.DataFrame(_dropping(systems, guessed, config)),
    }


def _sizes(guesses: Mapping[str, np.ndarray], recorded: Recorded) -> Iterator[dict[str, object]]:
    """Accuracy of guesses under each rule, by number of samples of a subject."""
    n_samples = recorded.folds.held_out.sum(axis=1)
    n_emotions = (guesses[LAST][0].sum(axis=-1) > 0).sum(axis=-1)
    groups = np.searchsorted(SIZES, n_samples)
    for group in np.unique(groups):
        inside = groups == group
        yield {
            "fewest": int(n_samples[inside].min()),
            "most": int(n_samples[inside].max()),
            "subjects": int(inside.sum()),
            "of_one_emotion": int((n_emotions[inside] == 1).sum()),
            "samples": int(n_samples[inside].sum()),
        } | {
            rule: float(emotions.pooled(counts[:, inside], "accuracy").mean())
            for rule, counts in guesses.items()
        }


def _dropping(
    systems: Mapping[str, Mapping[str, np.ndarray]],
    guessed: Mapping[int, Mapping[str, np.ndarray]],
    config: Config,
) -> Iterator[dict[str, object]]:
    """UF1 with everybody, and without the subjects on whom the published rule has no hit."""
    for number in sorted({1, 5, 20, config.n_epochs}):
        yield {"system": GUESSES, "epochs": number} | _dropped(guessed[number][TEST])
    for system, rules in systems.items():
        if NO_CHOICE in rules:
            yield {"system": system, "epochs": 1} | _dropped(rules[NO_CHOICE])
    yield {"system": ONE_LAYER, "epochs": config.n_epochs} | _dropped(systems[ONE_LAYER][TEST])


def _dropped(counts: np.ndarray) -> dict[str, object]:
    """Scores of counts ([draws,] S, K, K), averaged over draws."""
    stays = selection.ever_right(counts)
    remaining = counts * stays[..., None, None]
    whole, without = (float(emotions.pooled(part, "uf1").mean()) for part in (counts, remaining))
    return {
        "subjects_dropped": float((~stays).sum(axis=-1).mean()),
        "samples_dropped": float((counts - remaining).sum(axis=(-3, -2, -1)).mean()),
        "uf1": whole,
        "uf1_after_dropping": without,
        "gain": without - whole,
    }


def floor_figure(
    guesses: pd.DataFrame, printed: pd.DataFrame, honest: Mapping[str, float]
) -> go.Figure:
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
        colour = RULE_STYLES[str(rule)][0]
        style.plotly_band(drawn, rows["epochs"], rows["low"], rows["high"], colour)
        drawn.add_scatter(
            x=rows["epochs"],
            y=rows["uf1"],
            name=f"guesses, {rule}",
            mode="lines+markers",
            line={"color": colour, "width": 2, "dash": "dash" if rule == CROSS else "solid"},
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


def comparison_figure(printed: pd.DataFrame, ours: pd.DataFrame, floors: pd.DataFrame) -> Figure:
    """Printed UF1 and ours as dots, and guesses as lines across.

    Parameters
    ----------
    printed
        Columns ``label, value, known``; the last says whether it is known that the epoch was
        chosen on the test subjects.
    ours
        Columns ``label, value, low, high, on_test``, the last as `known`; index from 0.
    floors
        Columns ``label, uf1, low, high`` of guesses under the published rule.
    """
    n_rows = len(printed) + len(ours)
    with style.figure(7.2, 1.3 + 0.27 * n_rows) as (drawn, axis):
        for row, dash in zip(floors.to_dict("records"), ("--", "-.") * len(floors), strict=False):
            axis.axvspan(row["low"], row["high"], color=style.VERMILION, alpha=0.12, lw=0)
            axis.axvline(row["uf1"], color=style.VERMILION, ls=dash, lw=1.2, label=row["label"])
        rows = printed.sort_values("value").reset_index(drop=True)
        for known, colour, label in (
            (True, style.PURPLE, "printed; code chooses the epoch on the test subject"),
            (False, style.GREY, "printed; choice of epoch not known here"),
        ):
            part = rows[rows["known"] == known]
            axis.plot(part["value"], part.index, "D", color=colour, ms=5, label=label)
        for on_test, colour, marker, label in (
            (True, style.VERMILION, "s", "ours; epoch chosen on the test subject"),
            (False, style.BLUE, "o", "ours; nothing chosen on the test subject"),
        ):
            part = ours[ours["on_test"] == on_test]
            y = len(rows) + part.index.to_numpy()
            axis.hlines(y, part["low"], part["high"], color=colour, lw=1.4)
            axis.plot(part["value"], y, marker, color=colour, ms=5, label=label)
        axis.axhline(len(rows) - 0.5, color=style.INK, lw=0.8)
        axis.set_yticks(range(n_rows), [*rows["label"], *ours["label"]])
        axis.set_ylim(n_rows - 0.4, -0.6)
        axis.set_xlim(0.2, 1)
        axis.grid(axis="y", visible=False)
        axis.set_xlabel("composite UF1; ours with 95 % interval over subjects (lines)")
        drawn.legend(loc="outside upper left", ncols=2)
    return drawn


def training_figure(table: pd.DataFrame) -> Figure:
    """UF1 if training had ended after so many epochs (``epochs, rule, uf1``)."""
    with style.figure(7.2, 3.2) as (drawn, axis):
        emotions.plot_rules(axis, table)
        axis.set_xlabel("epochs trained")
        axis.set_ylabel("composite UF1")
        axis.legend(loc="lower right")
    return drawn


def sizes_figure(table: pd.DataFrame) -> Figure:
    """Accuracy of guesses by number of samples (``fewest, most, subjects``, and rules)."""
    names = []
    for row in table.to_dict("records"):
        least, most = row["fewest"], row["most"]
        span = f"{least}" if least == most else f"{least}–{most}"
        names.append(f"{span}\n({row['subjects']} subjects)")
    x = np.arange(len(table))
    with style.figure(7.2, 3.2) as (drawn, axis):
        for shift, rule in ((-0.2, LAST), (0.2, TEST)):
            axis.bar(x + shift, 100 * table[rule], 0.38, color=RULE_STYLES[rule][0], label=rule)
        axis.set_xticks(x, names)
        axis.set_xlabel("samples of a held-out subject")
        axis.set_ylabel("accuracy of guesses (%)")
        axis.set_ylim(0, 100)
        axis.grid(axis="x", visible=False)
        drawn.legend(loc="outside upper left", ncols=2)
    return drawn
