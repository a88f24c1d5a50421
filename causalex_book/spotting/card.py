"""The model card of the shipped spotter, with what was measured when it was trained."""

from collections.abc import Mapping
from string import Template
from typing import Any

import numpy as np

from causalex_core.evaluation.spotting import COUNTS
from causalex_core.evaluation.uncertainty import f1
from causalex_core.expressions import KINDS
from causalex_core.spotting.checkpoints import Spotter

# Of every model in this project.
MAY_NOT = """\
- No judgement about people: not in hiring, schools, policing, borders, insurance, medicine or
  advertising, and not to watch anybody who has not agreed to it.
- No inference of what somebody feels or means. A movement of the face is not an emotion, and a
  short one is not a hidden one.
- No lie detection. A concealed emotion, even where there is one, is no lie.
- No claim about real faces without a measurement on labelled real videos; there is none here.
"""
_TEXT = Template("""\
# Spotter of macro- and micro-expressions, trained on synthetic people

`spotter.safetensors` is the model behind `causalex spot` and `causalex_core.spotting.predict.spot`.
This card is written by the training that makes the weights; see *How it was made*.

## What it is

The network of Causal-Ex as its text describes it ($parameters parameters): two graph layers on
the motion of 12 regions of the face, mixed by the compound matrix of the video's own causal graph
(FCI) and a prior of action units, then convolutions along time. It gives scores of onset, apex
and offset per frame, for macro- and for micro-expressions. It sees 7 frames to each side, at $fps
frames per second; motion at another rate is resampled.

## What it is for

To try the whole chain on a video of one's own, to teach, and to test software. It marks *when* a
face moves as it does in an expression. It does not say which expression, and not why.

## What it may not be used for

$may_not
## What it was trained on

Synthetic people only: cohort version $version, fingerprint `$fingerprint`, \
$videos videos of $subjects
people, no real face. Their motion is generated with the noise that was measured on rendered
clips. The cohort contains planted biases (action unit 4 is tied to the micro-expressions of some
people), and nothing was done to remove them from this model: it may well prefer what it saw most.

## How well it does

On synthetic people whom it has not seen: $groups groups of people are held out in turn, each
judged by a model trained on the others, with the least scores that are best for the other groups.
Hits are counted at an overlap of 0.5, one to one. 30 epochs were preferred to 15 on the same
people, so that the figures flatter the model a little.

| Kind | F1 | Hits | Detections | Expressions |
|:--|--:|--:|--:|--:|
$rows
The shipped weights are trained on all groups. On real faces expect less: head motion, speech,
light and skin vary more than they do here. With glasses, beards, hands before the face or fast
turns of the head, expect false alarms.

## How it was made

    python -m causalex_book.spotting.shipped

trains it anew and writes weights and card: $epochs epochs, seed $seed, least scores $least. On
another machine the last digits of the weights differ. What decides the result (normalisation,
rules, settings of graph and extraction, fingerprint of the cohort) lies beside the weights in the
file.

Licence: MIT, as the rest of this project.
""")


def text(spotter: Spotter, about: Mapping[str, Any]) -> str:
    """Write the card of a model, from it and the notes of `shipped.train_shipped`."""
    measured = {kind: about["measured"][kind] for kind in KINDS}
    measured["overall"] = {
        name: sum(of_kind[name] for of_kind in measured.values()) for name in COUNTS
    }
    settings, training = spotter.settings, about["training"]
    return _TEXT.substitute(
        about["cohort"],
        may_not=MAY_NOT,
        parameters=f"{sum(weights.numel() for weights in spotter.network.parameters()):,}",
        fps=f"{settings.fps:g}",
        groups=training["groups"],
        rows="".join(_row(kind, counts) for kind, counts in measured.items()),
        epochs=training["training"]["epochs"],
        seed=training["seed"],
        least=", ".join(f"{settings.min_score[kind]:g} ({kind})" for kind in KINDS),
    )


def _row(kind: str, counts: Mapping[str, int]) -> str:
    score = float(f1(np.array([counts[name] for name in COUNTS])))
    return f"| {kind} | {score:.3f} | {counts['tp']} | {counts['n_pred']} | {counts['n_truth']} |\n"
