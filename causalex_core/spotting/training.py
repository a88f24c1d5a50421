"""Leave-one-subject-out: a model per fold and seed, and what it says of its held-out videos.

Windows, targets and graphs lie on the device as a whole; an epoch is a few steps on indices.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from causalex_core.devices import choose_device, keep_freed_memory
from causalex_core.errors import CausalexError
from causalex_core.provenance import code_digest, digest
from causalex_core.resumable import CPU_SECONDS, Job, train_or_resume
from causalex_core.spotting.batches import Run
from causalex_core.spotting.fold_trainer import FoldTrainer, Graphs, TrainingConfig, TrainingData
from causalex_core.spotting.losses import TargetBatch
from causalex_core.spotting.network import Network, NetworkConfig
from causalex_core.spotting.windows import (
    AUW_GCN_CONSTANTS,
    Fold,
    Normalisation,
    Windows,
    training_normalisation,
)


@dataclass(frozen=True)
class FoldResults:
    """What the trained models say.

    Attributes
    ----------
    runs
        The models: all folds of the first seed, then of the next.
    epochs
        Epochs whose scores were kept, from 0.
    scores
        Of each run: (epochs, held-out windows, 2, 3, 256) float16 probabilities, as
        :func:`causalex_core.spotting.proposals.probabilities` gives them.
    losses
        (runs, all epochs) mean training loss.
    states
        Of each run, entries of a `Network` of one fold after the last epoch.
    normalisation
        Of each fold.
    cpu_seconds
        (runs,) of training and of applying each model; shared evenly by models of one pass.
    """

    runs: tuple[Run, ...]
    epochs: tuple[int, ...]
    scores: tuple[np.ndarray, ...]
    losses: np.ndarray
    states: tuple[Mapping[str, Tensor], ...]
    normalisation: Normalisation
    cpu_seconds: np.ndarray

    def model(self, run: int, config: NetworkConfig) -> Network:
        """Network of one run after the last epoch, in evaluation mode, without matrices."""
        network = Network(config)
        network.load_state_dict(dict(self.states[run]))
        return network.eval()


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
    runs_at_once: int | None = None,
) -> FoldResults:
    """Train a model per fold and seed.

    Parameters
    ----------
    windows, folds
        Inputs, targets, and who trains on what.
    config
        Network, losses, optimiser.
    seeds
        Each gives one model per fold. Models of one seed start from the same weights.
    graphs
        Matrices that the network's graph layers ask for.
    keep
        Epochs, from 0, whose scores of held-out windows are kept; None: all.
    folder
        Where progress is written; a later call with the same inputs goes on from there, and one
        that had ended is only read. None: nothing is written.
    device
        ``cpu``, ``cuda``, or ``auto``: a GPU if there is one.
    runs_at_once
        Models in one pass; None: one on a CPU, whose caches hold no more, all on a GPU. A
        model's numbers do not depend on it, but for rounding.

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
    place = choose_device(device)
    if place.type == "cpu":
        keep_freed_memory()
    constant = config.normalisation == "auw_gcn"
    normalisation = AUW_GCN_CONSTANTS if constant else training_normalisation(windows, folds)
    material = TrainingData(
        motion=windows.motion.to(place),
        answers=TargetBatch(*(part.to(place) for part in windows.answers)),
        graphs=_checked(graphs or Graphs(), len(folds), windows.motion, place),
        normalisation=normalisation.to(place),
        keep=kept,
    )
    runs = [Run(fold, position, seed) for seed in seeds for position, fold in enumerate(folds)]
    size = runs_at_once or (1 if place.type == "cpu" else len(runs))
    inputs = _fingerprint(material, config) if folder else ""
    groups = [runs[start : start + size] for start in range(0, len(runs), size)]
    found = train_or_resume(
        [
            Job(
                begin=partial(FoldTrainer, group, material, config),
                epochs=config.epochs,
                models=len(group),
                path=folder / _name(group, inputs) if folder else None,
            )
            for group in groups
        ]
    )
    each = [
        (said, place)
        for group, said in zip(groups, found, strict=True)
        for place in range(len(group))
    ]
    return FoldResults(
        runs=tuple(runs),
        epochs=kept,
        scores=tuple(said[f"scores.{place}"].numpy() for said, place in each),
        losses=np.concatenate([said["losses"].numpy() for said in found]),
        states=tuple(_state(said, place) for said, place in each),
        normalisation=normalisation,
        cpu_seconds=np.concatenate(
            [
                np.full(len(group), float(said[CPU_SECONDS]) / len(group))
                for group, said in zip(groups, found, strict=True)
            ]
        ),
    )


def _state(said: Mapping[str, Tensor], place: int) -> dict[str, Tensor]:
    """Weights of one run, with one fold."""
    mark = "network."
    return {
        name.removeprefix(mark): value[[place]]
        for name, value in said.items()
        if name.startswith(mark)
    }


def _finite(what: str, values: Tensor) -> None:
    """Refuse what would come out as scores that are no numbers."""
    bad = int(torch.isfinite(values).logical_not().sum())
    if bad:
        raise CausalexError(
            f"{what}: {bad} of {values.numel()} values are not finite; set them to zero or leave"
            " their videos out"
        )


def _checked(graphs: Graphs, folds: int, motion: Tensor, place: torch.device) -> Graphs:
    """Graphs on the device, of a shape that fits."""
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
            _finite(f"{name} matrix", matrix)
    return Graphs(
        *(None if one is None else one.to(place) for one in (graphs.compound, graphs.prior))
    )


def _fingerprint(material: TrainingData, config: TrainingConfig) -> str:
    """Digest of everything that the models of any group depend on but the group itself.

    The code is part of it: what an earlier version trained must not pass for this one's.
    """
    parts = [
        material.motion,
        *material.answers,
        material.graphs.compound,
        material.graphs.prior,
        material.normalisation.mean,
        material.normalisation.deviation,
    ]
    content = hashlib.sha256()
    for part in parts:
        content.update(b"-" if part is None else part.cpu().contiguous().numpy().tobytes())
    code = code_digest(Path(__file__))
    return digest([content.hexdigest(), code, asdict(config), material.keep])


def _name(group: Sequence[Run], inputs: str) -> str:
    """File name of a group: the same only for the same models from the same inputs."""
    models = [
        (run.fold.name, run.seed, run.position, run.fold.train.tolist(), run.fold.held_out.tolist())
        for run in group
    ]
    first = group[0]
    readable = re.sub(r"[^\w.-]", "_", first.fold.name)
    return f"{readable}-{first.seed}-{digest([inputs, models])}.safetensors"
