"""Permutation test of the linear model.

Within a database, any clip may have the label of any other: the null hypothesis is that maps say
nothing about emotions. It takes clips as exchangeable, though those of a person are alike, so that
the null distribution looks narrower than it is.

Within a subject, everybody keeps his or her labels, on other clips. What can be read from who is
recorded, in which database, and from unequal classes remains; which clip shows what goes. People
are the units. Those with one label keep it, so that this test is the stricter one.

People with unlike numbers of clips cannot exchange their labels whole.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causalex_book.recognition.baselines import CLASSIFIERS
from causalex_core.errors import CausalexError
from causalex_core.evaluation.recognition import known_labels
from causalex_core.recognition.data import Folds

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
    alpha = CLASSIFIERS[LINEAR].alpha
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
