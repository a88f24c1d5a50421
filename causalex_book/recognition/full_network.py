"""CausalNet as published, trained on real maps: the whole network, as many models as time gave.

The published protocol trains a network of 235 million living parameters for each of 68 subjects.
Here a model leaves out one of five groups of subjects and judges all of them, so that it is
trained on a fifth less. The compact network and the linear model, on the same folds, and guesses
stand beside it.

Tables: ``models`` (a row per model that was trained), ``scores`` (system, rule, scope, measure),
``gains`` of the published rule (system, over, measure), ``differences`` (each network at its last
epoch less the linear model, by scope, paired), ``epochs`` (UF1 by rule if training had ended
there), ``floor`` (of guesses, by number of epochs), ``losses`` (mean over models, by system) and
``precision`` (the first model's losses with products in float32 and in bfloat16, and how often
both name the same emotion).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from causalex_book.recognition import baselines, emotions, selection
from causalex_book.recognition.emotions import Counts, Recorded
from causalex_book.recognition.inner_recognisers import group_folds
from causalex_book.recognition.selection import LAST
from causalex_book.spotting import nested
from causalex_core import paths
from causalex_core.config import Count, CountOrAll, Parameters, Seed, within
from causalex_core.data import causalnet, manifest
from causalex_core.recognition import causalnet_text, data
from causalex_core.recognition.data import Folds
from causalex_core.recognition.model import CausalNetConfig
from causalex_core.recognition.training import COMPACT_TRAINING, PUBLISHED, FoldResults, train

SOURCES = ("causalnet_flow",)
LONG = "some two hours on two cores"
PUBLISHED_NETWORK, COMPACT = "CausalNet as published", "compact"
LINEAR, GUESSES = "linear model", "guesses"
NO_CHOICE = "nothing to choose"


@dataclass(frozen=True)
class Config(Parameters):
    """Parameters of the page.

    Attributes
    ----------
    groups
        Groups of subjects, of five, that are held out, each by a model of its own.
    epochs
        Epochs of the published network and of the guesses; one step on all training samples each.
    repeats
        Layers of the published network's three stages.
    exact_epochs
        Epochs for which the first model is trained once more with products in float32 rather
        than bfloat16, to compare; 0: it is not.
    n_draws
        Repetitions of the guesses.
    n_bootstrap
        Resamples of subjects behind each interval.
    seed
        Seed of weights, guesses and resampling.
    """

    groups: Annotated[int, within(1, nested.GROUPS)] = nested.GROUPS
    epochs: Count = 200
    repeats: tuple[Count, Count, Count] = (3, 3, 9)
    exact_epochs: CountOrAll = 50
    n_draws: Count = 100
    n_bootstrap: Count = 5000
    seed: Seed = 1


def compute(config: Config) -> dict[str, pd.DataFrame]:
    """Tables as above."""
    source = manifest.require("causalnet_flow")
    clips = causalnet.clips(source)
    flow = causalnet.images(source, clips)
    labels = clips["label"].to_numpy()
    every = group_folds(clips["subject"].tolist())
    folds = Folds(every.subjects[: config.groups], every.held_out[: config.groups])
    judged = folds.held_out.any(axis=0)
    recorded = Recorded.of(clips.iloc[np.flatnonzero(judged)])
    trained = partial(
        train,
        labels=labels,
        folds=folds,
        seeds=(config.seed,),
        folder=paths.data_folder() / "training",
    )
    published = replace(
        PUBLISHED,
        network=CausalNetConfig(repeats=config.repeats, folded=True),
        epochs=config.epochs,
        precision="bfloat16",
    )
    images = data.inputs(flow)
    outcomes = {
        PUBLISHED_NETWORK: trained(images, config=published),
        COMPACT: trained(causalnet_text.centred(flow), config=COMPACT_TRAINING),
    }
    exact = None
    if config.exact_epochs:
        first = Folds(folds.subjects[:1], folds.held_out[:1])
        settings = replace(published, precision="float32", epochs=config.exact_epochs)
        exact = trained(images, folds=first, config=settings)
    every_epoch = {
        name: recorded.counts(_predicted(outcome, len(labels))[:, judged])
        for name, outcome in outcomes.items()
    }
    systems: dict[str, Mapping[str, Counts]] = {
        name: selection.by_rule(counts) for name, counts in every_epoch.items()
    }
    projected = baselines.components(baselines.descriptors(flow[:, 0]), folds)
    linear = baselines.held_out(baselines.CLASSIFIERS[LINEAR], projected, labels, folds)
    reference = recorded.counts(linear[judged])
    at_end = {name: {LAST: systems[name][LAST]} for name in outcomes}
    systems[LINEAR] = {NO_CHOICE: reference}
    numbers = {number for number in emotions.FLOOR_AT if number < config.epochs} | {config.epochs}
    guesses = emotions.guessed(recorded, numbers, config.n_draws, config.seed)
    systems[GUESSES] = guesses[config.epochs]
    resampling = (config.n_bootstrap, config.seed)
    return {
        "models": pd.DataFrame(_models(outcomes[PUBLISHED_NETWORK], clips)),
        "scores": pd.DataFrame(emotions.scores(systems, recorded, *resampling)),
        "gains": pd.DataFrame(emotions.gains(systems, *resampling)),
        "differences": pd.DataFrame(emotions.differences(at_end, reference, recorded, *resampling)),
        "epochs": pd.DataFrame(_epochs(every_epoch)),
        "floor": pd.DataFrame(emotions.floor(guesses, recorded)),
        "losses": pd.DataFrame(_losses(outcomes)),
        "precision": pd.DataFrame(_precision(outcomes[PUBLISHED_NETWORK], exact)),
    }


def _predicted(outcome: FoldResults, n_samples: int) -> NDArray[np.int64]:
    """Labels (E, N) after every epoch; 0 for samples that nobody held out."""
    found = np.zeros((outcome.losses.shape[1], n_samples), dtype=np.int64)
    for run, logits in zip(outcome.runs, outcome.predictions, strict=True):
        found[:, run.fold.held_out] = logits.argmax(-1)
    return found


def _models(outcome: FoldResults, clips: pd.DataFrame) -> Iterator[emotions.Row]:
    for run, losses in zip(outcome.runs, outcome.losses, strict=True):
        yield {
            "model": run.fold.name,
            "trained_on": len(run.fold.train),
            "held_out": len(run.fold.held_out),
            "subjects": clips["subject"].iloc[run.fold.held_out].nunique(),
            "epochs": len(losses),
            "loss": float(losses[-1]),
        }


def _epochs(every_epoch: Mapping[str, Counts]) -> Iterator[emotions.Row]:
    """Composite UF1 if training had ended after so many epochs."""
    for system, counts in every_epoch.items():
        for row in emotions.epochs(counts):
            yield {"system": system} | row


def _losses(outcomes: Mapping[str, FoldResults]) -> Iterator[emotions.Row]:
    """Training loss after every epoch, the mean over models and its range."""
    for system, outcome in outcomes.items():
        for epoch, losses in enumerate(outcome.losses.T, start=1):
            yield {
                "system": system,
                "epoch": epoch,
                "loss": float(losses.mean()),
                "low": float(losses.min()),
                "high": float(losses.max()),
            }


def _precision(rounded: FoldResults, exact: FoldResults | None) -> Iterator[emotions.Row]:
    """Both trainings of the first model, while both last."""
    if exact is None:
        return
    pairs = zip(
        rounded.losses[0],
        exact.losses[0],
        rounded.predictions[0],
        exact.predictions[0],
        strict=False,
    )
    for epoch, (loss, exact_loss, logits, exact_logits) in enumerate(pairs, start=1):
        yield {
            "epoch": epoch,
            "float32": float(exact_loss),
            "bfloat16": float(loss),
            "agreement": float((logits.argmax(-1) == exact_logits.argmax(-1)).mean()),
        }
