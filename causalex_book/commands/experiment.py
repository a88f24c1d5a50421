"""``causalex experiment``: run the notebooks of an experiment file, and see how they stand."""

import os

import click

from causalex_core.commands import options

settings = click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="Change what the file says: a parameter of a grid (a list in YAML, such as '[1, 2]',"
    " replaces its list), page.parameter, or resources.name. May be repeated. The results go to a"
    " folder of their own.",
)
named = click.argument("name", metavar="NAME|FILE")


@click.group()
def experiment() -> None:
    """Run notebooks with the parameters of an experiment file, here or on a cluster.

    NAME is a file in workflow/experiments (without .yml), FILE any other that ends in .yml. It
    lists the pages of a book, or it is a grid: one notebook, fixed parameters, and lists of
    values whose product is run, one job for each point. Everything goes to _build/NAME.
    """


@experiment.command()
@named
@click.option(
    "--profile",
    default="local",
    show_default=True,
    help="local or slurm (folders in workflow/profiles), or a folder with a config.yaml of"
    " Snakemake.",
)
@settings
@options.device
def run(name: str, profile: str, settings: tuple[str, ...]) -> None:
    """Execute what is not done, then compare.

    Only runs whose parameters, notebook, code, data or packages changed are executed. After a
    kill, a lost node or a full disk the same command goes on: what was finished stays, jobs that
    a killed run left in SLURM are cancelled first. What is done stays, whichever device it was
    computed on; on a cluster, each job looks for the GPU that --device asks for.

    usage.csv says what each run asked for and used: time, memory, cores.

    A grid gives results.csv (all tables of all runs under each other: run, parameters, page,
    table, origin, then the tables' columns) and comparison.html, also of what is done if a run
    fails.
    """
    from causalex_book.workflow import comparison, experiment, runs, status

    chosen = experiment.read(name, settings)
    click.echo(f"{chosen.name}: {status.counts(status.standings(chosen))}")
    runs.run_jobs(chosen, profile)
    standings = status.standings(chosen)
    click.echo(f"{chosen.name}: {status.counts(standings)}")
    shown = [comparison.TABLE, comparison.PAGE] if chosen.varied else ["pages"]
    for file in shown:
        click.echo(f"  {os.path.relpath(chosen.folder / file)}")


@experiment.command()
@named
@settings
def status(name: str, settings: tuple[str, ...]) -> None:
    """Show what is done, running, queued, failed and left.

    Works while an experiment is run, after that was killed, and before anything ran. NAME may
    also be a folder in _build that a run with --set made.
    """
    from causalex_book.workflow import experiment, records, status

    chosen = experiment.read(name, settings)
    standings = status.standings(chosen)
    click.echo(f"{chosen.name}: {status.counts(standings)}; {records.controller(chosen.folder)}")
    for line in status.table(standings):
        click.echo(line)
