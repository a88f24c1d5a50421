"""Recognisers, one per fold and seed, and their held-out logits after every epoch.

An epoch of CausalNet is one step on all training samples. The published rule takes one epoch per
held-out subject, selected on that subject; as the logits of all epochs are kept, this and every
other rule is a choice among them (see :mod:`causalex_book.recognition.selection`).
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as nnf
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn
from torch.func import functional_call, vmap

from causalex_core import training
from causalex_core.devices import choose_device, keep_freed_memory
from causalex_core.errors import CausalexError
from causalex_core.recognition.causalnet_text import COMPACT, CausalNetText, CausalNetTextConfig
from causalex_core.recognition.data import (
    Augmentation,
    Changes,
    Folds,
    apply_changes,
    draw_changes,
    mirrored,
)
from causalex_core.recognition.model import CLASSES, CausalNet, CausalNetConfig
from causalex_core.recognition.products import FastProducts, Rounded, is_large
from causalex_core.recognition.ststnet import Ststnet, StstnetConfig
from causalex_core.training import (
    CPU_SECONDS,
    Fold,
    Run,
    autocast,
    check_finite,
    fingerprint,
    train_folds,
    weights_of,
)

Architecture = CausalNetConfig | CausalNetTextConfig | StstnetConfig
_SHUFFLES = 1  # sets the generator of batches apart from that of augmentation
_ON_GPU = 2_000_000_000  # parameters at once: 32 GB of them, gradients and both means of Adam


@dataclass(frozen=True)
class TrainingConfig:
    """What is trained and how; the defaults are CausalNet's, without its dead part.

    Attributes
    ----------
    network
        Its shape, which tells its kind.
    lr
        Learning rate of Adam.
    cosine
        Whether the learning rate falls to zero along half a cosine.
    weight_decay
        Decoupled (AdamW), of all but biases and norms.
    epochs
        Passes over the training samples.
    batch
        Samples of a step, about; None: all of them.
    balanced
        Whether all classes of the training samples have the same weight in the loss.
    label_smoothing
        Share of each label that is spread over all classes.
    augmentation
        Changes of the inputs, of motion alone; None: they are always the same.
    flip_tta
        Whether held-out logits are the mean over a face and its mirror image.
    precision
        Of products; parameters, norms and losses are float32.
    """

    network: Architecture = field(default_factory=lambda: CausalNetConfig(folded=True))
    lr: float = 5e-5
    cosine: bool = False
    weight_decay: float = 0.0
    epochs: int = 200
    batch: int | None = None
    balanced: bool = False
    label_smoothing: float = 0.0
    augmentation: Augmentation | None = None
    flip_tta: bool = False
    precision: Literal["float32", "bfloat16"] = "float32"


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


@dataclass(frozen=True)
class FoldResults(training.FoldResults):
    """Predictions: logits (epochs, held-out samples, 3)."""

    def held_out(self) -> NDArray[np.float32]:
        """Held-out logits (seeds, epochs, N, 3) of every sample.

        Raises
        ------
        CausalexError
            If a sample is not held out exactly once per seed.
        """
        seeds = list(dict.fromkeys(run.seed for run in self.runs))
        for seed in seeds:
            held = [run.fold.held_out for run in self.runs if run.seed == seed]
            n_samples = sum(map(len, held))
            if sorted(np.concatenate(held)) != list(range(n_samples)):
                raise CausalexError(
                    "some samples are held out more than once or never: expected folds that hold"
                    " out each sample once"
                )
        return np.stack([self.by_sample(seed, n_samples) for seed in seeds])

    def ensemble(self, n_members: int) -> "FoldResults":
        """Average the logits of each `n_members` seeds; there are no weights.

        An ensemble has the seed of its first member.

        Raises
        ------
        CausalexError
            If seeds are left over.
        """
        n_seeds = len({run.seed for run in self.runs})
        if n_seeds % n_members:
            raise CausalexError(f"{n_seeds} seeds: expected a multiple of {n_members} members")
        n_folds = len(self.runs) // n_seeds
        first = [number for number in range(len(self.runs)) if number // n_folds % n_members == 0]
        members = [range(number, number + n_members * n_folds, n_folds) for number in first]
        return FoldResults(
            runs=tuple(self.runs[number] for number in first),
            predictions=tuple(
                np.mean([self.predictions[number] for number in group], axis=0) for group in members
            ),
            losses=np.stack([self.losses[group].mean(axis=0) for group in members]),
            states=(),
            cpu_seconds=np.stack([self.cpu_seconds[group].sum() for group in members]),
        )

    def model(self, run: int, config: TrainingConfig) -> nn.Module:
        """Network of one run after the last epoch, in evaluation mode."""
        network = build(config.network)
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


class Stack:
    """Networks of one shape that are called together: stacked parameters, by torch.func.vmap.

    Attributes
    ----------
    parameters
        By name, (F, ...): of each network.
    """

    def __init__(self, make: Callable[[], nn.Module], seeds: Sequence[int], device: torch.device):
        """Build a network per seed; networks of the same seed start from the same weights."""
        networks: dict[int, nn.Module] = {}
        for seed in seeds:
            if seed not in networks:
                with torch.random.fork_rng(devices=[]):
                    torch.manual_seed(seed)
                    networks[seed] = make().to(device)
        self._network = networks[seeds[0]]
        self._rounded: dict[str, Tensor] = {}
        self.parameters = {
            name: self._stacked(name, [networks[seed] for seed in seeds])
            for name, _ in self._network.named_parameters()
        }
        for parameter in self._network.parameters():
            parameter.data = parameter.new_empty(0)  # what is called are the copies

    @staticmethod
    def _stacked(name: str, networks: Sequence[nn.Module]) -> Tensor:
        values = [network.get_parameter(name).detach() for network in networks]
        # one network's weights need no copy, which would be another gigabyte of the published one
        joined = values[0][None] if len(values) == 1 else torch.stack(values)
        return joined.requires_grad_()

    def __call__(self, inputs: Tensor) -> Tensor:
        """Outputs (F, B, ...) of inputs (F, B, ...), those of a network each."""
        if len(inputs) > 1:
            return vmap(self._call)(self.parameters, inputs)
        parameters = {name: value.squeeze(0) for name, value in self.parameters.items()}
        if inputs.device.type != "cpu" or not any(map(is_large, parameters.values())):
            return self._call(parameters, inputs[0])[None]
        if torch.is_autocast_enabled("cpu"):
            for name, rounded in self._rounded_matrices().items():
                parameters[name] = Rounded.apply(parameters[name], rounded)
        with FastProducts():
            return self._call(parameters, inputs[0])[None]

    def weights_changed(self) -> None:
        """Forget the rounded weights: to be called after every step of an optimiser."""
        self._rounded = {}

    def _rounded_matrices(self) -> dict[str, Tensor]:
        """Matrices of the only network in bfloat16, rounded once between two steps."""
        if not self._rounded:
            self._rounded = {
                name: value.detach().squeeze(0).bfloat16()
                for name, value in self.parameters.items()
                if value.ndim > 2 and name.endswith("weight")  # of products; networks come first
            }
        return self._rounded

    def _call(self, parameters: dict[str, Tensor], inputs: Tensor) -> Tensor:
        return functional_call(self._network, parameters, (inputs,))


class FoldTrainer(training.FoldTrainer):
    """Recognisers with one forward pass.

    Parameters
    ----------
    inputs, labels
        Of all samples, on the device.
    """

    def __init__(
        self,
        runs: Sequence[Run],
        inputs: Tensor,
        labels: Tensor,
        config: TrainingConfig,
        *,
        keep_weights: bool = False,
    ) -> None:
        self.runs, self.inputs, self.labels, self.config = runs, inputs, labels, config
        self.keep_weights, self.device = keep_weights, inputs.device
        seeds = [run.seed for run in runs]
        self.networks = Stack(lambda: build(config.network), seeds, self.device)
        self.class_weights = torch.stack([self._class_weights(run) for run in runs])
        self.predictions = [
            torch.zeros(config.epochs, len(run.fold.held_out), CLASSES) for run in runs
        ]
        parameters = self.networks.parameters
        weight_decay = {
            name: config.weight_decay if parameter.ndim > 2 else 0.0  # the first is the network
            for name, parameter in parameters.items()
        }
        self.prepare(parameters, config.epochs, config.lr, weight_decay)
        self.optimiser.register_step_post_hook(lambda *_: self.networks.weights_changed())

    def lr(self) -> float:
        """Learning rate of this epoch."""
        if not self.config.cosine:
            return self.config.lr
        return self.config.lr * (math.cos(math.pi * self.epoch / self.config.epochs) + 1) / 2

    def steps(self) -> Iterator[tuple[Tensor, int]]:
        """Losses (runs,) of each step; all weigh the same."""
        changes = self._changes()
        for index, mask in self._batches():
            yield self._losses(index, mask, changes), 1

    @torch.no_grad()
    def predict(self) -> None:
        """Logits of the held-out samples."""
        index, _ = self._padded([run.fold.held_out for run in self.runs])
        inputs = self.inputs[index]
        logits = self._logits(inputs)
        if self.config.flip_tta:
            logits = (logits + self._logits(mirrored(inputs))) / 2
        for kept, of_run in zip(self.predictions, logits.cpu(), strict=True):
            kept[self.epoch] = of_run[: kept.shape[1]]

    def weights(self) -> Mapping[str, Tensor]:
        """Weights of all networks."""
        return self.networks.parameters

    def _class_weights(self, run: Run) -> Tensor:
        """(3,) weight of a sample of each class."""
        if not self.config.balanced:
            return torch.ones(CLASSES, device=self.device)
        return 1 / torch.bincount(self.labels[run.fold.train], minlength=CLASSES).clamp(min=1)

    def _changes(self) -> Changes | None:
        """Changes (runs, N) of this epoch's inputs."""
        augmentation, n_samples = self.config.augmentation, len(self.labels)
        if augmentation is None:
            return None
        of_runs = [
            draw_changes(augmentation, fold.train, n_samples, run.seed, self.epoch, fold.name)
            for run in self.runs
            for fold in [run.fold]
        ]
        return Changes(*(torch.stack(part) for part in zip(*of_runs, strict=True)))

    def _losses(self, index: Tensor, mask: Tensor, changes: Changes | None) -> Tensor:
        """Mean loss of each run on its samples (runs, B) of a step."""
        inputs, parts = self.inputs[index], [(index, mask)]
        if changes is not None:
            inputs = self._changed(index, changes)
            if self.config.augmentation and self.config.augmentation.mixup:
                partner, share = (
                    part.to(self.device).gather(1, index)
                    for part in (changes.partner, changes.share)
                )
                other = self._changed(partner, changes)
                inputs = torch.lerp(other, inputs, share[..., None, None, None, None])
                parts = [(index, mask * share), (partner, mask * (1 - share))]
        logits = self._logits(inputs)
        total, weight = torch.zeros_like(mask[:, 0]), torch.zeros_like(mask[:, 0])
        for samples, counted in parts:
            labels = self.labels[samples]
            losses = nnf.cross_entropy(
                logits.flatten(0, 1),
                labels.flatten(),
                reduction="none",
                label_smoothing=self.config.label_smoothing,
            ).view(index.shape)
            weights = self.class_weights.gather(1, labels) * counted
            total, weight = total + (losses * weights).sum(1), weight + weights.sum(1)
        return total / weight

    def _changed(self, index: Tensor, changes: Changes) -> Tensor:
        """Inputs of samples (runs, B) after the changes of their runs."""
        inputs, on_cpu = self.inputs[index], index.cpu()
        rows = torch.arange(len(index))[:, None]
        chosen = Changes(*(part[rows, on_cpu].flatten(0, 1) for part in changes))
        return apply_changes(inputs.flatten(0, 1), chosen).view(inputs.shape)

    def _batches(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Samples (runs, B) of each step, and their mask, zero where they only fill up.

        The number of steps follows from that of all samples, so that all runs have the same.
        """
        if self.config.batch is None:
            yield self._padded([run.fold.train for run in self.runs])
            return
        steps = math.ceil(len(self.labels) / self.config.batch)
        parts = []
        for run in self.runs:
            order = run.generator(self.epoch, _SHUFFLES).permutation(run.fold.train)
            parts.append(np.array_split(order, min(steps, len(order))))
        for batch in zip(*parts, strict=True):
            yield self._padded(batch)

    def _logits(self, inputs: Tensor) -> Tensor:
        """Logits (runs, B, 3) of inputs (runs, B, ...)."""
        with autocast(self.device, self.config.precision):
            return self.networks(inputs).float()

    def _padded(self, rows: Sequence[NDArray[np.int64]]) -> tuple[Tensor, Tensor]:
        """Rows of different lengths as one (rows, longest), and their mask."""
        longest = max(map(len, rows))
        index = np.stack([np.resize(row, longest) for row in rows])
        mask = np.stack([np.arange(longest) < len(row) for row in rows]).astype(np.float32)
        return torch.from_numpy(index).to(self.device), torch.from_numpy(mask).to(self.device)


def build(config: Architecture) -> nn.Module:
    """Network of that shape."""
    if isinstance(config, CausalNetConfig):
        return CausalNet(config)
    return CausalNetText(config) if isinstance(config, CausalNetTextConfig) else Ststnet(config)


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
    chosen = choose_device(device)
    if chosen.type == "cpu":
        keep_freed_memory()
    runs = [
        Run(Fold(name, np.flatnonzero(~held), np.flatnonzero(held)), seed)
        for seed in seeds
        for name, held in zip(folds.subjects, folds.held_out, strict=True)
    ]
    known = ""
    if folder:
        settings = (type(config.network).__name__, asdict(config), keep_weights)
        known = fingerprint(__file__, [samples, torch.from_numpy(truth)], *settings)
    trained = train_folds(
        partial(
            FoldTrainer,
            inputs=samples.to(chosen),
            labels=torch.tensor(truth, device=chosen),
            config=config,
            keep_weights=keep_weights,
        ),
        runs,
        config.epochs,
        at_once=runs_at_once or (1 if chosen.type == "cpu" else at_once(config, len(runs))),
        folder=folder,
        inputs=known,
    )
    states = [
        {name: value[position].detach() for name, value in weights_of(result).items()}
        for result, position in trained
    ]
    return FoldResults(
        runs=tuple(runs),
        predictions=tuple(
            result[f"predictions.{position}"].numpy() for result, position in trained
        ),
        losses=np.stack([result["losses"][position].numpy() for result, position in trained]),
        states=tuple(states) if keep_weights else (),
        cpu_seconds=np.array(
            [float(result[CPU_SECONDS]) / len(result["losses"]) for result, _ in trained]
        ),
    )


def at_once(config: TrainingConfig, n_runs: int) -> int:
    """Number of models that a GPU trains in one pass."""
    with torch.device("meta"):
        parameters = build(config.network).parameters()
    return min(n_runs, max(1, _ON_GPU // sum(parameter.numel() for parameter in parameters)))


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
    check_finite("inputs", inputs)
    if config.augmentation is not None and isinstance(config.network, CausalNetConfig):
        raise CausalexError(
            "the published network with augmentation: its maps have no zero to mirror motion at;"
            " take none"
        )
