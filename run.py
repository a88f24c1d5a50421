#!/usr/bin/env python3
"""Environment, book and checks of this project, with nothing but Python itself.

python3 run.py book      makes the environment if need be, then the book in _build/html
python3 run.py test      runs the tests
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent


class RunError(Exception):
    """What went wrong and what to do about it, in one line."""


def main() -> int:
    """Run the verb given on the command line; what goes wrong takes one line."""
    try:
        check_python()
        options, rest = parser().parse_known_args()
        if rest and options.verb != "test":
            parser().error(f"unrecognised arguments: {' '.join(rest)}")
        if options.verb == "clean":
            clean(options.all)
            return 0
        from causalex_book.workflow import environment  # standard library only

        try:
            python = str(environment.python())
        except environment.SetupError as error:
            raise RunError(str(error)) from error
        if options.verb == "setup":
            print(f"environment: {python}")
            return 0
        if getattr(options, "device", None):
            os.environ["CAUSALEX_DEVICE"] = options.device
        given = ["--experiment", options.experiment] if "experiment" in options else rest
        command = [python, "-m", "causalex_book.workflow", options.verb, *given]
        paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
        surroundings = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
        return subprocess.run(command, cwd=ROOT, env=surroundings).returncode
    except (RunError, OSError) as error:
        resumed = "" if isinstance(error, RunError) else "; once that is mended, the same goes on"
        print(f"run.py: error: {error}{resumed}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nrun.py: interrupted; the same command goes on from here", file=sys.stderr)
        return 130


def check_python() -> None:
    """Refuse a system or a Python that cannot do it, and name one that can."""
    if os.name != "posix":
        raise RunError("needs Linux or macOS (on Windows: the Windows Subsystem for Linux)")
    if sys.version_info[:2] not in ((3, 11), (3, 12)):
        other = shutil.which("python3.12") or shutil.which("python3.11")
        advice = f"{other} run.py" if other else "apt-get install python3.11 python3.11-venv"
        version = ".".join(map(str, sys.version_info[:3]))
        raise RunError(f"needs Python 3.11 or 3.12, this is {version}; try: {advice}")


def parser() -> argparse.ArgumentParser:
    """Parser of the command line."""
    form = argparse.RawDescriptionHelpFormatter
    made = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    verbs = made.add_subparsers(dest="verb", required=True)
    verbs.add_parser("setup", help="make .venv from requirements.lock, or reuse it")
    files = (ROOT / "workflow" / "experiments").glob("*.yml")
    kinds = sorted(file.stem for file in files if "\npages:" in file.read_text())  # no grids
    for verb, what in (("book", "the book in _build/html"), ("pdf", "it, and _build/causalex.pdf")):
        book = verbs.add_parser(verb, help=f"make {what}")
        book.add_argument("--experiment", choices=kinds, default="book", help="default: book")
        where = "where networks are trained; default: $CAUSALEX_DEVICE, else a GPU if there is one"
        book.add_argument("--device", choices=("auto", "cpu", "cuda"), help=where)
    verbs.add_parser("test", help="run the tests; further arguments go to pytest")
    verbs.add_parser("lint", help="check style, types and layers")
    cleaned = verbs.add_parser("clean", help="remove what was built, never data")
    cleaned.add_argument("--all", action="store_true", help="the environment too")
    return made


def clean(everything: bool) -> None:
    """Remove what was built; the environment only if asked for, data never."""
    for folder in [ROOT / "_build", ROOT / ".snakemake", *([ROOT / ".venv"] if everything else [])]:
        if folder.exists():
            shutil.rmtree(folder)
            print(f"removed {folder}")


if __name__ == "__main__":
    sys.exit(main())
