"""Run one notebook with its parameters; keep it if it fails."""

import ast
import os
import shutil
import sys
import tempfile
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
import papermill
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager

from causalex_core import locks, paths
from causalex_core.errors import CausalexError

CELL_TIMEOUT = 4 * 3600  # seconds; a cell that takes longer hangs


class LocalKernelManager(AsyncKernelManager):
    """Kernel of this very Python, reached through files instead of TCP ports.

    Parallel kernels race for free TCP ports, and a kernel specification in the user's home
    may name another Python.
    """

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

    def cleanup_connection_file(self) -> None:
        """Remove the sockets together with the connection file."""
        super().cleanup_connection_file()
        shutil.rmtree(self._folder, ignore_errors=True)


def execute(notebook: Path, output: Path, parameters: Mapping[str, Any]) -> float:
    """Execute a notebook; its output appears whole or not at all.

    Parameters
    ----------
    notebook
        The notebook, with a cell tagged ``parameters`` if it takes any.
    output
        Where the executed notebook goes: ``<experiment>/pages/<page>.ipynb``.
    parameters
        Values that replace those of the tagged cell.

    Returns
    -------
    float
        Seconds taken.

    Raises
    ------
    CausalexError
        If a parameter is unknown or a cell fails. The notebook as far as it got is then kept
        as ``<experiment>/failed/<page>.ipynb``, and the error names it.
    """
    experiment = output.parent.parent
    running = experiment / "running" / notebook.name
    failed = experiment / "failed" / notebook.name
    _refuse_unknown(notebook, parameters)
    started = time.perf_counter()
    with locks.exclusive(running.with_suffix(".lock"), f"another run executes {notebook.name}"):
        for folder in (output.parent, failed.parent):
            folder.mkdir(parents=True, exist_ok=True)
        try:
            papermill.execute_notebook(
                str(notebook),
                str(running),
                dict(parameters),
                kernel_name="python3",
                language="python",
                kernel_manager_class=LocalKernelManager,
                cwd=str(notebook.parent),
                progress_bar=False,
                execution_timeout=CELL_TIMEOUT,
            )
        except Exception as error:
            if not running.is_file():
                raise
            running.replace(failed)
            raise CausalexError(
                f"{notebook.name} failed: {_reason(error)}; the notebook as far as it got: {failed}"
            ) from error
        running.replace(output)
        failed.unlink(missing_ok=True)
    return time.perf_counter() - started


def _refuse_unknown(notebook: Path, parameters: Mapping[str, Any]) -> None:
    known = parameter_names(notebook)
    unknown = [name for name in parameters if name not in known]
    if unknown:
        raise CausalexError(
            f"{notebook.name} has no parameter {', '.join(map(repr, unknown))}"
            f" (it has: {', '.join(known) or 'none'})"
        )


def parameter_names(notebook: Path) -> list[str]:
    """Names that the cells tagged ``parameters`` of a notebook assign."""
    cells = nbformat.read(notebook, as_version=4).cells
    tagged = [cell.source for cell in cells if "parameters" in cell.metadata.get("tags", [])]
    nodes = ast.walk(ast.parse("\n".join(tagged)))
    return [
        node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ]


def _reason(error: Exception) -> str:
    if isinstance(error, papermill.PapermillExecutionError):
        return f"cell {error.cell_index + 1}: {error.ename}: {error.evalue.splitlines()[0]}"
    return f"{type(error).__name__}: {str(error).splitlines()[0]}"


def _short_folder() -> Path:
    """New folder for sockets, whose paths may hold about 100 characters only."""
    longest = 60
    usual = tempfile.gettempdir()
    parent = usual if len(usual) <= longest else "/tmp"
    return Path(tempfile.mkdtemp(prefix="causalex-", dir=parent))


def surroundings() -> dict[str, str]:
    """Environment in which notebooks and the book are run, the same on every machine."""
    before = os.environ.get("PYTHONPATH")
    found = f"{paths.ROOT}{os.pathsep}{before}" if before else str(paths.ROOT)
    return {**os.environ, "PYTHONPATH": found, "PYTHONHASHSEED": "0"}
