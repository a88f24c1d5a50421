"""What choosing the epoch on the test subjects is worth when emotions are recognised.

The published rule gives each held-out subject its own best epoch. Guesses that know nothing but
how frequent the classes are show what the rule alone is worth; a single layer, trained epoch by
epoch, what it adds to a model that does know something.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalex_core.datasets import causalnet, manifest
from causalex_core.evaluation import confusions
from causalex_core.evaluation.uncertainty import Interval, percentile_interval
from causalex_core.recognition import baselines, selection
from causalex_core.recognition.folds import Folds, leave_one_subject_out
from causalex_core.recognition.selection import CROSS, LAST, TEST

SOURCES = ("causalnet_flow",)
GUESSES, ONE_LAYER = "guesses", "one layer"
NO_CHOICE = "nothing to choose"
COMPOSITE = "composite"
N_CLASSES = len(causalnet.EMOTIONS)
# Names of the databases in printed tables.
DATABASES = {"casme2": "CASME II", "samm": "SAMM", "smic": "SMIC"}
NUMBERS = (1, 2, 5, 10, 20, 50, 100, 200, 400, 800)
# Groups of subjects by number of samples: the most that each has; the last has all others.
SIZES = (1, 2, 4, 8, 16)
_EVERY = 5  # epochs between the points of a curve


@dataclass(frozen=True)
class Config:
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

    n_epochs: int = 200
    n_draws: int = 100
    n_bootstrap: int = 5000
    seed: int = 1


@dataclass(frozen=True)
class _Samples:
    """Who was recorded, and what each clip shows."""

    labels: np.ndarray
    subjects: np.ndarray
    folds: Folds
    scopes: Mapping[str, np.ndarray]  # which folds' subjects count, by scope

    def counts(self, predicted: np.ndarray) -> np.ndarray:
        """Counts (..., S, K, K) of labels (..., N)."""
        return confusions.per_subject(predicted, self.labels, self.subjects, N_CLASSES)


def compute(config: Config) -> dict[str, pd.DataFrame]:
    """Tables ``floor``, ``scores``, ``gains``, ``epochs``, ``sizes`` and ``dropping``."""
    source = manifest.require("causalnet_flow")
    clips = causalnet.clips(source)
    samples = _samples(clips)
    flow = causalnet.images(source, clips, ("onset_apex",))[:, 0]
    projected = baselines.components(baselines.descriptors(flow), samples.folds)
    single = {
        name: samples.counts(
            baselines.held_out(classifier, projected, samples.labels, samples.folds)
        )
        for name, classifier in baselines.CLASSIFIERS.items()
    }
    every_epoch = baselines.one_layer(
        projected, samples.labels, samples.folds, N_CLASSES, config.n_epochs
    )
    layer = samples.counts(every_epoch)
    guessed = _guessed(samples, config)
    systems = {
        GUESSES: guessed[config.n_epochs],
        **{name: {NO_CHOICE: counts} for name, counts in single.items()},
        ONE_LAYER: selection.by_rule(layer),
    }
    return {
        "floor": pd.DataFrame(_floor(guessed, samples)),
        "scores": pd.DataFrame(_scores(systems, samples, config)),
        "gains": pd.DataFrame(_gains(systems, config)),
        "epochs": pd.DataFrame(_epochs(layer)),
        "sizes": pd.DataFrame(_sizes(systems[GUESSES], samples)),
        "dropping": pd.DataFrame(_dropping(systems, guessed, config)),
    }


def _samples(clips: pd.DataFrame) -> _Samples:
    folds = leave_one_subject_out(clips["subject"].tolist())
    database = clips.groupby("subject")["database"].first()[list(folds.subjects)].to_numpy()
    scopes = {COMPOSITE: np.ones(len(database), dtype=bool)}
    scopes |= {name: database == key for key, name in DATABASES.items()}
    return _Samples(
        labels=clips["label"].to_numpy(),
        subjects=clips["subject"].to_numpy(),
        folds=folds,
        scopes=scopes,
    )


def _guessed(samples: _Samples, config: Config) -> dict[int, Mapping[str, np.ndarray]]:
    """Counts (draws, S, K, K) of guesses by number of epochs and rule."""
    numbers = sorted({*NUMBERS, config.n_epochs})
    generator = np.random.default_rng(config.seed)
    drawn: dict[int, list[Mapping[str, np.ndarray]]] = {number: [] for number in numbers}
    for _ in range(config.n_draws):
        guesses = baselines.prior_guesses(
            samples.labels, samples.folds, N_CLASSES, numbers[-1], generator
        )
        counts = samples.counts(guesses)
        for number in numbers:
            drawn[number].append(selection.by_rule(counts[:number]))
    return {
        number: {rule: np.stack([one[rule] for one in draws]) for rule in draws[0]}
        for number, draws in drawn.items()
    }


def _floor(
    guessed: Mapping[int, Mapping[str, np.ndarray]], samples: _Samples
) -> Iterator[dict[str, object]]:
    """UF1 of guesses, and the range that holds 95 % of the draws."""
    for number, rules in guessed.items():
        for rule, counts in rules.items():
            for scope, inside in samples.scopes.items():
                drawn = _pooled(counts[:, inside], "uf1")
                spread = percentile_interval(drawn.mean(), drawn)
                place = {"epochs": number, "rule": rule, "scope": scope}
                yield place | _cells(spread, "uf1")


def _scores(
    systems: Mapping[str, Mapping[str, np.ndarray]], samples: _Samples, config: Config
) -> Iterator[dict[str, object]]:
    """Scores with intervals over subjects, of all databases together and of each."""
    for system, rules in systems.items():
        for rule, counts in rules.items():
            for scope, inside in samples.scopes.items():
                found = confusions.intervals(
                    counts[..., inside, :, :], config.n_bootstrap, config.seed
                )
                for measure, interval in found.items():
                    place = {"system": system, "rule": rule, "scope": scope, "measure": measure}
                    yield place | _cells(interval, "value")


def _gains(
    systems: Mapping[str, Mapping[str, np.ndarray]], config: Config
) -> Iterator[dict[str, object]]:
    """What the published rule adds to each other one, paired by subject."""
    for system, rules in systems.items():
        for rule in (LAST, CROSS):
            if rule in rules:
                found = confusions.differences(
                    rules[TEST], rules[rule], config.n_bootstrap, config.seed
                )
                for measure, interval in found.items():
                    place = {"system": system, "over": rule, "measure": measure}
                    yield place | _cells(interval, "gain")


def _epochs(layer: np.ndarray) -> Iterator[dict[str, object]]:
    """Composite UF1 of the single layer if training had ended after so many epochs."""
    for number in sorted({1, *range(_EVERY, len(layer) + 1, _EVERY), len(layer)}):
        for rule, counts in selection.by_rule(layer[:number]).items():
            yield {"epochs": number, "rule": rule, "uf1": float(_pooled(counts, "uf1"))}


def _sizes(guesses: Mapping[str, np.ndarray], samples: _Samples) -> Iterator[dict[str, object]]:
    """How many subjects have how few samples, and what choosing is worth with so few."""
    n_samples = samples.folds.held_out.sum(axis=1)
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
            rule: float(_pooled(counts[:, inside], "accuracy").mean())
            for rule, counts in guesses.items()
        }


def _dropping(
    systems: Mapping[str, Mapping[str, np.ndarray]],
    guessed: Mapping[int, Mapping[str, np.ndarray]],
    config: Config,
) -> Iterator[dict[str, object]]:
    """UF1 with everybody, and without the subjects on whom the published rule finds no hit."""
    for number in sorted({1, 5, 20, config.n_epochs}):
        yield {"system": GUESSES, "epochs": number} | _dropped(guessed[number][TEST])
    for system, rules in systems.items():
        if NO_CHOICE in rules:
            yield {"system": system, "epochs": 1} | _dropped(rules[NO_CHOICE])
    yield {"system": ONE_LAYER, "epochs": config.n_epochs} | _dropped(systems[ONE_LAYER][TEST])


def _dropped(counts: np.ndarray) -> dict[str, object]:
    """Scores of counts ([draws,] S, K, K), averaged over draws."""
    stays = selection.ever_right(counts)
    left = counts * stays[..., None, None]
    kept, without = (float(_pooled(part, "uf1").mean()) for part in (counts, left))
    return {
        "subjects_dropped": float((~stays).sum(axis=-1).mean()),
        "samples_dropped": float((counts - left).sum(axis=(-3, -2, -1)).mean()),
        "uf1": kept,
        "uf1_after_dropping": without,
        "gain": without - kept,
    }


def _pooled(counts: np.ndarray, measure: str) -> np.ndarray:
    """A score (...) of all subjects of counts (..., S, K, K) together."""
    return confusions.scores(counts.sum(axis=-3))[..., confusions.MEASURES.index(measure)]


def _cells(interval: Interval, name: str) -> dict[str, object]:
    return {name: interval.estimate, "low": interval.low, "high": interval.high}
