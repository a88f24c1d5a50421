"""The compact recogniser on real maps, its shape chosen on inner groups of subjects.

What is reported of a subject is said by models that never saw it, of a variant that was chosen
without it. The linear model is measured beside it on the same folds. Tables:

``scores``
    system, rule, scope, measure, value, low, high: of the compact recogniser ``nested``, and of
    the variant that was chosen for most subjects under each rule of selection; of the linear
    model; means over seeds, with intervals over subjects.
``differences``
    system, rule, scope, measure, difference, low, high: the same less the linear model, paired.
``seeds``
    seed, rule, measure, value: composite scores of each seed, which is one of whole recognisers.
``epochs``
    seed, epochs, rule, uf1: if training had ended there.
``groups``
    group, subjects, clips, variant, uf1, linear_uf1: what was chosen for each group of subjects,
    and what it and the linear model read on all others, in models that lack both.
``variants``
    variant, members, epochs, parameters (of a member), uf1, lowest, highest (mean and range of
    the groups' inner UF1), groups (for which it was chosen).
``tried``
    inside, outside, linear: number of variants that were scored on inner folds, of those that
    judged anybody outside, and of other linear models that were scored on inner folds.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from causalex_book.recognition import baselines, emotions, selection
from causalex_book.recognition.emotions import Counts, Recorded, Row
from causalex_book.recognition.inner_recognisers import (
    LINEAR_MODELS,
    VARIANTS,
    Nested,
    Samples,
    Trained,
    choose,
    inner_folds,
    nested_scores,
)
from causalex_book.spotting import nested
from causalex_book.spotting.threshold_sweep import NESTED
from causalex_core import paths
from causalex_core.config import Count, Parameters, Seed
from causalex_core.data import causalnet, manifest
from causalex_core.evaluation import confusions
from causalex_core.recognition import causalnet_text
from causalex_core.recognition.data import Folds
from causalex_core.recognition.training import build

SOURCES = ("causalnet_flow",)
LONG = "hours of CPU time"
COMPACT, LINEAR = "compact", "linear model"
NO_CHOICE = "nothing to choose"
_AT_ONCE = 8  # half the time of one after the other, for networks so small


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
    how = Trained(config.seeds, paths.data_folder() / "training", runs_at_once=_AT_ONCE)
    found = nested_scores(samples, VARIANTS, how)
    features = baselines.descriptors(flow[:, 0])
    linear = recorded.counts(
        baselines.held_out(
            baselines.CLASSIFIERS[LINEAR],
            baselines.components(features, recorded.folds),
            recorded.labels,
            recorded.folds,
        )
    )
    inner_linear = _inner_linear(features, recorded, inner_folds(samples.subjects))
    compact: dict[str, Counts] = {NESTED: found.counts}
    by_seed = [selection.by_rule(counts) for counts in found.every_epoch]
    compact |= {rule: np.stack([one[rule] for one in by_seed]) for rule in by_seed[0]}
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
            for seed, counts in zip(config.seeds, found.every_epoch, strict=True)
            for row in emotions.epochs(counts)
        ),
        "groups": pd.DataFrame(_groups(found, inner_linear, samples)),
        "variants": pd.DataFrame(_variants(found, samples)),
        "tried": pd.DataFrame(
            [
                {
                    "inside": found.tried,
                    "outside": found.scored_outside,
                    "linear": LINEAR_MODELS,
                }
            ]
        ),
    }


def _inner_linear(
    features: NDArray[np.float64], recorded: Recorded, folds: Folds
) -> NDArray[np.float64]:
    """UF1 (groups,) of the linear model where variants are chosen."""
    counts = []
    for held, own in zip(folds.held_out, baselines.components(features, folds), strict=True):
        fold = Folds(("",), held[None])
        said = baselines.held_out(baselines.CLASSIFIERS[LINEAR], own[None], recorded.labels, fold)
        # nothing is said of others, and their counts are not looked at
        counts.append(recorded.counts(np.where(held, said, 0)))
    group = nested.groups(recorded.folds.subjects)
    return choose(np.stack(counts)[:, None], group).scores[:, 0]


def _seeds(compact: Mapping[str, Counts], config: Config) -> Iterator[Row]:
    for rule, counts in compact.items():
        for seed, own in zip(config.seeds, counts, strict=True):
            for measure in confusions.MEASURES:
                value = float(emotions.pooled(own, measure))
                yield {"seed": seed, "rule": rule, "measure": measure, "value": value}


def _groups(found: Nested, linear: np.ndarray, samples: Samples) -> Iterator[Row]:
    names = samples.names
    group = nested.groups(names)
    of_clips = group[np.searchsorted(names, samples.subjects)]
    for number, scores in enumerate(found.choice.scores):
        yield {
            "group": number + 1,
            "subjects": int((group == number).sum()),
            "clips": int((of_clips == number).sum()),
            "variant": found.variant[int(np.argmax(group == number))],
            "uf1": float(scores.max()),
            "linear_uf1": float(linear[number]),
        }


def _variants(found: Nested, samples: Samples) -> Iterator[Row]:
    _, first = np.unique(nested.groups(samples.names), return_index=True)
    of_groups = [found.variant[place] for place in first]
    for (name, variant), scores in zip(VARIANTS.items(), found.choice.scores.T, strict=True):
        with torch.device("meta"):
            parameters = build(variant.training.network).parameters()
        yield {
            "variant": name,
            "members": variant.ensemble,
            "epochs": variant.training.epochs,
            "parameters": sum(parameter.numel() for parameter in parameters),
            "uf1": float(scores.mean()),
            "lowest": float(scores.min()),
            "highest": float(scores.max()),
            "groups": of_groups.count(name),
        }
