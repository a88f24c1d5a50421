"""Time, memory and cores of runs: what they asked for, and what they used."""

from collections import Counter
from functools import cache

import pandas as pd

from causalex_book.workflow import experiment, records, slurm
from causalex_book.workflow.experiment import Experiment
from causalex_core import paths

TABLE = "usage.csv"


def measured(chosen: Experiment) -> pd.DataFrame:
    """One row for each run that ended: ``asked_`` and ``used_`` minutes, MB and cores.

    SLURM's accounting counts all processes of a job; without it, and where several runs share a
    job, it is what the run itself measured.
    """
    uses = cache(experiment.state)
    ended = {}
    for name, run in chosen.runs.items():
        record = records.read(chosen.folder, name)
        if record and record.answers(run.parameters, uses(run.notebook)):
            ended[name] = record
    shared = Counter(record.job for record in ended.values() if record.job)
    accounted = slurm.accounted([job for job, runs in shared.items() if runs == 1])
    cores = chosen.resources.get("cpus_per_task", 1)
    rows = []
    for name, record in ended.items():
        used = accounted.get(record.job or "")
        seconds, cpu, mb = used or (record.seconds, record.cpu_seconds, record.peak_mb)
        if seconds:  # a run that was killed could not measure anything
            rows.append(
                {
                    "run": name,
                    "asked_minutes": chosen.resources["runtime"],
                    "used_minutes": round(seconds / 60, 2),
                    "asked_mb": chosen.resources["mem_mb"],
                    "used_mb": mb,
                    "asked_cores": cores,
                    "used_cores": round(cpu / seconds, 2),
                }
            )
    return pd.DataFrame(rows)


def lines(chosen: Experiment) -> list[str]:
    """The highest values of the table, in lines; the whole of it is written."""
    table = measured(chosen)
    if table.empty:
        return []
    paths.atomic_write(chosen.folder / TABLE, table.to_csv(index=False))
    text = [f"asked for and used at most, of {len(table)} runs ({TABLE} has each):"]
    for quantity, unit in (("minutes", "minutes"), ("mb", "MB"), ("cores", "cores")):
        most = table.iloc[table[f"used_{quantity}"].argmax()]
        asked, used = most[f"asked_{quantity}"], most[f"used_{quantity}"]
        text.append(f"  {asked:>6} {unit:<7} {used:>8g} used by {most['run']}")
    return text
