"""A recogniser per fold and seed, and what each says of its held-out samples after every epoch.

An epoch of CausalNet is one step on all training samples. Under the published rule its result is
one epoch per held-out subject, chosen by looking; as the logits of all epochs are kept, this and
every other rule is a choice among them (see :mod:`causalex_book.recognition.selection`).
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from causalex_core.devices import choose_device, keep_freed_memory
from causalex_core.errors import CausalexError
from causalex_core.provenance import code_digest, digest
from causalex_core.recognition.causalnet_text import COMPACT, CausalNetTextConfig
from causalex_core.recognition.data import Augmentation, Folds, mirrored
from causalex_core.recognition.fold_trainer import FoldTrainer, Run, TrainingConfig, made
from causalex_core.recognition.model import CLASSES, CausalNetConfig
from causalex_core.recognition.ststnet import StstnetConfig
from causalex_core.resumable import Job, train_or_resume

PUBLISHED = TrainingConfig()
COMPACT_TRAINING = TrainingConfig(
    network=COMPACT,
    lr=3e-3,
    cosine=True,
    weight_decay=2.0,
    epochs=25,
    batch=64,
    balanced=True,
    augmentation=Augmentation(cutout=0.25, drop_relaxation=0.6, mixup=0.4),
    flip_tta=True,
)
STSTNET_TRAINING = replace(
    COMPACT_TRAINING,
    network=StstnetConfig(),
    lr=1e-3,
    weight_decay=0.05,
    epochs=40,
    augmentation=Augmentation(),
    flip_tta=False,
)
DESCRIBED_TRAINING = replace(PUBLISHED, network=CausalNetTextConfig())
_ON_GPU = 2_000_000_000  # parameters at once: 32 GB of them, gradients and both means of Adam


@dataclass(frozen=True)
class FoldResults:
    """What the trained models say.

    Attributes
    ----------
    runs
        The models: all folds of the first seed, then of the next.
    logits
        Of each run: (epochs, held-out samples, 3).
    losses
        (runs, epochs) mean training loss.
    states
        Of each run, weights after the last epoch; empty unless they were to be kept.
    """

    runs: tuple[Run, ...]
    logits: tuple[NDArray[np.float32], ...]
    losses: NDArray[np.float32]
    states: tuple[Mapping[str, Tensor], ...]

    def of_samples(self) -> NDArray[np.float32]:
        """Held-out logits (seeds, epochs, N, 3) of every sample.

        Raises
        ------
        CausalexError
            If a sample is not held out exactly once per seed.
        """
        seeds = list(dict.fromkeys(run.seed for run in self.runs))
        held = [np.concatenate([run.held_out for run in self.runs if run.seed == seed])
                for seed in seeds]  # fmt: skip
        n_samples = len(held[0])
        if any(sorted(each) != list(range(n_samples)) for each in held):
            raise CausalexError(
                "some samples are held out more than once or never: expected folds that hold out"
                " each sample once"
            )
        found = np.zeros((len(seeds), len(self.losses[0]), n_samples, CLASSES), np.float32)
        for run, logits in zip(self.runs, self.logits, strict=True):
            found[seeds.index(run.seed), :, run.held_out] = np.moveaxis(logits, 1, 0)
        return found

    def together(self, ensemble: int) -> "FoldResults":
        """The same of recognisers that average the logits of the models of `ensemble` seeds.

        The first seeds make the first; a recogniser has the seed of its first member. There are
        no weights.

        Raises
        ------
        CausalexError
            If seeds are left over.
        """
        n_seeds = len(set(run.seed for run in self.runs))
        if n_seeds % ensemble:
            raise CausalexError(f"{n_seeds} seeds: expected a multiple of {ensemble} members")
        n_folds = len(self.runs) // n_seeds
        first = [place for place in range(len(self.runs)) if place // n_folds % ensemble == 0]
        each = [range(place, place + ensemble * n_folds, n_folds) for place in first]
        return FoldResults(
            runs=tuple(self.runs[place] for place in first),
            logits=tuple(np.mean([self.logits[own] for own in group], axis=0) for group in each),
            losses=np.stack([self.losses[group].mean(axis=0) for group in each]),
            states=(),
        )

    def model(self, run: int, config: TrainingConfig) -> nn.Module:
        """Network of one run after the last epoch, in evaluation mode."""
        network = made(config.network)
        network.load_state_dict({**network.state_dict(), **self.states[run]})
        return (FlipTTA(network) if config.flip_tta else network).eval()


class FlipTTA(nn.Module):
    """Test-time augmentation: the mean of the logits of motion and of its mirror image."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, motion: Tensor) -> Tensor:
        """Logits (N, 3) of motion (N, 2, 3, 28, 28)."""
        return (self.network(motion) + self.network(mirrored(motion))) / 2


