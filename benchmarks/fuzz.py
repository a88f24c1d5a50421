"""Try to break the command line: inputs that were changed at random, and what comes of each.

    python benchmarks/fuzz.py [--inputs 2000] [--seed 1] [--only extract,score]

The small inputs and their mutations are those of `mutations.py`; those of a command take turns.
The command line runs in a process for each kind of input, with 60 s for each. Of each it counts:

right    status 0, and the result holds the expected facts
warned   status 0, with a line on standard error that the unchanged input does not get
refused  status 2, and one line of error
faults   all else: a traceback, a hang, a lost process, another value than the right one, nothing
         told where something is wrong, a refusal of what is right

Nothing that is made is kept. Prints one table by mutation and one by command, and each fault on
standard error with the name of its case; `--case film:17` runs one again and shows all that it
said. Ends with status 1 after a fault.
"""

import argparse
import contextlib
import io
import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import traceback
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from mutations import SUBJECTS, Expected, Facts, Work  # noqa: E402

from causalex_core import cli  # noqa: E402

PATIENCE = 60  # seconds for one input
START = 300  # seconds until a process has imported all, and run the unchanged input
SHARES = {
    "film": 4, "pictures": 2, "motion": 3, "intervals": 4, "motions": 3, "labels": 4, "grid": 2,
}  # fmt: skip
COUNTED = ("right", "warned", "refused", "faults")


class Said(NamedTuple):
    """What a command line ended with."""

    status: int | None  # None after an exception
    output: str
    errors: str


def run(words: list[str], folder: Path) -> Said:
    """Run the command line in a folder, which is called FOLDER in what it says."""
    output, environment, status = io.StringIO(), dict(os.environ), None
    terminal = os.dup(2)
    with (
        tempfile.TemporaryFile("w+", errors="replace") as errors,  # of libraries in C, too
        contextlib.chdir(folder),
        contextlib.redirect_stdout(output),
        contextlib.redirect_stderr(errors),
    ):
        os.dup2(errors.fileno(), 2)
        try:
            status = cli.main(words)
        except BaseException:
            traceback.print_exc()
        finally:
            errors.flush()
            os.dup2(terminal, 2)
            os.close(terminal)
            os.environ.clear()
            os.environ.update(environment)
        errors.seek(0)
        texts = (text.replace(str(folder), "FOLDER") for text in (output.getvalue(), errors.read()))
        return Said(status, *texts)


def verdict(said: Said, usual: Said, expected: Expected, facts: Facts | None) -> tuple[str, str]:
    """One of `COUNTED`, and why it is a fault."""
    if said.status not in (0, 2):
        return "faults", f"status {said.status}: {said.errors.strip()[-1500:]}"
    lines = said.errors.splitlines()
    if said.status == 2:
        refusals = [line for line in lines if line.startswith("causalex: error: ")]
        others = [line for line in lines if not line.startswith(("causalex: ", "note: "))]
        if len(refusals) != 1 or lines[-1] != refusals[0] or others:
            return "faults", f"not one line of error: {said.errors}"
        if expected is None:
            return "refused", ""
        return "faults", f"right, but refused: {refusals[0]}"
    told = [line for line in lines if line not in usual.errors.splitlines()]
    if expected is None:
        return ("warned", "") if told else ("faults", "nothing told")
    assert facts is not None
    right = (
        expected(facts)
        if callable(expected)
        else all(facts.get(name) == value for name, value in expected.items())
    )
    if right:
        return "right", ""
    wrong = "" if callable(expected) else {k: v for k, v in facts.items() if v != expected.get(k)}
    return "faults", f"another value: {str(wrong)[:600]}; told: {told}"


class Tried:
    """A kind of input, made once and copied for each mutation."""

    def __init__(self, name: str, folder: Path, seed: int) -> None:
        self.name, self.subject, self.seed = name, SUBJECTS[name], seed
        self.folder, self.first = folder / "work", folder / "first"
        self.first.mkdir()
        self.words = self.subject.make(self.first)
        self.mutations = list(self.subject.mutations.values())
        self.usual, self.facts = Said(0, "", ""), Facts()
        self.usual = run(self._copied(), self.folder)
        if self.usual.status != 0:
            raise SystemExit(f"{name}, unchanged: {self.usual.errors}")
        self.facts = self.subject.facts(self.folder, self.usual.output)

    def _copied(self) -> list[str]:
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(self.first, self.folder)
        return [word.replace(str(self.first), str(self.folder)) for word in self.words]

    def case(self, number: int, show: bool = False) -> tuple[str, str, str]:
        """Mutation, verdict, and why, of one case."""
        mutation = self.mutations[number % len(self.mutations)]
        random = np.random.default_rng([self.seed, zlib.crc32(self.name.encode()), number])
        work = Work(self.folder, self._copied(), dict(self.facts), self.subject.make)
        expected = mutation(work, random)
        said = run(work.words, self.folder)
        if show:
            print(work.words, *said, expected, sep="\n")
        facts = None
        if said.status == 0 and expected is not None:
            try:
                facts = self.subject.facts(self.folder, said.output)
            except Exception as error:
                return mutation.__name__, "faults", f"no result: {error!r}"
        return mutation.__name__, *verdict(said, self.usual, expected, facts)


