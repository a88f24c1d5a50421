"""``python -m causalex_book.workflow VERB``: what run.py, Snakemake and developers call."""

import argparse
import json
import multiprocessing
import os
import sys
import time
from functools import cache
from pathlib import Path

from causalex_book.workflow import checks
from causalex_core.errors import CausalexError


def main(arguments: list[str] | None = None) -> int:
    """Run one verb; errors of the user take one line and end with status 2."""
    parser = argparse.ArgumentParser(prog="causalex_book.workflow", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb, what in (("book", "make the book"), ("pdf", "make the PDF of the book")):
        made = verbs.add_parser(verb, help=f"{what} of an experiment")
        made.add_argument("--experiment", default="book")
    page = verbs.add_parser("execute", help="run one notebook")
    page.add_argument("notebook", type=Path)
    page.add_argument("output", type=Path)
    page.add_argument("--parameters", type=json.loads, default={}, help="as a JSON object")
    page.add_argument("--uses", type=json.loads, help="digests of all else it depends on, likewise")
    job = verbs.add_parser("execute-job", help="run one job of an experiment: several notebooks")
    job.add_argument("file", type=Path)
    job.add_argument("job")
    cells = verbs.add_parser("parameters", help="write the parameters cells of the notebooks")
    cells.add_argument("--check", action="store_true", help="only name those that are outdated")
    verbs.add_parser("lint", help="check style, types and layers")
    verbs.add_parser("test", help="run the tests; further arguments go to pytest")
    options, rest = parser.parse_known_args(arguments)
    if rest and options.verb != "test":
        parser.error(f"unrecognised arguments: {' '.join(rest)}")
    try:
        if options.verb == "test":
            return checks.test(rest)
        if options.verb == "lint":
            return checks.lint()
        known = {"execute": _execute, "execute-job": _execute_job, "parameters": _write_cells}
        return known.get(options.verb, _make)(options)
    except CausalexError as error:
        print(f"causalex: error: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(
            f"causalex: error: {error}; once that is mended, the same command goes on",
            file=sys.stderr,
        )
        return 2


def _make(options: argparse.Namespace) -> int:
    """Fetch what anybody may have, then make the book or the PDF, and say where it is."""
    from causalex_book import pages
    from causalex_book.workflow import book, pdf
    from causalex_core import cli

    started, verb = time.monotonic(), options.verb
    print("data:", flush=True)
    if cli.main(["data", "prepare", *pages.sources()]):
        raise CausalexError(f"no new {verb}: the step 'data' failed, see above")
    print(f"{verb}:", flush=True)
    page = (pdf if verb == "pdf" else book).make(options.experiment)
    print(f"The {verb} is in {page.parent} ({time.monotonic() - started:.0f} s).")
    print(f"Open {page.as_uri()}")
    return 0


def _write_cells(options: argparse.Namespace) -> int:
    from causalex_book.workflow import parameters

    others = parameters.write(check=options.check)
    print(
        f"parameters cells: {', '.join(others)} changed"
        if others
        else "parameters cells: as declared"
    )
    return int(bool(options.check and others))


def _execute(options: argparse.Namespace) -> int:
    from causalex_book.workflow import execute, experiment

    os.environ.update(experiment.surroundings())
    seconds = execute.execute(options.notebook, options.output, options.parameters, options.uses)
    print(f"executed {options.output.stem} in {seconds:.0f} s", flush=True)
    return 0


def _execute_job(options: argparse.Namespace) -> int:
    """Each run in a process of its own: one that is killed leaves the others to go on."""
    from causalex_book.workflow import execute, experiment

    os.environ.update(experiment.surroundings())
    chosen, uses = experiment.read(str(options.file)), cache(experiment.state)
    failed = 0
    for name in chosen.jobs[options.job]:
        run = chosen.runs[name]
        notebook = experiment.notebook(run.notebook)
        given = notebook, chosen.page(name), run.parameters, uses(run.notebook)
        process = multiprocessing.get_context("fork").Process(target=execute.execute, args=given)
        process.start()
        process.join()
        failed += process.exitcode != 0
    return 2 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
