"""The shape of the compact recogniser, chosen on inner folds as in `causalex_core.studies.nested`.

Models without each pair of subject groups judge both. For the subjects of one group, what the
models that lack it find in the other group of their pair chooses a variant. Only what is chosen
for somebody is then trained on all other subjects and scored outside; what is reported of a
subject rests on nothing of that subject but the list of variants, so that its length is told.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causalex_core.errors import CausalexError
from causalex_core.evaluation import confusions
from causalex_core.recognition.augmentation import Augmentation
from causalex_core.recognition.described import COMPACT
from causalex_core.recognition.folds import Folds, leave_one_subject_out
from causalex_core.recognition.network import CLASSES
from causalex_core.recognition.side_by_side import TrainingConfig
from causalex_core.recognition.training import COMPACT_TRAINING, Outcome, train
from causalex_core.studies import nested

_WIDE = replace(COMPACT, widths=(96, 192), heads=(4, 8), fused=144, fused_heads=4, hidden=320)
_LIGHT = Augmentation()
_NARROW = replace(COMPACT, widths=(12, 24), fused=24, fused_heads=2, hidden=32)


def _variant(augmentation: Augmentation = _LIGHT, **network: Any) -> TrainingConfig:
    return replace(COMPACT_TRAINING, network=replace(COMPACT, **network), augmentation=augmentation)


_ALL = _variant(Augmentation(hidden=0.25, cut_short=0.3, mixed=0.4), stitched=False, smoothed=3)

# All that was ever scored, on inner folds; of the first ones, one thing is changed at a time.
VARIANTS: Mapping[str, TrainingConfig] = {
    "compact": COMPACT_TRAINING,
    "whole face": _variant(stitched=False),
    "narrow": replace(COMPACT_TRAINING, network=_NARROW),
    "wide": replace(COMPACT_TRAINING, network=_WIDE),
    "two layers": _variant(repeats=(2, 2)),
    "no augmentation": replace(COMPACT_TRAINING, augmentation=None),
    "more augmentation": _variant(Augmentation(shift=3, gain=0.4)),
    "hidden squares": _variant(Augmentation(hidden=0.25)),
    "cut short": _variant(Augmentation(cut_short=0.3)),
    "mixed": _variant(Augmentation(mixed=0.4)),
    "smoothed": _variant(smoothed=3),
    "more decay": replace(COMPACT_TRAINING, decay=5.0),
    "lower rate": replace(COMPACT_TRAINING, rate=3e-4),
    "less certain": replace(COMPACT_TRAINING, uncertain=0.1),
    "half the epochs": replace(COMPACT_TRAINING, epochs=COMPACT_TRAINING.epochs // 2),
    "whole face, smoothed, mixed": _variant(Augmentation(mixed=0.4), stitched=False, smoothed=3),
    "whole face, smoothed, hidden squares, mixed": _variant(
        Augmentation(hidden=0.25, mixed=0.4), stitched=False, smoothed=3
    ),
    "whole face, smoothed, all changes": _ALL,
    "whole face, smoothed, all changes, more decay": replace(_ALL, decay=5.0),
    "whole face, smoothed, all changes, twice the epochs": replace(_ALL, epochs=2 * _ALL.epochs),
}


@dataclass(frozen=True)
class Samples:
    """What is judged: inputs as the networks take them, and (N,) labels and subjects."""

    inputs: NDArray[np.generic]
    labels: NDArray[np.int64]
    subjects: Sequence[str]

    def counts(self, outcome: Outcome) -> NDArray[np.int64]:
        """Counts (seeds, epochs, S, K, K) of models that held out every sample once."""
        predicted = outcome.of_samples().argmax(-1)
        return confusions.per_subject(predicted, self.labels, self.subjects, CLASSES)


@dataclass(frozen=True)
class Trained:
    """How models are trained: seeds, folder of their progress, and device."""

    seeds: Sequence[int] = (1,)
    folder: Path | None = None
    device: str = "auto"


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
        (seeds, S, K, K) of the models that were chosen for each subject, after the last epoch.
    variant
        Name of the variant of each subject.
    tried
        Number of variants scored on inner folds.
    choice
        How they were chosen.
    """

    counts: NDArray[np.int64]
    variant: tuple[str, ...]
    tried: int
    choice: Choice

    @property
    def scored_outside(self) -> int:
        """Number of variants that ever judged somebody outside the inner folds."""
        return len(set(self.variant))


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


def inner_counts(outcome: Outcome, labels: ArrayLike, subjects: Sequence[str]) -> NDArray[np.int64]:
    """Counts (pairs, epochs, S, K, K) of the models of each fold of :func:`inner_folds`.

    Models of several seeds are counted together; subjects that a model was trained on have none.
    """
    truth, given = np.asarray(labels, dtype=np.int64), np.asarray(subjects, dtype=str)
    names = np.unique(given)
    folds = list(dict.fromkeys(run.fold for run in outcome.runs))
    n_epochs = len(outcome.losses[0])
    found = np.zeros((len(folds), n_epochs, len(names), CLASSES, CLASSES), dtype=np.int64)
    for run, logits in zip(outcome.runs, outcome.logits, strict=True):
        own, held = np.isin(names, given[run.held_out]), run.held_out
        found[folds.index(run.fold)][:, own] += confusions.per_subject(
            logits.argmax(-1), truth[held], given[held], CLASSES
        )
    return found


def choose(inner: NDArray[np.integer], group: NDArray[np.integer]) -> Choice:
    """Choose a candidate for each group of subjects; of equal ones the first.

    Parameters
    ----------
    inner
        (pairs, C, S, K, K) counts of the candidates, as :func:`inner_counts` gives them.
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
    samples: Samples,
    variants: Mapping[str, TrainingConfig] = VARIANTS,
    how: Trained = Trained(),
) -> Nested:
    """Choose a variant for each group of subjects on inner folds, and score only what is chosen.

    Inner models have the first seed alone.
    """
    folds = inner_folds(samples.subjects)
    trained = partial(train, samples.inputs, samples.labels, folder=how.folder, device=how.device)
    inner = [trained(folds, config, seeds=how.seeds[:1]) for config in variants.values()]
    at_end = [inner_counts(one, samples.labels, samples.subjects)[:, -1] for one in inner]
    names = np.unique(np.asarray(samples.subjects, dtype=str)).tolist()
    choice = choose(np.stack(at_end, axis=1), nested.groups(names))
    outer, kinds = leave_one_subject_out(samples.subjects), list(variants)
    counts = np.zeros((len(how.seeds), len(names), CLASSES, CLASSES), dtype=np.int64)
    for candidate in np.unique(choice.candidate):
        outcome = trained(outer, variants[kinds[candidate]], seeds=how.seeds)
        own = choice.candidate == candidate
        counts[:, own] = samples.counts(outcome)[:, -1, own]
    return Nested(
        counts=counts,
        variant=tuple(kinds[candidate] for candidate in choice.candidate),
        tried=len(variants),
        choice=choice,
    )
