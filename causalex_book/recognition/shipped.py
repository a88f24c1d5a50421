"""Training of the recogniser that ships: ``python -m causalex_book.recognition.shipped``.

It is trained on synthetic people alone, so that it can be given to anybody, at their true key
frames; it is measured at those and with the errors of the shipped spotter.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from causalex_book.recognition import card, filmed, spotted
from causalex_core import paths
from causalex_core.data.causalnet import EMOTIONS
from causalex_core.evaluation import confusions
from causalex_core.expressions import FRAMES, KINDS
from causalex_core.recognition import checkpoints
from causalex_core.recognition.causalnet_text import CausalNetText, CausalNetTextConfig, centred
from causalex_core.recognition.checkpoints import Recogniser
from causalex_core.recognition.data import Augmentation, Folds, Images
from causalex_core.recognition.flow_images import FlowConfig
from causalex_core.recognition.key_frames import KeyFrameNoise, KeyFrames, perturb
from causalex_core.recognition.training import TrainingConfig, train
from causalex_synthetic import dataset
from causalex_synthetic.dataset import Cohort

TRUE, SPOTTED = "true", "with errors"
# The network around eyes and mouth: on rendered people it read more than the whole face, which is
# the better of the two on real maps. Some relaxations are hidden, so that it also knows what it is
# to see none.
_TRAINING = TrainingConfig(
    network=CausalNetTextConfig(
        widths=(24, 48),
        heads=(2, 4),
        repeats=(1, 1),
        exchanges=1,
        fused=48,
        fused_heads=4,
        hidden=64,
    ),
    lr=1e-3,
    cosine=True,
    weight_decay=0.05,
    epochs=20,
    batch=64,
    balanced=True,
    augmentation=Augmentation(drop_relaxation=0.3),
)
_JUDGED = "people who are only judged"


@dataclass(frozen=True)
class Config:
    """What the shipped model is made of.

    Attributes
    ----------
    people
        Of all its cohorts, but for plan and seed; without the planted bias, so that the kind of
        an expression tells nothing about its emotion.
    plans
        Databases that its people are like; each seed below gives a cohort of each.
    errors, learn, judged
        Seeds of the people on whom the spotter's errors are measured, of those who are trained
        on, and of those who are only judged.
    flow
        How flow images are made.
    training
        Network, loss and optimiser.
    seed
        Of the weights, of the order of the samples, and of the errors.
    """

    people: dataset.Config = field(default_factory=lambda: dataset.Config(tied=0.0))
    plans: tuple[str, ...] = ("cas_like", "samm_like")
    errors: tuple[int, ...] = (901,)
    learn: tuple[int, ...] = (1001, 1002)
    judged: tuple[int, ...] = (1101,)
    flow: FlowConfig = field(default_factory=FlowConfig)
    training: TrainingConfig = _TRAINING
    seed: int = 1

    def drawn(self, seeds: Sequence[int]) -> list[Cohort]:
        """Cohorts of some seeds, of all plans."""
        return [
            dataset.draw(replace(self.people, plan=plan, seed=seed))
            for seed in seeds
            for plan in self.plans
        ]


@dataclass(frozen=True)
class FlowDataset:
    """Expressions as flow images.

    Attributes
    ----------
    images : (N, 2, 28, 28, 3) array
        uint8, see :mod:`causalex_core.recognition.data`.
    rows
        ``subject, kind, label, key_frames`` of each; subjects of all cohorts have names of their
        own, and the last is `TRUE` or `SPOTTED`.
    """

    images: Images
    rows: pd.DataFrame


def train_shipped(config: Config | None = None) -> tuple[Recogniser, dict[str, Any]]:
    """Train the model, and measure it on people whom it has not seen.

    Returns
    -------
    tuple
        The recogniser; and what its card tells: where it comes from, and counts by true and by
        predicted emotion of people who were only judged, by kind and by key frames.
    """
    config = config or Config()
    laws = measured_errors(config.drawn(config.errors))
    learn, judged = config.drawn(config.learn), config.drawn(config.judged)
    parts = [material(learn, config), material(judged, config, laws)]
    rows = pd.concat([part.rows for part in parts], ignore_index=True)
    held_out = np.arange(len(rows)) >= len(parts[0].rows)
    outcome = train(
        centred(np.concatenate([part.images for part in parts])),
        rows["label"],
        Folds((_JUDGED,), held_out[None]),
        config.training,
        seeds=[config.seed],
        keep_weights=True,
        device="cpu",
    )
    network = outcome.model(0, config.training)
    assert isinstance(network, CausalNetText)
    said = pd.Series(outcome.predictions[0][-1].argmax(axis=1), index=np.flatnonzero(held_out))
    about = {
        "people": {
            "version": dataset.VERSION,
            "fingerprints": [one.fingerprint for one in learn],
            "subjects": sum(len(one.people) for one in learn),
            "judged": sum(len(one.people) for one in judged),
        },
        "expressions": parts[0].rows["kind"].value_counts().to_dict(),
        "training": asdict(config),
        "measured": _measured(rows[held_out], said),
    }
    return Recogniser(network, config.flow), about


def measured_errors(cohorts: Sequence[Cohort]) -> Mapping[str, KeyFrameNoise]:
    """Errors of the shipped spotter's key frames on some cohorts, by kind of expression."""
    found = [(people, spotted.detections(people)) for people in cohorts]
    laws = {}
    for kind in KINDS:
        of_kind = [
            spotted.errors(people.expressions, detections, kind, people.plan.fps)
            for people, detections in found
        ]
        errors = np.concatenate(of_kind).tolist()
        drawn = tuple((onset, apex, offset) for onset, apex, offset in errors)
        laws[kind] = KeyFrameNoise(kind="measured", level=1.0, unit="seconds", errors=drawn)
    return laws


