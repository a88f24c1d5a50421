"""What flow maps say of the person, and what is read of emotions when labels mean nothing.

Tables: ``people`` (how often the right person is told, by scope), ``folds`` (scores of the linear
model when people are held out and when any clips are), ``leak`` (the latter less the former,
paired), ``permutations`` (the linear model on permuted labels, by what was permuted and scope),
``chance`` (how often it read what) and ``floors`` (what a single layer reads of permuted labels,
and what guesses read, by rule).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from causalex_book.recognition import baselines, emotions, selection
from causalex_book.recognition.emotions import COMPOSITE, DATABASES, Counts, Recorded
from causalex_book.recognition.permuted_labels import LINEAR, linear_held_out, p_value, permuted
from causalex_book.recognition.subject_identification import clip_folds, told
from causalex_core.config import Count, Parameters, Seed, at_least
from causalex_core.data import causalnet, manifest
from causalex_core.recognition.data import Folds

SOURCES = ("causalnet_flow",)
BY_PERSON, BY_CLIP = "by person", "by clip"
WITHIN_DATABASE, WITHIN_SUBJECT = "within a database", "within a subject"
RULE = "nothing to choose"
GUESSES = "guesses"
_N_CLASSES = len(causalnet.EMOTIONS)
_EDGES = np.linspace(0, 1, 101)  # of the bins of UF1


@dataclass(frozen=True)
class Config(Parameters):
    """Parameters of the page.

    Attributes
    ----------
    n_parts
        Parts into which each person's clips are dealt to tell who it is; people with fewer clips
        are left out.
    n_clip_folds
        Random sets of folds by clip; scores are their means.
    n_permutations
        Permutations of the labels, of each kind.
    n_layers
        Permutations, of each kind, on which a single layer is trained.
    layer_epochs
        Epochs of that layer.
    n_draws
        Repetitions of guesses with as many epochs.
    n_bootstrap
        Resamples of subjects behind each interval.
    seed
        Seed of folds, permutations, guesses and resamples.
    """

    n_parts: Annotated[int, at_least(2)] = 5
    n_clip_folds: Count = 4
    n_permutations: Count = 399
    n_layers: Count = 2
    layer_epochs: Count = 200
    n_draws: Count = 20
    n_bootstrap: Count = 5000
    seed: Seed = 1


def compute(config: Config) -> dict[str, pd.DataFrame]:
    """Tables as above."""
    source = manifest.require("causalnet_flow")
    clips = causalnet.clips(source)
    recorded = Recorded.of(clips)
    databases = clips["database"].to_numpy(dtype=str)
    flow = causalnet.images(source, clips, ("onset_apex",))[:, 0]
    features = baselines.descriptors(flow)
    projected = baselines.components(features, recorded.folds)
    groups = {WITHIN_DATABASE: databases, WITHIN_SUBJECT: recorded.subjects}
    generator = np.random.default_rng(config.seed)
    drawn = {
        name: permuted(recorded.labels, group, config.n_permutations, generator)
        for name, group in groups.items()
    }
    by_folds = _by_folds(features, projected, recorded, databases, config)
    by_chance = {
        name: _counts(linear_held_out(projected, sets, recorded.folds, _N_CLASSES), sets, recorded)
        for name, sets in drawn.items()
    }
    resampling = (config.n_bootstrap, config.seed)
    leak = emotions.differences(
        {BY_CLIP: by_folds[BY_CLIP]}, by_folds[BY_PERSON][RULE], recorded, *resampling
    )
    return {
        "people": pd.DataFrame(_people(features, recorded, databases, config)),
        "folds": _without_rule(emotions.scores(by_folds, recorded, *resampling)),
        "leak": _without_rule(leak),
        "permutations": pd.DataFrame(
            _permutations(by_folds[BY_PERSON][RULE], by_chance, drawn, recorded)
        ),
        "chance": pd.DataFrame(_chance(by_chance)),
        "floors": pd.DataFrame(_floors(projected, drawn, recorded, config)),
    }


def _people(
    features: NDArray[np.float64],
    recorded: Recorded,
    databases: NDArray[np.str_],
    config: Config,
) -> Iterator[emotions.Row]:
    """How often the right person is told, among all and among those of a database."""
    scopes = {COMPOSITE: np.ones(len(databases), dtype=bool)}
    scopes |= {name: databases == key for key, name in DATABASES.items()}
    for scope, inside in scopes.items():
        found = told(
            features[inside],
            recorded.subjects[inside],
            recorded.labels[inside],
            n_parts=config.n_parts,
            n_bootstrap=config.n_bootstrap,
            seed=config.seed,
        )
        yield {
            "scope": scope,
            "people": found.people,
            "clips": found.clips,
            **emotions.cells(found.accuracy, "accuracy"),
            "balanced_guess": found.balanced_guess,
            "frequent_guess": found.frequent_guess,
            "emotion_guess": found.emotion_guess,
        }


def _by_folds(
    features: NDArray[np.float64],
    projected: NDArray[np.float64],
    recorded: Recorded,
    databases: NDArray[np.str_],
    config: Config,
) -> dict[str, Mapping[str, Counts]]:
    """Counts of the linear model, with people held out and with clips."""

    def counted(projected: NDArray[np.float64], folds: Folds) -> Counts:
        linear = baselines.CLASSIFIERS[LINEAR]
        return recorded.counts(baselines.held_out(linear, projected, recorded.labels, folds))

    generator = np.random.default_rng(config.seed)
    dealt = [
        clip_folds(recorded.subjects, databases, generator) for _ in range(config.n_clip_folds)
    ]
    of_clips = [counted(baselines.components(features, folds), folds) for folds in dealt]
    return {
        BY_PERSON: {RULE: counted(projected, recorded.folds)},
        BY_CLIP: {RULE: np.stack(of_clips)},
    }


def _without_rule(rows: Iterator[emotions.Row]) -> pd.DataFrame:
    return pd.DataFrame(rows).drop(columns="rule").rename(columns={"system": "folds"})


def _counts(predicted: NDArray[np.int64], truths: NDArray[np.int64], recorded: Recorded) -> Counts:
    """Counts (P, S, K, K) of labels (P, N), each by its own truth."""
    pairs = zip(predicted, truths, strict=True)
    return np.stack([replace(recorded, labels=truth).counts(one) for one, truth in pairs])


def _permutations(
    found: Counts,
    by_chance: Mapping[str, Counts],
    drawn: Mapping[str, NDArray[np.int64]],
    recorded: Recorded,
) -> Iterator[emotions.Row]:
    """UF1 on the true labels beside that on permuted ones."""
    for name, counts in by_chance.items():
        for scope, inside in recorded.scopes.items():
            uf1 = float(emotions.pooled(found[inside], "uf1"))
            chance = emotions.pooled(counts[:, inside], "uf1")
            own = np.isin(recorded.subjects, np.array(recorded.folds.subjects)[inside])
            yield {
                "permuted": name,
                "scope": scope,
                "uf1": uf1,
                "mean": float(chance.mean()),
                "one_in_twenty": float(np.quantile(chance, 0.95)),
                "greatest": float(chance.max()),
                "permutations": len(chance),
                "p": p_value(uf1, chance),
                "labels_that_stay": float((drawn[name] == recorded.labels)[:, own].mean()),
            }


def _chance(by_chance: Mapping[str, Counts]) -> Iterator[emotions.Row]:
    """Share of the permutations in each bin of composite UF1."""
    for name, counts in by_chance.items():
        uf1 = emotions.pooled(counts, "uf1")
        shares = np.histogram(uf1, _EDGES)[0] / len(uf1)
        for low, high, share in zip(_EDGES[:-1], _EDGES[1:], shares, strict=True):
            if share:
                yield {
                    "permuted": name,
                    "from": float(low),
                    "to": float(high),
                    "share": float(share),
                }


def _floors(
    projected: NDArray[np.float64],
    drawn: Mapping[str, NDArray[np.int64]],
    recorded: Recorded,
    config: Config,
) -> Iterator[emotions.Row]:
    """UF1 without information under each rule: of a single layer, and of guesses."""
    for name, sets in drawn.items():
        read: dict[str, list[float]] = {}
        for labels in sets[: config.n_layers]:
            predicted = baselines.one_layer(
                projected, labels, recorded.folds, _N_CLASSES, config.layer_epochs
            )
            counts = replace(recorded, labels=labels).counts(predicted)
            for rule, chosen in selection.by_rule(counts).items():
                read.setdefault(rule, []).append(float(emotions.pooled(chosen, "uf1")))
        for rule, values in read.items():
            yield _floor(f"one layer, labels permuted {name}", rule, values)
    guesses = emotions.guessed(recorded, [config.layer_epochs], config.n_draws, config.seed)
    for rule, of_draws in guesses[config.layer_epochs].items():
        yield _floor(GUESSES, rule, emotions.pooled(of_draws, "uf1").tolist())


def _floor(system: str, rule: str, values: Sequence[float]) -> emotions.Row:
    return {
        "system": system,
        "rule": rule,
        "repetitions": len(values),
        "uf1": float(np.mean(values)),
        "least": min(values),
        "greatest": max(values),
    }
