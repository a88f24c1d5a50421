"""What the runs of a grid found, brought together: one table, one page, and a page of each run."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from causalex_book.publishing import comparison, readable, results, style
from causalex_book.workflow import experiment, present, records
from causalex_book.workflow.experiment import Experiment
from causalex_core import paths, provenance

TABLE, PAGE = "results.csv", "comparison.html"
READABLE = "readable"  # folder of the runs' pages


def write(chosen: Experiment) -> None:
    """Write ``results.csv`` and ``comparison.html`` of the runs of a grid that are done."""
    folder = chosen.folder
    notebook = next(iter(chosen.runs.values())).notebook
    uses = experiment.state(notebook)
    done = []
    for name, run in chosen.runs.items():
        record = records.read(folder, name)
        if record and record.state == "done" and record.answers(run.parameters, uses):
            point = {key: run.parameters[key] for key in chosen.varied if key in run.parameters}
            saved = results.saved(folder / "results" / name)
            links = _readable(folder, name, run.parameters), _finished(name)
            done.append(
                comparison.RunResult(name, point, saved, record.seconds, *map(quote, links))
            )
    first = next(iter(chosen.runs.values())).parameters
    fixed = {name: value for name, value in first.items() if name not in chosen.varied}
    table = comparison.tidy(done, chosen.varied)
    paths.atomic_write(folder / TABLE, table.to_csv(index=False))
    page = comparison.page(chosen.name, notebook, fixed, chosen.varied, done, len(chosen.runs))
    paths.atomic_write(folder / PAGE, page)


def _finished(run: str) -> str:
    return f"finished/{run}.ipynb"


def _readable(folder: Path, run: str, given: Mapping[str, Any]) -> str:
    """Place of a run's page, which is made anew only if the run was."""
    path = f"{READABLE}/{run}.html"
    notebook = folder / _finished(run)
    made_from = provenance.digest([notebook.read_text(), makers()])
    if not (folder / path).is_file() or made_from not in (folder / path).read_text():
        links = quote(f"../{PAGE}"), quote(f"../{_finished(run)}")
        page = readable.page(present.page(notebook), given, *links, made_from)
        paths.atomic_write(folder / path, page)
        script = folder / READABLE / style.PLOTLY.name
        if readable.is_drawn(page) and not script.is_file():
            shutil.copyfile(style.PLOTLY, script)
    return path


def makers() -> str:
    """Digest of the code that makes them."""
    files = [comparison.TEMPLATE, readable.TEMPLATE, readable.STYLE]
    code = provenance.code_digest(Path(comparison.__file__), Path(present.__file__))
    return provenance.digest([*(file.read_text() for file in files), code])
