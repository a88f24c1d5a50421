"""What is reached without a deep network, and without looking at anything.

All are held out by subject: whatever is fitted, down to the scaling of a feature, is fitted on the
training samples of a fold alone. Settings are fixed beforehand and the same in every fold.
"""

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin, clone
from sklearn.decomposition import PCA
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from torch.nn import functional

from causalex_core.errors import CausalexError
from causalex_core.evaluation.confusions import known_labels
from causalex_core.recognition.data import CHANNELS, SIDE, Folds, Images

COMPONENTS = 60
_CELL = 2  # px; flow is averaged over cells of so many by so many
_MOVING = slice(1, CHANNELS)  # v and u, whose zero is at no fixed value

CLASSIFIERS = {
    "majority": DummyClassifier(strategy="most_frequent"),
    "linear model": RidgeClassifier(alpha=100, class_weight="balanced"),
    "RBF-SVM": SVC(C=3, class_weight="balanced"),
}


def descriptors(flow: Images) -> NDArray[np.float64]:
    """Flow as a vector.

    Parameters
    ----------
    flow
        uint8 (N, 28, 28, 3), one flow image of each sample: strain, v, u.

    Returns
    -------
    ndarray
        (N, 588): averages over cells of 2 x 2 pixels; v and u from the median of their image, as
        most of a face does not move.

    Raises
    ------
    CausalexError
        If the images have another shape.
    """
    if flow.shape[1:] != (SIDE, SIDE, CHANNELS):
        raise CausalexError(
            f"flow of shape {flow.shape}: expected (N, {SIDE}, {SIDE}, {CHANNELS}), one image of"
            " each sample"
        )
    motion = flow.astype(float)
    motion[..., _MOVING] -= np.median(motion[..., _MOVING], axis=(1, 2), keepdims=True)
    cells = SIDE // _CELL
    grid = motion.reshape(len(flow), cells, _CELL, cells, _CELL, CHANNELS)
    return grid.mean(axis=(2, 4)).reshape(len(flow), -1)


def components(features: NDArray[np.float64], folds: Folds) -> NDArray[np.float64]:
    """Principal components of standardised features, as the training samples of a fold have them.

    Returns
    -------
    ndarray
        (F, N, C) of all samples, C being 60 or as many as there can be.
    """
    n_train = len(features) - folds.held_out.sum(axis=1).max()
    kept = min(COMPONENTS, int(n_train), features.shape[1])
    axes = make_pipeline(StandardScaler(), PCA(kept, svd_solver="full"))
    fitted = (clone(axes).fit(features[~held]) for held in folds.held_out)
    return np.stack([one.transform(features) for one in fitted])


def held_out(
    classifier: ClassifierMixin, projected: NDArray[np.float64], labels: ArrayLike, folds: Folds
) -> NDArray[np.int64]:
    """Labels (N,) that a classifier of scikit-learn gives to each sample when it is held out.

    Parameters
    ----------
    classifier
        Not fitted; each fold fits a copy.
    projected
        (F, N, C) as :func:`components` gives them.
    labels
        (N,) true labels.
    folds
        Who is held out.
    """
    truth = np.asarray(labels, dtype=np.int64)
    predicted = np.empty_like(truth)
    for held, samples in zip(folds.held_out, projected, strict=True):
        fitted = clone(classifier).fit(samples[~held], truth[~held])
        predicted[held] = fitted.predict(samples[held])
    return predicted


def one_layer(
    projected: NDArray[np.float64], labels: ArrayLike, folds: Folds, n_classes: int, n_epochs: int
) -> NDArray[np.int64]:
    """Held-out labels (E, N) after each epoch of training a single layer.

    It is trained as CausalNet is: an epoch is one step of Adam on all training samples. The
    differences: Adam's own step width, and classes of equal weight. All folds train side by side.

    Parameters
    ----------
    projected, labels, folds
        As for :func:`held_out`.
    n_classes
        Number of classes K.
    n_epochs
        Steps E.

    Raises
    ------
    CausalexError
        If a label is not one of the classes.
    """
    truth = torch.tensor(known_labels(labels, n_classes))
    samples = torch.as_tensor(projected)
    weights = torch.as_tensor(_balanced(truth.numpy(), ~folds.held_out, n_classes))
    n_folds, n_samples, n_components = samples.shape
    slopes = torch.zeros(n_folds, n_components, n_classes, dtype=torch.float64, requires_grad=True)
    offsets = torch.zeros(n_folds, 1, n_classes, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.Adam([slopes, offsets])
    own = folds.held_out.argmax(axis=0)  # the fold that holds a sample out
    predicted = np.empty((n_epochs, n_samples), dtype=np.int64)
    for epoch in range(n_epochs):
        logits = samples @ slopes + offsets  # (F, N, K)
        losses = functional.cross_entropy(
            logits.flatten(0, 1), truth.repeat(n_folds), reduction="none"
        )
        optimiser.zero_grad()
        (losses.view(n_folds, n_samples) * weights).sum().backward()
        optimiser.step()
        with torch.no_grad():
            after = torch.einsum("nc,nck->nk", samples[own, range(n_samples)], slopes[own])
            predicted[epoch] = (after + offsets[own, 0]).argmax(dim=-1).numpy()
    return predicted


def prior_guesses(
    labels: ArrayLike,
    folds: Folds,
    n_classes: int,
    n_epochs: int,
    generator: np.random.Generator,
) -> NDArray[np.int64]:
    """Guesses (E, N) that know how often each class is in training, and nothing else.

    Every epoch guesses anew; epochs of a training resemble each other, so that as many of them
    are worth fewer guesses.

    Raises
    ------
    CausalexError
        If a label is not one of the classes.
    """
    truth = known_labels(labels, n_classes)
    counts = (~folds.held_out).astype(float) @ np.eye(n_classes)[truth]  # (F, K)
    borders = np.cumsum(counts / counts.sum(axis=1, keepdims=True), axis=1)[:, :-1]
    own = borders[folds.held_out.argmax(axis=0)]  # (N, K - 1)
    drawn = generator.random((n_epochs, len(truth), 1))
    return (drawn >= own).sum(axis=-1)


def _balanced(
    truth: NDArray[np.int64], train: NDArray[np.bool_], n_classes: int
) -> NDArray[np.float64]:
    """Weights (F, N) that sum to one in each fold, every class of its training to as much."""
    counts = train.astype(float) @ np.eye(n_classes)[truth]  # (F, K)
    weights = train / np.maximum(counts, 1)[:, truth]
    return weights / weights.sum(axis=1, keepdims=True)
