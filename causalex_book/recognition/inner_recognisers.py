"""The variant of the compact recogniser, selected as in `causalex_book.spotting.nested`.

Inner models hold out each pair of subject groups. For the subjects of one group, a variant is
selected on the predictions, for the other groups, of the models that lack both. Only selected
variants are then trained on all other subjects and scored outside. A score rests on nothing of its
subject but the list of variants, whose length is therefore reported.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from causalex_book.spotting import nested
from causalex_core.errors import CausalexError
from causalex_core.evaluation import recognition
from causalex_core.recognition.causalnet_text import CausalNetTextConfig
from causalex_core.recognition.data import Augmentation, Folds, leave_one_subject_out
from causalex_core.recognition.model import CLASSES
from causalex_core.recognition.training import (
    COMPACT_TRAINING,
    STSTNET_TRAINING,
    FoldResults,
    TrainingConfig,
    train,
)


@dataclass(frozen=True)
class Variant:
    """A recogniser that may be selected: the training of `ensemble` models, averaged in logits."""

    training: TrainingConfig
    ensemble: int = 1

    def seeds(self, asked: Sequence[int]) -> list[int]:
        """Seeds of all models of the recognisers of some seeds."""
        return [seed * self.ensemble + member for seed in asked for member in range(self.ensemble)]


# Before cells and the linear path: attention within quarters of four patches each.
_FINE = replace(
    STSTNET_TRAINING,  # the same rate, decay and epochs
    network=CausalNetTextConfig(
        widths=(24, 48), heads=(2, 4), repeats=(1, 1), exchanges=1, fused=48, fused_heads=4,
        hidden=64,
    ),
)  # fmt: skip
_NARROW = {"widths": (12, 24), "fused": 24, "fused_heads": 2, "hidden": 32}
_WHOLE_FACE = {"stitched": False, "smoothed": 3}
_ALL = Augmentation(cutout=0.25, drop_relaxation=0.3, mixup=0.4)
_LESS_DECAY = replace(COMPACT_TRAINING, weight_decay=0.05)


def _variant(
    base: TrainingConfig,
    network: Mapping[str, Any] = MappingProxyType({}),
    ensemble: int = 1,
    **training: Any,
) -> Variant:
    shape = replace(base.network, **network)
    return Variant(replace(base, network=shape, **training), ensemble)


# All that was ever scored on inner folds, in this order, each from the seed 1; members of the
# ensembles were scored one by one as well.
VARIANTS: Mapping[str, Variant] = {
    "attention within quarters": _variant(_FINE),
    "whole face": _variant(_FINE, {"stitched": False}),
    "narrow": _variant(_FINE, _NARROW),
    "mixed": _variant(_FINE, augmentation=Augmentation(mixup=0.4)),
    "smoothed, mixed": _variant(_FINE, _WHOLE_FACE, augmentation=Augmentation(mixup=0.4)),
    "smoothed, mixed, hidden squares": _variant(
        _FINE, _WHOLE_FACE, augmentation=Augmentation(cutout=0.25, mixup=0.4)
    ),
    "smoothed, all changes": _variant(_FINE, _WHOLE_FACE, augmentation=_ALL),
    "smoothed, all changes, narrow, large steps, three together": _variant(
        _FINE, _WHOLE_FACE | _NARROW, 3, augmentation=_ALL, lr=3e-3, batch=128, epochs=20,
        flip_tta=True,
    ),
    "cells, three together": _variant(_LESS_DECAY, {"straight": False}, 3, augmentation=_ALL),
    "linear path, three together": _variant(_LESS_DECAY, ensemble=3, augmentation=_ALL),
    "linear path, cut short more often, three together": _variant(_LESS_DECAY, ensemble=3),
    "linear path, not mixed, three together": _variant(
        _LESS_DECAY, ensemble=3, augmentation=replace(_ALL, mixup=0.0)
    ),
    "half the epochs, three together": _variant(_LESS_DECAY, ensemble=3, epochs=12),
    "more decay": Variant(COMPACT_TRAINING),
    "more decay, three together": Variant(COMPACT_TRAINING, 3),
    "half the epochs, more decay, three together": _variant(
        COMPACT_TRAINING, ensemble=3, epochs=12, weight_decay=5.0
    ),
}  # fmt: skip
# Linear models of other inputs (of both phases, not standardised, with mirror images) that were
# scored on inner folds besides the reported one, to choose the input of a network.
LINEAR_MODELS = 8


@dataclass(frozen=True)
class Samples:
    """Inputs as the networks take them, and (N,) labels and subjects."""

    inputs: NDArray[np.generic]
    labels: NDArray[np.int64]
    subjects: Sequence[str]

    @property
    def names(self) -> list[str]:
        """The S subjects in alphabetical order."""
        return np.unique(np.asarray(self.subjects, dtype=str)).tolist()

    def counts(self, result: FoldResults) -> NDArray[np.int64]:
        """Counts (seeds, folds, epochs, S, K, K) of each model on its held-out subjects."""
        given = np.asarray(self.subjects, dtype=str)
        names = self.names
        shape = (len(result.runs), len(result.losses[0]), len(names), CLASSES, CLASSES)
        counts = np.zeros(shape, dtype=np.int64)
        for index, (run, logits) in enumerate(zip(result.runs, result.predictions, strict=True)):
            held = run.fold.held_out
            counts[index][:, np.isin(names, given[held])] = recognition.per_subject(
                logits.argmax(-1), self.labels[held], given[held], CLASSES
            )
        n_seeds = len({run.seed for run in result.runs})
        return counts.reshape(n_seeds, -1, *shape[1:])


class Choice(NamedTuple):
    """Selection on inner folds.

    The index (S,) of each subject's candidate, the same for all of a group; and the UF1
    (groups, C) of each candidate on all other groups, on which it was selected.
    """

    candidate: NDArray[np.intp]
    scores: NDArray[np.float64]


class Nested(NamedTuple):
    """Result of nested selection.

    Counts (seeds, S, K, K) of the recogniser selected for each subject, after the last epoch; the
    name of the variant of each subject, and how they were selected; the variant that was selected
    for most subjects, and its counts (seeds, E, S, K, K) of all subjects after each epoch.
    """

    counts: NDArray[np.int64]
    variant: tuple[str, ...]
    choice: Choice
    most: str
    every_epoch: NDArray[np.int64]


def group_folds(subjects: Sequence[str]) -> Folds:
    """A fold for each of the five groups of subjects, which holds it out."""
    names, index = np.unique(np.asarray(subjects, dtype=str), return_inverse=True)
    group = nested.groups(names.tolist())
    numbers = range(group.max() + 1)
    return Folds(
        tuple(f"group {number + 1}" for number in numbers),
        np.stack([group[index] == number for number in numbers]),
    )


def inner_folds(subjects: Sequence[str]) -> Folds:
    """A fold for every two groups of subjects, which holds out both.

    Raises
    ------
    CausalexError
        If there are fewer than three subjects: one must be left to train.
    """
    given = np.asarray(subjects, dtype=str)
    names, index = np.unique(given, return_inverse=True)
    if len(names) < 3:
        raise CausalexError(f"{len(names)} subjects given: inner folds need at least three")
    group = nested.groups(names.tolist())
    pairs = nested.pairs(group)
    return Folds(
        tuple(f"groups {first + 1} and {second + 1}" for first, second in pairs),
        np.stack([np.isin(group[index], pair) for pair in pairs]),
    )


def choose(inner: NDArray[np.integer], group: NDArray[np.integer]) -> Choice:
    """Select a candidate for each group of subjects; of equal ones the first.

    Parameters
    ----------
    inner
        (pairs, C, S, K, K) counts of the candidates, by models of :func:`inner_folds`.
    group
        (S,) of the subjects in alphabetical order, as :func:`nested.groups` deals them.
    """
    other_groups = np.zeros((group.max() + 1, inner.shape[1], *inner.shape[3:]), dtype=np.int64)
    for (first, second), counts in zip(nested.pairs(group), inner, strict=True):
        other_groups[first] += counts[:, group == second].sum(axis=1)
        other_groups[second] += counts[:, group == first].sum(axis=1)
    scores = recognition.scores(other_groups)[..., 0]
    return Choice(candidate=scores.argmax(axis=1)[group], scores=scores)


def nested_scores(
    samples: Samples,
    variants: Mapping[str, Variant] = VARIANTS,
    seeds: Sequence[int] = (1,),
    **options: Any,
) -> Nested:
    """Select a variant for each group of subjects on inner folds, and score the selected ones.

    Inner recognisers have the first seed alone. `options` are those of
    :func:`causalex_core.recognition.training.train`.
    """

    def counted(variant: Variant, folds: Folds, seeds: Sequence[int]) -> NDArray[np.int64]:
        """Counts (seeds, folds, E, S, K, K) of a recogniser per fold and seed."""
        members = variant.seeds(seeds)
        data = (samples.inputs, samples.labels, folds)
        result = train(*data, variant.training, seeds=members, **options)
        return samples.counts(result.ensemble(variant.ensemble))

    folds = inner_folds(samples.subjects)
    inner = [counted(variant, folds, seeds[:1])[0, :, -1] for variant in variants.values()]
    choice = choose(np.stack(inner, axis=1), nested.groups(samples.names))
    kinds, most = list(variants), int(np.bincount(choice.candidate).argmax())
    everybody = leave_one_subject_out(samples.subjects)
    counts = np.zeros((len(seeds), len(samples.names), CLASSES, CLASSES), dtype=np.int64)
    every_epoch = counts[:, None]
    for candidate in np.unique(choice.candidate):
        inside = choice.candidate == candidate
        outer = everybody if candidate == most else _only(everybody, inside)
        of_variant = counted(variants[kinds[candidate]], outer, seeds).sum(axis=1)
        counts[:, inside] = of_variant[:, -1, inside]
        if candidate == most:
            every_epoch = of_variant
    variant = tuple(kinds[candidate] for candidate in choice.candidate)
    return Nested(counts, variant, choice, kinds[most], every_epoch)


def _only(folds: Folds, wanted: NDArray[np.bool_]) -> Folds:
    names = np.asarray(folds.subjects)[wanted]
    return Folds(tuple(names.tolist()), folds.held_out[wanted])
