"""What choosing the epoch on the test subjects is worth when emotions are recognised.

The published rule gives each held-out subject its own best epoch. Guesses that know nothing but
how frequent the classes are show what the rule alone is worth; a single layer, trained epoch by
epoch, what it adds to a model that does know something.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalex_book.recognition import baselines, emotions, selection
from causalex_book.recognition.emotions import Recorded
from causalex_book.recognition.selection import LAST, TEST
from causalex_core.config import Count, Parameters, Seed
from causalex_core.data import causalnet, manifest

SOURCES = ("causalnet_flow",)
GUESSES, ONE_LAYER = "guesses", "one layer"
NO_CHOICE = "nothing to choose"
N_CLASSES = len(causalnet.EMOTIONS)
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
    single = {
        name: recorded.counts(
            baselines.held_out(classifier, projected, recorded.labels, recorded.folds)
        )
        for name, classifier in baselines.CLASSIFIERS.items()
    }
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
    """How many subjects have how few samples, and what choosing is worth with so few."""
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
    kept, without = (float(emotions.pooled(part, "uf1").mean()) for part in (counts, left))
    return {
        "subjects_dropped": float((~stays).sum(axis=-1).mean()),
        "samples_dropped": float((counts - left).sum(axis=(-3, -2, -1)).mean()),
        "uf1": kept,
        "uf1_after_dropping": without,
        "gain": without - kept,
    }
