"""The shape of the compact recogniser, chosen on inner folds as in `causalex_book.spotting.nested`.

Models without each pair of subject groups judge both. For the subjects of one group, what the
models that lack it find in the other group of their pair chooses a variant. Only what is chosen
for somebody is then trained on all other subjects and scored outside; what is reported of a
subject rests on nothing of that subject but the list of variants, so that its length is told.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causalex_book.spotting import nested
from causalex_core.errors import CausalexError
from causalex_core.evaluation import confusions
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
    """A recogniser that may be chosen.

    Attributes
    ----------
    training
        How each of its models is trained.
    ensemble
        Models, each of a seed of its own, whose logits are averaged.
    """

    training: TrainingConfig
    ensemble: int = 1

    def seeds(self, asked: Sequence[int]) -> list[int]:
        """Seeds of the models of recognisers of the seeds asked for, one after the other."""
        return [seed * self.ensemble + place for seed in asked for place in range(self.ensemble)]


# Before cells and the linear path: attention within quarters of four patches each.
_FINE = replace(
    STSTNET_TRAINING,  # the same rate, decay and epochs
    network=CausalNetTextConfig(
        widths=(24, 48), heads=(2, 4), repeats=(1, 1), exchanges=1, fused=48, fused_heads=4,
        hidden=64,
    ),
)  # fmt: skip
_NARROW = {"widths": (12, 24), "fused": 24, "fused_heads": 2, "hidden": 32}
_WHOLE = {"stitched": False, "smoothed": 3}
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


# All that was ever scored on inner folds, in this order, each from the seed 1; members of those
# that are averaged were looked at one by one as well.
VARIANTS: Mapping[str, Variant] = {
    "attention within quarters": _variant(_FINE),
    "whole face": _variant(_FINE, {"stitched": False}),
    "narrow": _variant(_FINE, _NARROW),
    "mixed": _variant(_FINE, augmentation=Augmentation(mixup=0.4)),
    "smoothed, mixed": _variant(_FINE, _WHOLE, augmentation=Augmentation(mixup=0.4)),
    "smoothed, mixed, hidden squares": _variant(
        _FINE, _WHOLE, augmentation=Augmentation(cutout=0.25, mixup=0.4)
    ),
    "smoothed, all changes": _variant(_FINE, _WHOLE, augmentation=_ALL),
    "smoothed, all changes, narrow, large steps, three together": _variant(
        _FINE, _WHOLE | _NARROW, 3, augmentation=_ALL, lr=3e-3, batch=128, epochs=20,
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
# scored on inner folds beside the one that is reported, to see what a network should be shown.
LINEAR_MODELS = 8


@dataclass(frozen=True)
class Samples:
    """What is judged: inputs as the networks take them, and (N,) labels and subjects."""

    inputs: NDArray[np.generic]
    labels: NDArray[np.int64]
    subjects: Sequence[str]

    @property
    def names(self) -> list[str]:
        """The S subjects in alphabetical order."""
        return np.unique(np.asarray(self.subjects, dtype=str)).tolist()

    def counts(self, outcome: FoldResults) -> NDArray[np.int64]:
        """Counts (seeds, folds, epochs, S, K, K) of each model; none of whom it was trained on."""
        given = np.asarray(self.subjects, dtype=str)
        names = self.names
        shape = (len(outcome.runs), len(outcome.losses[0]), len(names), CLASSES, CLASSES)
        found = np.zeros(shape, dtype=np.int64)
        for place, (run, logits) in enumerate(zip(outcome.runs, outcome.predictions, strict=True)):
            held = run.fold.held_out
            found[place][:, np.isin(names, given[held])] = confusions.per_subject(
                logits.argmax(-1), self.labels[held], given[held], CLASSES
            )
        n_seeds = len({run.seed for run in outcome.runs})
        return found.reshape(n_seeds, -1, *shape[1:])


@dataclass(frozen=True)
class Trained:
    """How models are trained: seeds, folder of their progress, device, and models at once."""

    seeds: Sequence[int] = (1,)
    folder: Path | None = None
    device: str = "auto"
    runs_at_once: int | None = None


@dataclass(frozen=True)
class Choice:
    """What inner folds say.

    Attributes
    ----------
    candidate
        (S,) index of the chosen candidate of each subject, the same for all of a group.
    scores
        (groups, C) UF1 of each candidate on all other groups, by which it was chosen.
    """

    candidate: NDArray[np.intp]
    scores: NDArray[np.float64]


@dataclass(frozen=True)
class Nested:
    """What is reported.

    Attributes
    ----------
    counts
        (seeds, S, K, K) of the recognisers that were chosen for each subject, after the last epoch.
    variant
        Name of the variant of each subject.
    tried
        Number of variants scored on inner folds.
    choice
        How they were chosen.
    most
        Name of the variant that was chosen for most subjects.
    every_epoch
        (seeds, E, S, K, K) of that one for all subjects, after each epoch.
    """

    counts: NDArray[np.int64]
    variant: tuple[str, ...]
    tried: int
    choice: Choice
    most: str
    every_epoch: NDArray[np.int64]

    @property
    def scored_outside(self) -> int:
        """Number of variants that ever judged somebody outside the inner folds."""
        return len(set(self.variant))


def group_folds(subjects: Sequence[str]) -> Folds:
    """A fold for each of the five groups of subjects, which holds it out."""
    names, place = np.unique(np.asarray(subjects, dtype=str), return_inverse=True)
    group = nested.groups(names.tolist())
    numbers = range(group.max() + 1)
    return Folds(
        tuple(f"group {number + 1}" for number in numbers),
        np.stack([group[place] == number for number in numbers]),
    )


def inner_folds(subjects: Sequence[str]) -> Folds:
    """A fold for every two groups of subjects, which holds out both.

    Raises
    ------
    CausalexError
        If there are fewer than three subjects: one must be left to train.
    """
    given = np.asarray(subjects, dtype=str)
    names, place = np.unique(given, return_inverse=True)
    if len(names) < 3:
        raise CausalexError(f"{len(names)} subjects given: inner folds need at least three")
    group = nested.groups(names.tolist())
    pairs = nested.pairs(group)
    return Folds(
        tuple(f"groups {one + 1} and {other + 1}" for one, other in pairs),
        np.stack([np.isin(group[place], pair) for pair in pairs]),
    )


def choose(inner: NDArray[np.integer], group: NDArray[np.integer]) -> Choice:
    """Choose a candidate for each group of subjects; of equal ones the first.

    Parameters
    ----------
    inner
        (pairs, C, S, K, K) counts of the candidates, by models of :func:`inner_folds`.
    group
        (S,) of the subjects in alphabetical order, as :func:`nested.groups` deals them.
    """
    elsewhere = np.zeros((group.max() + 1, inner.shape[1], *inner.shape[3:]), dtype=np.int64)
    for (one, other), pair in zip(nested.pairs(group), inner, strict=True):
        elsewhere[one] += pair[:, group == other].sum(axis=1)
        elsewhere[other] += pair[:, group == one].sum(axis=1)
    scores = confusions.scores(elsewhere)[..., 0]
    return Choice(candidate=scores.argmax(axis=1)[group], scores=scores)


def nested_scores(
    samples: Samples, variants: Mapping[str, Variant] = VARIANTS, how: Trained = Trained()
) -> Nested:
    """Choose a variant for each group of subjects on inner folds, and score only what is chosen.

    Inner recognisers have the first seed alone.
    """
    folds = inner_folds(samples.subjects)
    inner = [
        samples.counts(trained(samples, folds, variant, replace(how, seeds=how.seeds[:1])))
        for variant in variants.values()
    ]
    at_end = np.stack([one[0, :, -1] for one in inner], axis=1)
    choice = choose(at_end, nested.groups(samples.names))
    kinds, most = list(variants), int(np.bincount(choice.candidate).argmax())
    everybody = leave_one_subject_out(samples.subjects)
    counts = np.zeros((len(how.seeds), len(samples.names), CLASSES, CLASSES), dtype=np.int64)
    every_epoch = counts[:, None]
    for candidate in np.unique(choice.candidate):
        own = choice.candidate == candidate
        outer = everybody if candidate == most else _only(everybody, own)
        found = samples.counts(trained(samples, outer, variants[kinds[candidate]], how)).sum(axis=1)
        counts[:, own] = found[:, -1, own]
        if candidate == most:
            every_epoch = found
    return Nested(
        counts=counts,
        variant=tuple(kinds[candidate] for candidate in choice.candidate),
        tried=len(variants),
        choice=choice,
        most=kinds[most],
        every_epoch=every_epoch,
    )


def trained(samples: Samples, folds: Folds, variant: Variant, how: Trained) -> FoldResults:
    """Recognisers of a variant, one per fold and seed."""
    outcome = train(
        samples.inputs,
        samples.labels,
        folds,
        variant.training,
        seeds=variant.seeds(how.seeds),
        folder=how.folder,
        device=how.device,
        runs_at_once=how.runs_at_once,
    )
    return outcome.ensemble(variant.ensemble)


def _only(folds: Folds, wanted: NDArray[np.bool_]) -> Folds:
    names = np.asarray(folds.subjects)[wanted]
    return Folds(tuple(names.tolist()), folds.held_out[wanted])
