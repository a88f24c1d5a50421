"""``causalex graph``: from the motion of regions to a causal graph."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import click
import numpy as np

from causalex_core import regions
from causalex_core.commands import options
from causalex_core.data import feature_archive
from causalex_core.errors import CausalexError
from causalex_core.graphs import compound
from causalex_core.graphs.independence import EffectiveSampleSize
from causalex_core.graphs.pag import write
from causalex_core.graphs.samples import SamplingConfig
from causalex_core.graphs.samples import graph as estimate
from causalex_core.motion.record import MotionRecord, read_motion, refuse_mixture


@click.command()
@click.argument(
    "inputs", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="MOTION..."
)
@click.option(
    "-o", "--output", required=True, type=options.FileOf(".json"), help="The graph, as JSON."
)
@options.declared(SamplingConfig, "components")
@options.declared(SamplingConfig, "leave_out_first")
@options.declared(SamplingConfig, "alpha")
@click.option(
    "--effective-sample-size",
    type=click.Choice(["bartlett", "frames"]),
    default="bartlett",
    show_default=True,
    help="Correct for frames that depend on earlier ones, or take each for independent.",
)
@click.option(
    "--depth",
    type=click.IntRange(min=0),
    help="Largest conditioning set; causal-learn keeps to it in its first search only.",
)
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
    help="Add the causal matrix A to the file: the keys policy and adjacency, A[i][j] = 1 for an"
    " edge from i to j. any_edge counts every edge both ways; directed -->; possibly_directed -->"
    " and o->.",
)
def graph(
    inputs: tuple[Path, ...],
    output: Path,
    components: str,
    leave_out_first: int,
    alpha: float,
    effective_sample_size: EffectiveSampleSize,
    depth: int | None,
    possible_d_sep: bool,
    backend: Literal["causalex", "causal-learn"],
    policy: str | None,
) -> None:
    """Estimate the causal graph of the 12 regions from one or more motion files.

    Reads what causalex extract wrote: motion (T, 12, 2), and quality if it is there, so that
    rows that were not measured are left out. Or AUW-GCN's features, in units of 20 px: the folder
    feature_segment, a subject's folder in it, or some of its windows, which are put together to
    videos. Several videos are pooled: one graph of all, which have to be different, extracted
    with the same settings, and of one rate up to 3 %.
    """
    records, unit_px = read_records(inputs)
    pag = estimate(
        records,
        alpha,
        components=components,
        leave_out_first=leave_out_first,
        effective_sample_size=effective_sample_size,
        depth=depth,
        possible_d_sep=possible_d_sep,
        backend=backend,
    )
    pag = replace(pag, settings={**pag.settings, "unit_px": unit_px})
    matrix = {}
    if policy:
        causal = compound.adjacency(pag.marks, policy).astype(int).tolist()
        matrix = {"policy": policy, "adjacency": causal}
    write(pag, output, **matrix)
    pairs = np.triu_indices(regions.COUNT, 1)
    assert pag.n_eff is not None
    worth, edges = pag.n_eff[pairs], pag.edges()
    if unit_px != 1:
        click.echo(f"{len(records)} videos of AUW-GCN's features, in units of {unit_px} px")
    if leave_out_first:
        click.echo(f"the first {leave_out_first} frames of each video left out")
    click.echo(
        f"{pag.settings['frames']} samples in {pag.settings['series']} series, worth"
        f" {worth.min():.0f} to {worth.max():.0f}"
    )
    for start, kind, end in edges:
        click.echo(f"{regions.NAMES[start]} {kind} {regions.NAMES[end]}")
    click.echo(f"{len(edges)} of {len(worth)} edges: {output}")


def read_records(inputs: Sequence[Path]) -> tuple[list[MotionRecord], int]:
    """Motion of all inputs, and its unit in px.

    Raises
    ------
    CausalexError
        If a file is missing or holds something else, no row of it was measured, one that was is
        not finite, two are of one face of a video, or units, rates or settings differ.
    """
    windows = {path: feature_archive.window_files(path) for path in inputs}
    if not any(windows.values()):
        records = [read_motion(path) for path in inputs]
        refuse_mixture(inputs, records)
        return records, 1
    for path, files in windows.items():
        if not files:
            raise CausalexError(
                f"{path} holds no windows of AUW-GCN's features as the other inputs do, and their"
                f" unit is {feature_archive.UNIT_PX} px: make a graph of each kind"
            )
    files = [file for listed in windows.values() for file in listed]
    # Named windows may be part of a video; a folder holds whole ones, so that none may be missing.
    named = not any(path.is_dir() for path in inputs)
    videos = feature_archive.read_windows(files, gaps=named)
    return [video.recording for video in videos], feature_archive.UNIT_PX