def train(
    inputs: ArrayLike,
    labels: ArrayLike,
    folds: Folds,
    config: TrainingConfig = PUBLISHED,
    *,
    seeds: Sequence[int] = (1,),
    folder: Path | None = None,
    keep_weights: bool = False,
    device: str = "auto",
    runs_at_once: int | None = None,
) -> FoldResults:
    """Train a model per fold and seed.

    Parameters
    ----------
    inputs
        (N, ...) as the network takes them: :func:`causalex_core.recognition.data.inputs` for the
        published one, :func:`causalex_core.recognition.causalnet_text.centred` for the others.
    labels
        (N,) classes from 0 to 2.
    folds
        Who is held out; all others are trained on.
    config
        What is trained and how.
    seeds
        Each gives one model per fold. Models of one seed start from the same weights.
    folder
        Where progress is written; a later call with the same inputs goes on from there, and one
        that had ended is only read. None: nothing is written.
    keep_weights
        Whether weights after the last epoch are kept: gigabytes of the published network.
    device
        ``cpu``, ``cuda``, or ``auto``: a GPU if there is one.
    runs_at_once
        Models in one pass; None: one on a CPU, whose caches hold no more; on a GPU all, or as
        many as have two thousand million parameters, eight of the published network. A model's
        numbers do not depend on it, but for rounding.

    Raises
    ------
    CausalexError
        If there is no such device, no seed, a fold without samples on either side, a label that
        is unknown, inputs that are not finite or not as many as labels, a saved file that is
        damaged, or a loss that is not finite.
    """
    samples = torch.tensor(np.asarray(inputs))
    truth = np.array(labels, dtype=np.int64)
    _check(samples, truth, folds, seeds, config)
    place = choose_device(device)
    if place.type == "cpu":
        keep_freed_memory()
    runs = [
        Run(name, np.flatnonzero(~held), np.flatnonzero(held), seed)
        for seed in seeds
        for name, held in zip(folds.subjects, folds.held_out, strict=True)
    ]
    size = runs_at_once or (1 if place.type == "cpu" else stacked(config, len(runs)))
    groups = [runs[start : start + size] for start in range(0, len(runs), size)]
    known = _fingerprint(samples, truth, config, keep_weights) if folder else ""
    there, truths = samples.to(place), torch.tensor(truth, device=place)
    found = train_or_resume(
        [
            Job(
                begin=partial(FoldTrainer, group, there, truths, config, keep_weights=keep_weights),
                epochs=config.epochs,
                models=len(group),
                path=folder / _name(group, known) if folder else None,
            )
            for group in groups
        ]
    )
    each = [
        (group, place, said)
        for group, said in zip(groups, found, strict=True)
        for place in range(len(group))
    ]
    return FoldResults(
        runs=tuple(runs),
        logits=tuple(said[f"logits.{place}"].numpy() for _, place, said in each),
        losses=np.stack([said["losses"][place].numpy() for _, place, said in each]),
        states=tuple(_state(said, place) for _, place, said in each) if keep_weights else (),
    )


def stacked(config: TrainingConfig, n_runs: int) -> int:
    """Number of models that a GPU trains in one pass."""
    with torch.device("meta"):
        parameters = made(config.network).parameters()
    return min(n_runs, max(1, _ON_GPU // sum(parameter.numel() for parameter in parameters)))


def _state(said: Mapping[str, Tensor], place: int) -> dict[str, Tensor]:
    mark = "network."
    return {
        name.removeprefix(mark): value[place].detach()
        for name, value in said.items()
        if name.startswith(mark)
    }


def _check(
    inputs: Tensor,
    labels: NDArray[np.int64],
    folds: Folds,
    seeds: Sequence[int],
    config: TrainingConfig,
) -> None:
    n_samples = folds.held_out.shape[1]
    if not len(inputs) == len(labels) == n_samples or not seeds or config.epochs < 1:
        raise CausalexError(
            f"{len(inputs)} inputs, {len(labels)} labels, folds of {n_samples} samples,"
            f" {len(seeds)} seeds, {config.epochs} epochs: expected one of each for every sample,"
            " and at least one seed and epoch"
        )
    unknown = labels[(labels < 0) | (labels >= CLASSES)]
    if unknown.size:
        raise CausalexError(f"label {unknown[0]} given; expected 0 to {CLASSES - 1}")
    held = folds.held_out.sum(axis=1)
    empty = np.flatnonzero((held == 0) | (held == n_samples))
    if empty.size:
        raise CausalexError(
            f"fold '{folds.subjects[empty[0]]}' holds out {held[empty[0]]} of {n_samples} samples:"
            " expected some to be held out and some to train on"
        )
    bad = int(torch.isfinite(inputs).logical_not().sum())
    if bad:
        raise CausalexError(f"inputs: {bad} of {inputs.numel()} values are not finite")
    if config.augmentation is not None and isinstance(config.network, CausalNetConfig):
        raise CausalexError(
            "the published network with augmentation: its maps have no zero to mirror motion at;"
            " take none"
        )


def _fingerprint(
    inputs: Tensor, labels: NDArray[np.int64], config: TrainingConfig, keep_weights: bool
) -> str:
    """Digest of everything that the models of any group depend on but the group itself.

    The code is part of it: what an earlier version trained must not pass for this one's.
    """
    content = hashlib.sha256(inputs.contiguous().numpy().tobytes())
    content.update(labels.tobytes())
    code = code_digest(Path(__file__))
    kind = type(config.network).__name__
    return digest([content.hexdigest(), code, kind, asdict(config), keep_weights])


def _name(group: Sequence[Run], known: str) -> str:
    """File name of a group: the same only for the same models from the same inputs."""
    models = [(run.fold, run.seed, run.train.tolist(), run.held_out.tolist()) for run in group]
    readable = re.sub(r"[^\w.-]", "_", group[0].fold)
    return f"{readable}-{group[0].seed}-{digest([known, models])}.safetensors"
