"""``causalex graph``: from the motion of regions to a causal graph."""

from dataclasses import replace
from pathlib import Path

import click
import numpy as np

from causalex_core import regions
from causalex_core.datasets.features import read_motion
from causalex_core.errors import CausalexError
from causalex_core.graphs import causal_learn, compound, pag
from causalex_core.graphs.fci import fci
from causalex_core.graphs.independence import ColumnsError, EffectiveSampleSize
from causalex_core.graphs.samples import COMPONENTS, motion_series


@click.command()
@click.argument(
    "inputs", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="MOTION.npz..."
)
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), help="The graph, as JSON."
)
@click.option(
    "--components",
    type=click.Choice(list(COMPONENTS)),
    default="magnitude",
    show_default=True,
    help="How u and v become samples: the length of the vector; u; v; or both, one after the"
    " other, as in the authors' code. That takes u and v of one frame for two samples, and draws"
    " too many edges where they go together.",
)
@click.option(
    "--alpha",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.01,
    show_default=True,
    help="Level of the tests.",
)
@click.option(
    "--effective-sample-size",
    type=click.Choice(["bartlett", "frames"]),
    default="bartlett",
    show_default=True,
    help="Correct for frames that depend on earlier ones, or take each for independent.",
)
@click.option("--depth", type=click.IntRange(min=0), help="Largest conditioning set.")
@click.option(
    "--possible-d-sep/--no-possible-d-sep",
    default=True,
    show_default=True,
    help="The second search of FCI, over possible-d-separating sets.",
)
@click.option(
    "--backend",
    type=click.Choice(["causalex", "causal-learn"]),
    default="causalex",
    show_default=True,
    help="causal-learn is for comparison: its graphs can change with PYTHONHASHSEED.",
)
@click.option(
    "--policy",
    type=click.Choice(list(compound.POLICIES)),
    help="Add the matrix A of Eq. 1 to the file: the keys policy and adjacency, A[i][j] = 1 for an"
    " edge from i to j. any_edge counts every edge both ways; directed -->; possibly_directed -->"
    " and o->.",
)
def graph(
    inputs: tuple[Path, ...],
    output: Path,
    components: str,
    alpha: float,
    effective_sample_size: EffectiveSampleSize,
    depth: int | None,
    possible_d_sep: bool,
    backend: str,
    policy: str | None,
) -> None:
    """Estimate the causal graph of the 12 regions from one or more motion files.

    Reads what causalex extract wrote: motion (T, 12, 2), and quality if it is there, so that
    rows that were not measured are left out. Several files are pooled: one graph of all.
    """
    series = [one for path in inputs for one in read_series(path, components)]
    if backend == "causal-learn" and not possible_d_sep:
        raise CausalexError("causal-learn has no option to leave out possible-d-sep")
    names = list(regions.NAMES)
    try:
        if backend == "causal-learn":
            found = causal_learn.fci(series, alpha, effective_sample_size, depth)
        else:
            found = fci(series, alpha, effective_sample_size, depth, possible_d_sep)
    except ColumnsError as error:
        raise error.named("regions", names) from error
    found = replace(
        found,
        settings={**found.settings, "components": components, "regions": names},
    )
    matrix = {} if policy is None else {"policy": policy, "adjacency": _matrix(found, policy)}
    pag.write(found, output, **matrix)
    off_diagonal = ~np.eye(len(names), dtype=bool)
    assert found.n_eff is not None
    worth = found.n_eff[off_diagonal]
    frames = found.settings["frames"]
    click.echo(
        f"{frames} samples in {len(series)} series, worth {worth.min():.0f} to {worth.max():.0f}"
    )
    for start, kind, end in found.edges():
        click.echo(f"{names[start]} {kind} {names[end]}")
    click.echo(f"{len(found.edges())} of {off_diagonal.sum() // 2} edges: {output}")


def _matrix(found: pag.Pag, policy: str) -> list[list[int]]:
    return compound.adjacency(found.marks, policy).astype(int).tolist()


def read_series(path: Path, components: str) -> list[np.ndarray]:
    """Series of samples from a motion file.

    Raises
    ------
    CausalexError
        If the file is missing or holds something else, or no row of it was measured, or one that
        was is not finite.
    """
    recording = read_motion(path)
    return motion_series(recording.motion, recording.measured, components)
