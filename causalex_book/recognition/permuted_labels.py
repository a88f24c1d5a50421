"""What the linear model reads when labels mean nothing: a permutation test.

What is permuted says what is tested.

Within a database, any clip may have the label of any other. If maps say nothing of emotions, this
changes nothing but the luck of the draw, and neither do the shares of the classes. It takes clips
as exchangeable, though those of a person are alike, so that chance looks narrower than it is.

Within a subject, everybody keeps the labels that he or she has, on other clips. What is left is
what can be read from who is recorded, in which database, and how unequal the classes are; what
goes is which clip shows what. People are the units here. Those with one label alone keep it, so
that this test is the stricter one.

People with unlike numbers of clips cannot exchange their labels whole.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causalex_book.recognition.baselines import CLASSIFIERS
from causalex_core.errors import CausalexError
from causalex_core.evaluation.confusions import known_labels
from causalex_core.recognition.data import Folds

LINEAR = "linear model"


def permuted(
    values: ArrayLike,
    groups: ArrayLike,
    n_permutations: int,
    generator: np.random.Generator,
) -> NDArray:
    """Values (P, N) with places exchanged at random within each group.

    Parameters
    ----------
    values, groups
        (N,) of each sample.

    Raises
    ------
    CausalexError
        If they are not equally many.
    """
    given = np.asarray(values)
    place = np.unique(np.asarray(groups, dtype=str), return_inverse=True)[1]
    if len(given) != len(place):
        raise CausalexError(
            f"{len(given)} values of {len(place)} samples given; expected one of each"
        )
    by_group = np.argsort(place, kind="stable")
    drawn = np.empty((n_permutations, len(given)), dtype=given.dtype)
    for row in drawn:
        row[by_group] = given[np.lexsort((generator.random(len(given)), place))]
    return drawn


def linear_held_out(
    projected: NDArray[np.float64], labels: NDArray[np.integer], folds: Folds, n_classes: int
) -> NDArray[np.int64]:
    """Held-out labels by the linear model, of many sets of labels at once.

    They are those of :func:`causalex_book.recognition.baselines.held_out`. Principal components
    do not depend on labels. Class weights do, and with them the matrix that each fold solves: a
    weighted sum of the outer products of its samples.

    Parameters
    ----------
    projected
        (F, N, C) as :func:`causalex_book.recognition.baselines.components` gives them.
    labels
        (P, N) from 0.
    folds
        Who is held out.
    n_classes
        Number of classes K.

    Returns
    -------
    ndarray
        (P, N) labels of each sample when it is held out.

    Raises
    ------
    CausalexError
        If a label is not one of the classes.
    """
    truth = known_labels(labels, n_classes)
    alpha = CLASSIFIERS[LINEAR].alpha
    classes = np.arange(n_classes)
    upper = np.triu_indices(projected.shape[-1])
    found = np.empty_like(truth)
    for held, samples in zip(folds.held_out, projected, strict=True):
        train, own = samples[~held], truth[:, ~held]
        signs = np.where(own[..., None] == classes, 1.0, -1.0)  # (P, n, K)
        weights = _balanced(own, n_classes)
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
        found[:, held] = (samples[held] @ slopes + offsets[:, None]).argmax(axis=-1)
    return found


def p_value(found: float, by_chance: ArrayLike) -> float:
    """Share of values that are no less than what was found, which is counted among them."""
    values = np.asarray(by_chance)
    return float((1 + (values >= found).sum()) / (1 + values.size))


def _balanced(labels: NDArray[np.integer], n_classes: int) -> NDArray[np.float64]:
    """Weights (P, n) of mean 1; all classes that occur have the same share."""
    counts = (labels[..., None] == np.arange(n_classes)).sum(axis=1)  # (P, K)
    occurring = (counts > 0).sum(axis=1, keepdims=True)
    return labels.shape[1] / (occurring * np.take_along_axis(counts, labels, axis=1))