def material(
    cohorts: Sequence[Cohort], config: Config, laws: Mapping[str, KeyFrameNoise] | None = None
) -> FlowDataset:
    """Expressions of the three emotions at their true key frames; with laws, also with errors.

    Parameters
    ----------
    cohorts
        Whose.
    config
        How they are filmed.
    laws
        Errors by kind of expression.
    """
    images: list[Images] = []
    rows: list[pd.DataFrame] = []
    for number, people in enumerate(cohorts):
        table = people.expressions.query("emotion in @EMOTIONS")
        places = {TRUE: table[list(FRAMES)].to_numpy(int)}
        if laws:
            places[SPOTTED] = _with_errors(people, table, laws, config.seed)
        shown = filmed.clips(
            people, table.index.tolist(), np.stack(list(places.values())), config.flow
        )
        images.append(shown.reshape(-1, *shown.shape[2:]))
        rows.extend(
            pd.DataFrame(
                {
                    "subject": table["subject"] + f" of cohort {number}",
                    "kind": table["kind"],
                    "label": table["emotion"].map(EMOTIONS.index),
                    "key_frames": name,
                }
            )
            for name in places
        )
    return FlowDataset(np.concatenate(images), pd.concat(rows, ignore_index=True))


def _with_errors(
    people: Cohort, table: pd.DataFrame, laws: Mapping[str, KeyFrameNoise], seed: int
) -> KeyFrames:
    """Key frames (N, 3) of expressions with errors of their kind."""
    generator = np.random.default_rng([seed, people.config.seed])
    length = table["video"].map({video.name: video.frames for video in people.videos}).to_numpy()
    places = table[list(FRAMES)].to_numpy(int, copy=True)
    for kind, law in laws.items():
        own = (table["kind"] == kind).to_numpy()
        places[own] = perturb(places[own], law, people.plan.fps, length[own], generator)
    return places


def _measured(rows: pd.DataFrame, said: pd.Series) -> dict[str, dict[str, list[list[int]]]]:
    """Counts (3, 3) by kind, then by key frames."""
    found: dict[str, dict[str, list[list[int]]]] = {}
    for kind in KINDS:
        for name in (TRUE, SPOTTED):
            own = rows.query("kind == @kind and key_frames == @name")
            counts = confusions.per_subject(
                said[own.index].to_numpy(), own["label"], own["subject"], len(EMOTIONS)
            )
            found.setdefault(kind, {})[name] = counts.sum(axis=0).tolist()
    return found


def main() -> None:
    """Train, and write the weights and their card."""
    recogniser, about = train_shipped()
    checkpoints.save(recogniser, checkpoints.SHIPPED, about)
    paths.atomic_write(checkpoints.SHIPPED.with_name("CARD.md"), card.text(recogniser, about))


if __name__ == "__main__":
    main()
