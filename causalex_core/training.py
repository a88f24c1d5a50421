"""Leave-one-subject-out training of many models, for both papers.

A training may be killed at any moment: the same call goes on from the file that it left, with the
same results. Several processes may share the work.
"""

import hashlib
import re
import sys
import zlib
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import monotonic, process_time, sleep
from typing import Any, Protocol

import numpy as np
import safetensors.torch
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from causalex_core import paths
from causalex_core.errors import CausalexError
from causalex_core.locks import try_lock
from causalex_core.provenance import code_digest, digest
from causalex_core.tensors import WeightsError, read_tensors

_SAVE_EVERY, _LOOK_AGAIN = 30.0, 0.2  # seconds
_SAVING_AT_MOST = 0.05  # of the time; the largest networks take seconds to write
_TELL_EVERY = 30.0  # seconds between lines of progress where the output is no terminal
CPU_SECONDS = "cpu_seconds"  # in a result: what its training took, over all interruptions
_WEIGHTS = "network."  # prefix of weights in a result

Tensors = dict[str, Tensor]


@dataclass(frozen=True)
class Fold:
    """Positions of the samples that train a model, and of those that it is tested on.

    Attributes
    ----------
    name
        Name of the fold: the subject that is left out.
    train, held_out
        Positions of samples.
    """

    name: str
    train: NDArray[np.int64]
    held_out: NDArray[np.int64]


@dataclass(frozen=True)
class Run:
    """One model: its fold, its seed, and where the fold stands in what is kept per fold."""

    fold: Fold
    seed: int
    position: int = 0

    def __str__(self) -> str:
        """As error messages name it."""
        return f"fold '{self.fold.name}', seed {self.seed}"

    def generator(self, epoch: int, *more: int) -> np.random.Generator:
        """Random numbers of an epoch, which depend neither on other runs nor on interruptions."""
        key = [self.seed, epoch, zlib.crc32(self.fold.name.encode()), *more]
        return np.random.default_rng(key)


@dataclass(frozen=True)
class FoldResults:
    """Held-out predictions of trained models.

    Attributes
    ----------
    runs
        The models: all folds of the first seed, then of the next.
    predictions
        Of each run: (epochs, held-out samples, ...).
    losses
        (runs, epochs) mean training loss.
    states
        Weights of each run after the last epoch; empty if they were not kept.
    cpu_seconds
        (runs,) of training and testing each model; shared evenly by models of one pass.
    """

    runs: tuple[Run, ...]
    predictions: tuple[np.ndarray, ...]
    losses: NDArray[np.float32]
    states: tuple[Mapping[str, Tensor], ...]
    cpu_seconds: NDArray[np.float64]

    def by_sample(self, seed: int, n_samples: int) -> np.ndarray:
        """Predictions (epochs, N, ...) of the models of a seed, as :func:`by_sample`."""
        chosen = [number for number, run in enumerate(self.runs) if run.seed == seed]
        values = [np.moveaxis(self.predictions[number], 0, 1) for number in chosen]
        runs = [self.runs[number] for number in chosen]
        return np.moveaxis(by_sample(runs, values, n_samples), 1, 0)


def by_sample(runs: Sequence[Run], values: Sequence[np.ndarray], n_samples: int) -> np.ndarray:
    """Values (held-out samples, ...) of each run as (N, ...); NaN where no run holds out."""
    joined = np.full((n_samples, *values[0].shape[1:]), np.nan, values[0].dtype)
    for run, value in zip(runs, values, strict=True):
        joined[run.fold.held_out] = value
    return joined


