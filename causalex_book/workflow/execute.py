"""Run one notebook with its parameters; keep it if it fails, and never run it twice."""

import contextlib
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import papermill
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbformat import NotebookNode

from causalex_book.publishing import results
from causalex_book.workflow import experiment, logged, records
from causalex_book.workflow import parameters as of_notebook
from causalex_core import locks, paths
from causalex_core.errors import CausalexError

CELL_TIMEOUT = 4 * 3600  # seconds; a cell that takes longer hangs
_LONGEST = 300  # characters of a reason


class LocalKernelManager(AsyncKernelManager):
    """Kernel of this very Python, reached through files: parallel kernels race for ports."""

    ended: int | None = None  # exit status of the last kernel that ended by itself

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._folder = _short_folder()
        identity = uuid.uuid4().hex
        super().__init__(
            *args,
            transport="ipc",
            kernel_id=identity,
            connection_file=str(self._folder / "kernel.json"),
            **kwargs,
        )

    @property
    def kernel_spec(self) -> KernelSpec:
        """How to start the kernel."""
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=command, display_name="Python 3", language="python")

    async def is_alive(self) -> bool:  # type: ignore[override]  # as in AsyncKernelManager
        """Whether the kernel runs; notes how it ended, which nbclient does not tell."""
        alive = await super().is_alive()
        if not alive and self.provisioner:
            type(self).ended = await self.provisioner.poll()
        return alive

    def cleanup_connection_file(self) -> None:
        """Remove the sockets together with the connection file."""
        super().cleanup_connection_file()
        shutil.rmtree(self._folder, ignore_errors=True)


class _Progress:
    """What a notebook writes to its standard error: how far training is goes to the journal."""

    def __init__(self, folder: Path, run: str) -> None:
        self.folder, self.run = folder, run

    def write(self, text: str) -> None:
        for line in text.splitlines():
            if "epoch" in line and "%|" in line:
                with contextlib.suppress(OSError):  # no news is no reason to stop
                    records.note(self.folder, f"{self.run}: {line.strip()}")

    def flush(self) -> None:
        """Nothing is held back."""


def execute(
    notebook: Path,
    output: Path,
    parameters: Mapping[str, Any],
    uses: Mapping[str, str] | None = None,
) -> float:
    """Execute a notebook; its output appears whole or not at all. Returns the seconds taken.

    Beside the output's folder it leaves a record of the run, the finished notebook, and the
    results that its pages saved. If an earlier run finished the very same, that one is taken
    over: its controller may have been killed before it could learn of it.

    Parameters
    ----------
    notebook
        The notebook, with a cell tagged ``parameters`` if it takes any.
    output
        Where the executed notebook goes: ``<experiment>/pages/<run>.ipynb``.
    parameters
        Values that replace those of the tagged cell.
    uses
        :func:`causalex_book.workflow.experiment.state` of the notebook; None: run it in any case.

    Raises
    ------
    CausalexError
        If a parameter is unknown or a cell fails; the notebook as far as it got is kept.
    """
    output = output.absolute()
    folder, run = output.parent.parent, output.stem
    finished = folder / "finished" / output.name
    experiment.refuse_unknown(parameters, of_notebook.names(notebook), notebook.name)
    with locks.exclusive(records.lock(folder, run), f"another process executes {run}"):
        earlier = records.read(folder, run)
        if earlier and earlier.state == "done" and earlier.answers(parameters, uses):
            with contextlib.suppress(FileNotFoundError):
                paths.atomic_write(output, finished.read_bytes())
                records.note(folder, f"took over {run}, finished {earlier.started} before")
                return 0.0
        record = records.begun(parameters, uses)
        records.write(record, folder, run)
        used = _executed(notebook, folder, run, record)
        records.write(record.ended("done", **used), folder, run)
        paths.atomic_write(output, finished.read_bytes())
        records.note(folder, f"executed {run} in {used['seconds']:.0f} s{_where(record)}")
    return used["seconds"]


