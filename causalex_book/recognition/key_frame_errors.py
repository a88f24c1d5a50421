"""What recognisers lose when key frames are wrong, and when flow comes from elsewhere.

Recognisers are trained on true key frames of some people and judge the others, whose key frames
have errors. Nothing is chosen by what they say of anybody.
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
from causalex_core.recognition.data import Augmentation, Folds, Images
from causalex_core.recognition.flow_images import FlowConfig
from causalex_core.recognition.key_frames import NAMES, KeyFrameNoise, KeyFrames, perturb
from causalex_core.recognition.training import COMPACT_TRAINING, TrainingConfig, train
from causalex_synthetic import dataset

TRUE = KeyFrameNoise(level=0.0)
LINEAR, LINEAR_APEX = "linear model", "linear model, onset to apex"
SVM_APEX = "RBF-SVM, onset to apex"

Motion = NDArray[Any]  # flow images, or what was made of them


@dataclass(frozen=True)
class Recogniser:
    """What judges.

    Attributes
    ----------
    how
        A network and its training, or a classifier on principal components.
    one_phase
        Whether only the flow from onset to apex is seen, in training as later.
    taught
        Whether training also shows each expression with key frames that have errors; epochs are
        then fewer, for as many steps.
    """

    how: TrainingConfig | ClassifierMixin
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
    LINEAR: Recogniser(baselines.CLASSIFIERS["linear model"]),
    LINEAR_APEX: Recogniser(baselines.CLASSIFIERS["linear model"], one_phase=True),
    "linear model, taught errors": Recogniser(baselines.CLASSIFIERS["linear model"], taught=True),
}


@dataclass(frozen=True)
class Filmed:
    """Expressions of synthetic people, under several laws of key-frame errors.

    Attributes
    ----------
    table
        N rows of :func:`causalex_book.recognition.filmed.micro_expressions`, people named apart.
    key_frames : (L, N, 3) array
        What is believed under each law.
    tests : (L, N, 2, 28, 28, 3) array
        Flow images from those key frames.
    lessons : (C, N, 2, 28, 28, 3) array
        What may be trained on: from true key frames, then from those of each lesson.
    """

    table: pd.DataFrame
    key_frames: KeyFrames
    tests: Images
    lessons: Images


def film(
    cohorts: Sequence[dataset.Config],
    laws: Sequence[KeyFrameNoise],
    lessons: Sequence[KeyFrameNoise],
    most: int,
    config: FlowConfig | None = None,
    seed: int = 1,
) -> Filmed:
    """Film expressions of several cohorts.

    Parameters
    ----------
    cohorts
        Whom.
    laws
        Of the errors that are judged; all from the same random numbers, so that levels compare.
    lessons
        Of those that may be trained on, each from its own.
    most
        Expressions of each emotion and cohort, at most, drawn without regard to the person.
    config
        Of the flow images; defaults if None.
    seed
        Of what is drawn here.
    """
    tables, believed, images = [], [], []
    streams = [0] * len(laws) + [0, *range(1, len(lessons) + 1)]
    for number, each in enumerate(cohorts):
        people = dataset.draw(each)
        table = filmed.micro_expressions(people).sample(frac=1, random_state=seed)
        table = table.groupby("label").head(most).sort_index()
        wrong = [
            perturb(
                table[list(NAMES)].to_numpy(),
                law,
                table["fps"].to_numpy(),
                table["n_frames"].to_numpy(),
                np.random.default_rng([seed, number, stream]),
            )
            for law, stream in zip((*laws, TRUE, *lessons), streams, strict=True)
        ]
        images.append(filmed.clips(people, table.index.tolist(), np.stack(wrong), config))
        believed.append(np.stack(wrong))
        tables.append(table.assign(subject=f"{number + 1}_" + table["subject"]))
    flow = np.concatenate(images, axis=1)
    return Filmed(
        table=pd.concat(tables, ignore_index=True),
        key_frames=np.concatenate(believed, axis=1)[: len(laws)],
        tests=flow[: len(laws)],
        lessons=flow[len(laws) :],
    )


def judged(
    lessons: Motion,
    tests: Motion,
    labels: ArrayLike,
    folds: Folds,
    recogniser: Recogniser,
    seeds: Sequence[int] = (1,),
    folder: Path | None = None,
) -> NDArray[np.int64]:
    """What people are judged to show by recognisers that were trained on others.

    Parameters
    ----------
    lessons : (C, N, 2, 28, 28, 3) array
        Flow that is trained on; of several, only by recognisers that are taught errors.
    tests : (L, N, 2, 28, 28, 3) array
        Flow that is judged.
    labels
        (N,) classes from 0 to 2.
    folds
        Who is held out.
    recogniser
        What judges.
    seeds
        Of networks; a classifier has none.
    folder
        Where training keeps its progress, see :func:`causalex_core.recognition.training.train`.

    Returns
    -------
    (seeds, L, N) array
        Classes.
    """
    truth = np.asarray(labels, dtype=np.int64)
    if not recogniser.taught:
        lessons = lessons[:1]
    if recogniser.one_phase:
        lessons, tests = _first_alone(lessons), _first_alone(tests)
    if isinstance(recogniser.how, TrainingConfig):
        return _by_network(lessons, tests, truth, folds, recogniser.how, seeds, folder)
    return _by_classifier(lessons, tests, truth, folds, recogniser.how)[None]


def _first_alone(flow: Motion) -> Motion:
    """Flow without what happens after the apex."""
    alone = flow.copy()
    alone[..., 1, :, :, :] = 0
    return alone


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
    outcome = train(
        centred(lessons.reshape(-1, *lessons.shape[2:])),
        np.tile(truth, copies),
        Folds(folds.subjects, np.tile(folds.held_out, copies)),
        replace(config, epochs=max(1, round(config.epochs / copies))),
        seeds=seeds,
        folder=folder,
        keep_weights=True,
    )
    found = np.empty((len(seeds), *tests.shape[:2]), dtype=np.int64)
    for number, run in enumerate(outcome.runs):
        held = run.fold.held_out[run.fold.held_out < count]
        seen = centred(tests[:, held].reshape(-1, *tests.shape[2:]))
        with torch.no_grad():
            logits = outcome.model(number, config)(torch.from_numpy(seen))
        found[seeds.index(run.seed), :, held] = logits.argmax(-1).numpy().reshape(-1, len(held)).T
    return found


def _by_classifier(
    lessons: Motion,
    tests: Motion,
    truth: NDArray[np.int64],
    folds: Folds,
    classifier: ClassifierMixin,
) -> NDArray[np.int64]:
    shown, asked = _features(lessons), _features(tests)
    found = np.empty(tests.shape[:2], dtype=np.int64)
    for held in folds.held_out:
        known = shown[:, ~held].reshape(-1, shown.shape[-1])
        axes = PCA(min(baselines.COMPONENTS, *known.shape), svd_solver="full")
        fitted = make_pipeline(StandardScaler(), axes, clone(classifier))
        fitted.fit(known, np.tile(truth[~held], len(shown)))
        own = asked[:, held]
        found[:, held] = fitted.predict(own.reshape(-1, own.shape[-1])).reshape(own.shape[:2])
    return found


def _features(flow: Motion) -> NDArray[np.float64]:
    """Descriptors (..., 1176) of both phases of flow (..., 2, 28, 28, 3)."""
    each = baselines.descriptors(flow.reshape(-1, *flow.shape[-3:]))
    return each.reshape(*flow.shape[:-4], -1)
