"""The model card of the shipped recogniser, with what was measured when it was trained."""

from collections.abc import Mapping, Sequence
from string import Template
from typing import Any

import numpy as np

from causalex_book.spotting.card import MAY_NOT
from causalex_core.data.causalnet import EMOTIONS
from causalex_core.evaluation import confusions
from causalex_core.recognition.checkpoints import Recogniser

_TEXT = Template("""\
# Recogniser of negative, positive and surprise, trained on synthetic people

`recogniser.safetensors` is the model behind `causalex recognise` and
`causalex_core.recognition.predict.recognise`. This card is written by the training that makes the
weights; see *How it was made*.

## What it is

The compact network of this project that does what the text of CausalNet describes ($parameters
parameters). It sees an expression as two images of optical flow, from onset to apex and from apex
to offset, and gives the probabilities of three groups of movements that the field calls negative,
positive and surprise.

## What it is for

To try the whole chain, spot and then recognise, on a video of one's own, to teach, and to test
software. It always names one of the three, also where a face only blinks, speaks or turns, and
for expressions of none of them.

## What it may not be used for

$may_not
## What it was trained on

Synthetic people only: $n_micro micro- and $n_macro macro-expressions of $subjects people at their
true key frames, no real face (cohorts of version $version, fingerprints
$fingerprints). In this generator an emotion is a set
of action units (positive 12 and 6; negative 4, 7 and 9; surprise 1, 2 and 5): what the model knows
of emotions is this choice. Expressions of none of the three were left out. The bias that these
cohorts can be given between action unit 4 and micro-expressions was not given to them. The flow
maps of real micro-expressions that CausalNet published were not used: they were made by another
pipeline, and derive from faces that were recorded under licence.

## How well it does

On $judged synthetic people whom it has not seen and on whom nothing was chosen, at the true key
frames and with errors as the shipped spotter made them on other people:

| Kind | Key frames | UF1 | Accuracy | $emotions |
|:--|:--|--:|--:|--:|--:|--:|
$rows
The last columns are hits out of expressions. What is trained was chosen with a quarter of those who
train held out once: micro- and macro-expressions together read more than micro-expressions alone,
errors of key frames in training changed nothing, and patches around eyes and mouth were better
than the whole face. On real faces expect much less: head motion, speech, light and skin vary more
than they do here, and real expressions are not drawn from three sets of action units.

## How it was made

    python -m causalex_book.recognition.shipped

trains it anew and writes weights and card: $epochs epochs, seed $seed, flow by $flow in crops of
$crop px. On another machine the last digits of the weights differ.

Licence: MIT, as the rest of this project.
""")


def text(recogniser: Recogniser, about: Mapping[str, Any]) -> str:
    """Write the card.

    Parameters
    ----------
    recogniser
        The model.
    about
        What :func:`causalex_book.recognition.shipped.train_shipped` returns beside it.
    """
    people, training = about["people"], about["training"]
    return _TEXT.substitute(
        parameters=f"{sum(one.numel() for one in recogniser.network.parameters()):,}",
        may_not=MAY_NOT,
        subjects=people["subjects"],
        version=people["version"],
        fingerprints=", ".join(f"`{one}`" for one in people["fingerprints"]),
        n_micro=about["expressions"]["micro"],
        n_macro=about["expressions"]["macro"],
        judged=people["judged"],
        emotions=" | ".join(EMOTIONS),
        rows="".join(
            _row(kind, name, counts)
            for kind, of_kind in about["measured"].items()
            for name, counts in of_kind.items()
        ),
        epochs=training["training"]["epochs"],
        seed=training["seed"],
        flow=recogniser.flow.flow.replace("_", "-"),
        crop=recogniser.flow.crop_px,
    )


def _row(kind: str, key_frames: str, counts: Sequence[Sequence[int]]) -> str:
    confusion = np.array(counts)
    uf1, _, accuracy = confusions.scores(confusion)
    hits = " | ".join(
        f"{confusion[place, place]}/{confusion[place].sum()}" for place in range(len(confusion))
    )
    return f"| {kind} | {key_frames} | {uf1:.3f} | {accuracy:.3f} | {hits} |\n"