def _executed(
    notebook: Path, folder: Path, run: str, record: records.Record
) -> Mapping[str, float]:
    """Time and memory that a run takes until its notebook and results are in place."""
    running = records.unfinished(folder, run)
    finished, failed = (folder / kind / f"{run}.ipynb" for kind in ("finished", "failed"))
    handed_over = running.with_suffix("")
    shutil.rmtree(handed_over, ignore_errors=True)
    for path in (finished, failed):
        path.parent.mkdir(parents=True, exist_ok=True)
    records.note(folder, f"began {run}{_where(record)}")
    used = _measure()
    os.environ[results.WANTED] = str(handed_over)
    try:
        executed = papermill.execute_notebook(
            str(notebook),
            str(running),
            dict(record.parameters),
            kernel_name="python3",
            language="python",
            kernel_manager_class=LocalKernelManager,
            cwd=str(notebook.parent),
            progress_bar=False,
            execution_timeout=CELL_TIMEOUT,
            stderr_file=_Progress(folder, run),
        )
        _refuse_cut_short(executed)
    except Exception as error:
        why = _reason(error, records.cell_at_work(folder, run))
        kept = str(failed) if running.is_file() else ""
        if kept:
            running.replace(failed)
        with contextlib.suppress(OSError):  # a full disk has no room for this either
            records.write(record.ended("failed", why=why, kept=kept, **used()), folder, run)
            records.note(folder, f"failed {run}: {why}")
        if isinstance(error, OSError) and not kept:
            raise
        look_at = f"; the notebook as far as it got: {failed}" if kept else ""
        raise CausalexError(f"{run} failed: {why}{look_at}") from error
    finally:
        del os.environ[results.WANTED]
    _replace(handed_over, folder / "results" / run)
    running.replace(finished)
    failed.unlink(missing_ok=True)
    return used()


def _refuse_cut_short(executed: NotebookNode) -> None:
    """Refuse ``sys.exit(0)`` before the last cell, which papermill takes for a good end."""
    for index, cell in enumerate(executed.cells[:-1]):
        if any(output.get("ename") == "SystemExit" for output in cell.get("outputs", ())):
            why = "the cells after it were not executed"
            raise papermill.PapermillExecutionError(index, index, "", "SystemExit", why, [])


def _measure() -> Callable[[], dict[str, float]]:
    """What is used from now on, by this process's children when they have ended."""
    started, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)

    def used() -> dict[str, float]:
        now = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = now.ru_utime + now.ru_stime - before.ru_utime - before.ru_stime
        per_mb = 2**20 if sys.platform == "darwin" else 2**10
        return {
            "seconds": round(time.perf_counter() - started, 2),
            "cpu_seconds": round(cpu, 2),
            "peak_mb": round(now.ru_maxrss / per_mb),
        }

    return used


def _replace(new: Path, old: Path) -> None:
    """Put a folder in the place of another; without the new one there is none."""
    shutil.rmtree(old, ignore_errors=True)
    if new.is_dir():
        old.parent.mkdir(parents=True, exist_ok=True)
        new.rename(old)


def _where(record: records.Record) -> str:
    return f" (SLURM job {record.job} on {record.host})" if record.job else ""


def _reason(error: Exception, cell: int | None) -> str:
    """Cell and error in one line: the first of its lines that says anything."""
    # Those of papermill and nbclient tell about the cell's own.
    name = getattr(error, "ename", type(error).__name__)
    text = logged.COLOURS.sub("", getattr(error, "evalue", str(error)))
    if isinstance(error, papermill.PapermillExecutionError):
        cell = error.cell_index + 1
    elif name == "DeadKernelError":
        name, text = _death(LocalKernelManager.ended), ""
    first = next((" ".join(line.split()) for line in text.splitlines() if line.strip()), "")
    return ": ".join(filter(None, (f"cell {cell}" if cell else "", name, first[:_LONGEST])))


def _death(status: int | None) -> str:
    """How a kernel ended that should not have."""
    if status is None or status >= 0:
        return f"the kernel ended by itself (exit status {status})"
    name = signal.Signals(-status).name
    perhaps = ", as a system does whose memory is used up" if -status == signal.SIGKILL else ""
    return f"the kernel was killed ({name}{perhaps})"


def _short_folder() -> Path:
    """New folder for sockets, whose paths may hold about 100 characters only."""
    longest = 60
    usual = tempfile.gettempdir()
    parent = usual if len(usual) <= longest else "/tmp"
    return Path(tempfile.mkdtemp(prefix="causalex-", dir=parent))
