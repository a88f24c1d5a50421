"""Where a result comes from: commit, configuration, data, code, device, seconds."""

import ast
import contextlib
import hashlib
import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from causalex_core import HOMES, paths
from causalex_core.errors import CausalexError

PACKAGES = ("causalex_core", "causalex_book", "causalex_synthetic")  # of the checkout
_OF_IPYTHON = re.compile(r"^([ \t]*)(?:[\w, ]+=[ \t]*)?[%!?].*$", re.MULTILINE)
# A git hook sets these for its own repository.
_OF_A_HOOK = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")


@dataclass(frozen=True)
class Stamp:
    """What must be the same for a result to be the same, and what it took."""

    commit: str  # of the checkout that computed it; "+" marks local changes
    configuration: str  # digest of the effective parameters
    data: str  # digest of the checksums of all sources
    code: str  # digest of the package modules that were used
    device: str  # the GPU if one was used, and the processor
    seconds: float  # wall time of the computation


def digest(content: Any) -> str:
    """First 12 hex digits of the SHA-256 of a JSON-serialisable object."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def commit() -> str:
    """Short hash of the checked-out commit, with "+" if tracked files but stored results differ.

    A copy within another repository, tracked there or not, has no commit of its own.
    """
    above = _git("rev-parse", "--show-prefix")  # from the root of the repository to here
    head = _git("rev-parse", "--short=10", "HEAD")
    if head is None or above or not _git("ls-files", "--", "causalex_core/provenance.py"):
        return "not a git checkout"
    stored = f":!{paths.PUBLISHED.relative_to(paths.ROOT)}"
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", ".", stored)
    return f"{head}+" if changed else head


def device() -> str:
    """Name of the GPU if this process has used one, of the processor, and number of its cores."""
    name = platform.processor() or platform.machine()
    information = Path("/proc/cpuinfo")
    if information.is_file():
        models = [line for line in information.read_text().splitlines() if "model name" in line]
        name = models[0].split(":", 1)[1].strip() if models else name
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    torch = sys.modules.get("torch")  # a process that has not loaded it has used no GPU
    if torch is not None and torch.cuda.is_initialized():
        name = f"{torch.cuda.get_device_name()} with {name}"
    return f"{name}, {cores} cores"


def code_files(*roots: Path) -> list[Path]:
    """Modules of this project that notebooks or modules need, directly or not; sorted.

    Imports are read from the text, nothing is run; an import inside a function counts. A root that
    is a module is among them.
    """
    seen = {Path(root) for root in roots if Path(root).suffix == ".py"}
    waiting = [Path(root) for root in roots]
    while waiting:
        new = _imported(waiting.pop()) - seen
        seen |= new
        waiting += new
    return sorted(seen)


def code_digest(*roots: Path) -> str:
    """Digest of the text of every module in :func:`code_files`."""
    files = code_files(*roots)
    return digest({str(file.relative_to(paths.ROOT)): file.read_text() for file in files})


def _git(*arguments: str) -> str | None:
    command = ["git", "-C", str(paths.ROOT), *arguments]
    surroundings = {name: value for name, value in os.environ.items() if name not in _OF_A_HOOK}
    try:
        run = subprocess.run(command, capture_output=True, text=True, check=True, env=surroundings)
    except (OSError, subprocess.CalledProcessError):
        return None
    return run.stdout.strip()


@cache
def _imported(file: Path) -> frozenset[Path]:
    """Package files that one module or notebook imports, but for type checking alone."""
    names: set[str] = set()
    nodes = _trees(file)
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            imported = [alias.name for alias in node.names]
            if node.module == "causalex_core":  # its front door imports these when asked
                imported = [HOMES.get(name, name) for name in imported]
            names.add(node.module)
            names.update(f"{node.module}.{name}" for name in imported)
        nodes += ast.iter_child_nodes(node)
    return frozenset(_package_files(names))


def _trees(file: Path) -> list[ast.AST]:
    """Syntax of a module, or of the code cells of a notebook."""
    text = file.read_text(encoding="utf-8")
    if file.suffix != ".ipynb":
        return [ast.parse(text)]
    cells = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
    sources = ["".join(cell["source"]) for cell in cells]
    return [tree for source in sources if (tree := _parsed(source, file)) is not None]


def _parsed(source: str, file: Path) -> ast.AST | None:
    """Syntax of a cell without IPython's own lines; None if it is in another language."""
    for text in (source, _OF_IPYTHON.sub(r"\1pass", source)):
        with contextlib.suppress(SyntaxError):
            return ast.parse(text)
    if source.startswith("%%"):
        return None
    raise CausalexError(f"{file}: a cell is no Python: {' '.join(source.split())[:60]}")


def _package_files(names: Iterable[str]) -> Iterable[Path]:
    """Files behind dotted names, with the __init__ of each package on the way."""
    for name in names:
        parts = name.split(".")
        if parts[0] not in PACKAGES:
            continue
        for depth in range(1, len(parts) + 1):
            path = paths.ROOT.joinpath(*parts[:depth])
            for file in (path / "__init__.py", path.with_suffix(".py")):
                if file.is_file():
                    yield file
