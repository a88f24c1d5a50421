"""Scores of recognisers on real maps, of all databases together and of each: tables and figures."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from causalex_book.publishing import style
from causalex_book.recognition import baselines, selection
from causalex_book.recognition.selection import CROSS, LAST, TEST
from causalex_core.data import causalnet
from causalex_core.evaluation import recognition
from causalex_core.evaluation.uncertainty import Interval, percentile_interval
from causalex_core.recognition.data import Folds, leave_one_subject_out

COMPOSITE = "composite"
# Names of the databases in printed tables.
DATABASES = {"casme2": "CASME II", "samm": "SAMM", "smic": "SMIC"}
NO_CHOICE = "nothing to choose"
LINEAR, GUESSES, COMPACT = "linear model", "guesses", "compact"
N_CLASSES = len(causalnet.EMOTIONS)
_CURVE_LENGTH = 40  # points, about
# Epochs to choose from at which guesses are scored, to draw the floor of a curve.
FLOOR_AT = (1, 2, 5, 10, 15, 20, 25, 30, 40, 60, 80, 100, 150)
RULE_STYLES = {  # colour, marker
    NO_CHOICE: (style.INK, "o"),
    LAST: (style.BLUE, "o"),
    CROSS: (style.GREEN, "^"),
    TEST: (style.VERMILION, "s"),
    "nested": (style.ORANGE, "v"),
}

Counts = NDArray[np.int64]
Systems = Mapping[str, Mapping[str, Counts]]  # counts ([runs,] S, K, K) by system and rule
Row = dict[str, object]


@dataclass(frozen=True)
class Recorded:
    """Labels and subjects (N,) of clips, and a fold for each of the S subjects.

    ``scopes`` (S,) says whether a subject counts, for all databases together and for each.
    """

    labels: NDArray[np.int64]
    subjects: NDArray[np.str_]
    folds: Folds
    scopes: Mapping[str, NDArray[np.bool_]]

    @classmethod
    def of(cls, clips: pd.DataFrame) -> "Recorded":
        """From the table that :func:`causalex_core.data.causalnet.clips` reads."""
        folds = leave_one_subject_out(clips["subject"].tolist())
        database = clips.groupby("subject")["database"].first()[list(folds.subjects)].to_numpy()
        scopes = {COMPOSITE: np.ones(len(database), dtype=bool)}
        scopes |= {name: database == key for key, name in DATABASES.items()}
        return cls(
            labels=clips["label"].to_numpy(),
            subjects=clips["subject"].to_numpy(dtype=str),
            folds=folds,
            scopes=scopes,
        )

    def counts(self, predicted: NDArray[np.integer]) -> Counts:
        """Counts (..., S, K, K) of predicted labels (..., N)."""
        return recognition.per_subject(predicted, self.labels, self.subjects, N_CLASSES)

    def classified(self, projected: NDArray[np.float64]) -> dict[str, Counts]:
        """Held-out counts of each of :data:`baselines.CLASSIFIERS` on components (F, N, C)."""
        return {
            name: self.counts(baselines.held_out(model, projected, self.labels, self.folds))
            for name, model in baselines.CLASSIFIERS.items()
        }


def guessed(
    recorded: Recorded, numbers: Iterable[int], n_draws: int, seed: int
) -> dict[int, Mapping[str, Counts]]:
    """Counts (draws, S, K, K) by rule of guesses that know the class frequencies alone.

    By number of epochs to choose from; those of fewer epochs are the first of those of more.
    """
    numbers = sorted(set(numbers))
    generator = np.random.default_rng(seed)
    draws: dict[int, list[Mapping[str, Counts]]] = {number: [] for number in numbers}
    for _ in range(n_draws):
        guesses = baselines.prior_guesses(
            recorded.labels, recorded.folds, N_CLASSES, numbers[-1], generator
        )
        counts = recorded.counts(guesses)
        for number in numbers:
            draws[number].append(selection.by_rule(counts[:number]))
    return {number: stacked(rules) for number, rules in draws.items()}


def stacked(by_rule: Sequence[Mapping[str, Counts]]) -> dict[str, Counts]:
    """Counts (runs, S, K, K) by rule, of those of each run."""
    return {rule: np.stack([counts[rule] for counts in by_rule]) for rule in by_rule[0]}


def floor(guesses: Mapping[int, Mapping[str, Counts]], recorded: Recorded) -> Iterator[Row]:
    """UF1 of guesses, and the range that holds 95 % of the draws.

    Rows of ``epochs, rule, scope, uf1, low, high``.
    """
    for number, rules in guesses.items():
        for rule, counts in rules.items():
            for scope, inside in recorded.scopes.items():
                drawn = pooled(counts[:, inside], "uf1")
                spread = percentile_interval(drawn.mean(), drawn)
                yield {"epochs": number, "rule": rule, "scope": scope} | cells(spread, "uf1")


def scores(systems: Systems, recorded: Recorded, n_bootstrap: int, seed: int) -> Iterator[Row]:
    """Scores of every system under each rule, with intervals over subjects.

    Rows of ``system, rule, scope, measure, value, low, high``.
    """
    return _by_scope(
        systems,
        recorded,
        "value",
        lambda counts, inside: recognition.intervals(counts[..., inside, :, :], n_bootstrap, seed),
    )


def differences(
    systems: Systems, reference: Counts, recorded: Recorded, n_bootstrap: int, seed: int
) -> Iterator[Row]:
    """Scores of every system under each rule less those of a reference, paired by subject.

    Rows of ``system, rule, scope, measure, difference, low, high``.
    """
    return _by_scope(
        systems,
        recorded,
        "difference",
        lambda counts, inside: recognition.differences(
            counts[..., inside, :, :], reference[..., inside, :, :], n_bootstrap, seed
        ),
    )


def _by_scope(
    systems: Systems,
    recorded: Recorded,
    name: str,
    measured: Callable[[Counts, NDArray[np.bool_]], Mapping[str, Interval]],
) -> Iterator[Row]:
    for system, rules in systems.items():
        for rule, counts in rules.items():
            for scope, inside in recorded.scopes.items():
                if not inside.any():
                    continue
                for measure, interval in measured(counts, inside).items():
                    keys = {"system": system, "rule": rule, "scope": scope, "measure": measure}
                    yield keys | cells(interval, name)


def gains(systems: Systems, n_bootstrap: int, seed: int) -> Iterator[Row]:
    """What the published rule adds to each other one, paired by subject.

    Rows of ``system, over, measure, gain, low, high``; none of a system without a choice.
    """
    for system, rules in systems.items():
        for rule in (LAST, CROSS):
            if rule in rules:
                gain = recognition.differences(rules[TEST], rules[rule], n_bootstrap, seed)
                for measure, interval in gain.items():
                    keys = {"system": system, "over": rule, "measure": measure}
                    yield keys | cells(interval, "gain")


def epochs(counts: Counts) -> Iterator[Row]:
    """Composite UF1 if training had ended after so many epochs, of counts (E, S, K, K).

    Rows of ``epochs, rule, uf1``.
    """
    step = math.ceil(len(counts) / _CURVE_LENGTH)
    for number in sorted({1, *range(step, len(counts) + 1, step), len(counts)}):
        for rule, chosen in selection.by_rule(counts[:number]).items():
            yield {"epochs": number, "rule": rule, "uf1": float(pooled(chosen, "uf1"))}


def epochs_of(every_epoch: Mapping[str, Counts]) -> pd.DataFrame:
    """:func:`epochs` of several systems: ``system, epochs, rule, uf1``."""
    return pd.DataFrame(
        {"system": system} | row for system, counts in every_epoch.items() for row in epochs(counts)
    )


def pooled(counts: Counts, measure: str) -> NDArray[np.float64]:
    """A score (...) of all subjects together, of counts (..., S, K, K)."""
    return recognition.scores(counts.sum(axis=-3))[..., recognition.MEASURES.index(measure)]


def cells(interval: Interval, name: str, prefix: str = "") -> Row:
    """An estimate under a name, and its limits ``low, high`` after a prefix."""
    return {
        name: interval.estimate,
        f"{prefix}low": interval.low,
        f"{prefix}high": interval.high,
    }


def with_interval(row: Any, name: str = "value", prefix: str = "", sign: str = "") -> str:
    """A value with its interval, as text."""
    value, low, high = (row[key] for key in (name, f"{prefix}low", f"{prefix}high"))
    return f"{value:{sign}.3f} [{low:{sign}.3f}, {high:{sign}.3f}]"


def dots(scores: pd.DataFrame, printed: pd.DataFrame) -> Figure:
    """UF1 of every system under its rules, a panel per scope, printed rows above.

    Parameters
    ----------
    scores
        Columns ``system, rule, scope, value, low, high``, of UF1.
    printed
        Columns ``method, scope, value``, of UF1.
    """
    scopes, systems = (list(scores[name].drop_duplicates()) for name in ("scope", "system"))
    methods = list(printed["method"].drop_duplicates())
    labels = [f"{method}, printed" for method in methods] + systems
    size = {"ncols": len(scopes), "sharey": True, "squeeze": False}
    with style.figure(9.2, 1.3 + 0.42 * len(labels), **size) as (drawn, axes):
        for axis, scope in zip(axes[0], scopes, strict=True):
            values = printed[printed["scope"] == scope].set_index("method")["value"]
            values = values.reindex(methods)
            rows = range(len(methods))
            axis.plot(values, rows, "D", color=style.PURPLE, ms=5, label="as printed")
            for index, (rule, (colour, marker)) in enumerate(RULE_STYLES.items()):
                part = scores[(scores["scope"] == scope) & (scores["rule"] == rule)]
                if part.empty:
                    continue
                shift = 0.2 * (index - 2) if rule != NO_CHOICE else 0
                y = [len(methods) + systems.index(name) + shift for name in part["system"]]
                axis.hlines(y, part["low"], part["high"], color=colour, lw=1.3)
                axis.plot(part["value"], y, marker, color=colour, ms=4.5, label=rule)
            axis.axhline(len(methods) - 0.5, color=style.INK, lw=0.8)
            axis.set_title(scope)
            axis.set_xlim(0, 1)
            axis.set_xticks([0, 0.5, 1])
            axis.grid(axis="y", visible=False)
        axes[0, 0].set_yticks(range(len(labels)), labels)
        axes[0, 0].set_ylim(len(labels) - 0.4, -0.6)
        drawn.supxlabel("UF1; lines are 95 % intervals over subjects", fontsize=10)
        legend_above(drawn, axes[0, 0])
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
            near = floor[floor["epochs"] <= part["epochs"].max()].sort_values("epochs")
            band = (near["epochs"], near["low"], near["high"])
            axis.fill_between(*band, color=style.GREY, alpha=0.25, lw=0)
            dotted = {"color": style.GREY, "ls": ":", "lw": 2, "label": f"guesses, {TEST}"}
            axis.plot(near["epochs"], near["uf1"], **dotted)
            plot_rules(axis, part)
            axis.set_title(system)
            axis.set_xlabel("epochs trained")
        axes[0, 0].set_ylabel("composite UF1")
        axes[0, 0].set_ylim(0, 1)
        legend_above(drawn, axes[0, 0])
    return drawn


def plot_rules(axis: Axes, epochs: pd.DataFrame) -> None:
    """Draw UF1 against epochs, a line per rule."""
    for rule, rows in epochs.groupby("rule", sort=False):
        colour, dashes = RULE_STYLES[str(rule)][0], "--" if rule == CROSS else "-"
        axis.plot(rows["epochs"], rows["uf1"], color=colour, ls=dashes, label=str(rule))


def legend_above(drawn: Figure, axis: Axes) -> None:
    """Put the legend of one panel above all."""
    handles, names = axis.get_legend_handles_labels()
    drawn.legend(handles, names, loc="outside upper left", ncols=len(names))
