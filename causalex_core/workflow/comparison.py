"""What the runs of a grid found, brought together: one table and one page."""

from pathlib import Path
from urllib.parse import quote

from causalex_core import paths, provenance
from causalex_core.report import comparison, results
from causalex_core.workflow import experiment, records
from causalex_core.workflow.experiment import Experiment

TABLE, PAGE = "results.csv", "comparison.html"


def write(chosen: Experiment) -> None:
    """Write ``results.csv`` and ``comparison.html`` of all runs that are done.

    Parameters
    ----------
    chosen
        A grid.
    """
    folder = chosen.folder
    notebook = next(iter(chosen.runs.values())).notebook
    uses = experiment.state(notebook)
    done = []
    for name, run in chosen.runs.items():
        record = records.read(folder, name)
        if record and record.state == "done" and record.answers(run.parameters, uses):
            point = {key: run.parameters[key] for key in chosen.varied if key in run.parameters}
            found = results.handed_over(folder / "results" / name)
            link = quote(f"finished/{name}.ipynb")
            done.append(comparison.Outcome(name, point, found, record.seconds, link))
    first = next(iter(chosen.runs.values())).parameters
    fixed = {name: value for name, value in first.items() if name not in chosen.varied}
    table = comparison.tidy(done, chosen.varied)
    paths.atomic_write(folder / TABLE, table.to_csv(index=False))
    page = comparison.page(chosen.name, notebook, fixed, chosen.varied, done, len(chosen.runs))
    paths.atomic_write(folder / PAGE, page)


def makers() -> str:
    """Digest of the code that makes them."""
    return provenance.digest(
        [comparison.TEMPLATE.read_text(), provenance.code_digest(Path(comparison.__file__))]
    )
