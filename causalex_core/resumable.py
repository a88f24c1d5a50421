"""Training that may be killed at any moment, goes on from its file, and is shared by processes."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Protocol

import safetensors.torch
import torch
from torch import Tensor
from tqdm import tqdm

from causalex_core import paths
from causalex_core.errors import CausalexError
from causalex_core.locks import attempted
from causalex_core.tensors import WeightsError, read_tensors

_SAVE_EVERY, _LOOK_AGAIN = 30.0, 0.2  # seconds
_SAVING_AT_MOST = 0.05  # of the time; the largest networks take seconds to write


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


def finish(jobs: Sequence[Job]) -> list[dict[str, Tensor]]:
    """Outcome of each training, one after the other.

    What another process trains now is left for later: two runs that need the same models share
    the work, and each reads what the other did.

    Raises
    ------
    WeightsError
        If a file is damaged, or holds the progress of other models.
    """
    left = deque(enumerate(jobs))
    found: dict[int, dict[str, Tensor]] = {}
    taken = 0  # jobs in a row that others work on
    with tqdm(
        total=sum(job.models * job.epochs for job in jobs), unit="epoch", disable=None
    ) as bar:
        while left:
            place, job = left.popleft()
            lock = nullcontext(True) if job.path is None else attempted(_lock(job.path))
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
    if job.path is not None and job.path.exists():
        _resume(training, job)
        bar.update(training.epoch * job.models)
    saved, took = monotonic(), 0.0
    while training.epoch < job.epochs:
        loss = training.advance()
        bar.set_postfix(loss=f"{loss:.4f}", refresh=False)
        bar.update(job.models)
        ended = training.epoch == job.epochs
        waited = monotonic() - saved
        if job.path is not None and (ended or waited > max(_SAVE_EVERY, took / _SAVING_AT_MOST)):
            started = monotonic()
            _save(training, job.path, ended)
            saved = monotonic()
            took = saved - started
    return {name: value.cpu() for name, value in training.outcome().items()}


def _save(training: Training, path: Path, ended: bool) -> None:
    """Write what is needed later; what stood there is replaced at once or not at all."""
    kept = training.outcome() if ended else training.progress()
    tensors = {name: value.detach().cpu().contiguous() for name, value in kept.items()}
    tensors["epoch"] = torch.tensor(training.epoch)
    paths.atomic_write(path, safetensors.torch.save(tensors))


def _resume(training: Training, job: Job) -> None:
    """Take over what was saved; if it is of no use, the models are as they were."""
    anew = "delete it, and its models are trained from the beginning"
    assert job.path is not None
    try:
        saved = read_tensors(job.path)
    except WeightsError as error:
        raise WeightsError(f"{error}; {anew}") from error
    epoch = int(saved.pop("epoch", torch.tensor(-1)))
    own = training.outcome() if epoch == job.epochs else training.progress()
    shapes, expected = (
        {name: (value.shape, value.dtype) for name, value in tensors.items()}
        for tensors in (saved, own)
    )
    if shapes != expected or not 0 <= epoch <= job.epochs:
        raise WeightsError(f"{job.path}: not the progress of these models; {anew}")
    with torch.no_grad():
        for name, value in own.items():
            value.copy_(saved[name])
    training.epoch = epoch


def _lock(path: Path) -> Path:
    return path.with_suffix(".lock")