class FoldTrainer(ABC):
    """Models that are trained in one pass, with their optimiser and held-out predictions.

    A subclass sets up the networks, calls `prepare`, and says what a step and a prediction are.

    Attributes
    ----------
    epoch
        Epochs done.
    losses
        (runs, epochs) mean training loss.
    predictions
        Of each run: (epochs, held-out samples, ...).
    """

    runs: Sequence[Run]
    predictions: list[Tensor]
    keep_weights = True  # after the last epoch

    def prepare(
        self,
        parameters: Mapping[str, Tensor],
        epochs: int,
        lr: float,
        weight_decay: Mapping[str, float],
    ) -> None:
        """Set up AdamW.

        Parameters
        ----------
        parameters
            All that is trained, by name.
        weight_decay
            Of each parameter.
        """
        self.epoch = 0
        self.losses = torch.zeros(len(self.runs), epochs)
        self._parameters = parameters
        groups: list[dict[str, Any]] = [
            {
                "params": [parameters[name] for name in parameters if weight_decay[name] == value],
                "weight_decay": value,
            }
            for value in sorted(set(weight_decay.values()))
        ]
        self.optimiser = torch.optim.AdamW(groups, lr, fused=True)
        for parameter in parameters.values():
            # as its first step would: a file has to be read before that
            self.optimiser.state[parameter] = {
                "step": torch.zeros((), device=parameter.device),
                "exp_avg": torch.zeros_like(parameter),
                "exp_avg_sq": torch.zeros_like(parameter),
            }

    @abstractmethod
    def lr(self) -> float:
        """Learning rate of this epoch."""

    @abstractmethod
    def steps(self) -> Iterator[tuple[Tensor, int]]:
        """Losses (runs,) of each batch of this epoch, and the weight of the batch in their mean."""

    @abstractmethod
    def predict(self) -> None:
        """Fill in the predictions of this epoch."""

    @abstractmethod
    def weights(self) -> Mapping[str, Tensor]:
        """Weights and statistics of the networks."""

    def advance(self) -> float:
        """Train for one epoch and predict; the mean loss of the epoch.

        Raises
        ------
        CausalexError
            If a loss is not finite.
        """
        for group in self.optimiser.param_groups:
            group["lr"] = self.lr()
        total, weights = torch.zeros(len(self.runs)), 0
        for losses, weight in self.steps():
            losses.sum().backward()
            self.optimiser.step()
            self.optimiser.zero_grad(set_to_none=True)
            total, weights = total.to(losses.device) + losses.detach() * weight, weights + weight
        means = (total / weights).cpu()
        bad = torch.isfinite(means).logical_not().nonzero()
        if len(bad):
            raise CausalexError(
                f"{self.runs[int(bad[0])]}: the loss of epoch {self.epoch + 1} is not finite;"
                " lower the learning rate"
            )
        self.losses[:, self.epoch] = means
        self.predict()
        self.epoch += 1
        return float(means.mean())

    def result(self) -> Tensors:
        """What is kept after training."""
        predictions = {f"predictions.{n}": values for n, values in enumerate(self.predictions)}
        return {
            "losses": self.losses,
            **predictions,
            **(self._named() if self.keep_weights else {}),
        }

    def progress(self) -> Tensors:
        """Everything that changes, as it lies in memory."""
        state = {
            f"optimiser.{kind}.{name}": value
            for name, parameter in self._parameters.items()
            for kind, value in self.optimiser.state[parameter].items()
        }
        return {**self.result(), **self._named(), **state}

    def _named(self) -> Tensors:
        return {_WEIGHTS + name: value for name, value in self.weights().items()}


def train_folds(
    trainer: Callable[[Sequence[Run]], FoldTrainer],
    runs: Sequence[Run],
    epochs: int,
    *,
    at_once: int = 1,
    folder: Path | None = None,
    inputs: str = "",
) -> list[tuple[Tensors, int]]:
    """Train all runs, several in a pass.

    Parameters
    ----------
    trainer
        Sets up the models of one pass.
    at_once
        Models in a pass.
    folder
        Where progress is written; None: nowhere.
    inputs
        Digest of all that the models depend on but their runs, see :func:`fingerprint`.

    Returns
    -------
    list
        Of each run: the result of its pass, and its position in the pass.
    """
    passes = [runs[start : start + at_once] for start in range(0, len(runs), at_once)]
    jobs = [
        Job(
            begin=partial(trainer, group),
            epochs=epochs,
            models=len(group),
            path=folder / _file_name(group, inputs) if folder else None,
        )
        for group in passes
    ]
    return [
        (result, position)
        for group, result in zip(passes, train_or_resume(jobs), strict=True)
        for position in range(len(group))
    ]


def weights_of(result: Tensors) -> Tensors:
    """Weights in a result, by their names in the network."""
    return {
        name.removeprefix(_WEIGHTS): value
        for name, value in result.items()
        if name.startswith(_WEIGHTS)
    }


def fingerprint(module: str, tensors: Iterable[Tensor | None], *settings: Any) -> str:
    """Digest of the data, the settings and the code of a module with all that it imports.

    What an earlier version trained must not pass for this one's.
    """
    content = hashlib.sha256()
    for values in tensors:
        content.update(b"-" if values is None else values.cpu().contiguous().numpy().tobytes())
    return digest([content.hexdigest(), code_digest(Path(module)), *settings])


def autocast(device: torch.device, precision: str) -> AbstractContextManager[Any]:
    """Context in which products have a precision, ``float32`` or ``bfloat16``."""
    if precision == "float32":
        return nullcontext()
    return torch.autocast(device.type, torch.bfloat16)


def check_finite(name: str, values: Tensor, advice: str = "") -> None:
    """Refuse what would give predictions that are not finite."""
    bad = int(torch.isfinite(values).logical_not().sum())
    if bad:
        raise CausalexError(f"{name}: {bad} of {values.numel()} values are not finite{advice}")


def _file_name(runs: Sequence[Run], inputs: str) -> str:
    """The same only for the same models from the same inputs."""
    models = [
        (run.fold.name, run.seed, run.position, run.fold.train.tolist(), run.fold.held_out.tolist())
        for run in runs
    ]
    readable = re.sub(r"[^\w.-]", "_", runs[0].fold.name)
    return f"{readable}-{runs[0].seed}-{digest([inputs, models])}.safetensors"


class Training(Protocol):
    """What :func:`train_or_resume` needs of a training, such as a `FoldTrainer`."""

    epoch: int  # epochs done

    def advance(self) -> float:
        """Train for one epoch; its mean loss."""

    def progress(self) -> Mapping[str, Tensor]:
        """Everything that changes, as it lies in memory."""

    def result(self) -> Mapping[str, Tensor]:
        """State kept after training."""