def work(name: str, seed: int, first: int, count: int) -> None:
    """Run cases, and print each as a line of JSON when it begins and when it has ended."""
    lines = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    with tempfile.TemporaryDirectory() as folder:
        tried = Tried(name, Path(folder), seed)
        for number in range(first, count):
            print(json.dumps([number]), file=lines, flush=True)
            print(json.dumps([number, *tried.case(number)]), file=lines, flush=True)


def results(name: str, seed: int, count: int) -> Iterator[tuple[int, str, str, str]]:
    """Number, mutation, verdict and reason of all cases; a new process after each that is lost."""
    mutations, first = list(SUBJECTS[name].mutations), 0
    while first < count:
        words = [sys.executable, __file__, "--work", name, str(seed), str(first), str(count)]
        process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        lines: queue.Queue[str] = queue.Queue()
        reader = threading.Thread(target=_read, args=(process, lines))
        reader.start()
        begun, patience = -1, START
        try:
            while line := lines.get(timeout=patience):
                number, *result = json.loads(line)
                if result:
                    yield number, *result
                    first = number + 1
                begun, patience = number, PATIENCE
            lost = f"the process was lost, status {process.wait()}"
        except queue.Empty:
            lost = f"a hang of more than {patience} s"
        process.kill()
        process.wait()
        reader.join()
        if first < count:
            if begun < first:
                raise SystemExit(f"{name}: {lost} before a case began")
            yield first, mutations[first % len(mutations)], "faults", lost
            first += 1


def _read(process: subprocess.Popen, lines: queue.Queue[str]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        lines.put(line)
    lines.put("")


def main() -> int:
    """Print the table; 1 if there was a fault."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--inputs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", help="Commands, with commas between.")
    parser.add_argument("--case", help="One case, such as film:17.")
    parser.add_argument("--work", nargs=4, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.work:
        work(given.work[0], *map(int, given.work[1:]))
        return 0
    if given.case:
        name, _, number = given.case.partition(":")
        with tempfile.TemporaryDirectory() as folder:
            print(*Tried(name, Path(folder), given.seed).case(int(number), show=True), sep="\n")
        return 0
    chosen = [
        name
        for name, subject in SUBJECTS.items()
        if given.only is None or subject.command in given.only.split(",")
    ]
    whole = sum(SHARES[name] for name in chosen)
    bounds = np.rint(np.cumsum([0, *(SHARES[name] for name in chosen)]) * given.inputs / whole)
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for name, share in zip(chosen, np.diff(bounds).astype(int).tolist(), strict=True):
        for number, mutation, ended, why in results(name, given.seed, share):
            counts[SUBJECTS[name].command, mutation][ended] += 1
            if why:
                print(f"{name}:{number} {mutation}: {why}\n", file=sys.stderr, flush=True)
    named = {(command, name.replace("_", " ")): ends for (command, name), ends in counts.items()}
    _print_table("Command | Mutation", named)
    total = sum(counts.values(), Counter())
    rows = {}
    for command in dict.fromkeys(command for command, _ in counts):
        ended = [ends for key, ends in counts.items() if key[0] == command]
        rows[command, f"{len(ended)}"] = sum(ended, Counter())
    _print_table("Command | Mutations", rows | {("all", f"{len(counts)}"): total})
    return int(total["faults"] > 0)


def _print_table(head: str, rows: Mapping[tuple[str, str], Counter[str]]) -> None:
    print(f"\n| {head} | Inputs | {' | '.join(map(str.capitalize, COUNTED))} |")
    print("|:--|:--|--:|--:|--:|--:|--:|")
    for names, ends in rows.items():
        numbers = map(str, (ends.total(), *(ends[name] for name in COUNTED)))
        print(f"| {' | '.join((*names, *numbers))} |")


if __name__ == "__main__":
    sys.exit(main())
