"""Spotters, one per fold and seed, and their probabilities on the held-out windows.

Windows, targets and graphs lie on the device as a whole; an epoch is a few steps on indices. On a
processor the fused form of the network is trained where it fits; without numba, which compiles it,
the plain form is, more slowly and the same but for rounding.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from causalex_core import training
from causalex_core.devices import choose_device, keep_freed_memory
from causalex_core.errors import CausalexError
from causalex_core.spotting.data import (
    AUW_GCN_CONSTANTS,
    KINDS,
    VALID_FRAMES,
    Normalisation,
    Targets,
    Windows,
    training_normalisation,
)
from causalex_core.spotting.losses import LossConfig, terms, total
from causalex_core.spotting.model import CONTEXT, FRAMES, Network, NetworkConfig
from causalex_core.spotting.proposals import HEADS, head_probabilities, probabilities
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

try:
    from causalex_core.spotting import fused
except ModuleNotFoundError:  # of numba
    fused = None  # type: ignore[assignment]

_AT_ONCE = 128  # windows of a prediction
_ADVICE = "; set them to zero or leave their videos out"


@dataclass(frozen=True)
class OptimiserConfig:
    """AdamW with a learning rate that falls exponentially; the defaults are AUW-GCN's.

    Attributes
    ----------
    lr
        Learning rate of the first epoch.
    gamma
        Factor of the learning rate from epoch to epoch.
    weight_decay
        Decoupled, on the weights of graph layers and convolutions only. The text of Causal-Ex
        says Adam: 0.
    """

    lr: float = 0.01
    gamma: float = 0.96
    weight_decay: float = 0.1


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
        Of products; parameters, statistics and losses are float32.
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

    def of(self, position: int, index: Tensor) -> dict[str, Tensor | None]:
        """Matrices of some windows in the fold at a position."""
        compound, prior = self.compound, self.prior
        if compound is not None and compound.ndim > 2:
            compound = (compound[position] if compound.ndim == 4 else compound)[index]
        if prior is not None and prior.ndim == 3:
            prior = prior[position]
        return {"compound": compound, "prior": prior}


@dataclass(frozen=True)
class TrainingData:
    """All that training reads, on the device."""

    motion: Tensor
    targets: Targets
    graphs: Graphs
    normalisation: Normalisation


@dataclass(frozen=True)
class FoldResults(training.FoldResults):
    """Predictions: (kept epochs, held-out windows, 2, 3, 256) float16 probabilities.

    Attributes
    ----------
    epochs
        Epochs, from 0, whose predictions were kept.
    normalisation
        Of each fold.
    """

    epochs: tuple[int, ...]
    normalisation: Normalisation

    def model(self, run: int, config: NetworkConfig) -> Network:
        """Network of one run after the last epoch, in evaluation mode, without matrices."""
        network = Network(config)
        network.load_state_dict(dict(self.states[run]))
        return network.eval()


class FoldTrainer(training.FoldTrainer):
    """One spotter in training."""

    def __init__(
        self, runs: Sequence[Run], data: TrainingData, keep: Sequence[int], config: TrainingConfig
    ) -> None:
        (self.run,) = self.runs = runs
        self.data, self.keep, self.config = data, keep, config
        self.device = data.motion.device
        self.network = Network(config.network).to(self.device)
        self.network.initialise(self.run.seed)
        held_out = len(self.run.fold.held_out)
        shape = (len(keep), held_out, len(KINDS), len(HEADS), VALID_FRAMES)
        self.predictions = [torch.zeros(shape, dtype=torch.float16)]
        self.inputs = self._inputs() if _is_fused(self.network) else None
        parameters = dict(self.network.named_parameters())
        weight_decay = {
            name: config.optimiser.weight_decay if parameter.ndim > 1 else 0.0
            for name, parameter in parameters.items()
        }
        self.prepare(parameters, config.epochs, config.optimiser.lr, weight_decay)

    def lr(self) -> float:
        """Learning rate of this epoch."""
        return self.config.optimiser.lr * self.config.optimiser.gamma**self.epoch

    def steps(self) -> Iterator[tuple[Tensor, int]]:
        """Loss of each batch of shuffled windows, and its number of windows."""
        self.network.train()
        order = self.run.generator(self.epoch).permutation(self.run.fold.train)
        for index in torch.from_numpy(order).to(self.device).split(self.config.batch):
            yield self.loss(index)[None], len(index)

    def loss(self, index: Tensor) -> Tensor:
        """Loss of some windows."""
        targets = Targets(*(values[index] for values in self.data.targets))
        if self.inputs is not None:
            return fused.loss(self._fused(self.inputs, index), targets, self.config.loss)
        logits = self._logits(index)[..., CONTEXT : FRAMES - CONTEXT]
        return total(terms(logits, targets), self.config.loss)

    @torch.no_grad()
    def predict(self) -> None:
        """Probabilities of the held-out windows, if this epoch is kept."""
        if self.epoch in self.keep:
            self.network.eval()
            index = torch.from_numpy(self.run.fold.held_out).to(self.device)
            scores = [probabilities(self._logits(part)) for part in index.split(_AT_ONCE)]
            self.predictions[0][self.keep.index(self.epoch)] = torch.cat(scores).half().cpu()

    def weights(self) -> Mapping[str, Tensor]:
        """Weights and statistics of the network."""
        return self.network.state_dict()

    def _inputs(self) -> "fused.Inputs":
        """What the fused form gets of the windows of the fold."""
        data, position = self.data, self.run.position
        needed = torch.from_numpy(np.union1d(self.run.fold.train, self.run.fold.held_out))
        self.rows = torch.zeros(len(data.motion), dtype=torch.int64)
        self.rows[needed] = torch.arange(len(needed))
        matrices = self.network.matrices(**data.graphs.of(position, needed))
        return fused.Inputs.of(data.normalisation.of(position)(data.motion[needed]), matrices)

    def _fused(self, inputs: "fused.Inputs", index: Tensor) -> Tensor:
        """Logits (B, 270, 10) of windows, in the fused form."""
        matrices = self.network.matrices(**self.data.graphs.of(self.run.position, index))
        precision = getattr(torch, self.config.precision)
        return fused.logits(self.network, inputs, self.rows[index], matrices, precision)

    def _logits(self, index: Tensor) -> Tensor:
        """Logits (B, 10, 270) of windows."""
        if self.inputs is not None:
            return self._fused(self.inputs, index).transpose(1, 2).float()
        data, position = self.data, self.run.position
        motion = data.normalisation.of(position)(data.motion[index])
        with autocast(self.device, self.config.precision):
            return self.network(motion, **data.graphs.of(position, index))


def train(
    windows: Windows,
    folds: Sequence[Fold],
    config: TrainingConfig | None = None,
    *,
    seeds: Sequence[int] = (1,),
    graphs: Graphs | None = None,
    keep: Sequence[int] | None = None,
    folder: Path | None = None,
    device: str = "auto",
) -> FoldResults:
    """Train a model per fold and seed.

    Parameters
    ----------
    seeds
        Each gives one model per fold. Models of one seed start from the same weights.
    graphs
        Matrices that the network's graph layers ask for.
    keep
        Epochs, from 0, whose predictions are kept; None: all.
    folder
        Where progress is written; a later call with the same inputs goes on from there, and one
        that had ended is only read. None: nothing is written.
    device
        ``cpu``, ``cuda``, or ``auto``: a GPU if there is one.

    Raises
    ------
    CausalexError
        If there is no such device, no fold or seed, an epoch to keep that is not trained, a
        matrix of a wrong shape or with values that are not finite, a saved file that is
        damaged, or a loss that is not finite.
    """
    config = config or TrainingConfig()
    kept = tuple(range(config.epochs)) if keep is None else tuple(sorted(set(keep)))
    if not folds or not seeds or any(not 0 <= epoch < config.epochs for epoch in kept):
        raise CausalexError(
            f"{len(folds)} folds, {len(seeds)} seeds, epochs to keep {kept} of {config.epochs}:"
            " expected at least one fold and one seed, and epochs from 0 that are trained"
        )
    chosen = choose_device(device)
    if chosen.type == "cpu":
        keep_freed_memory()
    graphs = graphs or Graphs()
    _check(graphs, len(folds), windows.motion)
    constant = config.normalisation == "auw_gcn"
    normalisation = AUW_GCN_CONSTANTS if constant else training_normalisation(windows, folds)
    matrices = [graphs.compound, graphs.prior]
    data = TrainingData(
        motion=windows.motion.to(chosen),
        targets=Targets(*(values.to(chosen) for values in windows.targets)),
        graphs=Graphs(*(None if values is None else values.to(chosen) for values in matrices)),
        normalisation=normalisation.to(chosen),
    )
    inputs = ""
    if folder:
        tensors = [windows.motion, *windows.targets, *matrices]
        tensors += [normalisation.mean, normalisation.deviation]
        inputs = fingerprint(__file__, tensors, asdict(config), kept)
    runs = [Run(fold, seed, position) for seed in seeds for position, fold in enumerate(folds)]
    trainer = partial(FoldTrainer, data=data, keep=kept, config=config)
    trained = train_folds(trainer, runs, config.epochs, folder=folder, inputs=inputs)
    results = [result for result, _ in trained]
    return FoldResults(
        runs=tuple(runs),
        predictions=tuple(result["predictions.0"].numpy() for result in results),
        losses=np.concatenate([result["losses"].numpy() for result in results]),
        states=tuple(weights_of(result) for result in results),
        cpu_seconds=np.array([float(result[CPU_SECONDS]) for result in results]),
        epochs=kept,
        normalisation=normalisation,
    )


def predict(
    results: FoldResults, config: TrainingConfig, graphs: Graphs, views: Mapping[str, Tensor]
) -> dict[str, tuple[np.ndarray, ...]]:
    """Probabilities of counterfactual motion, after the last epoch.

    Parameters
    ----------
    config, graphs
        Those of the training. The graphs of the factual motion stay: FCI of motion that is zero
        in some region is undefined.
    views
        Motion of all windows (W, 270, nodes, channels), as measured.

    Returns
    -------
    dict
        For each view and run: (held-out windows, 2, 4, 256) float32, rounded to float16; onset,
        offset, apex and type of micro and of macro.

    Raises
    ------
    CausalexError
        If a view has values that are not finite.
    """
    for name, motion in views.items():
        check_finite(f"view '{name}'", motion, "; set them to zero")
    predictions: dict[str, list[np.ndarray]] = {name: [] for name in views}
    for number, run in enumerate(results.runs):
        network = results.model(number, config.network)
        index = torch.from_numpy(run.fold.held_out)
        normalise, matrices = results.normalisation.of(run.position), graphs.of(run.position, index)
        for name, motion in views.items():
            logits = _predicted(network, normalise(motion[index]), matrices, config.precision)
            predictions[name].append(head_probabilities(logits).half().float().numpy())
    return {name: tuple(of_runs) for name, of_runs in predictions.items()}


@torch.no_grad()
def _predicted(
    network: Network, motion: Tensor, matrices: dict[str, Tensor | None], precision: str
) -> Tensor:
    """Logits (W, 10, 270) in the form in which networks are trained: forms round differently."""
    if not _is_fused(network):
        with autocast(motion.device, precision):
            return network(motion, **matrices)
    of_layers = network.matrices(**matrices)
    inputs, everything = fused.Inputs.of(motion, of_layers), torch.arange(len(motion))
    logits = fused.logits(network, inputs, everything, of_layers, getattr(torch, precision))
    return logits.transpose(1, 2).float()


def _is_fused(network: Network) -> bool:
    """Whether the fused form of a network is trained in its place."""
    return fused is not None and fused.fits(network)


def _check(graphs: Graphs, folds: int, motion: Tensor) -> None:
    """Refuse matrices of a shape that does not fit, or with values that are not finite."""
    windows, nodes = motion.shape[0], motion.shape[2]
    square = (nodes, nodes)
    for name, matrix, shapes in (
        ("compound", graphs.compound, [square, (windows, *square), (folds, windows, *square)]),
        ("prior", graphs.prior, [square, (folds, *square)]),
    ):
        if matrix is not None and tuple(matrix.shape) not in shapes:
            raise CausalexError(
                f"{name} matrix of shape {tuple(matrix.shape)}: expected one of {shapes}"
            )
        if matrix is not None:
            check_finite(f"{name} matrix", matrix, _ADVICE)
