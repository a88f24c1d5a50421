"""What outlives a process: what became of each run, who is at work, and a journal."""

import json
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from causalex_core import locks, paths

JOURNAL = "journal.log"


@dataclass(frozen=True)
class Record:
    """The last execution of a run.

    Attributes
    ----------
    state
        ``running`` says only that it began: a killed process cannot write anything else.
    parameters, uses
        What it was given, and digests of all else that it depends on.
    host, process, job
        Where it runs or ran; `job` is the number in SLURM.
    started, seconds
        Local time, ISO 8601; time taken.
    cpu_seconds, peak_mb
        Time of all processors; most memory of its largest process.
    why, kept
        What went wrong, in one line; the notebook as far as it got.
    """

    state: Literal["running", "done", "failed"]
    parameters: Mapping[str, Any]
    uses: Mapping[str, str] | None
    host: str
    process: int
    job: str | None
    started: str
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_mb: int = 0
    why: str = ""
    kept: str = ""

    def answers(self, parameters: Mapping[str, Any], uses: Mapping[str, str] | None) -> bool:
        """Whether it was about the very same computation."""
        return uses is not None and _plain([self.parameters, self.uses]) == _plain(
            [parameters, uses]
        )

    def ended(self, state: Literal["done", "failed"], **details: Any) -> "Record":
        """The record of the same run once it has ended."""
        return replace(self, state=state, **details)


def begun(parameters: Mapping[str, Any], uses: Mapping[str, str] | None) -> Record:
    """Record of a run that begins in this process."""
    return Record(
        state="running",
        parameters=parameters,
        uses=uses,
        host=socket.gethostname(),
        process=os.getpid(),
        job=os.environ.get("SLURM_JOB_ID"),
        started=now(),
    )


def now() -> str:
    """Local time, to the second."""
    return datetime.now().isoformat(sep=" ", timespec="seconds")


def write(record: Record, folder: Path, run: str) -> None:
    """Replace the record of a run in the folder of its experiment."""
    paths.atomic_write(_file(folder, run), json.dumps(asdict(record), indent=1, default=str) + "\n")


def read(folder: Path, run: str) -> Record | None:
    """Record of a run, or None if it never began (or the disk was too full to say so)."""
    try:
        return Record(**json.loads(_file(folder, run).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def unfinished(folder: Path, run: str) -> Path:
    """Notebook of a run that is at work or was killed, saved at each of its cells."""
    return folder / "running" / f"{run}.ipynb"


def cell_at_work(folder: Path, run: str) -> int | None:
    """Number of the cell that such a notebook is at, counted from 1."""
    try:
        cells = json.loads(unfinished(folder, run).read_text())["cells"]
    except (OSError, ValueError, KeyError):
        return None
    timed = [cell["metadata"].get("papermill", {}).get("start_time") for cell in cells]
    return max((number for number, began in enumerate(timed, 1) if began), default=None)


def note(folder: Path, text: str) -> None:
    """Add a line to the journal of an experiment."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / JOURNAL).open("a") as journal:
        journal.write(f"{now()} {text}\n")


def lock(folder: Path, run: str) -> Path:
    """File that whoever executes a run holds locked."""
    return folder / "running" / f"{run}.lock"


def controller_lock(folder: Path) -> Path:
    """File that is locked as long as an experiment is being carried out."""
    return folder / "controller.lock"


def snakemake_lock(folder: Path) -> Path:
    """File that every Snakemake of an experiment holds, also one that lost its controller."""
    return folder / "snakemake.lock"


@contextmanager
def pidfile(folder: Path, profile: str) -> Iterator[None]:
    """Leave word of who is at work on an experiment; it stays behind if that one is killed."""
    word = {
        "host": socket.gethostname(),
        "process": os.getpid(),
        "profile": profile,
        "since": now(),
    }
    file = paths.atomic_write(_word(folder), json.dumps(word) + "\n")
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def was_killed(folder: Path) -> bool:
    """Whether the last one at work was killed, if nobody is now."""
    return _word(folder).is_file()


def controller(folder: Path) -> str:
    """Who is at work on an experiment, or that nobody is, in one line."""
    at_work = locks.held(controller_lock(folder))
    try:
        word = json.loads(_word(folder).read_text())
        who = f"process {word['process']} on {word['host']}, profile {word['profile']}"
        since = word["since"]
    except (OSError, ValueError, KeyError):
        return "at work" if at_work else "nobody is at work"
    if at_work:
        return f"at work since {since}: {who}"
    return f"nobody is at work; the run of {since} was killed ({who}): the same command goes on"


def _word(folder: Path) -> Path:
    return folder / "controller.json"


def _file(folder: Path, run: str) -> Path:
    return folder / "records" / f"{run}.json"


def _plain(content: Any) -> Any:
    return json.loads(json.dumps(content, default=str))
