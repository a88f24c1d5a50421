"""Permutation test of the linear model, and identification of the subject from flow maps.

Permutations within a database test whether maps say anything about emotions; clips count as
exchangeable, though those of a person are alike, so that the null distribution looks narrower than
it is. Permutations within a subject keep who is recorded, in which database, and unequal classes;
which clip shows what goes. People are the units there; those with one label keep it, so that this
test is the stricter one. People with unlike numbers of clips cannot exchange their labels whole.

Of identification, only sums over many people leave this module.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import StratifiedKFold

from causalex_book.recognition import baselines
from causalex_core.errors import CausalexError
from causalex_core.evaluation.recognition import known_labels
from causalex_core.evaluation.uncertainty import (
    Interval,
    bootstrap,
    percentile_interval,
    subject_weights,
)
from causalex_core.recognition.data import Folds, leave_one_subject_out

LINEAR = "linear model"


def permuted(
    values: ArrayLike,
    groups: ArrayLike,
    n_permutations: int,
    generator: np.random.Generator,
) -> NDArray:
    """Random permutations (P, N) of values (N,) within groups (N,).

    Raises
    ------
    CausalexError
        If they are not equally many.
    """
    given = np.asarray(values)
    group = np.unique(np.asarray(groups, dtype=str), return_inverse=True)[1]
    if len(given) != len(group):
        raise CausalexError(
            f"{len(given)} values of {len(group)} samples given; expected one of each"
        )
    by_group = np.argsort(group, kind="stable")
    drawn = np.empty((n_permutations, len(given)), dtype=given.dtype)
    for row in drawn:
        row[by_group] = given[np.lexsort((generator.random(len(given)), group))]
    return drawn


def linear_held_out(
    projected: NDArray[np.float64], labels: NDArray[np.integer], folds: Folds, n_classes: int
) -> NDArray[np.int64]:
    """Held-out labels (P, N) of the linear model, of many sets of labels (P, N) at once.

    They are those of :func:`causalex_book.recognition.baselines.held_out`. Principal components
    do not depend on labels. Class weights do, and with them the matrix that each fold solves: a
    weighted sum of the outer products of its samples.

    Raises
    ------
    CausalexError
        If a label is not one of the classes.
    """
    truth = known_labels(labels, n_classes)
    alpha = baselines.CLASSIFIERS[LINEAR].alpha
    classes = np.arange(n_classes)
    upper = np.triu_indices(projected.shape[-1])
    predicted = np.empty_like(truth)
    for held, samples in zip(folds.held_out, projected, strict=True):
        train, train_labels = samples[~held], truth[:, ~held]
        signs = np.where(train_labels[..., None] == classes, 1.0, -1.0)  # (P, n, K)
        weights = _balanced(train_labels, n_classes)
        total = weights.sum(axis=1)[:, None]  # (P, 1)
        means, heights = weights @ train / total, np.einsum("pn,pnk->pk", weights, signs) / total
        gram = np.empty((len(truth), *2 * train.shape[1:]))
        gram[:, *upper] = weights @ (train[:, upper[0]] * train[:, upper[1]])
        gram[:, *upper[::-1]] = gram[:, *upper]
        gram -= total[..., None] * means[:, :, None] * means[:, None]
        gram += alpha * np.eye(train.shape[1])
        target = np.moveaxis(np.moveaxis(weights[..., None] * signs, 2, 1) @ train, 1, 2)
        target -= total[..., None] * means[:, :, None] * heights[:, None]
        slopes = np.linalg.solve(gram, target)  # (P, C, K)
        offsets = heights - np.einsum("pc,pck->pk", means, slopes)
        predicted[:, held] = (samples[held] @ slopes + offsets[:, None]).argmax(axis=-1)
    return predicted


def p_value(value: float, null: ArrayLike) -> float:
    """Share of the null distribution that is no less than a value, which counts as one of it."""
    drawn = np.asarray(null)
    return float((1 + (drawn >= value).sum()) / (1 + drawn.size))


def _balanced(labels: NDArray[np.integer], n_classes: int) -> NDArray[np.float64]:
    """Weights (P, n) of mean 1; all classes that occur have the same share."""
    counts = (labels[..., None] == np.arange(n_classes)).sum(axis=1)  # (P, K)
    occurring = (counts > 0).sum(axis=1, keepdims=True)
    return labels.shape[1] / (occurring * np.take_along_axis(counts, labels, axis=1))


@dataclass(frozen=True)
class Identification:
    """Accuracy of identification.

    Attributes
    ----------
    people, clips
        Number of people to tell apart, and of their clips.
    accuracy
        Share of clips whose person is identified, with its interval over people.
    balanced_guess
        Accuracy of uniform guessing.
    frequent_guess
        Accuracy of naming the person with most clips.
    emotion_guess
        Accuracy of naming the person with most training clips of the clip's true emotion.
    """

    people: int
    clips: int
    accuracy: Interval
    balanced_guess: float
    frequent_guess: float
    emotion_guess: float


def identify(
    features: NDArray[np.float64],
    subjects: ArrayLike,
    labels: NDArray[np.integer],
    *,
    n_parts: int,
    n_bootstrap: int,
    seed: int,
) -> Identification:
    """Identify the subject of each clip from other clips of the same people.

    The clips of each person are split into parts; each part is classified by the linear model of
    all others, with its settings for emotions.

    Parameters
    ----------
    features
        (N, D) of each clip.
    subjects, labels
        (N,) of each clip.
    n_parts
        Parts; people with fewer clips are left out.
    n_bootstrap, seed
        Resamples of people behind the interval, and the seed of these and of the parts.

    Raises
    ------
    CausalexError
        If fewer than two people have so many clips.
    """
    given = np.asarray(subjects, dtype=str)
    names, subject, sizes = np.unique(given, return_inverse=True, return_counts=True)
    enough = sizes >= n_parts
    if n_parts < 2 or enough.sum() < 2:
        raise CausalexError(
            f"{n_parts} parts, and {enough.sum()} of {len(names)} people with so many clips:"
            " expected two or more of both"
        )
    kept = enough[subject]
    _, person = np.unique(subject[kept], return_inverse=True)
    folds = _parts(person, n_parts, seed)
    projected = baselines.components(features[kept], folds)
    right = baselines.held_out(baselines.CLASSIFIERS[LINEAR], projected, person, folds) == person
    n_people, n_clips = len(np.unique(person)), np.bincount(person)
    counts = np.stack([np.bincount(person[right], minlength=n_people), n_clips], axis=-1)
    weights = subject_weights(n_people, n_bootstrap, seed)
    accuracy = bootstrap(lambda sums: sums[..., 0] / sums[..., 1], weights, counts)
    by_emotion = _most_frequent(person, labels[kept], folds)
    return Identification(
        people=n_people,
        clips=len(person),
        accuracy=percentile_interval(*accuracy),
        balanced_guess=1 / n_people,
        frequent_guess=float(n_clips.max() / len(person)),
        emotion_guess=float((by_emotion == person).mean()),
    )


def clip_folds(subjects: ArrayLike, databases: ArrayLike, generator: np.random.Generator) -> Folds:
    """Folds of the sizes of those of subjects, each of any clips of one database.

    A person's other clips are then among the training samples.
    """
    return leave_one_subject_out(permuted(subjects, databases, 1, generator)[0].tolist())


def _parts(person: NDArray[np.integer], n_parts: int, seed: int) -> Folds:
    splitter = StratifiedKFold(n_parts, shuffle=True, random_state=seed)
    held_out = np.zeros((n_parts, len(person)), dtype=bool)
    for held, (_, index) in zip(held_out, splitter.split(person, person), strict=True):
        held[index] = True
    return Folds(tuple(f"part {part + 1}" for part in range(n_parts)), held_out)


def _most_frequent(
    person: NDArray[np.integer], emotion: NDArray[np.integer], folds: Folds
) -> NDArray[np.int64]:
    """For each clip the person with most training clips of its emotion."""
    frequent = np.empty_like(person)
    for held in folds.held_out:
        counts = np.zeros((emotion.max() + 1, person.max() + 1), dtype=int)
        np.add.at(counts, (emotion[~held], person[~held]), 1)
        frequent[held] = counts.argmax(axis=1)[emotion[held]]
    return frequent