@dataclass(frozen=True)
class Job:
    """A training that is to be done.

    Attributes
    ----------
    begin
        Sets it up, before its first epoch.
    epochs
        How far it is to go.
    models
        How many are trained in it.
    path
        Where its progress is written; None: nowhere.
    """

    begin: Callable[[], Training]
    epochs: int
    models: int
    path: Path | None


def train_or_resume(jobs: Sequence[Job]) -> list[Tensors]:
    """Result of each training, one after the other, with its `CPU_SECONDS`.

    Progress and the time left go to the standard error. What another process trains now is left
    for later: two runs that need the same models share the work, and each reads what the other
    did.

    Raises
    ------
    WeightsError
        If a file is damaged, or holds the progress of other models.
    """
    waiting = deque(enumerate(jobs))
    results: dict[int, Tensors] = {}
    locked = 0  # jobs in a row that other processes work on
    with _bar(sum(job.models * job.epochs for job in jobs)) as bar:
        while waiting:
            position, job = waiting.popleft()
            lock = nullcontext(True) if job.path is None else try_lock(_lock(job.path))
            with lock as acquired:
                if acquired:
                    results[position] = _finished(job, bar)
                    locked = 0
                    continue
            waiting.append((position, job))
            locked += 1
            if locked >= len(waiting):
                sleep(_LOOK_AGAIN)
    return [results[position] for position in range(len(jobs))]


class _Lines:
    """A stream on which each state of a progress bar is a line of its own."""

    def write(self, text: str) -> None:
        line = text.strip()
        if line:
            print(line, file=sys.stderr, flush=True)

    def flush(self) -> None:
        sys.stderr.flush()


def _bar(epochs: int) -> tqdm:
    """Progress on a terminal, or lines of it in a notebook, a log or a batch job."""
    terminal = sys.stderr.isatty()
    return tqdm(
        total=epochs,
        unit="epoch",
        file=None if terminal else _Lines(),
        mininterval=0.1 if terminal else _TELL_EVERY,
        maxinterval=10.0 if terminal else _TELL_EVERY,
        smoothing=0,  # the time left follows from all epochs trained so far
        leave=terminal,
    )


def _finished(job: Job, bar: tqdm) -> Tensors:
    """Train to the end, from where a file left off."""
    training = job.begin()
    spent = 0.0
    if job.path is not None and job.path.exists():
        spent = _resume(training, job)
        bar.initial += training.epoch * job.models  # not trained now: no measure of the speed
        bar.update(training.epoch * job.models)
    saved, took = monotonic(), 0.0
    begun = process_time() - spent
    while training.epoch < job.epochs:
        loss = training.advance()
        bar.set_postfix(loss=f"{loss:.4f}", refresh=False)
        bar.update(job.models)
        ended = training.epoch == job.epochs
        waited = monotonic() - saved
        if job.path is not None and (ended or waited > max(_SAVE_EVERY, took / _SAVING_AT_MOST)):
            started = monotonic()
            _save(training, job.path, ended, process_time() - begun)
            saved = monotonic()
            took = saved - started
    seconds = torch.tensor(process_time() - begun, dtype=torch.float64)
    return {CPU_SECONDS: seconds} | {name: value.cpu() for name, value in training.result().items()}


def _save(training: Training, path: Path, ended: bool, seconds: float) -> None:
    """Write what is needed later; what stood there is replaced at once or not at all."""
    kept = training.result() if ended else training.progress()
    tensors = {name: value.detach().cpu().contiguous() for name, value in kept.items()}
    tensors["epoch"] = torch.tensor(training.epoch)
    tensors[CPU_SECONDS] = torch.tensor(seconds, dtype=torch.float64)
    paths.atomic_write(path, safetensors.torch.save(tensors))


def _resume(training: Training, job: Job) -> float:
    """Take over what was saved; if it is of no use, the models are as they were.

    Returns
    -------
    float
        CPU seconds spent on it so far.
    """
    advice = "delete it, and its models are trained from the beginning"
    assert job.path is not None
    try:
        saved = read_tensors(job.path)
    except WeightsError as error:
        raise WeightsError(f"{error}; {advice}") from error
    epoch = int(saved.pop("epoch", torch.tensor(-1)))
    seconds = float(saved.pop(CPU_SECONDS, torch.tensor(-1.0)))
    state = training.result() if epoch == job.epochs else training.progress()
    shapes, expected = (
        {name: (value.shape, value.dtype) for name, value in tensors.items()}
        for tensors in (saved, state)
    )
    if shapes != expected or not 0 <= epoch <= job.epochs or seconds < 0:
        raise WeightsError(f"{job.path}: not the progress of these models; {advice}")
    with torch.no_grad():
        for name, value in state.items():
            value.copy_(saved[name])
    training.epoch = epoch
    return seconds


def _lock(path: Path) -> Path:
    return path.with_suffix(".lock")
