"""Recognisers that are trained in one pass."""

import math
import zlib
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import torch
import torch.nn.functional as nnf
from numpy.typing import NDArray
from torch import Tensor, nn

from causalex_core.recognition.causalnet_text import CausalNetText, CausalNetTextConfig
from causalex_core.recognition.data import (
    Augmentation,
    Changes,
    apply_changes,
    draw_changes,
    mirrored,
)
from causalex_core.recognition.model import CLASSES, CausalNet, CausalNetConfig
from causalex_core.recognition.stack import Stack
from causalex_core.recognition.ststnet import Ststnet, StstnetConfig
from causalex_core.resumable import finite

Architecture = CausalNetConfig | CausalNetTextConfig | StstnetConfig
_SHUFFLES = 1  # sets the generator of batches apart from that of augmentation


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


@dataclass(frozen=True)
class Run:
    """One model: the name of its fold, samples that it is trained on and judges, and a seed."""

    fold: str
    train: NDArray[np.int64]
    held_out: NDArray[np.int64]
    seed: int


class FoldTrainer:
    """Models with one forward pass, their optimiser, and what they have said so far.

    Parameters
    ----------
    runs
        The models.
    inputs, labels
        Of all samples, on the device.
    config
        What is trained and how.
    keep_weights
        Whether the weights are of use after the last epoch.

    Attributes
    ----------
    epoch
        Epochs done.
    losses
        (runs, epochs) mean training loss.
    logits
        Of each run: (epochs, held-out samples, 3).
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
        self.networks = Stack(lambda: made(config.network), [run.seed for run in runs], self.device)
        parameters = list(self.networks.parameters.values())
        groups: list[dict[str, Any]] = [
            {"params": [each for each in parameters if each.ndim > 2]},
            {"params": [each for each in parameters if each.ndim <= 2], "weight_decay": 0.0},
        ]
        self.optimiser = torch.optim.AdamW(
            groups, config.lr, weight_decay=config.weight_decay, fused=True
        )
        for parameter in parameters:
            # as its first step would: a file has to be read before that
            self.optimiser.state[parameter] = {
                "step": torch.zeros((), device=self.device),
                "exp_avg": torch.zeros_like(parameter),
                "exp_avg_sq": torch.zeros_like(parameter),
            }
        self.class_weights = torch.stack([self._class_weights(run) for run in runs])
        self.epoch = 0
        self.losses = torch.zeros(len(runs), config.epochs)
        self.logits = [torch.zeros(config.epochs, len(run.held_out), CLASSES) for run in runs]

    def advance(self) -> float:
        """Train for one epoch and judge; the mean loss of the epoch.

        Raises
        ------
        CausalexError
            If a loss is not finite.
        """
        done = self.epoch / self.config.epochs
        lr = self.config.lr * (math.cos(math.pi * done) + 1) / 2
        for group in self.optimiser.param_groups:
            group["lr"] = lr if self.config.cosine else self.config.lr
        changes = self._changes()
        means, steps = torch.zeros(len(self.runs), device=self.device), 0
        for index, real in self._batches():
            losses = self._losses(index, real, changes)
            losses.sum().backward()
            self.optimiser.step()
            self.optimiser.zero_grad(set_to_none=True)
            means, steps = means + losses.detach(), steps + 1
        names = [f"fold '{run.fold}', seed {run.seed}" for run in self.runs]
        means = finite(means / steps, names, self.epoch)
        self.losses[:, self.epoch] = means
        self._judge()
        self.epoch += 1
        return float(means.mean())

    def progress(self) -> dict[str, Tensor]:
        """Everything that changes, as it lies in memory."""
        found = {**self._said(), **self._weights()}
        for name, parameter in self.networks.parameters.items():
            for kind, value in self.optimiser.state[parameter].items():
                found[f"optimiser.{kind}.{name}"] = value
        return found

    def outcome(self) -> dict[str, Tensor]:
        """What was said, and the weights if they are to be kept."""
        return {**self._said(), **(self._weights() if self.keep_weights else {})}

    def _said(self) -> dict[str, Tensor]:
        each = {f"logits.{place}": logits for place, logits in enumerate(self.logits)}
        return {"losses": self.losses, **each}

    def _weights(self) -> dict[str, Tensor]:
        return {f"network.{name}": value for name, value in self.networks.parameters.items()}

    def _class_weights(self, run: Run) -> Tensor:
        """(3,) weight of a sample of each class."""
        if not self.config.balanced:
            return torch.ones(CLASSES, device=self.device)
        return 1 / torch.bincount(self.labels[run.train], minlength=CLASSES).clamp(min=1)

    def _changes(self) -> Changes | None:
        """Changes (runs, N) of this epoch's inputs."""
        augmentation = self.config.augmentation
        if augmentation is None:
            return None
        of_runs = [
            draw_changes(augmentation, run.train, len(self.labels), run.seed, self.epoch, run.fold)
            for run in self.runs
        ]
        return Changes(*(torch.stack(part) for part in zip(*of_runs, strict=True)))

    def _losses(self, index: Tensor, real: Tensor, changes: Changes | None) -> Tensor:
        """Mean loss of each run on its samples (runs, B) of a step."""
        inputs, parts = self.inputs[index], [(index, real)]
        if changes is not None:
            inputs = self._changed(index, changes)
            if self.config.augmentation and self.config.augmentation.mixup:
                partner, share = (
                    part.to(self.device).gather(1, index)
                    for part in (changes.partner, changes.share)
                )
                other = self._changed(partner, changes)
                inputs = torch.lerp(other, inputs, share[..., None, None, None, None])
                parts = [(index, real * share), (partner, real * (1 - share))]
        logits = self._logits(inputs)
        total, weight = torch.zeros_like(real[:, 0]), torch.zeros_like(real[:, 0])
        for samples, counted in parts:
            labels = self.labels[samples]
            each = nnf.cross_entropy(
                logits.flatten(0, 1),
                labels.flatten(),
                reduction="none",
                label_smoothing=self.config.label_smoothing,
            ).view(index.shape)
            weights = self.class_weights.gather(1, labels) * counted
            total, weight = total + (each * weights).sum(1), weight + weights.sum(1)
        return total / weight

    def _changed(self, index: Tensor, changes: Changes) -> Tensor:
        """Inputs of samples (runs, B) after the changes of their runs."""
        inputs, on_cpu = self.inputs[index], index.cpu()
        rows = torch.arange(len(index))[:, None]
        chosen = Changes(*(part[rows, on_cpu].flatten(0, 1) for part in changes))
        return apply_changes(inputs.flatten(0, 1), chosen).view(inputs.shape)

    def _batches(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Samples (runs, B) of each step, and ones where they do not only fill up.

        The number of steps follows from that of all samples, so that all runs have the same.
        """
        orders = [run.train for run in self.runs]
        if self.config.batch is None:
            yield self._padded(orders)
            return
        steps = math.ceil(len(self.labels) / self.config.batch)
        parts = [
            np.array_split(self._shuffled(run), min(steps, len(run.train))) for run in self.runs
        ]
        for batch in zip(*parts, strict=True):
            yield self._padded(batch)

    def _shuffled(self, run: Run) -> NDArray[np.int64]:
        key = [run.seed, self.epoch, zlib.crc32(run.fold.encode()), _SHUFFLES]
        return np.random.default_rng(key).permutation(run.train)

    def _logits(self, inputs: Tensor) -> Tensor:
        """Logits (runs, B, 3) of inputs (runs, B, ...)."""
        half = self.config.precision == "bfloat16"
        with torch.autocast(self.device.type, torch.bfloat16) if half else nullcontext():
            return self.networks(inputs).float()

    @torch.no_grad()
    def _judge(self) -> None:
        """Logits of the held-out samples."""
        index, _ = self._padded([run.held_out for run in self.runs])
        inputs = self.inputs[index]
        found = self._logits(inputs)
        if self.config.flip_tta:
            found = (found + self._logits(mirrored(inputs))) / 2
        for logits, said in zip(self.logits, found.cpu(), strict=True):
            logits[self.epoch] = said[: logits.shape[1]]

    def _padded(self, rows: Sequence[NDArray[np.int64]]) -> tuple[Tensor, Tensor]:
        """Rows of different lengths as one (rows, longest), and where they are real."""
        longest = max(map(len, rows))
        index = np.stack([np.resize(row, longest) for row in rows])
        real = np.stack([np.arange(longest) < len(row) for row in rows]).astype(np.float32)
        return torch.from_numpy(index).to(self.device), torch.from_numpy(real).to(self.device)


def made(config: Architecture) -> nn.Module:
    """Network of that shape."""
    if isinstance(config, CausalNetConfig):
        return CausalNet(config)
    return CausalNetText(config) if isinstance(config, CausalNetTextConfig) else Ststnet(config)
