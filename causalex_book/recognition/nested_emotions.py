"""The compact recogniser on real maps, its variant selected on inner groups of subjects.

Models that never saw a subject, of a variant that was selected without it, are scored on it. The
baseline is the linear model on the same folds. Tables:

``scores``
    system, rule, scope, measure, value, low, high: of the compact recogniser ``nested``, and of
    the variant that was selected for most subjects under each rule of selection; of the linear
    model; means over seeds, with intervals over subjects.
``differences``
    system, rule, scope, measure, difference, low, high: the same less the linear model, paired.
``seeds``
    seed, rule, measure, value: composite scores of each seed.
``epochs``
    seed, epochs, rule, uf1: if training had ended there.
``groups``
    group, subjects, clips, variant, uf1, linear_uf1: the variant selected for each group of
    subjects, and its UF1 and the linear model's on all others, of models that lack both.
``variants``
    variant, members, epochs, parameters (of a member), uf1, lowest, highest (mean and range of
    the groups' inner UF1), groups (for which it was selected).
``tried``
    inside, outside, linear: number of variants that were scored on inner folds, of those scored
    outside, and of other linear models that were scored on inner folds.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from causalex_book.recognition import baselines, emotions, selection
from causalex_book.recognition.emotion_scores import AT_ONCE, n_parameters
from causalex_book.recognition.emotions import COMPACT, LINEAR, NO_CHOICE, Counts, Recorded, Row
from causalex_book.recognition.inner_recognisers import (
    LINEAR_MODELS,
    VARIANTS,
    Nested,
    Samples,
    choose,
    inner_folds,
    nested_scores,
)
from causalex_book.spotting import nested
from causalex_book.spotting.points import NESTED
from causalex_core import paths
from causalex_core.config import Count, Parameters, Seed
from causalex_core.data import causalnet, manifest
from causalex_core.evaluation import recognition
from causalex_core.recognition import causalnet_text
from causalex_core.recognition.data import Folds

SOURCES = ("causalnet_flow",)
LONG = "hours of CPU time"


@dataclass(frozen=True)
class Config(Parameters):
    """Parameters of the page.

    Attributes
    ----------
    seeds
        Seeds of the recognisers; their scores are averaged.
    n_bootstrap
        Resamples of subjects behind each interval.
    """

    seeds: tuple[Seed, ...] = (1, 2, 3, 4, 5)
    n_bootstrap: Count = 5000


def compute(config: Config) -> dict[str, pd.DataFrame]:
    """Tables as above."""
    source = manifest.require("causalnet_flow")
    clips = causalnet.clips(source)
    recorded = Recorded.of(clips)
    flow = causalnet.images(source, clips)
    samples = Samples(causalnet_text.centred(flow), recorded.labels, recorded.subjects.tolist())
    folder = paths.data_folder() / "training"
    result = nested_scores(samples, VARIANTS, config.seeds, folder=folder, runs_at_once=AT_ONCE)
    features = baselines.descriptors(flow[:, 0])
    linear = recorded.classified(baselines.components(features, recorded.folds))[LINEAR]
    inner_linear = _inner_linear(features, recorded, inner_folds(samples.subjects))
    by_seed = [selection.by_rule(counts) for counts in result.every_epoch]
    compact: dict[str, Counts] = {NESTED: result.counts, **emotions.stacked(by_seed)}
    systems = {COMPACT: compact, LINEAR: {NO_CHOICE: linear}}
    resampling = (config.n_bootstrap, config.seeds[0])
    return {
        "scores": pd.DataFrame(emotions.scores(systems, recorded, *resampling)),
        "differences": pd.DataFrame(
            emotions.differences({COMPACT: compact}, linear, recorded, *resampling)
        ),
        "seeds": pd.DataFrame(_seeds(compact, config)),
        "epochs": pd.DataFrame(
            {"seed": seed} | row
            for seed, counts in zip(config.seeds, result.every_epoch, strict=True)
            for row in emotions.epochs(counts)
        ),
        "groups": pd.DataFrame(_groups(result, inner_linear, samples)),
        "variants": pd.DataFrame(_variants(result, samples)),
        "tried": pd.DataFrame(
            {
                "inside": [len(VARIANTS)],
                "outside": [len(set(result.variant))],
                "linear": [LINEAR_MODELS],
            }
        ),
    }


def _inner_linear(
    features: NDArray[np.float64], recorded: Recorded, folds: Folds
) -> NDArray[np.float64]:
    """UF1 (groups,) of the linear model on the inner folds."""
    counts = []
    projections = baselines.components(features, folds)
    for held, projected in zip(folds.held_out, projections, strict=True):
        predicted = baselines.held_out(
            baselines.CLASSIFIERS[LINEAR],
            projected[None],
            recorded.labels,
            Folds(("",), held[None]),
        )
        # others are not predicted, and their counts are not used
        counts.append(recorded.counts(np.where(held, predicted, 0)))
    group = nested.groups(recorded.folds.subjects)
    return choose(np.stack(counts)[:, None], group).scores[:, 0]


def _seeds(compact: Mapping[str, Counts], config: Config) -> Iterator[Row]:
    for rule, counts in compact.items():
        for seed, of_seed in zip(config.seeds, counts, strict=True):
            for measure in recognition.MEASURES:
                value = float(emotions.pooled(of_seed, measure))
                yield {"seed": seed, "rule": rule, "measure": measure, "value": value}


def _groups(result: Nested, linear: np.ndarray, samples: Samples) -> Iterator[Row]:
    names = samples.names
    group = nested.groups(names)
    of_clips = group[np.searchsorted(names, samples.subjects)]
    for number, scores in enumerate(result.choice.scores):
        yield {
            "group": number + 1,
            "subjects": int((group == number).sum()),
            "clips": int((of_clips == number).sum()),
            "variant": result.variant[int(np.argmax(group == number))],
            "uf1": float(scores.max()),
            "linear_uf1": float(linear[number]),
        }


def _variants(result: Nested, samples: Samples) -> Iterator[Row]:
    _, first = np.unique(nested.groups(samples.names), return_index=True)
    of_groups = [result.variant[index] for index in first]
    for (name, variant), scores in zip(VARIANTS.items(), result.choice.scores.T, strict=True):
        yield {
            "variant": name,
            "members": variant.ensemble,
            "epochs": variant.training.epochs,
            "parameters": n_parameters(variant.training.network),
            "uf1": float(scores.mean()),
            "lowest": float(scores.min()),
            "highest": float(scores.max()),
            "groups": of_groups.count(name),
        }
