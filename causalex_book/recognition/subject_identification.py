"""How much of the maps speaks of the person: who is recorded, told like an emotion.

Only sums over many people leave this module.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import StratifiedKFold

from causalex_book.recognition import baselines
from causalex_book.recognition.permuted_labels import LINEAR, permuted
from causalex_core.errors import CausalexError
from causalex_core.evaluation.uncertainty import Interval, percentile_interval, subject_weights
from causalex_core.recognition.data import Folds, leave_one_subject_out


@dataclass(frozen=True)
class Told:
    """How often the right person is told.

    Attributes
    ----------
    people, clips
        How many there are to tell apart, and of whom.
    accuracy
        Share of the clips whose person is told, with its interval over people.
    balanced_guess
        What a guess reads that takes everybody as equally likely: one in so many.
    frequent_guess
        What naming the person with most clips reads.
    emotion_guess
        What is read by one who knows the emotion of a clip alone: the person with most training
        clips of it.
    """

    people: int
    clips: int
    accuracy: Interval
    balanced_guess: float
    frequent_guess: float
    emotion_guess: float


def told(
    features: NDArray[np.float64],
    subjects: ArrayLike,
    labels: NDArray[np.integer],
    *,
    n_parts: int,
    n_bootstrap: int,
    seed: int,
) -> Told:
    """Tell who is recorded, from clips of the same people.

    Clips are dealt into parts, those of a person into as many as can be; each part is told by the
    linear model of all others, whose settings are those for emotions.

    Parameters
    ----------
    features
        (N, D) of each clip.
    subjects, labels
        (N,) who is recorded, and which emotion.
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
    names, place, sizes = np.unique(given, return_inverse=True, return_counts=True)
    enough = sizes >= n_parts
    if n_parts < 2 or enough.sum() < 2:
        raise CausalexError(
            f"{n_parts} parts, and {enough.sum()} of {len(names)} people with so many clips:"
            " expected two or more of both"
        )
    kept = enough[place]
    _, person = np.unique(place[kept], return_inverse=True)
    emotion = labels[kept]
    folds = _parts(person, n_parts, seed)
    projected = baselines.components(features[kept], folds)
    right = baselines.held_out(baselines.CLASSIFIERS[LINEAR], projected, person, folds) == person
    n_people, n_clips = len(np.unique(person)), np.bincount(person)
    counts = np.stack([np.bincount(person[right], minlength=n_people), n_clips], axis=-1)
    drawn = subject_weights(n_people, n_bootstrap, seed) @ counts
    by_emotion = _most_frequent(person, emotion, folds)
    return Told(
        people=n_people,
        clips=len(person),
        accuracy=percentile_interval(right.mean(), drawn[:, 0] / drawn[:, 1]),
        balanced_guess=1 / n_people,
        frequent_guess=float(n_clips.max() / len(person)),
        emotion_guess=float((by_emotion == person).mean()),
    )


def clip_folds(subjects: ArrayLike, databases: ArrayLike, generator: np.random.Generator) -> Folds:
    """Folds of the same sizes as those of subjects, each of any clips of one database.

    A person's other clips are then among the training samples.
    """
    return leave_one_subject_out(permuted(subjects, databases, 1, generator)[0].tolist())


def _parts(person: NDArray[np.integer], n_parts: int, seed: int) -> Folds:
    dealt = StratifiedKFold(n_parts, shuffle=True, random_state=seed)
    held_out = np.zeros((n_parts, len(person)), dtype=bool)
    for held, (_, places) in zip(held_out, dealt.split(person, person), strict=True):
        held[places] = True
    return Folds(tuple(f"part {part + 1}" for part in range(n_parts)), held_out)


def _most_frequent(
    person: NDArray[np.integer], emotion: NDArray[np.integer], folds: Folds
) -> NDArray[np.int64]:
    """For each clip the person with most training clips of its emotion."""
    found = np.empty_like(person)
    for held in folds.held_out:
        counts = np.zeros((emotion.max() + 1, person.max() + 1), dtype=int)
        np.add.at(counts, (emotion[~held], person[~held]), 1)
        found[held] = counts.argmax(axis=1)[emotion[held]]
    return found
