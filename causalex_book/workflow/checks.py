"""What ``run.py test`` and ``run.py lint`` run."""

import os
import subprocess
import sys
from collections.abc import Sequence

from causalex_core import paths
from causalex_core.errors import CausalexError

# All tests: files of tests side by side, one on each core, the longest first (tests/conftest.py).
ALL = ("--numprocesses=auto", "--dist=loadfile", "--no-loadscope-reorder")
LINTERS = {
    "ruff check": ("-m", "ruff", "check"),
    "ruff format": ("-m", "ruff", "format", "--check"),
    "mypy": ("-m", "mypy"),
    "import-linter": ("-c", "from importlinter.cli import lint_imports_command as c; c()"),
}


def test(given: Sequence[str]) -> int:
    """Run pytest with the given arguments and return its exit status.

    Unless tests are named, they are run on all cores, each with one thread, or they would wait for
    one another.
    """
    named = any((paths.ROOT / word.partition("::")[0]).exists() for word in given)
    if not named:
        os.environ.setdefault("OMP_NUM_THREADS", "1")
    return _run("-m", "pytest", *(() if named else ALL), *given)


def lint() -> int:
    """Check style, format, types and layers; all of them, even after a failure.

    Raises
    ------
    CausalexError
        Naming those that failed.
    """
    failed = []
    for name, command in LINTERS.items():
        print(f"{name}:", flush=True)
        if _run(*command):
            failed.append(name)
    if failed:
        raise CausalexError(f"failed: {', '.join(failed)}")
    return 0


def _run(*command: str) -> int:
    return subprocess.run([sys.executable, *command], cwd=paths.ROOT).returncode
