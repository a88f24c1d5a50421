"""Scores of recognisers on real maps: of all databases together and of each, under each rule."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from causalex_book.recognition import baselines, selection
from causalex_book.recognition.selection import CROSS, LAST, TEST
from causalex_core.data import causalnet
from causalex_core.evaluation import confusions
from causalex_core.evaluation.uncertainty import Interval, percentile_interval
from causalex_core.recognition.data import Folds, leave_one_subject_out

COMPOSITE = "composite"
# Names of the databases in printed tables.
DATABASES = {"casme2": "CASME II", "samm": "SAMM", "smic": "SMIC"}
_N_CLASSES = len(causalnet.EMOTIONS)
_POINTS = 40  # of a curve, about
# Epochs to choose from at which guesses are scored, to draw the floor of a curve.
FLOOR_AT = (1, 2, 5, 10, 15, 20, 25, 30, 40, 60, 80, 100, 150)

Counts = NDArray[np.int64]
Systems = Mapping[str, Mapping[str, Counts]]  # counts ([runs,] S, K, K) by system and rule
Row = dict[str, object]


@dataclass(frozen=True)
class Recorded:
    """Who was recorded, and what each clip shows.

    Attributes
    ----------
    labels, subjects
        (N,) of the clips.
    folds
        One for each of the S subjects.
    scopes
        (S,) whether a subject counts, for all databases together and for each.
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
        """Counts (..., S, K, K) of labels (..., N)."""
        return confusions.per_subject(predicted, self.labels, self.subjects, _N_CLASSES)


def guessed(
    recorded: Recorded, numbers: Iterable[int], n_draws: int, seed: int
) -> dict[int, Mapping[str, Counts]]:
    """Counts (draws, S, K, K) by rule of guesses that know how frequent classes are.

    By number of epochs to choose from; those of fewer epochs are the first of those of more.
    """
    asked = sorted(set(numbers))
    generator = np.random.default_rng(seed)
    drawn: dict[int, list[Mapping[str, Counts]]] = {number: [] for number in asked}
    for _ in range(n_draws):
        guesses = baselines.prior_guesses(
            recorded.labels, recorded.folds, _N_CLASSES, asked[-1], generator
        )
        counts = recorded.counts(guesses)
        for number in asked:
            drawn[number].append(selection.by_rule(counts[:number]))
    return {
        number: {rule: np.stack([one[rule] for one in draws]) for rule in draws[0]}
        for number, draws in drawn.items()
    }


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
    for system, rules in systems.items():
        for rule, counts in rules.items():
            for scope, inside in recorded.scopes.items():
                if not inside.any():
                    continue
                found = confusions.intervals(counts[..., inside, :, :], n_bootstrap, seed)
                for measure, interval in found.items():
                    place = {"system": system, "rule": rule, "scope": scope, "measure": measure}
                    yield place | cells(interval, "value")


def gains(systems: Systems, n_bootstrap: int, seed: int) -> Iterator[Row]:
    """What the published rule adds to each other one, paired by subject.

    Rows of ``system, over, measure, gain, low, high``; none of a system without a choice.
    """
    for system, rules in systems.items():
        for rule in (LAST, CROSS):
            if rule in rules:
                found = confusions.differences(rules[TEST], rules[rule], n_bootstrap, seed)
                for measure, interval in found.items():
                    place = {"system": system, "over": rule, "measure": measure}
                    yield place | cells(interval, "gain")


def differences(
    systems: Systems, reference: Counts, recorded: Recorded, n_bootstrap: int, seed: int
) -> Iterator[Row]:
    """Scores of every system under each rule less those of a reference, paired by subject.

    Rows of ``system, rule, scope, measure, difference, low, high``.
    """
    for system, rules in systems.items():
        for rule, counts in rules.items():
            for scope, inside in recorded.scopes.items():
                if not inside.any():
                    continue
                found = confusions.differences(
                    counts[..., inside, :, :], reference[..., inside, :, :], n_bootstrap, seed
                )
                for measure, interval in found.items():
                    place = {"system": system, "rule": rule, "scope": scope, "measure": measure}
                    yield place | cells(interval, "difference")


def epochs(counts: Counts) -> Iterator[Row]:
    """Composite UF1 if training had ended after so many epochs, of counts (E, S, K, K).

    Rows of ``epochs, rule, uf1``.
    """
    step = math.ceil(len(counts) / _POINTS)
    for number in sorted({1, *range(step, len(counts) + 1, step), len(counts)}):
        for rule, chosen in selection.by_rule(counts[:number]).items():
            yield {"epochs": number, "rule": rule, "uf1": float(pooled(chosen, "uf1"))}


def pooled(counts: Counts, measure: str) -> NDArray[np.float64]:
    """A score (...) of all subjects of counts (..., S, K, K) together."""
    return confusions.scores(counts.sum(axis=-3))[..., confusions.MEASURES.index(measure)]


def cells(interval: Interval, name: str) -> Row:
    """An estimate under a name, and its ends."""
    return {name: interval.estimate, "low": interval.low, "high": interval.high}
