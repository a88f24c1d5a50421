"""CPU time of the book in a fresh clone, and of the same command when nothing changed.

    python benchmarks/book.py [--before CHECKOUT] [--experiment book|smoke]

Clones the last commit of this checkout, and of an earlier one, into a temporary folder, and builds
the book there twice: nothing is kept from before but the environment and the downloaded sources.
The second build is what a reader waits for who runs the command again.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parents[1]


def built(checkout: Path, experiment: str) -> tuple[float, float, float]:
    """CPU minutes and minutes of the first build, and seconds of the second."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder, "clone")
        subprocess.run(["git", "clone", "-q", checkout, clone], check=True)
        shared = checkout.parent / "shared"
        mirror = os.environ.get("CAUSALEX_MIRROR", str(shared / "mirror"))
        surroundings = os.environ | {"PYTHONPATH": str(clone), "CAUSALEX_MIRROR": mirror}
        command = [sys.executable, "-m", "causalex_book.workflow", "book"]
        started, before = time.monotonic(), _cpu()
        for turn in range(2):
            subprocess.run(
                [*command, "--experiment", experiment],
                cwd=clone,
                env=surroundings,
                check=True,
                stdout=subprocess.DEVNULL,
            )
            if turn == 0:
                taken, spent = time.monotonic() - started, _cpu() - before
                started = time.monotonic()
        return spent / 60, taken / 60, time.monotonic() - started


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--before", type=Path, help="an earlier checkout to compare with")
    parser.add_argument("--experiment", choices=("book", "smoke"), default="book")
    given = parser.parse_args()
    spent = []
    for name, checkout in (("before", given.before), ("now", HERE)):
        if checkout is not None:
            cpu, minutes, again = built(checkout.resolve(), given.experiment)
            spent.append(cpu)
            print(f"{name:<8}{cpu:6.1f} CPU min, {minutes:.1f} min; unchanged {again:.1f} s")
    if len(spent) == 2:
        print(f"{spent[0] / spent[1]:.2f} times less CPU time than before")


if __name__ == "__main__":
    main()
