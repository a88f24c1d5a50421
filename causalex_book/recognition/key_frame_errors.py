"""Recognisers tested on wrong key frames, and on flow of another source.

Recognisers are trained on true key frames of some people and tested on others, whose key frames
have errors. Nothing is selected on test predictions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin, clone
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from causalex_book.recognition import baselines, filmed
from causalex_core.recognition.causalnet_text import COMPACT, centred
from causalex_core.recognition.checkpoints import without_relaxation
from causalex_core.recognition.data import Augmentation, Folds, Images
from causalex_core.recognition.flow_images import FlowConfig
from causalex_core.recognition.key_frames import NAMES, KeyFrameNoise, KeyFrames, perturb
from causalex_core.recognition.training import COMPACT_TRAINING, TrainingConfig, train
from causalex_synthetic import dataset

TRUE = KeyFrameNoise(level=0.0)
LINEAR, LINEAR_APEX = "linear model", "linear model, onset to apex"

Motion = NDArray[Any]  # flow images, or flow from its median


@dataclass(frozen=True)
class Recogniser:
    """A network and its training, or a classifier on principal components.

    With `one_phase` it sees the flow from onset to apex alone, in training and in testing.
    Training of one that is `taught` also shows each expression with wrong key frames, in fewer
    epochs, for as many steps.
    """

    model: TrainingConfig | ClassifierMixin
    one_phase: bool = False
    taught: bool = False


COMPACT_BOTH, COMPACT_APEX, TAUGHT = "compact", "compact, onset to apex", "compact, taught errors"
ATTENTION = "compact, attention alone"
RECOGNISERS: Mapping[str, Recogniser] = {
    COMPACT_BOTH: Recogniser(COMPACT_TRAINING),
    COMPACT_APEX: Recogniser(COMPACT_TRAINING, one_phase=True),
    TAUGHT: Recogniser(COMPACT_TRAINING, taught=True),
    "compact, no exchange": Recogniser(
        replace(COMPACT_TRAINING, network=replace(COMPACT, exchanges=0))
    ),
    # both phases in every sample, and no way around the attention between them
    ATTENTION: Recogniser(
        replace(
            COMPACT_TRAINING,
            network=replace(COMPACT, straight=False),
            augmentation=Augmentation(cutout=0.25, mixup=0.4),
        )
    ),
    LINEAR: Recogniser(baselines.CLASSIFIERS[LINEAR]),
    LINEAR_APEX: Recogniser(baselines.CLASSIFIERS[LINEAR], one_phase=True),
    "linear model, taught errors": Recogniser(baselines.CLASSIFIERS[LINEAR], taught=True),
}


@dataclass(frozen=True)
class Filmed:
    """Expressions of synthetic people, with several distributions of key-frame errors.

    N rows of :func:`causalex_book.recognition.filmed.micro_expressions`, people named apart; key
    frames (L, N, 3) with errors of each distribution, and flow images (L, N, 2, 28, 28, 3) from
    them; flow images (C, N, 2, 28, 28, 3) for training, from true key frames and with errors of
    each lesson.
    """

    table: pd.DataFrame
    key_frames: KeyFrames
    tests: Images
    lessons: Images


def film(
    datasets: Sequence[dataset.Config],
    noises: Sequence[KeyFrameNoise],
    lessons: Sequence[KeyFrameNoise],
    most: int,
    config: FlowConfig | None = None,
    seed: int = 1,
) -> Filmed:
    """Film at most `most` expressions of each emotion and cohort, of any person.

    Parameters
    ----------
    datasets
        Synthetic people.
    noises
        Errors in testing; all from the same random numbers, so that levels compare.
    lessons
        Errors in training, each from its own random numbers.
    config, seed
        Of the flow images, and of the random numbers.
    """
    tables, key_frames, images = [], [], []
    streams = [0] * len(noises) + [0, *range(1, len(lessons) + 1)]
    for number, settings in enumerate(datasets):
        people = dataset.draw(settings)
        table = filmed.micro_expressions(people).sample(frac=1, random_state=seed)
        table = table.groupby("label").head(most).sort_index()
        wrong = [
            perturb(
                table[list(NAMES)].to_numpy(),
                noise,
                table["fps"].to_numpy(),
                table["n_frames"].to_numpy(),
                np.random.default_rng([seed, number, stream]),
            )
            for noise, stream in zip((*noises, TRUE, *lessons), streams, strict=True)
        ]
        images.append(filmed.clips(people, table.index.tolist(), np.stack(wrong), config))
        key_frames.append(np.stack(wrong))
        tables.append(table.assign(subject=f"{number + 1}_" + table["subject"]))
    flow = np.concatenate(images, axis=1)
    return Filmed(
        table=pd.concat(tables, ignore_index=True),
        key_frames=np.concatenate(key_frames, axis=1)[: len(noises)],
        tests=flow[: len(noises)],
        lessons=flow[len(noises) :],
    )


def predict(
    lessons: Motion,
    tests: Motion,
    labels: ArrayLike,
    folds: Folds,
    recogniser: Recogniser,
    seeds: Sequence[int] = (1,),
    folder: Path | None = None,
) -> NDArray[np.int64]:
    """Held-out predictions (seeds, L, N) on test flow.

    Parameters
    ----------
    lessons, tests
        Training flow (C, N, 2, 28, 28, 3), of which only the first is used unless the recogniser
        is taught errors; test flow (L, N, 2, 28, 28, 3).
    labels, folds
        (N,) classes from 0 to 2, and who is held out.
    recogniser
        Model and training.
    seeds, folder
        Of networks, see :func:`causalex_core.recognition.training.train`.
    """
    truth = np.asarray(labels, dtype=np.int64)
    if not recogniser.taught:
        lessons = lessons[:1]
    if recogniser.one_phase:
        lessons, tests = without_relaxation(lessons), without_relaxation(tests)
    if isinstance(recogniser.model, TrainingConfig):
        return _by_network(lessons, tests, truth, folds, recogniser.model, seeds, folder)
    return _by_classifier(lessons, tests, truth, folds, recogniser.model)[None]


def _by_network(
    lessons: Motion,
    tests: Motion,
    truth: NDArray[np.int64],
    folds: Folds,
    config: TrainingConfig,
    seeds: Sequence[int],
    folder: Path | None,
) -> NDArray[np.int64]:
    copies, count = lessons.shape[:2]
    result = train(
        centred(lessons.reshape(-1, *lessons.shape[2:])),
        np.tile(truth, copies),
        Folds(folds.subjects, np.tile(folds.held_out, copies)),
        replace(config, epochs=max(1, round(config.epochs / copies))),
        seeds=seeds,
        folder=folder,
        keep_weights=True,
    )
    predicted = np.empty((len(seeds), *tests.shape[:2]), dtype=np.int64)
    for number, run in enumerate(result.runs):
        held = run.fold.held_out[run.fold.held_out < count]
        motion = centred(tests[:, held].reshape(-1, *tests.shape[2:]))
        with torch.no_grad():
            labels = result.model(number, config)(torch.from_numpy(motion)).argmax(-1).numpy()
        predicted[seeds.index(run.seed), :, held] = labels.reshape(-1, len(held)).T
    return predicted


def _by_classifier(
    lessons: Motion,
    tests: Motion,
    truth: NDArray[np.int64],
    folds: Folds,
    classifier: ClassifierMixin,
) -> NDArray[np.int64]:
    train_features, test_features = _features(lessons), _features(tests)
    predicted = np.empty(tests.shape[:2], dtype=np.int64)
    for held in folds.held_out:
        known = train_features[:, ~held].reshape(-1, train_features.shape[-1])
        axes = PCA(min(baselines.COMPONENTS, *known.shape), svd_solver="full")
        fitted = make_pipeline(StandardScaler(), axes, clone(classifier))
        fitted.fit(known, np.tile(truth[~held], len(train_features)))
        rows = test_features[:, held]
        labels = fitted.predict(rows.reshape(-1, rows.shape[-1]))
        predicted[:, held] = labels.reshape(rows.shape[:2])
    return predicted


def _features(flow: Motion) -> NDArray[np.float64]:
    """Descriptors (..., 1176) of both phases of flow (..., 2, 28, 28, 3)."""
    features = baselines.descriptors(flow.reshape(-1, *flow.shape[-3:]))
    return features.reshape(*flow.shape[:-4], -1)
