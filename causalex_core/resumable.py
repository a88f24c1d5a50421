"""Training that may be killed at any moment, goes on from its file, and is shared by processes."""

import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, process_time, sleep
from typing import Protocol

import safetensors.torch
import torch
from torch import Tensor
from tqdm import tqdm

from causalex_core import paths
from causalex_core.errors import CausalexError
from causalex_core.locks import try_lock
from causalex_core.tensors import WeightsError, read_tensors

_SAVE_EVERY, _LOOK_AGAIN = 30.0, 0.2  # seconds
_SAVING_AT_MOST = 0.05  # of the time; the largest networks take seconds to write
_TELL_EVERY = 30.0  # seconds between lines of progress where the output is no terminal
CPU_SECONDS = "cpu_seconds"  # in an outcome: what its training took, over all interruptions


class Training(Protocol):
    """Models that are trained in one pass.

    Attributes
    ----------
    epoch
        Epochs done.
    """

    epoch: int

    def advance(self) -> float:
        """Train for one epoch; its mean loss."""

    def progress(self) -> Mapping[str, Tensor]:
        """Everything that changes, as it lies in memory."""

    def outcome(self) -> Mapping[str, Tensor]:
        """The part of it that is of use after the last epoch."""


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


def train_or_resume(jobs: Sequence[Job]) -> list[dict[str, Tensor]]:
    """Outcome of each training, one after the other, with its `CPU_SECONDS`.

    Progress and the time left go to the standard error. What another process trains now is left
    for later: two runs that need the same models share the work, and each reads what the other
    did.

    Raises
    ------
    WeightsError
        If a file is damaged, or holds the progress of other models.
    """
    left = deque(enumerate(jobs))
    found: dict[int, dict[str, Tensor]] = {}
    taken = 0  # jobs in a row that others work on
    with _bar(sum(job.models * job.epochs for job in jobs)) as bar:
        while left:
            place, job = left.popleft()
            lock = nullcontext(True) if job.path is None else try_lock(_lock(job.path))
            with lock as free:
                if free:
                    found[place] = _finished(job, bar)
                    taken = 0
                    continue
            left.append((place, job))
            taken += 1
            if taken >= len(left):
                sleep(_LOOK_AGAIN)
    return [found[place] for place in range(len(jobs))]


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


def finite(losses: Tensor, models: Sequence[str], epoch: int) -> Tensor:
    """Losses of an epoch, one for each model, on the CPU.

    Raises
    ------
    CausalexError
        If one is not finite.
    """
    found = losses.detach().cpu()
    bad = torch.isfinite(found).logical_not().nonzero()
    if len(bad):
        raise CausalexError(
            f"{models[int(bad[0])]}: the loss of epoch {epoch + 1} is not finite; lower the"
            " learning rate"
        )
    return found


def _finished(job: Job, bar: tqdm) -> dict[str, Tensor]:
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
    return {CPU_SECONDS: seconds} | {
        name: value.cpu() for name, value in training.outcome().items()
    }


def _save(training: Training, path: Path, ended: bool, seconds: float) -> None:
    """Write what is needed later; what stood there is replaced at once or not at all."""
    kept = training.outcome() if ended else training.progress()
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
    anew = "delete it, and its models are trained from the beginning"
    assert job.path is not None
    try:
        saved = read_tensors(job.path)
    except WeightsError as error:
        raise WeightsError(f"{error}; {anew}") from error
    epoch = int(saved.pop("epoch", torch.tensor(-1)))
    seconds = float(saved.pop(CPU_SECONDS, torch.tensor(-1.0)))
    own = training.outcome() if epoch == job.epochs else training.progress()
    shapes, expected = (
        {name: (value.shape, value.dtype) for name, value in tensors.items()}
        for tensors in (saved, own)
    )
    if shapes != expected or not 0 <= epoch <= job.epochs or seconds < 0:
        raise WeightsError(f"{job.path}: not the progress of these models; {anew}")
    with torch.no_grad():
        for name, value in own.items():
            value.copy_(saved[name])
    training.epoch = epoch
    return seconds


def _lock(path: Path) -> Path:
    return path.with_suffix(".lock")
