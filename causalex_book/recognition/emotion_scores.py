"""Emotions of real people under every rule of selection, of small models that are trained here.

Every subject is left out once. Tables: ``networks`` (what each network is), ``scores`` (system,
rule, scope, measure), ``differences`` (the same less the linear model, paired), ``gains`` of the
published rule, ``epochs`` (UF1 by network and rule if training had ended there) and ``floor`` (of
guesses without information, by number of epochs).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import torch
from torch import nn

from causalex_book.recognition import baselines, emotions, selection
from causalex_book.recognition.emotions import Counts, Recorded
from causalex_core import paths
from causalex_core.config import Count, CountOrAll, Parameters, Seed
from causalex_core.data import causalnet, manifest
from causalex_core.recognition import causalnet_text
from causalex_core.recognition.causalnet_text import CausalNetTextConfig
from causalex_core.recognition.model import SIDES, TOKENS, CausalNetConfig
from causalex_core.recognition.training import (
    COMPACT_TRAINING,
    DESCRIBED_TRAINING,
    PUBLISHED,
    STSTNET_TRAINING,
    Architecture,
    TrainingConfig,
    build,
    train,
)

SOURCES = ("causalnet_flow",)
LONG = "some ten minutes of CPU time"
NO_CHOICE = "nothing to choose"
LINEAR, GUESSES, ONE_LAYER = "linear model", "guesses", "one layer"
STSTNET, COMPACT = "STSTNet", "compact"
# as many as the public code of CausalNet chooses from
PUBLISHED_EPOCHS = PUBLISHED.epochs
_AT_ONCE = 8  # compact networks: a third of the time of one after the other


@dataclass(frozen=True)
class Config(Parameters):
    """Parameters of the page.

    Attributes
    ----------
    compact_epochs
        Epochs of the compact network; the learning rate falls to zero by the last.
    ststnet_epochs
        Epochs of STSTNet; the learning rate falls to zero by the last.
    layer_epochs
        Steps of the single layer.
    n_draws
        Repetitions of the guesses.
    most_subjects
        Subjects of each database, for a quick look; 0 is everybody.
    n_bootstrap
        Resamples of subjects behind each interval.
    seed
        Seed of weights, guesses and resampling.
    """

    compact_epochs: Count = COMPACT_TRAINING.epochs
    ststnet_epochs: Count = 20
    layer_epochs: Count = PUBLISHED_EPOCHS
    n_draws: Count = 100
    most_subjects: CountOrAll = 0
    n_bootstrap: Count = 5000
    seed: Seed = 1


def compute(config: Config) -> dict[str, pd.DataFrame]:
    """Tables as above."""
    source = manifest.require("causalnet_flow")
    clips = _few(causalnet.clips(source), config.most_subjects)
    recorded = Recorded.of(clips)
    flow = causalnet.images(source, clips)
    projected = baselines.components(baselines.descriptors(flow[:, 0]), recorded.folds)
    single = {
        name: recorded.counts(
            baselines.held_out(classifier, projected, recorded.labels, recorded.folds)
        )
        for name, classifier in baselines.CLASSIFIERS.items()
    }
    layer = baselines.one_layer(
        projected, recorded.labels, recorded.folds, len(causalnet.EMOTIONS), config.layer_epochs
    )
    networks = {
        STSTNET: replace(STSTNET_TRAINING, epochs=config.ststnet_epochs),
        COMPACT: replace(COMPACT_TRAINING, epochs=config.compact_epochs),
    }
    every_epoch = {
        name: _trained(flow, recorded, training, config) for name, training in networks.items()
    }
    numbers = {*emotions.FLOOR_AT, PUBLISHED_EPOCHS}
    guessed = emotions.guessed(recorded, numbers, config.n_draws, config.seed)
    systems = {
        GUESSES: guessed[PUBLISHED_EPOCHS],
        **{name: {NO_CHOICE: counts} for name, counts in single.items()},
        ONE_LAYER: selection.by_rule(recorded.counts(layer)),
        **{name: selection.by_rule(counts) for name, counts in every_epoch.items()},
    }
    others = {name: rules for name, rules in systems.items() if name != LINEAR}
    resampling = (config.n_bootstrap, config.seed)
    return {
        "networks": pd.DataFrame(_networks()),
        "scores": pd.DataFrame(emotions.scores(systems, recorded, *resampling)),
        "differences": pd.DataFrame(
            emotions.differences(others, single[LINEAR], recorded, *resampling)
        ),
        "gains": pd.DataFrame(emotions.gains(systems, *resampling)),
        "epochs": pd.DataFrame(
            {"system": name} | row
            for name, counts in every_epoch.items()
            for row in emotions.epochs(counts)
        ),
        "floor": pd.DataFrame(emotions.floor(guessed, recorded)),
    }


def _few(clips: pd.DataFrame, most_subjects: int) -> pd.DataFrame:
    """Clips of the first subjects of each database; of all if there is no limit."""
    if not most_subjects:
        return clips
    order = clips.groupby("database")["subject"].transform(lambda names: pd.factorize(names)[0])
    return clips[order < most_subjects]


def _trained(
    flow: np.ndarray, recorded: Recorded, training: TrainingConfig, config: Config
) -> Counts:
    """Counts (E, S, K, K) of a network per subject."""
    outcome = train(
        causalnet_text.centred(flow),
        recorded.labels,
        recorded.folds,
        training,
        seeds=(config.seed,),
        folder=paths.data_folder() / "training",
        runs_at_once=_AT_ONCE if isinstance(training.network, CausalNetTextConfig) else None,
    )
    return recorded.counts(outcome.held_out()[0].argmax(axis=-1))


def _networks() -> Iterator[emotions.Row]:
    """What each network is, in the words of the specification; numbers come from the code."""
    published = CausalNetConfig()
    within = [(side // block) ** 2 for side, block in zip(SIDES, published.blocks, strict=True)]
    whole = _parameters(published)
    yield {
        "network": "as published",
        "input": "two flow maps between three key frames, and two that follow from them",
        "parameters": whole,
        "at_work": _parameters(replace(published, folded=True)),
        "tokens": f"{' / '.join(map(str, within))}, then {TOKENS}",
        "positions": "a token of a phase is every fourth channel; one number for all places",
        "zero_of_flow": "at no fixed value: 0 to 255 as stored",
        "head": "two linear maps with nothing between",
    }
    for name, config in (
        ("as described", DESCRIBED_TRAINING.network),
        (COMPACT, COMPACT_TRAINING.network),
    ):
        assert isinstance(config, CausalNetTextConfig)
        of_quarter = _made(config).get_parameter("flow.position").shape[1]
        cells = f", in cells of {config.cells} x {config.cells} pixels" if config.cells > 1 else ""
        straight = "; the first phase also straight, by one" if config.straight else ""
        face = "face stitched around eyes and mouth" if config.stitched else "whole face"
        yield {
            "network": name,
            "input": f"two flow maps between three key frames{cells}",
            "parameters": _parameters(config),
            "at_work": _parameters(config),
            "tokens": f"{of_quarter}, then {TOKENS}" if config.repeats[0] else f"{TOKENS}",
            "positions": f"a token of a phase is a quarter of the {face}; a vector for each place",
            "zero_of_flow": "the median of the image",
            "head": f"two linear maps with GELU between{straight}",
        }
    shallow = STSTNET_TRAINING.network
    yield {
        "network": STSTNET,
        "input": "one flow map, onset to apex",
        "parameters": _parameters(shallow),
        "at_work": _parameters(shallow),
        "tokens": "no attention",
        "positions": "those of the pixels",
        "zero_of_flow": "the median of the image",
        "head": "one linear map",
    }


def _made(config: Architecture) -> nn.Module:
    """Network without memory for its weights."""
    with torch.device("meta"):
        return build(config)


def _parameters(config: Architecture) -> int:
    return sum(parameter.numel() for parameter in _made(config).parameters())
