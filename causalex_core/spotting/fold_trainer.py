"""Models that are trained in one pass."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor

from causalex_core.resumable import finite
from causalex_core.spotting.batches import Run, batches, padded
from causalex_core.spotting.losses import LossConfig, TargetBatch, terms, total
from causalex_core.spotting.network import CONTEXT, FRAMES, Network, NetworkConfig
from causalex_core.spotting.optimiser import Optimiser, OptimiserConfig
from causalex_core.spotting.proposals import HEADS, probabilities
from causalex_core.spotting.targets import KINDS
from causalex_core.spotting.windows import VALID_FRAMES, Normalisation

_AT_ONCE = 128  # windows that are judged in one go


@dataclass(frozen=True)
class TrainingConfig:
    """What is trained and how.

    Attributes
    ----------
    network, loss, optimiser
        See there.
    epochs
        Passes over the training windows.
    batch
        Windows of a step; the last of an epoch may be smaller.
    normalisation
        ``auw_gcn``: its constants. ``training``: mean and deviation of the training subjects.
    precision
        Of activations; parameters, statistics and losses are float32.
    """

    network: NetworkConfig = field(default_factory=NetworkConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    optimiser: OptimiserConfig = field(default_factory=OptimiserConfig)
    epochs: int = 100
    batch: int = 128
    normalisation: Literal["auw_gcn", "training"] = "training"
    precision: Literal["float32", "bfloat16"] = "float32"


@dataclass(frozen=True)
class Graphs:
    """Matrices of the graph layers.

    Attributes
    ----------
    compound
        (N, N) for all, (W, N, N) one per window, or (folds, W, N, N).
    prior
        (N, N) for all, or (folds, N, N).
    """

    compound: Tensor | None = None
    prior: Tensor | None = None

    def of(self, position: Tensor, index: Tensor) -> dict[str, Tensor]:
        """Matrices for windows `index` (runs, B) of the folds at `position` (runs,)."""
        found = {}
        if self.compound is not None:
            found["compound"] = self.compound
            if self.compound.ndim == 3:
                found["compound"] = self.compound[index]
            if self.compound.ndim == 4:
                found["compound"] = self.compound[position[:, None], index]
        if self.prior is not None:
            found["prior"] = self.prior if self.prior.ndim == 2 else self.prior[position][:, None]
        return found


@dataclass(frozen=True)
class TrainingData:
    """All that training reads, on the device.

    Attributes
    ----------
    motion
        Of all windows, as measured.
    answers
        Targets of all windows.
    graphs, normalisation
        For all folds.
    keep
        Epochs whose scores are kept.
    """

    motion: Tensor
    answers: TargetBatch
    graphs: Graphs
    normalisation: Normalisation
    keep: tuple[int, ...]


class FoldTrainer:
    """Models with one forward pass, their optimiser, and what they have said so far.

    Attributes
    ----------
    epoch
        Epochs done.
    losses
        (runs, epochs) mean training loss.
    scores
        Of each run: (kept epochs, held-out windows, 2, 3, 256) float16.
    """

    def __init__(self, runs: Sequence[Run], material: TrainingData, config: TrainingConfig) -> None:
        self.runs, self.material, self.config = runs, material, config
        self.device = material.motion.device
        self.network = Network(
            config.network, len(runs), precision=getattr(torch, config.precision)
        ).to(self.device)
        self.network.initialise([run.seed for run in runs])
        self.optimiser = Optimiser(self.network, config.optimiser)
        self.position = torch.tensor([run.position for run in runs], device=self.device)
        self.epoch = 0
        self.losses = torch.zeros(len(runs), config.epochs)
        self.scores = [
            torch.zeros(
                *(len(material.keep), len(run.fold.held_out), len(KINDS), len(HEADS), VALID_FRAMES),
                dtype=torch.float16,
            )
            for run in runs
        ]

    def advance(self) -> float:
        """Train for one epoch, judge if it is to be kept; the mean loss of the epoch.

        Raises
        ------
        CausalexError
            If a loss is not finite.
        """
        self.network.train()
        loss_sum = torch.zeros(len(self.runs), device=self.device)
        count = torch.zeros(len(self.runs), device=self.device)
        for index, real in batches(self.runs, self.epoch, self.config.batch, self.device):
            logits = self._logits(index, real)
            answers = TargetBatch(*(part[index] for part in self.material.answers))
            judged = logits[..., CONTEXT : FRAMES - CONTEXT]
            loss = total(terms(judged, answers, real), self.config.loss)
            loss.sum().backward()
            windows = torch.full_like(count, index.shape[1]) if real is None else real.sum(1)
            self.optimiser.step(self.epoch, windows > 0)
            loss_sum += loss.detach() * windows
            count += windows
        names = [f"fold '{run.fold.name}', seed {run.seed}" for run in self.runs]
        means = finite(loss_sum / count, names, self.epoch)
        self.losses[:, self.epoch] = means
        if self.epoch in self.material.keep:
            self._judge(self.material.keep.index(self.epoch))
        self.epoch += 1
        return float(means.mean())

    def progress(self) -> dict[str, Tensor]:
        """Everything that changes, as it lies in memory."""
        state = {f"optimiser.{name}": value for name, value in self.optimiser.state.items()}
        return {**self.outcome(), **state}

    def outcome(self) -> dict[str, Tensor]:
        """The part of it that is of use after the last epoch."""
        return {
            "losses": self.losses,
            **{f"network.{name}": value for name, value in self.network.state_dict().items()},
            **{f"scores.{place}": scores for place, scores in enumerate(self.scores)},
        }

    def _logits(self, index: Tensor, real: Tensor | None) -> Tensor:
        """Logits (runs, B, 10, 270) of windows."""
        material = self.material
        motion = material.normalisation.of(self.position)(material.motion[index])
        return self.network(motion, real=real, **material.graphs.of(self.position, index))

    @torch.no_grad()
    def _judge(self, slot: int) -> None:
        """Scores of the held-out windows."""
        self.network.eval()
        index, _ = padded([run.fold.held_out for run in self.runs], self.device)
        found = [
            probabilities(self._logits(part, None)).to(torch.float16)
            for part in index.split(_AT_ONCE, dim=1)
        ]
        for scores, said in zip(self.scores, torch.cat(found, dim=1).cpu(), strict=True):
            scores[slot] = said[: scores.shape[1]]
